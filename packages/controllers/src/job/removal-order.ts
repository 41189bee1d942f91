import type { Pod, Stored } from '@orrery/api';
import { readySince } from '../workload/pod-state.ts';
import { maxRestarts } from '../workload/restarts.ts';

const phaseRank: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Orders active Pods as they are deleted when there are too many (Kubernetes `controller.ActivePods`): those without a node first, then
 * by phase, not ready ones, those that became ready last, those that were restarted most, the youngest.
 */
export function byDeletion(a: Stored<Pod>, b: Stored<Pod>): number {
  const [first, second] = [ranks(a), ranks(b)];
  for (const [i, rank] of first.entries()) {
    const difference = rank - (second[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.metadata.uid < b.metadata.uid ? -1 : 1;
}

/** Of two Pods, the one with the lower numbers goes first. */
function ranks(pod: Stored<Pod>): readonly number[] {
  const ready = readySince(pod);
  const { regular, sidecars } = maxRestarts(pod);
  return [
    (pod.spec.nodeName ?? '') === '' ? 0 : 1,
    phaseRank[pod.status?.phase ?? 'Pending'] ?? 0,
    ready === undefined ? 0 : 1,
    -(ready ?? 0),
    -regular,
    -sidecars,
    -Date.parse(pod.metadata.creationTimestamp),
  ];
}
