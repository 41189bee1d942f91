import { keyOf, keyString, SortedObjects, type Stored } from '@orrery/api';
import type { CacheChange } from '../cache.ts';
import { byNamespace, byOwner, type IndexRule } from '../define-index.ts';
import { KeptIndex } from './kept-index.ts';
import { compareRevisions } from './revision.ts';

/** What is recorded of an object that is no longer shown. */
interface Gone {
  /** Set if that object was deleted; undefined if it only left the selection. */
  readonly uid: string | undefined;
  /** Its last known revision: what is not later than this is old news. */
  readonly revision: string;
}

/**
 * The objects of one kind as a cache shows them: what the watch has delivered, overlaid with what this process has written. Of
 * two states of an object the one with the later revision is shown, so the watch that lags behind our own writes never takes
 * an object back in time.
 */
export class KindView {
  readonly #all = new SortedObjects();
  readonly #indexes = new Map<IndexRule, KeptIndex>();
  readonly #gone = new Map<string, Gone>();
  readonly #selected: (object: Stored) => boolean;
  readonly #changed: (change: CacheChange) => void;
  /** How far the watch has come. */
  #revision = '';

  constructor(selected: (object: Stored) => boolean, changed: (change: CacheChange) => void) {
    this.#selected = selected;
    this.#changed = changed;
    this.addIndex(byNamespace);
    this.addIndex(byOwner);
  }

  get(key: string): Stored | undefined {
    return this.#all.get(key);
  }

  get size(): number {
    return this.#all.size;
  }

  /** All, in key order. */
  list(): readonly Stored[] {
    return this.#all.list();
  }

  /**
   * Those that an index files under a value, in key order.
   * @throws Error if the index is not kept here, or if it failed on an object.
   */
  find(rule: IndexRule, value: string): readonly Stored[] {
    return this.#kept(rule).at(value);
  }

  /** How many those are. @throws Error as {@link find}. */
  count(rule: IndexRule, value: string): number {
    return this.#kept(rule).count(value);
  }

  /** The same ones in no particular order. @throws Error as {@link find}. */
  each(rule: IndexRule, value: string): Iterable<Stored> {
    return this.#kept(rule).each(value);
  }

  /**
   * What an index sums up of the objects under a value; undefined where there are none.
   * @throws Error as {@link find}.
   */
  sum(rule: IndexRule, value: string): unknown {
    return this.#kept(rule).sum(value);
  }

