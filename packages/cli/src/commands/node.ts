import { isNotFound, Node, type Stored } from '@orrery/api';
import { powerAnnotation } from '@orrery/cluster';
import { withCluster } from '../cluster-client.ts';
import { CommandError } from '../command-error.ts';

/** Switches a simulated machine off or on, or shuts it down, through its Node's annotation. @throws CommandError */
export async function powerNode(name: string, power: 'off' | 'shutdown' | 'on', kubeconfig: string): Promise<void> {
  const patch = { metadata: { annotations: { [powerAnnotation]: power === 'on' ? null : power } } };
  await withCluster(kubeconfig, async (client) => {
    try {
      await client.patch(Node, name, { type: 'merge', patch });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const { items } = await client.list(Node);
      throw new CommandError(`there is no node ${name}; there ${are(items.map(({ metadata }) => metadata.name))}`);
    }
  });
}

/** The machines of a cluster as a table: the power that their annotation asks for, and their Node's status. @throws CommandError */
export async function listNodes(kubeconfig: string): Promise<string> {
  const { items } = await withCluster(kubeconfig, (client) => client.list(Node));
  return [['NAME', 'POWER', 'STATUS'], ...items.map(row)]
    .map(([name = '', power = '', status = '']) => `${name.padEnd(24)} ${power.padEnd(10)} ${status}\n`)
    .join('');
}

function row({ metadata, status }: Stored<Node>): readonly string[] {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isReady = ready?.status === 'True';
  return [metadata.name, metadata.annotations?.[powerAnnotation] ?? 'on', isReady ? 'Ready' : 'NotReady'];
}

function are(names: readonly string[]): string {
  if (names.length === 0) return 'are none';
  return `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
}
