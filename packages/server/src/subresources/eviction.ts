import {
  failures,
  type KubernetesObject,
  labelSelectorMatcher,
  type Pod,
  PodDisruptionBudget,
  type Stored,
  timestamp,
  withCondition,
} from '@orrery/api';
import type { DeleteOptions, WriteOptions } from '@orrery/core';
import { collectionOf } from '../collections.ts';
import type { ServerContext } from '../context.ts';
import { decodeSubresource } from '../decode-body.ts';
import { deleteObject } from '../deletes.ts';
import { lostRace } from '../races.ts';
import { storedObject } from '../reads.ts';
import type { RequestScope, WriteResult } from '../request-path.ts';
import { commitStaged, type StagedUpdate, stageUpdate } from '../stage-update.ts';
import { created, withPodCondition } from './pod-subresources.ts';

interface Eviction extends KubernetesObject {
  readonly deleteOptions?: Omit<DeleteOptions, 'dryRun'> & { readonly dryRun?: readonly string[] };
}

/** Maximum number of evicted Pods of a budget that its controller has not seen yet. */
const maxDisruptedPods = 2000;
/** Seconds after which a client retries if its budget's status is not up to date yet. */
const uncountedRetry = 10;

/**
 * POST `pods/NAME/eviction` (Kubernetes "API-initiated Eviction"): deletes the Pod if the PodDisruptionBudget that selects it
 * allows another disruption, and marks it as disrupted first. @throws StatusError TooManyRequests if the budget forbids
 */
export async function evictPod(
  server: ServerContext,
  scope: RequestScope,
  body: KubernetesObject,
  options: WriteOptions,
): Promise<WriteResult> {
  // The older version of the same type is accepted as well.
  const given = body.apiVersion === 'policy/v1beta1' ? { ...body, apiVersion: 'policy/v1' } : body;
  const type = { group: 'policy', version: 'v1', kind: 'Eviction' };
  const { metadata, deleteOptions = {} } = decodeSubresource<Eviction>(scope, type, given, options);
  if ((metadata?.name ?? '') !== '' && metadata?.name !== scope.name)
    throw failures.badRequest('name in URL does not match name in Eviction object');
  const dryRun = options.dryRun === true || (deleteOptions.dryRun ?? []).includes('All');
  await markEvicted(server, scope, dryRun);
  // The condition is written first, so that watchers see why the Pod is deleted: two states of the Pod need two commits.
  await deleteObject(server, { ...scope, subresource: '' }, { ...deleteOptions, dryRun });
  return created();
}

/** Records the disruption in the Pod's budget and marks the Pod as disrupted, both in one commit. @throws StatusError */
async function markEvicted(server: ServerContext, scope: RequestScope, dryRun: boolean): Promise<void> {
  for (let race = 1; ; race++) {
    const pod = storedObject(server, scope) as Stored<Pod>;
    const booked = needsNoBudget(pod) ? undefined : await bookDisruption(server, scope, pod, dryRun);
    const marked = dryRun || isOver(pod) ? undefined : await markDisrupted(server, scope);
    try {
      return await commitStaged(server, [booked, marked]);
    } catch (error) {
      await lostRace(server, scope, error, race);
    }
  }
}

/** Whether a Pod needs no budget: it has ended, has not started, or is already being deleted. */
function needsNoBudget(pod: Stored<Pod>): boolean {
  return isOver(pod) || pod.status?.phase === 'Pending';
}

function isOver({ metadata, status }: Stored<Pod>): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function budgetsOf(server: ServerContext, { metadata }: Stored<Pod>): readonly Stored<PodDisruptionBudget>[] {
  const collection = collectionOf(PodDisruptionBudget);
  const { items } = server.store.list(collection, { namespace: metadata.namespace ?? '' });
  return (items as readonly Stored<PodDisruptionBudget>[]).filter(({ spec }) =>
    labelSelectorMatcher(spec.selector).matches(metadata.labels),
  );
}

/** The update that records a disruption in the Pod's budget, if it has one. @throws StatusError */
async function bookDisruption(
  server: ServerContext,
  scope: RequestScope,
  pod: Stored<Pod>,
  dryRun: boolean,
): Promise<StagedUpdate | undefined> {
  const [budget, ...others] = budgetsOf(server, pod);
  if (budget === undefined) return undefined;
  if (others.length > 0) {
    throw failures.unexpected(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  if (!isReady(pod) && mayEvictUnhealthy(budget)) return undefined;
  const now = server.environment.clock.now();
  const { namespace = '', name } = budget.metadata;
  const staged = await stageUpdate(
    server,
    { ...scope, kind: PodDisruptionBudget, namespace, name, subresource: 'status' },
    { transform: (old) => withDisruption(old as Stored<PodDisruptionBudget>, pod.metadata.name, now) },
    { dryRun },
  );
  return 'unchanged' in staged ? undefined : staged;
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}

/** Whether a Pod that is not ready may be evicted regardless of the budget (`unhealthyPodEvictionPolicy`). */
function mayEvictUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** The budget after another disruption. Pure. @throws StatusError TooManyRequests or Forbidden if it allows none */
export function withDisruption(
  budget: Stored<PodDisruptionBudget>,
  podName: string,
  now: number,
): Stored<PodDisruptionBudget> {
  const { metadata, status } = budget;
  const {
    observedGeneration = 0,
    disruptionsAllowed = 0,
    currentHealthy = 0,
    desiredHealthy = 0,
    disruptedPods = {},
  } = status ?? {};
  const refuse = (message: string, retryAfter: number) =>
    failures.tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfter, [
      { reason: 'DisruptionBudget', message: `The disruption budget ${metadata.name} ${message}` },
    ]);
  if (observedGeneration < (metadata.generation ?? 0))
    throw refuse('is still being processed by the server.', uncountedRetry);
  const forbid = (why: string) =>
    failures.forbidden({ group: '', resource: 'poddisruptionbudget' }, metadata.name, why);
  if (disruptionsAllowed < 0) throw forbid('pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods)
    throw forbid('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (disruptionsAllowed === 0) {
    throw refuse(`needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`, 0);
  }
  const left = disruptionsAllowed - 1;
  const used = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration,
  } as const;
  const conditions = status?.conditions ?? [];
  return {
    ...budget,
    status: {
      ...status,
      currentHealthy,
      desiredHealthy,
      expectedPods: status?.expectedPods ?? 0,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [podName]: timestamp(now) },
      conditions: left > 0 ? [...conditions] : withCondition(conditions, used, now),
    },
  };
}

async function markDisrupted(server: ServerContext, scope: RequestScope): Promise<StagedUpdate | undefined> {
  const now = server.environment.clock.now();
  const disrupted = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  } as const;
  const staged = await stageUpdate(
    server,
    { ...scope, subresource: 'status' },
    { transform: (old) => (isOver(old as Stored<Pod>) ? old : withPodCondition(old as Stored<Pod>, disrupted, now)) },
    {},
  );
  return 'unchanged' in staged ? undefined : staged;
}
