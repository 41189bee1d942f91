import { type PodDisruptionBudget, type Stored, withCondition } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import { scaledValue } from '../workload/scaled-value.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';

/** How long the eviction API's record of a Pod counts, for which the Pod is on its way out. */
const deletionTimeout: Milliseconds = 120_000;

type Status = NonNullable<PodDisruptionBudget['status']>;

/** What a budget asks for. */
export interface Expectation {
  /** How many Pods there are to be. */
  readonly expectedPods: number;
  /** How many of them are to be healthy. */
  readonly desiredHealthy: number;
}

/** Pods that the eviction API has recorded in the budget as being evicted. */
export interface Disrupted {
  /** Those that may still go: by name, when they were recorded. */
  readonly pods: { readonly [name: string]: string };
  /** How many of them would count as healthy. */
  readonly healthy: number;
  /** Names of those that should have gone by now. */
  readonly notDeleted: readonly string[];
  /** Milliseconds until the next of them should have gone. */
  readonly recheck?: Milliseconds;
}

/** Whether a budget counts in parts of what the Pods' controllers are scaled to; otherwise their scale is of no interest. */
export function dependsOnScale({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';
}

/** What a budget asks for, given how many Pods it selects, and what their controllers are scaled to. Percentages are rounded up. */
export function expectation({ spec }: PodDisruptionBudget, pods: number, scale: number): Expectation {
  const { maxUnavailable, minAvailable } = spec;
  if (maxUnavailable !== undefined) {
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - scaledValue(maxUnavailable, scale, Math.ceil)) };
  }
  if (typeof minAvailable === 'number') return { expectedPods: pods, desiredHealthy: minAvailable };
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  return { expectedPods: scale, desiredHealthy: scaledValue(minAvailable, scale, Math.ceil) };
}

/**
 * Which of the recorded Pods still count as being evicted. `stateOf` says what became of one: undefined if it is gone, being deleted
 * or no Pod of the budget.
 */
export function disrupted(
  recorded: Status['disruptedPods'],
  stateOf: (name: string) => { readonly healthy: boolean } | undefined,
  now: Milliseconds,
): Disrupted {
  const pods: { [name: string]: string } = {};
  const notDeleted: string[] = [];
  let healthy = 0;
  let recheck: Milliseconds | undefined;
  for (const [name, time] of Object.entries(recorded ?? {})) {
    const state = stateOf(name);
    if (state === undefined) continue;
    const left = Date.parse(time) + deletionTimeout - now;
    if (left < 0) {
      notDeleted.push(name);
      continue;
    }
    pods[name] = time;
    if (left > 0 && state.healthy) healthy++;
    recheck = Math.min(recheck ?? left, left);
  }
  return { pods, healthy, notDeleted, ...(recheck === undefined ? {} : { recheck }) };
}

/** The status of a budget with so many healthy Pods; the stored one itself where nothing changes. */
export function budgetStatus(
  budget: Stored<PodDisruptionBudget>,
  { expectedPods, desiredHealthy }: Expectation,
  currentHealthy: number,
  disruptedPods: Disrupted['pods'],
  now: Milliseconds,
): Status {
  const spare = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { status, metadata } = budget;
  const observedGeneration = metadata.generation ?? 0;
  const next: Status = {
    observedGeneration,
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    disruptionsAllowed: spare,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(status?.conditions ?? [], allowance(spare, observedGeneration), now),
  };
  return status !== undefined && semanticEqual(status, next) ? status : next;
}

/** The status of a budget that could not be counted: it allows no disruption, and says why. */
export function failedStatus(budget: Stored<PodDisruptionBudget>, message: string, now: Milliseconds): Status {
  const { status } = budget;
  const observedGeneration = status?.observedGeneration ?? 0;
  const failed = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message,
    observedGeneration,
  } as const;
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...status,
    disruptionsAllowed: 0,
    conditions: withCondition(status?.conditions ?? [], failed, now),
  };
}

function allowance(spare: number, observedGeneration: number) {
  const common = { type: 'DisruptionAllowed', message: '', observedGeneration };
  return spare > 0
    ? ({ ...common, status: 'True', reason: 'SufficientPods' } as const)
    : ({ ...common, status: 'False', reason: 'InsufficientPods' } as const);
}
