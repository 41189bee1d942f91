import { type ContainerStatus, conditionAfter, namedItem, type Pod, type PodCondition } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { isSidecar } from '../containers/pod-containers.ts';
import { hasStarted } from './pod-phase.ts';

/** What a condition says, before it gets its times. */
export type ConditionValue = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const yes: ConditionValue = { status: 'True' };
type Statuses = readonly ContainerStatus[] | undefined;

/** `Initialized`: all init containers have succeeded and all sidecars have started. */
export function initializedCondition(pod: Pod, init: Statuses, regular: Statuses, phase: string): ConditionValue {
  const containers = pod.spec.initContainers ?? [];
  if (init === undefined && containers.length > 0) return { status: 'False', reason: 'UnknownContainerStatuses' };
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of containers) {
    const status = namedItem(init, container.name);
    if (status === undefined) unknown.push(container.name);
    else if (isSidecar(container) ? status.started !== true : !status.ready) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  if (regular?.some(hasStarted)) return yes;
  return listed('ContainersNotInitialized', unknown, incomplete, 'incomplete');
}

/** `ContainersReady`: all regular containers and sidecars are ready. */
export function containersReadyCondition(pod: Pod, init: Statuses, regular: Statuses, phase: string): ConditionValue {
  if (regular === undefined) return { status: 'False', reason: 'UnknownContainerStatuses' };
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) sortIn(container.name, init);
  }
  for (const container of pod.spec.containers) sortIn(container.name, regular);
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  return listed('ContainersNotReady', unknown, unready, 'unready');

  function sortIn(name: string, statuses: Statuses): void {
    const status = namedItem(statuses, name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
}

/** `Ready`: the containers are ready and every readiness gate's condition is True (KEP-580 "Pod Readiness++"). */
export function readyCondition(
  pod: Pod,
  containersReady: ConditionValue,
  conditions: readonly PodCondition[],
): ConditionValue {
  if (containersReady.status !== 'True') return containersReady;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (condition.status !== 'True') {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  return messages.length === 0
    ? yes
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function listed(reason: string, unknown: string[], others: string[], word: string): ConditionValue {
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: [${unknown.join(' ')}]`);
  if (others.length > 0) messages.push(`containers with ${word} status: [${others.join(' ')}]`);
  return messages.length === 0 ? yes : { status: 'False', reason, message: messages.join(', ') };
}

/** Types of the conditions that the kubelet owns, in the order in which it writes them. */
const kubeletConditionTypes = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
] as const;

/** The condition types of {@link kubeletConditionTypes}, and those that the kubelet writes now and then. */
const ownedTypes: ReadonlySet<string> = new Set([...kubeletConditionTypes, 'PodResizePending', 'PodResizeInProgress']);

/** The conditions that others than the kubelet write. */
export function foreignConditions(conditions: readonly PodCondition[] | undefined): PodCondition[] {
  return (conditions ?? []).filter(({ type }) => !ownedTypes.has(type));
}

/**
 * All conditions as they are to be written: other writers' first and untouched, then the kubelet's in order. A condition's
 * `lastTransitionTime` moves only when its status changes.
 */
export function mergeConditions(
  old: readonly PodCondition[] | undefined,
  values: { readonly [type in (typeof kubeletConditionTypes)[number]]: ConditionValue },
  extra: readonly (ConditionValue & { readonly type: string })[],
  now: Milliseconds,
  generation: number | undefined,
): PodCondition[] {
  const replaced = new Set(extra.map(({ type }) => type));
  const merged = foreignConditions(old).filter(({ type }) => !replaced.has(type));
  for (const { type, ...value } of extra) merged.push(timed(type, value));
  for (const type of kubeletConditionTypes) merged.push(timed(type, values[type]));
  return merged;

  function timed(type: string, value: ConditionValue): PodCondition {
    const before = old?.find((condition) => condition.type === type);
    const state = {
      type,
      status: value.status,
      ...(value.reason === undefined ? {} : { reason: value.reason }),
      ...(value.message === undefined ? {} : { message: value.message }),
      ...(before?.lastProbeTime === undefined ? {} : { lastProbeTime: before.lastProbeTime }),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    return conditionAfter<PodCondition>(before, state, now);
  }
}
