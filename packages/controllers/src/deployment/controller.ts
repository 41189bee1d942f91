import { controllerOf, Deployment, keyOf, labelSelectorMatcher, Pod, ReplicaSet, type Stored } from '@orrery/api';
import {
  type Cache,
  type Controller,
  defineController,
  ownedBy,
  type ReconcileContext,
  type ReconcileResult,
  type WatchSource,
} from '@orrery/core';
import { adoptable } from '../workload/adoptable.ts';
import { claim } from '../workload/claim.ts';
import { orphansOf } from '../workload/orphans.ts';
import { countsOr, podsByController } from '../workload/pod-counts.ts';
import { indexBySelector } from '../workload/selector-index.ts';
import { selectsEverything } from '../workload/selects-everything.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { countedStatus, type Sets, untilDeadline } from './conditions.ts';
import { DeploymentRollout } from './deployment-rollout.ts';
import { rollbackTarget } from './revision.ts';
import { isScaling, rollingStep, scaleStep } from './rollout.ts';

const orphans = orphansOf(ReplicaSet);
const deployments = indexBySelector(Deployment, ({ spec }) => labelSelectorMatcher(spec.selector));

/** Rolls a Deployment's Pods over to its present template, one ReplicaSet per template (Kubernetes "Deployments"). */
export function deploymentController(): Controller {
  return defineController({
    name: 'deployment-controller',
    for: Deployment,
    owns: [ReplicaSet],
    watches: [adoptable(ReplicaSet, deployments), podsOfRecreate],
    indexes: [orphans.index, deployments.index, podsByController],
    concurrency: 5,
    priority: 'low',
    reconcile: (deployment, context) => unlessGone(Deployment, deployment, () => reconcile(deployment, context)),
  });
}

/** The strategy Recreate waits for old Pods to be gone, so their end concerns the Deployment. */
const podsOfRecreate: WatchSource = {
  kind: Pod,
  map(pod, { cache }) {
    const set = controllerOf(pod);
    if (set?.kind !== ReplicaSet.kind) return [];
    const namespace = pod.metadata.namespace ?? '';
    const replicaSet = cache.get(ReplicaSet, { namespace, name: set.name });
    const owner = replicaSet === undefined ? undefined : controllerOf(replicaSet);
    if (owner?.kind !== Deployment.kind) return [];
    const deployment = cache.get(Deployment, { namespace, name: owner.name });
    return deployment?.spec.strategy?.type === 'Recreate' ? [keyOf(deployment)] : [];
  },
};

async function reconcile(deployment: Stored<Deployment>, context: ReconcileContext): Promise<ReconcileResult | void> {
  const { client, cache, events, clock } = context;
  if (selectsEverything(deployment.spec.selector)) {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    events.event(deployment, 'Warning', 'SelectingAll', message);
    if ((deployment.status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0)) {
      const status = { ...deployment.status, observedGeneration: deployment.metadata.generation };
      await client.updateStatus<Deployment>({ ...deployment, status });
    }
    return;
  }
  const candidates = replicaSetsNear(cache, deployment);
  const owned = await claim(client, Deployment, deployment, deployment.spec.selector, ReplicaSet, candidates);
  const rollout = new DeploymentRollout(deployment, owned, context);

  if (deployment.metadata.deletionTimestamp !== undefined) {
    await rollout.writeStatus((current, sets: Sets) => countedStatus(current, sets, clock.now()));
    return;
  }
  await rollout.notePause();
  if (deployment.spec.paused === true) return resize(rollout, deployment);
  if (rollbackTarget(deployment) !== undefined) return rollout.rollBack();
  if (isScaling(deployment, owned)) return resize(rollout, deployment);
  if (deployment.spec.strategy?.type === 'Recreate') await recreate(rollout, cache);
  else await roll(rollout);

  const current = rollout.deployment;
  const wait = untilDeadline(current, current.status ?? {}, clock.now());
  return wait === undefined ? undefined : { requeueAfter: wait };
}

/** Sizes the ReplicaSets that are there, and starts no rollout. */
async function resize(rollout: DeploymentRollout, deployment: Stored<Deployment>): Promise<void> {
  await rollout.syncRevision('existing');
  await rollout.scale(scaleStep(rollout.deployment, rollout.newSet, rollout.old));
  if (deployment.spec.paused === true && rollbackTarget(deployment) === undefined) await rollout.cleanUp();
  await rollout.writeStatus(rollout.countedStatus);
}

async function roll(rollout: DeploymentRollout): Promise<void> {
  const newSet = await rollout.syncRevision('create');
  if (newSet === undefined) return;
  const step = rollingStep(rollout.deployment, newSet, rollout.old);
  if (step.length > 0) await rollout.scale(step);
  else if (rollout.complete) await rollout.cleanUp();
  await rollout.writeStatus(rollout.rolloutStatus);
}

async function recreate(rollout: DeploymentRollout, cache: Cache): Promise<void> {
  await rollout.syncRevision('existing');
  const active = rollout.old.filter((rs) => (rs.spec.replicas ?? 1) > 0);
  if (active.length > 0) await rollout.scale(active.map((replicaSet) => ({ replicaSet, replicas: 0 })));
  else if (!hasOldPods(rollout, cache)) {
    const newSet = await rollout.syncRevision('create');
    if (newSet === undefined) return;
    const replicas = rollout.deployment.spec.replicas ?? 1;
    if (newSet.spec.replicas !== replicas) await rollout.scale([{ replicaSet: newSet, replicas }]);
    if (rollout.complete) await rollout.cleanUp();
  }
  await rollout.writeStatus(rollout.rolloutStatus);
}

/** Whether Pods of an earlier template are still there and have not ended. */
function hasOldPods(rollout: DeploymentRollout, cache: Cache): boolean {
  return rollout.old.some((rs) => countsOr(cache.aggregate(podsByController.at(rs.metadata.uid))).unfinished > 0);
}

function* replicaSetsNear(cache: Cache, deployment: Stored<Deployment>): Generator<Stored<ReplicaSet>> {
  const namespace = deployment.metadata.namespace ?? '';
  yield* cache.list(ownedBy(ReplicaSet, deployment.metadata.uid), { namespace });
  yield* orphans.selectedBy(cache, namespace, labelSelectorMatcher(deployment.spec.selector));
}
