import type { Kind, KindRegistry, KubernetesObject, Pod, Status, Stored } from '@orrery/api';
import type {
  DeleteOptions,
  GetOptions,
  ListOptions,
  ObjectList,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '@orrery/core';
import type { Observable } from 'rxjs';
import type { Admission } from './flow-control/flow-control.ts';
import type { FlowRequest } from './flow-control/flow-request.ts';
import type { NodeApi } from './node-api.ts';
import type { ProxyBackend } from './subresources/proxy.ts';

/** The user and the resource of a request. */
export interface RequestScope {
  readonly user: UserInfo;
  readonly kind: Kind;
  /** `''` for cluster-scoped kinds and for all namespaces. */
  readonly namespace: string;
  /** `''` for collections. */
  readonly name: string;
  /** `''` for the object itself. */
  readonly subresource: string;
  /** Adds a `Warning: 299` header. */
  warn(text: string): void;
}

/** The body of a PATCH by its content type, decoded from JSON or YAML and otherwise untouched. */
export type PatchBody =
  | { readonly type: 'json' | 'merge' | 'strategic'; readonly body: unknown }
  | { readonly type: 'apply'; readonly body: unknown; readonly force: boolean };

/** The result of a write: the object, and whether it is new (HTTP 201). */
export interface WriteResult {
  readonly object: KubernetesObject;
  readonly created: boolean;
}

/** The result of a delete: the object while it still exists (or for kinds that return it), else a Status. */
export interface DeleteResult {
  readonly body: KubernetesObject | Status;
  /** HTTP 202: deletion is in progress and orphaning was disabled explicitly. */
  readonly accepted: boolean;
}

/** Raw options of a DELETE, from the body or the query. */
export interface DeleteRequestOptions extends DeleteOptions {
  readonly orphanDependents?: boolean;
}

/** A client's credentials. */
export interface Credentials {
  readonly bearerToken?: string;
  /** Subject of a client certificate that the cluster's CA signed: CN is the user, O the groups. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] };
  /** Headers `Impersonate-User`, `Impersonate-Group`, `Impersonate-Uid`, `Impersonate-Extra-*`. */
  readonly impersonate?: UserInfo;
}

/** The attributes of a request, for the authorizer (`authorization.k8s.io` SubjectAccessReview's attributes). */
export type AccessAttributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
      /** The field selector of a list or watch. */
      readonly fieldSelector?: string;
    }
  | { readonly verb: string; readonly path: string };

/** A request as it is known before it is authorized. */
export interface EnteringRequest extends FlowRequest {
  /** The kind of the objects that it lists; undefined for a request that lists none. */
  readonly lists?: Kind;
  /** How many of them it asks for at most; 0 for all. */
  readonly limit?: number;
}

/**
 * The one request path: authenticate → authorize → decode and default → admit → validate → commit. The in-process client
 * and the HTTPS front door both end here. Everything it throws is a `StatusError`.
 */
export interface RequestPath {
  readonly kinds: KindRegistry;

  /** Returns the user; `system:anonymous` without credentials. @throws StatusError Unauthorized for invalid credentials */
  authenticate(credentials: Credentials): Promise<UserInfo>;
  /** Returns the user that `user` becomes when it impersonates `wanted` (Kubernetes "User impersonation"). @throws StatusError Forbidden */
  impersonate(user: UserInfo, wanted: UserInfo): Promise<UserInfo>;
  /** @throws StatusError Forbidden. Called by every method below; the front door calls it for non-resource paths. */
  authorize(user: UserInfo, attributes: AccessAttributes): Promise<void>;

  /**
   * Waits until the server has room for a request (Kubernetes API Priority and Fairness). The front door calls it before it
   * authorizes; a promise only if the request has to wait. Callers in this process do not: the turns of their loops are fair.
   * @throws Overloaded, or rejects with it
   */
  enter(request: EnteringRequest, signal: () => AbortSignal): Admission | Promise<Admission>;

  get(scope: RequestScope, options: GetOptions): Promise<KubernetesObject>;
  list(scope: RequestScope, options: ListOptions & { readonly sendInitialEvents?: boolean }): Promise<ObjectList>;
  /** `name` of the scope restricts the watch to one object. Objects of events are frozen and shared; `bytes` encodes each once. */
  watch(
    scope: RequestScope,
    options: WatchOptions & { readonly resourceVersionMatch?: string },
  ): Promise<Observable<WatchEvent>>;
  /** `body` is the client's, parsed but not trusted: type, fields and values are checked here. */
  create(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult>;
  update(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult>;
  patch(scope: RequestScope, patch: PatchBody, options: WriteOptions): Promise<WriteResult>;
  delete(scope: RequestScope, options: DeleteRequestOptions): Promise<DeleteResult>;
  deleteCollection(scope: RequestScope, selection: ListOptions, options: DeleteRequestOptions): Promise<ObjectList>;
  /** The node that runs a Pod, for logs, exec, attach and port-forward. @throws StatusError if the Pod's node does not answer */
  node(scope: RequestScope): Promise<{ readonly pod: Stored<Pod>; readonly node: NodeApi }>;
  /**
   * Returns the backend of a request to the subresource `proxy` of a Pod, Service or Node; the scope's name is as in the URL,
   * with scheme and port. `verb` is the verb of the request's HTTP method. @throws StatusError ServiceUnavailable, NotFound
   */
  proxied(scope: RequestScope, verb: string): Promise<ProxyBackend>;
}
