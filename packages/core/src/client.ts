import type {
  Kind,
  KubernetesObject,
  ObjectKey,
  Stored,
  SubresourceAnswer,
  SubresourceBody,
  SubresourceName,
} from '@orrery/api';
import type { Observable } from 'rxjs';

/** Who makes a request (`authentication.k8s.io` UserInfo). */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
}

export interface GetOptions {
  /** Not older than this revision; unset reads the latest. */
  readonly resourceVersion?: string;
}

export interface ListOptions {
  /** Only this namespace; unset or `''` is all. */
  readonly namespace?: string;
  /** `app=web,tier in (a,b)` (Kubernetes "Labels and Selectors"). */
  readonly labelSelector?: string;
  /** `spec.nodeName=node1` (Kubernetes "Field Selectors"). */
  readonly fieldSelector?: string;
  /** At most this many items in one answer; unset is no limit. */
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ObjectList<T extends KubernetesObject = KubernetesObject> {
  readonly items: readonly Stored<T>[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Strictly later events than this revision; unset starts with the current objects as ADDED. */
  readonly resourceVersion?: string;
  /** Send the current objects as ADDED, then a BOOKMARK with `initialEventsEnd` (Kubernetes "Streaming lists"). */
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
}

export type WatchEvent<T extends KubernetesObject = KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WriteOptions {
  /** The manager that the written fields are recorded under (server-side apply's field management). */
  readonly fieldManager?: string;
  /** Run everything, store nothing. */
  readonly dryRun?: boolean;
  /** Unknown or duplicate fields: refuse, warn (default) or drop in silence. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields that other managers own. */
  readonly force?: boolean;
  readonly subresource?: string;
}

export interface DeleteOptions {
  /** Seconds; 0 deletes at once. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

/** A patch and its kind (Kubernetes "Update API Objects in Place Using kubectl patch"). */
export type Patch =
  | { readonly type: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: 'merge'; readonly patch: unknown }
  | { readonly type: 'strategic'; readonly patch: unknown };

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: string;
}

/**
 * The only door to the cluster that a controller has. The same interface stands on the in-process API server and on a real
 * Kubernetes cluster (`connect` of @orrery/kubernetes), and one suite of tests holds both to it. Everything it gives is frozen; every
 * refusal is a `StatusError`. Over a network a call can also fail with another error, when no answer comes: a write may then have been
 * done or not.
 *
 * A key can be an {@link ObjectKey} or a name (for cluster-scoped kinds).
 */
export interface Client {
  /** @throws StatusError NotFound … */
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey | string, options?: GetOptions): Promise<Stored<T>>;
  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Ordered and gapless. Fails with a StatusError of reason Expired when the revision is gone; completes when the server ends the stream. */
  watch<T extends KubernetesObject>(kind: Kind<T>, options?: WatchOptions): Observable<WatchEvent<T>>;
  /**
   * Creates the object in its `metadata.namespace`. Where a namespaced object has none, that is the client's own: `default`, or what
   * the kubeconfig's context says.
   */
  create<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>>;
  /** Replaces the object; with `metadata.resourceVersion` only if it is still at that revision. */
  update<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>>;
  updateStatus<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>>;
  /** Server-side apply. */
  apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>>;
  /** The object as it now is if it lingers (grace, finalizers), else undefined. */
  delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined>;
  /** Deletes what is selected in one namespace, or of a cluster-scoped kind. @throws StatusError MethodNotAllowed for all namespaces */
  deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: ListOptions,
    options?: DeleteOptions,
  ): Promise<void>;
  /** Reads a subresource, such as `scale`. The kind says which there are and of which types. */
  getSubresource<S, N extends SubresourceName<S, 'get'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
  ): Promise<SubresourceAnswer<S, N, 'get'>>;
  /** POSTs to a subresource: `binding`, `eviction`, `token`. */
  createSubresource<S, N extends SubresourceName<S, 'create'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'create'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'create'>>;
  /** PUTs to a subresource: `scale`, `finalize`, `ephemeralcontainers`. */
  updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'update'>>;
  /**
   * The same client, acting as another user (Kubernetes "User impersonation"). Each call checks that this client's own user may
   * impersonate; calling it again replaces the user.
   */
  as(user: UserInfo): Client;
}
