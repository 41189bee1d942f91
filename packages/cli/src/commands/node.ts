import { powerAnnotation } from '@orrery/cluster';
import { connect } from '../api-connection.ts';
import { CommandError } from '../command-error.ts';

/** Switches a simulated machine off or on, or shuts it down, through its Node's annotation. @throws CommandError */
export async function powerNode(name: string, power: 'off' | 'shutdown' | 'on', kubeconfig: string): Promise<void> {
  const api = await connect(kubeconfig);
  const patch = { metadata: { annotations: { [powerAnnotation]: power === 'on' ? null : power } } };
  const { status, body } = await api.request(
    'PATCH',
    `/api/v1/nodes/${encodeURIComponent(name)}`,
    patch,
    'application/merge-patch+json',
  );
  if (status === 404) {
    const nodes = await api.request('GET', '/api/v1/nodes');
    const names =
      (nodes.body as { items?: { metadata: { name: string } }[] }).items?.map(({ metadata }) => metadata.name) ?? [];
    throw new CommandError(`there is no node ${name}; there are ${names.join(', ')}`);
  }
  if (status >= 300)
    throw new CommandError(String((body as { message?: string }).message ?? `the server answered ${status}`));
}
