import { type Node, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';

/** How long a node may be silent before nothing is known of it. */
const monitorGrace: Milliseconds = 50_000;
/** The same for a node that has never spoken. */
const startupGrace: Milliseconds = 60_000;

/** When a node gave its last sign of life, by our own clock, and what that sign was. */
export interface Heartbeat {
  readonly renewTime: string | undefined;
  readonly heartbeatTime: string | undefined;
  /** By the monotonic clock. */
  readonly seen: Milliseconds;
}

type Condition = NonNullable<NonNullable<Node['status']>['conditions']>[number];

/** The conditions that nothing is known of when a node is silent. */
const conditionTypes = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** A node's signs of life as they are now: the later of the two counts, for whichever changes shows that it lives. */
export interface Signs {
  readonly renewTime: string | undefined;
  readonly heartbeatTime: string | undefined;
}

/** The last sign of life after a look at the present ones. `created`, when the node was made, and `now` are by the monotonic clock. */
export function heartbeat(
  before: Heartbeat | undefined,
  { renewTime, heartbeatTime }: Signs,
  created: Milliseconds,
  now: Milliseconds,
): Heartbeat {
  if (before === undefined) {
    // A node that has never spoken is silent since it was made.
    return { renewTime, heartbeatTime, seen: heartbeatTime === undefined ? created : now };
  }
  if (before.renewTime === renewTime && before.heartbeatTime === heartbeatTime) return before;
  return { renewTime, heartbeatTime, seen: now };
}

/** A heartbeat as it counts after this process was stalled for `stall` milliseconds. */
export function afterStall(sign: Heartbeat, stall: Milliseconds, now: Milliseconds): Heartbeat {
  return { ...sign, seen: Math.min(sign.seen + stall, now) };
}

/** How long a node may be silent, in milliseconds. */
export function graceOf(node: Node): Milliseconds {
  return readyCondition(node) === undefined ? startupGrace : monitorGrace;
}

/** Whether some condition of the node is not Unknown yet. */
export function mayFallSilent({ status }: Node): boolean {
  return conditionTypes.some(
    (type) => status?.conditions?.find((condition) => condition.type === type)?.status !== 'Unknown',
  );
}

/** The condition Ready of a node. */
export function readyCondition(node: Node): Condition | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready');
}

/**
 * Conditions that a silent node gets: all Unknown. None when it is not silent, or when they are Unknown already.
 * @param now by the monotonic clock
 * @param time what the conditions say of when they changed
 */
export function silentConditions(
  node: Node,
  { seen }: Heartbeat,
  now: Milliseconds,
  time = timestamp(now),
): readonly Condition[] {
  if (now <= seen + graceOf(node)) return [];
  const changed: Condition[] = [];
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