  #kept(rule: IndexRule): KeptIndex {
    const kept = this.#indexes.get(rule);
    if (kept === undefined) throw new Error('the cache does not keep this index: add it to its indexes');
    return kept;
  }

  /** Keeps an index from now on. Adding the same one again is a no-op. */
  addIndex(rule: IndexRule): void {
    if (this.#indexes.has(rule)) return;
    const kept = new KeptIndex(rule);
    this.#indexes.set(rule, kept);
    for (const object of this.#all.values()) kept.put(keyString(keyOf(object)), object);
  }

  /** The watch brought an object that was added or modified. */
  watched(object: Stored): void {
    const { resourceVersion, uid } = object.metadata;
    const key = keyString(keyOf(object));
    this.watchedUntil(resourceVersion);
    const gone = this.#gone.get(key);
    if (gone !== undefined) {
      if (isOld(object, gone)) return;
      // Another object took the name, so the end of the one before has passed by.
      if (gone.uid !== uid) this.#gone.delete(key);
    }
    this.#show(key, object);
  }

  /** The watch reported that an object was deleted or left the selection. `object` is its last state. */
  watchedDeletion(object: Stored): void {
    const { resourceVersion, uid } = object.metadata;
    const key = keyString(keyOf(object));
    this.watchedUntil(resourceVersion);
    const gone = this.#gone.get(key);
    if (gone?.uid === uid || (gone !== undefined && compareRevisions(resourceVersion, gone.revision) >= 0)) {
      this.#gone.delete(key);
    }
    const shown = this.#all.get(key);
    if (shown === undefined || compareRevisions(shown.metadata.resourceVersion, resourceVersion) > 0) return;
    this.#hide(key, shown, object);
  }

  /** The watch has come to this revision, with or without bringing anything. */
  watchedUntil(revision: string): void {
    if (compareRevisions(revision, this.#revision) > 0) this.#revision = revision;
  }

  /** A new listing of everything, as of a revision: after the first start, or when the watch has lost its place. */
  replace(items: readonly Stored[], revision: string): void {
    // The history has begun anew (a cluster that was restored): nothing known can be compared with it.
    const restarted = compareRevisions(revision, this.#revision) < 0;
    const listed = new Map(items.map((object) => [keyString(keyOf(object)), object]));
    for (const [key, gone] of this.#gone) {
      const stillListed = gone.uid !== undefined && gone.uid === listed.get(key)?.metadata.uid;
      const over = !stillListed && compareRevisions(gone.revision, revision) <= 0;
      if (restarted || over) this.#gone.delete(key);
    }
    for (const [key, shown] of this.#all.entries()) {
      if (listed.has(key)) continue;
      const newer = compareRevisions(shown.metadata.resourceVersion, revision) > 0;
      if (restarted || !newer) this.#hide(key, shown, shown);
    }
    for (const [key, object] of listed) {
      const gone = this.#gone.get(key);
      if (gone === undefined || !isOld(object, gone)) this.#show(key, object, restarted);
    }
    this.#revision = revision;
  }

  /** This process wrote an object, and the server answered with this state. */
  written(object: Stored): void {
    const { resourceVersion } = object.metadata;
    const key = keyString(keyOf(object));
    if (wasLast(object)) {
      this.#writtenLast(key, object);
      return;
    }
    // The watch is past this revision already; its state counts.
    if (compareRevisions(resourceVersion, this.#revision) <= 0) return;
    const gone = this.#gone.get(key);
    if (gone !== undefined && isOld(object, gone)) return;
    if (this.#selected(object)) {
      this.#gone.delete(key);
      this.#show(key, object);
      return;
    }
    const shown = this.#all.get(key);
    if (shown !== undefined && compareRevisions(shown.metadata.resourceVersion, resourceVersion) > 0) return;
    this.#gone.set(key, { uid: undefined, revision: resourceVersion });
    if (shown !== undefined) this.#hide(key, shown, object);
  }

  /**
   * This process took the last finalizer off an object that was being deleted. The answer has the revision of the state before,
   * which the watch may have brought, so the object is known by its uid: that never comes back.
   */
  #writtenLast(key: string, object: Stored): void {
    const { resourceVersion, uid } = object.metadata;
    const shown = this.#all.get(key);
    if (shown === undefined) {
      if (compareRevisions(resourceVersion, this.#revision) <= 0) return;
    } else if (shown.metadata.uid !== uid && compareRevisions(shown.metadata.resourceVersion, resourceVersion) > 0) {
      return;
    }
    this.#gone.set(key, { uid, revision: resourceVersion });
    if (shown !== undefined) this.#hide(key, shown, object);
  }

  /** This process deleted an object, and nothing is left of it. `uid` is the one that was shown when it asked for that. */
  writtenDeletion(key: string, uid: string): void {
    const shown = this.#all.get(key);
    if (shown?.metadata.uid !== uid) return;
    this.#gone.set(key, { uid, revision: shown.metadata.resourceVersion });
    this.#hide(key, shown, shown);
  }

  #show(key: string, object: Stored, whatever = false): void {
    const previous = this.#all.get(key);
    if (previous === undefined) {
      this.#all.set(key, object);
      for (const index of this.#indexes.values()) index.put(key, object);
      this.#changed({ type: 'added', object });
      return;
    }
    const newer = compareRevisions(object.metadata.resourceVersion, previous.metadata.resourceVersion);
    if (newer <= 0 && !(whatever && previous !== object)) return;
    this.#all.set(key, object);
    for (const index of this.#indexes.values()) index.put(key, object, previous);
    this.#changed({ type: 'modified', object, previous });
  }

  #hide(key: string, shown: Stored, last: Stored): void {
    this.#all.delete(key);
    for (const index of this.#indexes.values()) index.remove(key, shown);
    this.#changed({ type: 'deleted', object: last, previous: shown });
  }
}

/** Whether this state of an object was over before it went out of sight. */
function isOld(object: Stored, gone: Gone): boolean {
  return gone.uid === object.metadata.uid || compareRevisions(object.metadata.resourceVersion, gone.revision) <= 0;
}

/** Whether this state is what a write left when it took the last finalizer off an object that was being deleted. */
function wasLast(object: Stored): boolean {
  const { metadata, spec } = object as Stored & { readonly spec?: { readonly finalizers?: readonly string[] } };
  return (
    metadata.deletionTimestamp !== undefined &&
    // A namespace has finalizers in its spec, too.
    (spec?.finalizers?.length ?? 0) === 0 &&
    (metadata.finalizers?.length ?? 0) === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  );
}
