import {
  controllerOf,
  controllerReference,
  Deployment,
  isAlreadyExists,
  keyOf,
  ReplicaSet,
  type Stored,
  templateHash,
} from '@orrery/api';
import { errorText, type ReconcileContext } from '@orrery/core';
import { castDraft, produce } from 'immer';
import { isNamespaceTerminating } from '../workload/pod-control.ts';
import { semanticEqual } from '../workload/semantic-equal.ts';
import {
  type Condition,
  condition,
  countedStatus,
  findCondition,
  hasProgressDeadline,
  isComplete,
  rolloutStatus,
  type Sets,
  withDeploymentCondition,
} from './conditions.ts';
import {
  annotations,
  findNewReplicaSet,
  newReplicaSetAnnotations,
  nextRevision,
  previousRevision,
  replicaSetsToDelete,
  replicasAnnotations,
  revisionOf,
  rollbackTarget,
} from './revision.ts';
import { newReplicaCount, rolloutBounds, type Scaling } from './rollout.ts';
import { sameTemplate, templateHashLabel, withoutHash } from './template.ts';

type Status = NonNullable<Deployment['status']>;

/** One Deployment and its ReplicaSets while it is reconciled: what has been written so far shows at once. */
export class DeploymentRollout {
  deployment: Stored<Deployment>;
  newSet: Stored<ReplicaSet> | undefined;
  old: readonly Stored<ReplicaSet>[];
  readonly #context: ReconcileContext;

  constructor(deployment: Stored<Deployment>, owned: readonly Stored<ReplicaSet>[], context: ReconcileContext) {
    this.deployment = deployment;
    this.#context = context;
    this.newSet = findNewReplicaSet(deployment, owned);
    this.old = owned.filter((rs) => rs !== this.newSet);
  }

