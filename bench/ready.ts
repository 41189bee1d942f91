import { type Kind, type KubernetesObject, Node, Pod } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import type { WatchEvent } from '@orrery/core';

/** Resolves when all nodes of the cluster are Ready. @throws the error of the watch */
export async function allNodesReady({ client, nodes }: Cluster): Promise<void> {
  const ready = new Set<string>();
  await watchUntil(client, Node, (event) => {
    if (event.type === 'BOOKMARK') return false;
    const { metadata, status } = event.object;
    if (isReady(status?.conditions)) ready.add(metadata.name);
    return ready.size === nodes.names.length;
  });
}

/** Resolves when as many Pods are Ready as are wanted. @throws the error of the watch */
export async function podsReady({ client }: Cluster, count: number): Promise<void> {
  const ready = new Set<string>();
  await watchUntil(client, Pod, (event) => {
    if (event.type === 'BOOKMARK') return false;
    const { metadata, status } = event.object;
    if (event.type !== 'DELETED' && isReady(status?.conditions)) ready.add(metadata.uid);
    else ready.delete(metadata.uid);
    return ready.size === count;
  });
}

/** Watches all objects of a kind, beginning with those that exist, until `isEnough` of an event. @throws the error of the watch */
export function watchUntil<T extends KubernetesObject>(
  client: Cluster['client'],
  kind: Kind<T>,
  isEnough: (event: WatchEvent<T>) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const watching = client.watch(kind).subscribe({
      next: (event) => {
        if (!isEnough(event)) return;
        resolve();
        // Its first events come before `watching` is there.
        queueMicrotask(() => watching.unsubscribe());
      },
      error: reject,
    });
  });
}

function isReady(conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
