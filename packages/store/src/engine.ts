import type { KubernetesObject } from '@orrery/api';
import type { Observable } from 'rxjs';

/**
 * A store-wide revision: grows by one with every commit (etcd's mod revision). A plain number: it stays exact up to 2^53,
 * which a million commits a second reach after 285 years.
 */
export type Revision = number;

/** One object as an engine holds it. The object carries no `metadata.resourceVersion`; its revision is beside it. */
export interface Entry {
  /** `/pods/default/web`: resource, namespace (empty for cluster-scoped kinds) and name. */
  readonly key: string;
  readonly value: KubernetesObject;
  /** Revision of the commit that wrote it. */
  readonly revision: Revision;
}

/**
 * One write of a commit. `expected` is the revision that the key must have; 0 means that it must not exist, which only a
 * put can ask for. A commit writes each key once.
 */
export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: KubernetesObject; readonly expected: Revision }
  | { readonly type: 'delete'; readonly key: string; readonly expected: Revision };

/** A committed write, as watchers see it. Deletes carry the last value. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: KubernetesObject;
}

/** A commit, as watchers see it. */
export interface Commit {
  readonly revision: Revision;
  /**
   * All its writes under the watched prefix. Empty if there are none: then the commit only reports the watch's progress
   * (etcd's progress notification).
   */
  readonly changes: readonly Change[];
}

/** A commit was refused because a key was not at the revision that the write expected. Nothing was written. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
  readonly key: string;
  /** The key's current revision; 0 if it does not exist. */
  readonly actual: Revision;

  constructor(key: string, actual: Revision) {
    super(`${key} is at revision ${actual}`);
    this.key = key;
    this.actual = actual;
  }
}

/** The history before this revision is gone: the watch cannot start there. */
export class Compacted extends Error {
  override readonly name = 'Compacted';
  /** The oldest revision after which a watch can start. */
  readonly oldest: Revision;

  constructor(oldest: Revision) {
    super(`the history up to revision ${oldest} has been compacted`);
    this.oldest = oldest;
  }
}

/**
 * A storage engine. Engines do not know kinds, only keys, JSON values and revisions. The observable object store is built on
 * top of one. Several processes can share the same storage: each has its own engine, and sees the others' commits in its
 * watches some time later.
 */
export interface StorageEngine {
  /** All entries under the prefix, in key order, at one revision. */
  range(prefix: string): Promise<{ readonly entries: readonly Entry[]; readonly revision: Revision }>;
  /** Compare-and-swap on each key's revision: applies all writes as one revision, or none. @throws RevisionConflict */
  commit(writes: readonly Write[]): Promise<{ readonly revision: Revision }>;
  /**
   * The revision of the latest commit of all processes that share the storage (etcd: a linearizable read). A plain number, not a
   * promise, if only this process writes. A watch of everything (`/`) reaches it with a commit, which may have no changes.
   */
  revision(): Revision | Promise<Revision>;
  /**
   * Commits later than `after` with their changes under the prefix, ordered, gapless and whole. They may arrive before or
   * after their writer's `commit` resolves. Errors with {@link Compacted} when that history is gone.
   */
  watch(prefix: string, after: Revision): Observable<Commit>;
  /** Forgets history up to and including the revision. Current values stay. */
  compact(revision: Revision): Promise<void>;
  /** Flushes and releases the engine's resources. */
  close(): Promise<void>;
}
