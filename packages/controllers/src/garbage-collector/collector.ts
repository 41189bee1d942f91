import {
  isConflict,
  isNotFound,
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  Namespace,
  type ObjectKey,
  type OwnerReference,
  parseApiVersion,
  parseKey,
  type Stored,
} from '@orrery/api';
import {
  type CacheChange,
  type Cause,
  type ControllerContext,
  createWorkQueue,
  ownedBy,
  type WorkQueue,
} from '@orrery/core';
import type { Subscription } from 'rxjs';
import { classifyOwners, collectionOf, type Dependents, type OwnerState } from './owners.ts';

/** How many owners are remembered to be gone. */
const rememberedAbsent = 1000;

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/**
 * The running garbage collector. It keeps no graph of its own: who depends on whom is the index by owner that every cache has,
 * asked over all kinds.
 */
export class Collector {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #kinds = new Map<string, Kind>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** Uids of owners that are known to be gone; a uid never comes back. */
  readonly #absent = new Set<string>();

  constructor(context: ControllerContext, actor: string) {
    this.#context = context;
    this.#queue = createWorkQueue({
      environment: context,
      actor,
      concurrency: 20,
      process: (item) => this.#process(item),
    });
  }

  /** From now on objects of exactly these kinds are looked after. */
  async watch(kinds: Iterable<Kind>): Promise<void> {
    const wanted = new Map<string, Kind>();
    const resources = new Set<string>();
    for (const kind of kinds) {
      // A resource that is served in several versions is one set of objects.
      const resource = `${kind.group}/${kind.resource}`;
      if (!isCollectable(kind) || resources.has(resource)) continue;
      resources.add(resource);
      wanted.set(kindId(kind), kind);
    }
    for (const [id, subscription] of this.#subscriptions) {
      if (wanted.has(id)) continue;
      subscription.unsubscribe();
      this.#subscriptions.delete(id);
      this.#kinds.delete(id);
    }
    const added = [...wanted].filter(([id]) => !this.#kinds.has(id));
    await this.#context.cache.sync(...added.map(([, kind]) => kind));
    if (this.#context.signal.aborted) return;
    for (const [id, kind] of added) this.#kinds.set(id, kind);
    for (const [id, kind] of added) {
      const changes = this.#context.cache.changes(kind, { replay: true });
      this.#subscriptions.set(
        id,
        changes.subscribe((change) => this.#changed(kind, change)),
      );
    }
  }

  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe();
    this.#subscriptions.clear();
    await this.#queue.stop();
  }

  #changed(kind: Kind, change: CacheChange): void {
    const { type, object, previous } = change;
    // Most changes: nothing began to go, and nothing changed hands.
    if (
      type === 'modified' &&
      object.metadata.ownerReferences === previous?.metadata.ownerReferences &&
      object.metadata.deletionTimestamp === previous?.metadata.deletionTimestamp
    )
      return;
    const cause: Cause = { type, kind: kindId(kind), key: keyString(keyOf(object)) };
    if (type === 'deleted') {
      this.#remember(object.metadata.uid);
      this.#addDependents(object, cause);
      this.#addWaitingOwners(object, object.metadata.ownerReferences, cause);
      return;
    }
    const { metadata } = object;
    const startsToGo = metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined;
    if (startsToGo && metadata.finalizers?.includes(orphan) === true) this.#add(kind, object, cause);
    if (startsToGo && metadata.finalizers?.includes(foreground) === true) {
      this.#add(kind, object, cause);
      this.#addDependents(object, cause);
    }
    if (metadata.ownerReferences === previous?.metadata.ownerReferences) return;
    this.#addWaitingOwners(object, previous?.metadata.ownerReferences, cause);
    const isInDoubt = (reference: OwnerReference) => this.#knownState(object, reference) !== 'solid';
    if (metadata.ownerReferences?.some(isInDoubt) === true) this.#add(kind, object, cause);
  }

  #add(kind: Kind, object: Stored, cause: Cause): void {
    this.#queue.add(`${kindId(kind)} ${keyString(keyOf(object))}`, cause);
  }

  #addDependents(owner: Stored, cause: Cause): void {
    for (const [kind, dependent] of this.#dependents(owner.metadata.uid)) this.#add(kind, dependent, cause);
  }

  /** Owners that wait for this dependent may proceed. */
  #addWaitingOwners(dependent: Stored, references: readonly OwnerReference[] | undefined, cause: Cause): void {
    for (const reference of references ?? []) {
      const kind = this.#kindOf(reference);
      const owner = kind === undefined ? undefined : this.#cached(kind, dependent, reference);
      if (kind !== undefined && owner !== undefined && isWaiting(owner)) this.#add(kind, owner, cause);
    }
  }

  *#dependents(uid: string): Generator<readonly [Kind, Stored]> {
    for (const kind of this.#kinds.values()) {
      for (const dependent of this.#context.cache.list(ownedBy(kind, uid))) yield [kind, dependent];
    }
  }

  #kindOf({ apiVersion, kind }: OwnerReference): Kind | undefined {
    const exact = this.#kinds.get(`${apiVersion}/${kind}`);
    if (exact !== undefined) return exact;
    const { group } = parseApiVersion(apiVersion);
    for (const candidate of this.#kinds.values()) {
      if (candidate.group === group && candidate.kind === kind) return candidate;
    }
    return undefined;
  }

  #cached(kind: Kind, dependent: KubernetesObject, { name, uid }: OwnerReference): Stored | undefined {
    const owner = this.#context.cache.get(kind, ownerKey(kind, dependent, name));
    return owner?.metadata.uid === uid ? owner : undefined;
  }

  /** What the cache says of an owner. */
  #knownState(dependent: KubernetesObject, reference: OwnerReference): OwnerState {
    const kind = this.#kindOf(reference);
    if (kind === undefined || isAcrossScopes(kind, dependent)) return 'unknown';
    const owner = this.#cached(kind, dependent, reference);
    if (owner === undefined) return 'absent';
    return isWaiting(owner) ? 'waitingForDependents' : 'solid';
  }

  async #process(item: string): Promise<void> {
    const space = item.indexOf(' ');
    const kind = this.#kinds.get(item.slice(0, space));
    if (kind === undefined) return;
    const object = await this.#live(kind, parseKey(item.slice(space + 1)));
    if (object === undefined) return;
    try {
      await this.#collect(kind, object);
    } catch (error) {
      if (isNotFound(error)) return;
      // The object was written in between: look again at once.
      if (isConflict(error)) this.#queue.addRateLimited(item);
      else throw error;
    }
  }

  async #collect(kind: Kind, object: Stored): Promise<void> {
    const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata;
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(orphan)) await this.#orphanDependents(kind, object);
      else if (finalizers.includes(foreground)) await this.#awaitDependents(kind, object);
      return;
    }
    if (ownerReferences.length === 0) return;
    const states = new Map<OwnerReference, OwnerState>();
    for (const reference of ownerReferences) states.set(reference, await this.#confirmedState(kind, object, reference));
    const owners = classifyOwners(ownerReferences, (reference) => states.get(reference) ?? 'unknown');
    const decision = collectionOf(owners, finalizers, () => this.#dependentsOf(object));
    if (decision.type === 'keep') return;
    if (decision.type === 'unlink') {
      await this.#setOwners(kind, object, decision.remaining);
      return;
    }
    if (decision.unblocksOwners) {
      const unblocked = ownerReferences.map((reference) => ({ ...reference, blockOwnerDeletion: false }));
      await this.#setOwners(kind, object, unblocked);
    }
    await this.#context.client.delete(kind, keyOf(object), {
      propagationPolicy: decision.policy,
      preconditions: { uid: object.metadata.uid },
    });
  }

  #dependentsOf({ metadata: { uid } }: Stored): Dependents {
    if (this.#findDependent(uid, isWaiting) !== undefined) return 'waiting';
    return this.#findDependent(uid, () => true) === undefined ? 'none' : 'some';
  }

  /** A dependent for which the test is true; no more are looked at than it takes to find one. */
  #findDependent(uid: string, test: (dependent: Stored) => boolean): readonly [Kind, Stored] | undefined {
    for (const kind of this.#kinds.values()) {
      const found = this.#context.cache.find(ownedBy(kind, uid), test);
      if (found !== undefined) return [kind, found];
    }
    return undefined;
  }

  /** Before an object is taken for absent, the API server is asked: the cache may lag. */
  async #confirmedState(kind: Kind, object: Stored, reference: OwnerReference): Promise<OwnerState> {
    const ownerKind = this.#kindOf(reference);
    if (ownerKind === undefined) return 'unknown';
    if (isAcrossScopes(ownerKind, object)) {
      this.#recordInvalidNamespace(object, reference);
      return 'unknown';
    }
    const known = this.#knownState(object, reference);
    if (known !== 'absent') return known;
    if (this.#absent.has(reference.uid)) return 'absent';
    const live = await this.#live(ownerKind, ownerKey(ownerKind, object, reference.name));
    if (live?.metadata.uid === reference.uid) return isWaiting(live) ? 'waitingForDependents' : 'solid';
    if (kind.namespaced && this.#isElsewhere(ownerKind, reference)) this.#recordInvalidNamespace(object, reference);
    this.#remember(reference.uid);
    return 'absent';
  }

  /** The owner exists, but in another namespace, where this dependent may not look for it. */
  #isElsewhere(kind: Kind, { uid, name }: OwnerReference): boolean {
    if (!kind.namespaced || !this.#kinds.has(kindId(Namespace))) return false;
    const { cache } = this.#context;
    return cache
      .list(Namespace)
      .some(({ metadata }) => cache.get(kind, { namespace: metadata.name, name })?.metadata.uid === uid);
  }

  #recordInvalidNamespace(object: Stored, { apiVersion, kind, name, uid }: OwnerReference): void {
    const namespace = object.metadata.namespace ?? '';
    const message = `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace "${namespace}"`;
    this.#context.events.event(object, 'Warning', 'OwnerRefInvalidNamespace', message);
  }

  #remember(uid: string): void {
    this.#absent.add(uid);
    if (this.#absent.size <= rememberedAbsent) return;
    for (const oldest of this.#absent) {
      this.#absent.delete(oldest);
      return;
    }
  }

  /** Orphaning: the dependents lose their reference, then the owner may go. */
  async #orphanDependents(kind: Kind, owner: Stored): Promise<void> {
    for (const [dependentKind, dependent] of [...this.#dependents(owner.metadata.uid)]) {
      const references = dependent.metadata.ownerReferences ?? [];
      const remaining = references.filter(({ uid }) => uid !== owner.metadata.uid);
      try {
        await this.#setOwners(dependentKind, dependent, remaining);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await this.#dropFinalizer(kind, owner, orphan);
  }

  /** Foreground: the owner goes when no dependent is left that blocks it. All were queued when its deletion began. */
  async #awaitDependents(kind: Kind, owner: Stored): Promise<void> {
    const { uid } = owner.metadata;
    const blocking = this.#findDependent(uid, ({ metadata }) =>
      (metadata.ownerReferences ?? []).some(
        (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
      ),
    );
    if (blocking === undefined) {
      await this.#dropFinalizer(kind, owner, foreground);
      return;
    }
    const [dependentKind, dependent] = blocking;
    if (dependent.metadata.deletionTimestamp !== undefined) return;
    this.#add(dependentKind, dependent, { type: 'deleted', kind: kindId(kind), key: keyString(keyOf(owner)) });
  }

  async #setOwners(kind: Kind, object: Stored, references: readonly OwnerReference[]): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const ownerReferences = references.length === 0 ? null : references;
    const patch = { metadata: { uid, resourceVersion, ownerReferences } };
    await this.#context.client.patch(kind, keyOf(object), { type: 'merge', patch });
  }

  async #dropFinalizer(kind: Kind, object: Stored, finalizer: string): Promise<void> {
    const { uid, resourceVersion, finalizers = [] } = object.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((name) => name !== finalizer) } };
    await this.#context.client.patch(kind, keyOf(object), { type: 'merge', patch });
  }

  async #live(kind: Kind, key: ObjectKey): Promise<Stored | undefined> {
    try {
      return await this.#context.client.get(kind, key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** Kinds that are stored and can be deleted. Events are left out: they expire, and own nothing. */
function isCollectable(kind: Kind): boolean {
  const isEvent = kind.resource === 'events' && (kind.group === '' || kind.group === 'events.k8s.io');
  return !isEvent && kind.verbs.includes('delete') && kind.verbs.includes('get');
}

/** An owner that is being deleted in the foreground and waits for its dependents. */
function isWaiting({ metadata }: Stored): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foreground) === true;
}

/** A cluster-scoped object cannot be owned by something in a namespace. */
function isAcrossScopes(ownerKind: Kind, dependent: KubernetesObject): boolean {
  return ownerKind.namespaced && (dependent.metadata?.namespace ?? '') === '';
}

function ownerKey(kind: Kind, dependent: KubernetesObject, name: string): ObjectKey {
  return { namespace: kind.namespaced ? (dependent.metadata?.namespace ?? '') : '', name };
}