  get #all(): readonly Stored<ReplicaSet>[] {
    return this.newSet === undefined ? this.old : [...this.old, this.newSet];
  }

  /** Whether the stored status says that the rollout is done. */
  get complete(): boolean {
    return isComplete(this.deployment, this.deployment.status ?? {});
  }

  readonly countedStatus = (deployment: Deployment, sets: Sets): Status =>
    countedStatus(deployment, sets, this.#context.clock.now());

  readonly rolloutStatus = (deployment: Deployment, sets: Sets): Status =>
    rolloutStatus(deployment, sets, this.#context.clock.now());

  /** Writes the status that `status` gives, if it differs from the stored one. */
  async writeStatus(status: (deployment: Deployment, sets: Sets) => Status): Promise<void> {
    const next = status(this.deployment, { newSet: this.newSet, old: this.old });
    if (sameStatus(this.deployment.status, next)) return;
    this.deployment = await this.#context.client.updateStatus({ ...this.deployment, status: next });
  }

  /** The condition Progressing says that the Deployment was paused or resumed; a deadline that has passed stays recorded. */
  async notePause(): Promise<void> {
    if (!hasProgressDeadline(this.deployment)) return;
    const current = findCondition(this.deployment.status?.conditions ?? [], 'Progressing');
    if (current?.reason === 'ProgressDeadlineExceeded') return;
    const paused = this.deployment.spec.paused === true;
    const noted = current?.reason === 'DeploymentPaused';
    if (paused === noted) return;
    const now = this.#context.clock.now();
    await this.#writeCondition(
      paused
        ? condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
        : condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now),
    );
  }

  /**
   * Brings the new ReplicaSet's annotations and the Deployment's revision up to date; with `create` also makes the
   * ReplicaSet where it is missing. Gives the new ReplicaSet, or nothing where there is none (yet).
   */
  async syncRevision(mode: 'existing' | 'create'): Promise<Stored<ReplicaSet> | undefined> {
    if (this.newSet !== undefined) return this.#syncExisting(this.newSet);
    return mode === 'create' ? this.#createNewSet() : undefined;
  }

  async #syncExisting(current: Stored<ReplicaSet>): Promise<Stored<ReplicaSet>> {
    const wanted = newReplicaSetAnnotations(
      this.deployment,
      current.metadata.annotations,
      nextRevision(this.old),
      true,
    );
    let newSet = current;
    const minReadySeconds = this.deployment.spec.minReadySeconds ?? 0;
    if (
      !semanticEqual(wanted, current.metadata.annotations) ||
      (current.spec.minReadySeconds ?? 0) !== minReadySeconds
    ) {
      const updated = produce(current, ({ metadata, spec }) => {
        metadata.annotations = { ...wanted };
        spec.minReadySeconds = minReadySeconds;
      });
      newSet = await this.#context.client.update(updated);
      this.newSet = newSet;
    }
    const now = this.#context.clock.now();
    const message = `Found new replica set "${newSet.metadata.name}"`;
    const isNoted = findCondition(this.deployment.status?.conditions ?? [], 'Progressing') !== undefined;
    await this.#writeRevision(
      newSet,
      hasProgressDeadline(this.deployment) && !isNoted
        ? condition('Progressing', 'True', 'FoundNewReplicaSet', message, now)
        : undefined,
    );
    return newSet;
  }

  async #createNewSet(): Promise<Stored<ReplicaSet> | undefined> {
    const { client, events, clock } = this.#context;
    const deployment = this.deployment;
    const wanted = this.#newReplicaSet();
    let created: Stored<ReplicaSet>;
    let isNew = true;
    try {
      created = await client.create(wanted);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      const existing = isAlreadyExists(error) ? await client.get(ReplicaSet, keyOf(wanted)) : undefined;
      if (existing === undefined) {
        const message = `Failed to create new replica set "${wanted.metadata.name}": ${errorText(error)}`;
        if (hasProgressDeadline(deployment)) {
          await this.#writeCondition(condition('Progressing', 'False', 'ReplicaSetCreateError', message, clock.now()));
        }
        events.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
        throw error;
      }
      const isOurs = controllerOf(existing)?.uid === deployment.metadata.uid;
      if (!isOurs || !sameTemplate(existing.spec.template ?? {}, deployment.spec.template)) {
        // Another template has the same hash: count it, so that the next try gets another one.
        const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
        await client.updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
        throw error;
      }
      created = existing;
      isNew = false;
    }
    this.newSet = created;
    const replicas = created.spec.replicas ?? 1;
    if (isNew && replicas > 0) this.#recordScaling('up', created, 0, replicas);
    const message = `Created new replica set "${created.metadata.name}"`;
    await this.#writeRevision(
      created,
      isNew && hasProgressDeadline(deployment)
        ? condition('Progressing', 'True', 'NewReplicaSetCreated', message, clock.now())
        : undefined,
    );
    return created;
  }

  #newReplicaSet(): ReplicaSet {
    const deployment = this.deployment;
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount);
    const { template, selector, minReadySeconds } = deployment.spec;
    const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
    const newSet: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        ...(deployment.metadata.namespace === undefined ? {} : { namespace: deployment.metadata.namespace }),
        labels,
        annotations: {
          ...newReplicaSetAnnotations(deployment, undefined, nextRevision(this.old), false),
          ...replicasAnnotations(deployment.spec.replicas ?? 1, rolloutBounds(deployment).maxSurge),
        },
        ownerReferences: [controllerReference(Deployment, deployment)],
      },
      spec: {
        replicas: 0,
        ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    const replicas = newReplicaCount(deployment, [...this.old, newSet], newSet);
    return { ...newSet, spec: { ...newSet.spec, replicas } };
  }

  /** Gives ReplicaSets their new sizes, with an event for each that changes. */
  async scale(scalings: readonly Scaling[]): Promise<void> {
    const desired = this.deployment.spec.replicas ?? 1;
    const noted = replicasAnnotations(desired, rolloutBounds(this.deployment).maxSurge);
    for (const { replicaSet, replicas } of scalings) {
      const before = replicaSet.spec.replicas ?? 1;
      const current = replicaSet.metadata.annotations ?? {};
      const isNoted = Object.entries(noted).every(([key, value]) => current[key] === value);
      if (before === replicas && isNoted) continue;
      const resized = produce(replicaSet, ({ metadata, spec }) => {
        metadata.annotations = { ...current, ...noted };
        spec.replicas = replicas;
      });
      const scaled = await this.#context.client.update(resized);
      this.#replace(scaled);
      if (before !== replicas) this.#recordScaling(replicas > before ? 'up' : 'down', scaled, before, replicas);
    }
  }

  #recordScaling(direction: 'up' | 'down', set: Stored<ReplicaSet>, from: number, to: number): void {
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${to}`;
    this.#context.events.event(this.deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  #replace(set: Stored<ReplicaSet>): void {
    if (set.metadata.uid === this.newSet?.metadata.uid) this.newSet = set;
    else this.old = this.old.map((rs) => (rs.metadata.uid === set.metadata.uid ? set : rs));
  }

  /** Deletes old, empty ReplicaSets beyond the history's limit. */
  async cleanUp(): Promise<void> {
    for (const set of replicaSetsToDelete(this.deployment, this.old)) {
      await this.#context.client.delete(ReplicaSet, keyOf(set), { preconditions: { uid: set.metadata.uid } });
    }
  }

  /** The legacy rollback: takes the template of an earlier revision, and drops the annotation that asked for it. */
  async rollBack(): Promise<void> {
    await this.syncRevision('existing');
    const asked = rollbackTarget(this.deployment) ?? 0;
    const target = asked > 0 ? asked : previousRevision(this.#all);
    const set = target === 0 ? undefined : this.#all.find((rs) => revisionOf(rs) === target);
    let template = this.deployment.spec.template;
    if (set === undefined) {
      const message = 'Unable to find last revision.';
      this.#recordEvent(
        'Warning',
        'DeploymentRollbackRevisionNotFound',
        asked > 0 ? 'Unable to find the revision to rollback to.' : message,
      );
    } else if (sameTemplate(set.spec.template ?? {}, template)) {
      const message = `The rollback revision contains the same template as current deployment "${this.deployment.metadata.name}"`;
      this.#recordEvent('Warning', 'DeploymentRollbackTemplateUnchanged', message);
    } else {
      template = produce(set.spec.template ?? {}, (draft) => {
        draft.metadata = { ...draft.metadata, labels: withoutHash(draft.metadata?.labels) };
      });
      const message = `Rolled back deployment "${this.deployment.metadata.name}" to revision ${target}`;
      this.#recordEvent('Normal', 'DeploymentRollback', message);
    }
    const rolledBack = produce(this.deployment, ({ metadata, spec }) => {
      delete metadata.annotations?.[annotations.rollback];
      spec.template = castDraft(template);
    });
    this.deployment = await this.#context.client.update(rolledBack);
  }

  #recordEvent(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(this.deployment, type, reason, message);
  }

  /** Revision and condition go in one write: annotations can change through the status subresource. */
  async #writeRevision(newSet: Stored<ReplicaSet>, noted: Condition | undefined): Promise<void> {
    const revision = newSet.metadata.annotations?.[annotations.revision];
    const current = this.deployment.metadata.annotations ?? {};
    const revisionChanges = revision !== undefined && current[annotations.revision] !== revision;
    if (!revisionChanges && noted === undefined) return;
    const recorded = produce(this.deployment, (draft) => {
      if (revisionChanges) draft.metadata.annotations = { ...current, [annotations.revision]: revision };
      if (noted === undefined) return;
      const conditions = withDeploymentCondition(this.deployment.status?.conditions ?? [], noted);
      draft.status = { ...draft.status, conditions: castDraft(conditions) };
    });
    this.deployment = await this.#context.client.updateStatus(recorded);
  }

  async #writeCondition(next: Condition): Promise<void> {
    const before = this.deployment.status?.conditions ?? [];
    const conditions = withDeploymentCondition(before, next);
    if (conditions === before) return;
    const status = { ...this.deployment.status, conditions };
    this.deployment = await this.#context.client.updateStatus({ ...this.deployment, status });
  }
}

const countNames = [
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
] as const;

function sameStatus(a: Status | undefined, b: Status): boolean {
  return (
    a !== undefined &&
    countNames.every((name) => (a[name] ?? 0) === (b[name] ?? 0)) &&
    a.observedGeneration === b.observedGeneration &&
    a.collisionCount === b.collisionCount &&
    semanticEqual(sorted(a.conditions), sorted(b.conditions))
  );
}

function sorted(conditions: Status['conditions']): readonly Condition[] {
  return [...(conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1));
}
