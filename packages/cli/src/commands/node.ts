import { powerAnnotation } from '@orrery/cluster';
import { type ApiConnection, connect } from '../api-connection.ts';
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
    const names = (await allNodes(api)).map(({ metadata }) => metadata.name);
    throw new CommandError(`there is no node ${name}; there ${are(names)}`);
  }
  if (status >= 300) throw refused(status, body);
}

/** The machines of a cluster as a table: what their switches say, and what the cluster knows. @throws CommandError */
export async function listNodes(kubeconfig: string): Promise<string> {
  const nodes = await allNodes(await connect(kubeconfig));
  const rows = nodes.map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return [
      metadata.name,
      metadata.annotations?.[powerAnnotation] ?? 'on',
      ready?.status === 'True' ? 'Ready' : 'NotReady',
    ];
  });
  return [['NAME', 'POWER', 'STATUS'], ...rows]
    .map(([name = '', power = '', status = '']) => `${name.padEnd(24)} ${power.padEnd(10)} ${status}\n`)
    .join('');
}

interface NodeFacts {
  readonly metadata: { readonly name: string; readonly annotations?: { readonly [key: string]: string } };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function allNodes(api: ApiConnection): Promise<readonly NodeFacts[]> {
  const { status, body } = await api.request('GET', '/api/v1/nodes');
  if (status >= 300) throw refused(status, body);
  return (body as { items?: readonly NodeFacts[] }).items ?? [];
}

function are(names: readonly string[]): string {
  if (names.length === 0) return 'are none';
  return `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
}

function refused(status: number, body: unknown): CommandError {
  return new CommandError(String((body as { message?: string }).message ?? `the server answered ${status}`));
}
