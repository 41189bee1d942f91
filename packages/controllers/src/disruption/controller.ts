import {
  Deployment,
  type Kind,
  keyOf,
  keyString,
  labelSelectorMatcher,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  type Stored,
} from '@orrery/api';
import {
  type Cache,
  type Controller,
  defineController,
  errorText,
  PerCache,
  type ReconcileContext,
  type ReconcileResult,
} from '@orrery/core';
import { isReady } from '../workload/pod-state.ts';
import { SelectedPods } from '../workload/selected-pods.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { BudgetPods, isHealthy } from './budget-pods.ts';
import { budgetStatus, dependsOnScale, disrupted, expectation, failedStatus } from './budget-status.ts';
import { expectedScale, type FindKind } from './pod-scale.ts';
import { goSelectorText } from './selector-text.ts';
import { staleConditions } from './stale-conditions.ts';

export interface DisruptionControllerOptions {
  /** The kinds that the cluster serves, among which those of owners of Pods are found. */
  readonly kinds: { byKind(apiVersion: string, kind: string): Kind | undefined };
}

/** A budget's Pods, as of its spec. */
interface Counted {
  readonly uid: string;
  readonly spec: Stored<PodDisruptionBudget>['spec'];
  readonly pods: BudgetPods;
}

const name = 'disruption-controller';

/**
 * Keeps the status of PodDisruptionBudgets, which the eviction API spends, and takes marks back from Pods that were to go and stayed
 * (Kubernetes "Pod disruption budgets").
 */
export function disruptionController(options: DisruptionControllerOptions): Controller {
  const [budgets, marks] = [budgetController(options), staleConditions(name)];
  return {
    ...budgets,
    async start(context) {
      await Promise.all([budgets.start(context), marks.start(context)]);
    },
  };
}

function budgetController({ kinds }: DisruptionControllerOptions) {
  const selected = new SelectedPods<PodDisruptionBudget>({
    kind: PodDisruptionBudget,
    selector: ({ spec }) => labelSelectorMatcher(spec.selector),
    isSame: sameForBudgets,
  });
  const counted = new PerCache<Counted>();
  const findKind: FindKind = (apiVersion, kind) => kinds.byKind(apiVersion, kind);
  return defineController({
    name,
    for: PodDisruptionBudget,
    priority: 'low',
    watches: [selected.source],
    reads: [ReplicaSet, Deployment, StatefulSet, ReplicationController],
    indexes: selected.indexes,
    rules: [{ apiGroups: ['*'], resources: ['*/scale'], verbs: ['get'] }],
    reconcile: (budget, context) =>
      unlessGone(PodDisruptionBudget, budget, () => {
        const { pods } = countedPods(budget, context.cache, selected, counted);
        return reconcile(budget, pods, findKind, context);
      }),
    deleted(key, { cache }) {
      selected.forget(cache, keyString(key));
      counted.of(cache).delete(keyString(key));
    },
  });
}

/** The budget's Pods as they are now: those that have changed are counted anew, and all of them if the budget was changed. */
function countedPods(
  budget: Stored<PodDisruptionBudget>,
  cache: Cache,
  selected: SelectedPods<PodDisruptionBudget>,
  counted: PerCache<Counted>,
): Counted {
  const key = keyString(keyOf(budget));
  const { uid } = budget.metadata;
  const changed = selected.take(cache, budget);
  const before = counted.of(cache).get(key);
  if (before?.uid === uid && before.spec === budget.spec) {
    for (const [podUid, pod] of changed) before.pods.set(podUid, pod);
    return before;
  }
  const now = { uid, spec: budget.spec, pods: new BudgetPods(selected.all(cache, budget)) };
  counted.of(cache).set(key, now);
  return now;
}

async function reconcile(
  budget: Stored<PodDisruptionBudget>,
  pods: BudgetPods,
  findKind: FindKind,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { client, clock, events } = context;
  if (pods.count === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
  let scale = 0;
  if (dependsOnScale(budget)) {
    try {
      scale = await expectedScale(pods.owners, budget.metadata.namespace ?? '', { ...context, findKind });
    } catch (error) {
      const why = errorText(error);
      const message = `Failed to calculate the number of expected pods: ${why}`;
      events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      await write(client, budget, failedStatus(budget, why, clock.now()));
      return undefined;
    }
    if (pods.unmanaged > 0) events.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget));
  }
  const now = clock.now();
  const leaving = disrupted(budget.status?.disruptedPods, (name) => stateOf(name, budget, pods, context), now);
  for (const name of leaving.notDeleted) eventForNotDeleted(name, budget, context);
  const healthy = pods.healthy - leaving.healthy;
  const expected = expectation(budget, pods.count, scale);
  await write(client, budget, budgetStatus(budget, expected, healthy, leaving.pods, now));
  // Recorded Pods are overdue once their time has passed, not when it ends.
  return leaving.recheck === undefined ? undefined : { requeueAfter: leaving.recheck + 1 };
}

async function write(
  client: ReconcileContext['client'],
  budget: Stored<PodDisruptionBudget>,
  status: NonNullable<PodDisruptionBudget['status']>,
): Promise<void> {
  if (status === budget.status) return;
  await client.updateStatus({ ...budget, status });
}

function stateOf(
  name: string,
  budget: Stored<PodDisruptionBudget>,
  pods: BudgetPods,
  { cache }: ReconcileContext,
): { readonly healthy: boolean } | undefined {
  const pod = cache.get(Pod, { namespace: budget.metadata.namespace ?? '', name });
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || !pods.has(pod)) return undefined;
  return { healthy: isHealthy(pod) };
}

function eventForNotDeleted(
  name: string,
  { metadata: { namespace = '' } }: Stored<PodDisruptionBudget>,
  { cache, events }: ReconcileContext,
): void {
  const pod = cache.get(Pod, { namespace, name });
  // Kubernetes puts the namespace in the place of the budget's name.
  const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
  if (pod !== undefined) events.event(pod, 'Warning', 'NotDeleted', message);
}

function unmanagedText({ spec }: Stored<PodDisruptionBudget>): string {
  return `Pods selected by this PodDisruptionBudget (selector: ${goSelectorText(spec.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
}

function sameForBudgets(a: Stored<Pod>, b: Stored<Pod>): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.metadata.labels === b.metadata.labels &&
    a.metadata.ownerReferences === b.metadata.ownerReferences &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    isReady(a) === isReady(b)
  );
}
