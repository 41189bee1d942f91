import { type Node, type Taint, timestamp } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { readyCondition } from './health.ts';

const prefix = 'node.kubernetes.io/';
const notReadyTaint = `${prefix}not-ready`;
const unreachableTaint = `${prefix}unreachable`;
const unschedulableTaint = `${prefix}unschedulable`;

/** Conditions other than Ready that keep Pods away while they are True. */
const pressureTaints: { readonly [condition: string]: string } = {
  MemoryPressure: `${prefix}memory-pressure`,
  DiskPressure: `${prefix}disk-pressure`,
  PIDPressure: `${prefix}pid-pressure`,
  NetworkUnavailable: `${prefix}network-unavailable`,
};

const managedKeys: ReadonlySet<string> = new Set([
  notReadyTaint,
  unreachableTaint,
  unschedulableTaint,
  ...Object.values(pressureTaints),
]);

/** The taint that says how a node is not ready: key of `not-ready` or `unreachable`; undefined when it is ready. */
export function readinessTaint(node: Node): string | undefined {
  const status = readyCondition(node)?.status;
  if (status === 'False') return notReadyTaint;
  if (status === 'Unknown') return unreachableTaint;
  return undefined;
}

/** Keys of the NoSchedule taints that a node's conditions and `spec.unschedulable` ask for. */
function wantedKeys(node: Node): readonly string[] {
  const keys: string[] = [];
  const readiness = readinessTaint(node);
  if (readiness !== undefined) keys.push(readiness);
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = pressureTaints[type];
    if (key !== undefined && status === 'True') keys.push(key);
  }
  if (node.spec?.unschedulable === true) keys.push(unschedulableTaint);
  return keys;
}

/**
 * A node's taints after its NoSchedule ones were made to follow its conditions (Kubernetes "Taints and Tolerations", taint
 * nodes by condition); undefined when they do already. A node that has not reported yet keeps what it has.
 */
export function scheduleTaints(node: Node, now: Milliseconds): readonly Taint[] | undefined {
  const taints = node.spec?.taints ?? [];
  if (readyCondition(node) === undefined) return undefined;
  const wanted = wantedKeys(node);
  const isManaged = ({ key, effect }: Taint) => effect === 'NoSchedule' && managedKeys.has(key);
  const kept = taints.filter((taint) => !isManaged(taint) || wanted.includes(taint.key));
  const missing = wanted.filter((key) => !taints.some((taint) => isManaged(taint) && taint.key === key));
  if (missing.length === 0 && kept.length === taints.length) return undefined;
  const timeAdded = timestamp(now);
  return [...kept, ...missing.map((key): Taint => ({ key, effect: 'NoSchedule', timeAdded }))];
}

/** A node's taints with exactly this NoExecute one of the two on readiness; undefined when that is so already. */
export function evictionTaints(
  node: Node,
  wanted: string | undefined,
  now: Milliseconds,
): readonly Taint[] | undefined {
  const taints = node.spec?.taints ?? [];
  const isReadiness = ({ key, effect }: Taint) =>
    effect === 'NoExecute' && (key === notReadyTaint || key === unreachableTaint);
  const kept = taints.filter((taint) => !isReadiness(taint) || taint.key === wanted);
  const isThere = wanted === undefined || kept.some((taint) => isReadiness(taint) && taint.key === wanted);
  if (isThere && kept.length === taints.length) return undefined;
  if (isThere || wanted === undefined) return kept;
  return [...kept, { key: wanted, effect: 'NoExecute', timeAdded: timestamp(now) }];
}
