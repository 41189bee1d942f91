import type { Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { readySince } from '../workload/pod-state.ts';
import { maxRestarts } from '../workload/restarts.ts';

/** Annotation that makes a Pod cheaper (lower) or dearer (higher) to delete: an int32, 0 when absent or invalid. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * The `count` Pods to delete when a ReplicaSet has too many, by Kubernetes' ranking ("ReplicaSet", "Scaling a ReplicaSet").
 * `related` counts, per node, the active Pods of all ReplicaSets with the same owner.
 */
export function podsToDelete(
  pods: readonly Stored<Pod>[],
  count: number,
  related: ReadonlyMap<string, number>,
  now: Milliseconds,
): readonly Stored<Pod>[] {
  if (count >= pods.length) return pods;
  return pods
    .map((pod) => rankOf(pod, related, now))
    .sort(compare)
    .slice(0, count)
    .map(({ pod }) => pod);
}

/** What decides over a Pod, worked out once: sorting compares each Pod many times. Of two numbers, the lower goes first. */
interface Rank {
  readonly pod: Stored<Pod>;
  /** Without a node, its phase, not ready, its cost, and how many of its siblings are not on its node. */
  readonly order: readonly number[];
  /** Milliseconds since the epoch; undefined while it is not ready. */
  readonly ready: Milliseconds | undefined;
  readonly readyBucket: number;
  /** How often its containers restarted, and its sidecars: negative, for the more goes first. */
  readonly restarts: readonly number[];
  readonly ageBucket: number;
}

const phaseRank: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 };

function rankOf(pod: Stored<Pod>, related: ReadonlyMap<string, number>, now: Milliseconds): Rank {
  const { nodeName = '' } = pod.spec;
  const ready = readySince(pod);
  const { regular, sidecars } = maxRestarts(pod);
  return {
    pod,
    order: [
      Number(nodeName !== ''),
      phaseRank[pod.status?.phase ?? 'Pending'] ?? 0,
      Number(ready !== undefined),
      deletionCost(pod),
      -(related.get(nodeName) ?? 0),
    ],
    ready,
    readyBucket: ready === undefined ? 0 : ageBucket(ready, now),
    restarts: [-regular, -sidecars],
    ageBucket: ageBucket(Date.parse(pod.metadata.creationTimestamp), now),
  };
}

function compare(a: Rank, b: Rank): number {
  return (
    compareNumbers(a.order, b.order) ||
    (a.ready !== undefined && b.ready !== undefined && a.ready !== b.ready
      ? a.readyBucket - b.readyBucket
      : compareNumbers(a.restarts, b.restarts) || a.ageBucket - b.ageBucket) ||
    compareText(a.pod.metadata.uid, b.pod.metadata.uid)
  );
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Logarithmic age: Pods of about the same age are not told apart, so that scaling down does not always hit the youngest. */
function ageBucket(since: Milliseconds, now: Milliseconds): number {
  const nanoseconds = (now - since) * 1e6;
  return nanoseconds <= 0 ? -1 : Math.floor(Math.log2(nanoseconds));
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation];
  if (text === undefined || !/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
