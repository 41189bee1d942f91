import type { Lease, Node } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { timestamp } from '../workload/timestamp.ts';

/** How long a node may be silent before nothing is known of it. */
export const monitorGrace: Milliseconds = 50_000;
/** The same for a node that has never spoken. */
export const startupGrace: Milliseconds = 60_000;

/** When a node gave its last sign of life, by our own clock, and what that sign was. */
export interface Heartbeat {
  readonly renewTime: string | undefined;
  readonly heartbeatTime: string | undefined;
  /** Milliseconds since the epoch. */
  readonly seen: Milliseconds;
}

type Condition = NonNullable<NonNullable<Node['status']>['conditions']>[number];

/** The conditions that nothing is known of when a node is silent. */
const conditionTypes = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The sign of life after a look at the node and its lease; the newer of the two counts. */
export function heartbeat(
  before: Heartbeat | undefined,
  node: Node,
  lease: Lease | undefined,
  now: Milliseconds,
): Heartbeat {
  const renewTime = lease?.spec.renewTime;
  const heartbeatTime = readyCondition(node)?.lastHeartbeatTime;
  if (before === undefined) {
    // A node that has never spoken is silent since it was made.
    const seen = heartbeatTime === undefined ? Date.parse(node.metadata.creationTimestamp ?? timestamp(now)) : now;
    return { renewTime, heartbeatTime, seen };
  }
  if (before.renewTime === renewTime && before.heartbeatTime === heartbeatTime) return before;
  return { renewTime, heartbeatTime, seen: now };
}

/** The condition Ready of a node. */
export function readyCondition(node: Node): Condition | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** Conditions that a silent node gets: all Unknown. None when it is not silent, or told already. */
export function silentConditions(node: Node, { seen }: Heartbeat, now: Milliseconds): readonly Condition[] {
  const grace = readyCondition(node) === undefined ? startupGrace : monitorGrace;
  if (now <= seen + grace) return [];
  const changed: Condition[] = [];
  const time = timestamp(now);
  for (const type of conditionTypes) {
    const current = node.status?.conditions?.find((condition) => condition.type === type);
    if (current === undefined) {
      changed.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
        lastTransitionTime: time,
      });
    } else if (current.status !== 'Unknown') {
      changed.push({
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: time,
      });
    }
  }
  return changed;
}
