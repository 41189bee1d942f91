import { Deployment, type Kind, type KubernetesObject, Pod } from '@orrery/api';
import { pnpmCommand } from './pnpm-command.ts';

/** Commands to try next with the applied objects. `kubeconfig`: its path, unless `pnpm kubectl` finds it by itself; `node`: any node. */
export function hintsFor(
  objects: readonly KubernetesObject[],
  kubeconfig: string | undefined,
  node: string | undefined,
  pnpm = pnpmCommand(),
): string {
  const where = kubeconfig === undefined ? '' : ` --kubeconfig ${quoted(kubeconfig)}`;
  const kubectl = `${pnpm} kubectl${where}`;
  const commands: [string, string][] = [[`${kubectl} get pods -o wide -w`, 'watch the Pods']];
  const named = ({ apiVersion, kind }: Pick<Kind, 'apiVersion' | 'kind'>) =>
    objects.find((object) => object.apiVersion === apiVersion && object.kind === kind)?.metadata?.name;
  const pod = named(Pod);
  const deployment = named(Deployment);
  if (pod !== undefined) {
    commands.push([`${kubectl} logs -f ${pod}`, 'follow what a container writes']);
    commands.push([`${kubectl} exec -it ${pod} -- sh`, 'look around inside']);
  }
  if (deployment !== undefined) {
    commands.push([`${kubectl} scale deployment ${deployment} --replicas=5`, 'scale up']);
  }
  if (node !== undefined) commands.push([`${pnpm} orrery node stop ${node}${where}`, 'pull the plug on a node']);
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    '',
    'Try, in another terminal:',
    ...commands.map(([command, what]) => `  ${command.padEnd(width)}   # ${what}`),
    '',
    'Ctrl-C stops the cluster.',
    '',
  ].join('\n');
}

/** A path, quoted for a shell if necessary. */
function quoted(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
