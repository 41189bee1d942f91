import { keyString, type ObjectKey, Pod, parseKey } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import type { Simulation } from '@orrery/core';
import type { ContainerTarget, NodeApi } from '@orrery/server';
import { firstValueFrom, type Observable, reduce } from 'rxjs';

/** Selects a container of a Pod. */
export interface ContainerChoice {
  /** Default: the Pod's first. */
  readonly container?: string;
}

/** The output and the exit code of a command in a container. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A test's access to the containers of a simulated cluster, like `kubectl exec` and `kubectl logs`. */
export interface ContainerAccess {
  /**
   * Runs a command in a container to its end, and lets the cluster settle. Time stands still meanwhile: a command that sleeps
   * does not end. @throws StatusError if the container does not run; Error if the Pod is not on a running node
   */
  exec(pod: ObjectKey | string, command: readonly string[], options?: ContainerChoice): Promise<CommandResult>;
  /** Returns what a container has written so far. @throws as {@link exec} */
  logs(pod: ObjectKey | string, options?: ContainerChoice & { readonly previous?: boolean }): Promise<string>;
}

export function containerAccess(cluster: Pick<Cluster, 'client' | 'nodes'>, simulation: Simulation): ContainerAccess {
  const locate = async (
    pod: ObjectKey | string,
    container: string | undefined,
  ): Promise<{ readonly node: NodeApi; readonly target: ContainerTarget }> => {
    const key = typeof pod === 'string' ? parseKey(pod) : pod;
    const { metadata, spec } = await cluster.client.get(Pod, key);
    const node = cluster.nodes.find(spec.nodeName ?? '');
    if (node === undefined) throw new Error(`Pod ${keyString(key)} is not on a running node`);
    const name = container ?? spec.containers[0]?.name ?? '';
    return { node, target: { ...key, pod: key.name, uid: metadata.uid, container: name } };
  };
  return {
    exec: async (pod, command, { container } = {}) => {
      const { node, target } = await locate(pod, container);
      const session = await node.exec(target, { command, stdin: false, stdout: true, stderr: true, tty: false });
      const [stdout, stderr, { exitCode }] = await Promise.all([
        textOf(session.stdout),
        textOf(session.stderr),
        session.exit,
        simulation.settle(),
      ]);
      return { stdout, stderr, exitCode };
    },
    logs: async (pod, { container, previous = false } = {}) => {
      const { node, target } = await locate(pod, container);
      return textOf(await node.logs(target, { previous }));
    },
  };
}

function textOf(chunks: Observable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  return firstValueFrom(chunks.pipe(reduce((text, chunk) => text + decoder.decode(chunk, { stream: true }), '')));
}
