import {
  isAlreadyExists,
  isNotFound,
  keyOf,
  PersistentVolumeClaim,
  Pod,
  type PodTemplateSpec,
  type StatefulSet,
  type Stored,
} from '@orrery/api';
import { errorText, type ReconcileContext } from '@orrery/core';
import { slowStart } from '../workload/slow-start.ts';
import { type Action, isBeforePartition } from './actions.ts';
import { claimOwners, claimsOf, goesWithEarlierPod } from './claims.ts';
import { hasIdentity, ordinalOf, podOf, withIdentity } from './identity.ts';

/** A revision that Pods are made of. */
export interface PodRevision {
  readonly name: string;
  readonly template: PodTemplateSpec;
}

/** Does what was decided for the Pods of one StatefulSet, with an Event for each. */
export class StatefulPods {
  readonly #set: Stored<StatefulSet>;
  readonly #current: PodRevision;
  readonly #update: PodRevision;
  readonly #context: ReconcileContext;

  constructor(set: Stored<StatefulSet>, current: PodRevision, update: PodRevision, context: ReconcileContext) {
    this.#set = set;
    this.#current = current;
    this.#update = update;
    this.#context = context;
  }

  /** Does one after another, or with the policy Parallel in growing batches. Returns the first error, if any. */
  async act(actions: readonly Action[]): Promise<unknown> {
    if (this.#set.spec.podManagementPolicy === 'Parallel') {
      const { error } = await slowStart(actions.length, (index) => this.#do(actions[index]));
      return error;
    }
    try {
      for (const action of actions) await this.#do(action);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #do(action: Action | undefined): Promise<void> {
    if (action?.type === 'create') await this.#create(action.ordinal);
    else if (action?.type === 'delete') await this.#delete(action.pod);
    else if (action?.type === 'claim') await this.#createClaims(action.pod.metadata.name, action.ordinal);
    else if (action !== undefined) await this.#keep(action.pod, action.ordinal);
  }

  async #create(ordinal: number): Promise<void> {
    const { client } = this.#context;
    const { name, template } = isBeforePartition(this.#set, ordinal) ? this.#current : this.#update;
    const pod = podOf(this.#set, template, name, ordinal);
    if (this.#awaitsClaims(pod.metadata.name, ordinal)) return;
    await this.#recorded('Create', pod.metadata.name, async () => {
      await this.#createClaims(pod.metadata.name, ordinal);
      const created = await client.create(pod);
      await this.#ownClaims(created, ordinal);
    });
  }

  async #delete(pod: Stored<Pod>): Promise<void> {
    const preconditions = { uid: pod.metadata.uid };
    await this.#recorded('Delete', pod.metadata.name, async () => {
      await this.#context.client.delete(Pod, keyOf(pod), { preconditions });
    });
  }

  async #keep(pod: Stored<Pod>, ordinal: number): Promise<void> {
    const ownsClaims = this.#claims(ordinal).every((claim) => {
      return claimOwners(this.#set, pod, ordinal, claim).references === undefined;
    });
    if (hasIdentity(pod) && ownsClaims) return;
    await this.#recorded('Update', pod.metadata.name, async () => {
      await this.#ownClaims(pod, ordinal);
      if (!hasIdentity(pod)) await this.#context.client.update(withIdentity(pod, ordinal));
    });
  }

  /** A claim that goes with the Pod's predecessor must be gone first. */
  #awaitsClaims(podName: string, ordinal: number): boolean {
    if ((this.#set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain') === 'Retain') return false;
    return this.#claims(ordinal).some((claim) => goesWithEarlierPod(claim, podName));
  }

  #claims(ordinal: number): readonly Stored<PersistentVolumeClaim>[] {
    const { cache } = this.#context;
    return claimsOf(this.#set, ordinal)
      .map((claim) => cache.get(PersistentVolumeClaim, keyOf(claim)))
      .filter((claim) => claim !== undefined);
  }

  async #createClaims(podName: string, ordinal: number): Promise<void> {
    const { client, cache, events } = this.#context;
    for (const claim of claimsOf(this.#set, ordinal)) {
      const existing = cache.get(PersistentVolumeClaim, keyOf(claim));
      const { name } = claim.metadata;
      if (existing?.metadata.deletionTimestamp !== undefined) throw new Error(`pvc ${name} is being deleted`);
      if (existing !== undefined) continue;
      const what = `Create Claim ${name}`;
      const where = `Pod ${podName} in StatefulSet ${this.#set.metadata.name}`;
      try {
        await client.create(claim);
        events.event(this.#set, 'Normal', 'SuccessfulCreate', `${what} ${where} success`);
      } catch (error) {
        const text = errorText(error);
        if (!isAlreadyExists(error)) {
          events.event(this.#set, 'Warning', 'FailedCreate', `${what} for ${where} failed error: ${text}`);
        }
        throw new Error(`failed to create PVC ${name}: ${text}`, { cause: error });
      }
    }
  }

  async #ownClaims(pod: Stored<Pod>, ordinal: number): Promise<void> {
    const { client, events } = this.#context;
    for (const claim of this.#claims(ordinal)) {
      const { references, conflict } = claimOwners(this.#set, pod, ordinal, claim);
      if (conflict) {
        const message = `PersistentVolumeClaim ${claim.metadata.name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`;
        events.event(this.#set, 'Warning', 'ConflictingController', message);
      }
      if (references === undefined) continue;
      await client.update({ ...claim, metadata: { ...claim.metadata, ownerReferences: references } });
    }
  }

  async #recorded(verb: 'Create' | 'Delete' | 'Update', podName: string, work: () => Promise<void>): Promise<void> {
    const { events } = this.#context;
    const what = `${verb} Pod ${podName} in StatefulSet ${this.#set.metadata.name}`;
    try {
      await work();
      events.event(this.#set, 'Normal', `Successful${verb}`, `${what} successful`);
    } catch (error) {
      if (verb === 'Create' && isAlreadyExists(error)) throw error;
      if (verb === 'Delete' && isNotFound(error)) return;
      events.event(this.#set, 'Warning', `Failed${verb}`, `${what} failed error: ${errorText(error)}`);
      throw error;
    }
  }
}

/** Whether a Pod is called as one of the set's. */
export function isMember(set: StatefulSet, pod: Pod): boolean {
  return ordinalOf(set, pod) !== undefined;
}
