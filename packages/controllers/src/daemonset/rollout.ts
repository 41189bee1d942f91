import type { DaemonSet, Pod, Stored } from '@orrery/api';
import { scaledValue } from '../workload/scaled-value.ts';
import type { NodeTally } from './node-tally.ts';

/** How many nodes may be without an available Pod, and how many may have a second one, during a rolling update. */
export interface RolloutLimits {
  readonly maxUnavailable: number;
  readonly maxSurge: number;
}

/** What a rolling update does next. */
export interface RolloutStep {
  /** Nodes that get a Pod of the present template beside the old one. */
  readonly create: readonly string[];
  /** Old Pods to delete. */
  readonly remove: readonly Stored<Pod>[];
}

/** The limits among so many nodes. Percentages are rounded up; if both come to 0, one node may be unavailable. */
export function rolloutLimits({ spec: { updateStrategy } }: DaemonSet, desired: number): RolloutLimits {
  const { type, rollingUpdate } = updateStrategy ?? {};
  if (type === 'OnDelete') return { maxUnavailable: 0, maxSurge: 0 };
  const maxSurge = scaledValue(rollingUpdate?.maxSurge ?? 0, desired, Math.ceil);
  const maxUnavailable = scaledValue(rollingUpdate?.maxUnavailable ?? (maxSurge > 0 ? 0 : 1), desired, Math.ceil);
  return { maxSurge, maxUnavailable: desired > 0 && maxSurge === 0 ? Math.max(maxUnavailable, 1) : maxUnavailable };
}

/** Whether two Pods of the set may be on one node for a while. */
export function allowsSurge(set: DaemonSet): boolean {
  return rolloutLimits(set, 1).maxSurge > 0;
}

/** The next step of a rolling update (Kubernetes "Perform a Rolling Update on a DaemonSet"). */
export function rolloutStep(tally: NodeTally, { maxUnavailable, maxSurge }: RolloutLimits): RolloutStep {
  const useless = tally.inState('replace');
  const candidates = tally.inState('candidate');
  if (maxSurge === 0) {
    const more = firstOf(candidates.values(), maxUnavailable - tally.unavailable);
    return { create: [], remove: [...useless.values(), ...more] };
  }
  const spare = tally.serving - tally.counts.desired;
  return {
    create: [...useless.keys(), ...firstOf(candidates.keys(), maxSurge - tally.surging)],
    remove: [...tally.inState('retire').values(), ...firstOf(tally.inState('misplaced').values(), spare)],
  };
}

function firstOf<T>(items: MapIterator<T>, count: number): readonly T[] {
  return count <= 0 ? [] : items.take(count).toArray();
}
