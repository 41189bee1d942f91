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
import type { NodeApi } from './node-api.ts';
import type { ProxyBackend } from './subresources/proxy.ts';

/** What a request is about: who asks, and for which resource. */
export interface RequestScope {
  readonly user: UserInfo;
  readonly kind: Kind;
  /** `''` for cluster-scoped kinds and for all namespaces. */
  readonly namespace: string;
  /** `''` for collections. */
  readonly name: string;
  /** `''` for the object itself. */
  readonly subresource: string;
  /** Takes texts for `Warning: 299` headers. */
  warn(text: string): void;
}

/** The body of a PATCH by its content type, decoded from JSON or YAML and otherwise untouched. */
export type PatchBody =
  | { readonly type: 'json' | 'merge' | 'strategic'; readonly body: unknown }
  | { readonly type: 'apply'; readonly body: unknown; readonly force: boolean };

/** What a write answers: the object, and whether it is new (HTTP 201). */
export interface WriteResult {
  readonly object: KubernetesObject;
  readonly created: boolean;
}

/** What a delete answers: the object while it is still there (or for kinds that return it), else a Status. */
export interface DeleteResult {
  readonly body: KubernetesObject | Status;
  /** HTTP 202: deletion goes on and orphaning was refused explicitly. */
  readonly accepted: boolean;
}

/** Raw options of DELETE as the body or query gave them. */
export interface DeleteRequestOptions extends DeleteOptions {
  readonly orphanDependents?: boolean;
}

/** What a client presents to prove who it is. */
export interface Credentials {
  readonly bearerToken?: string;
  /** Subject of a client certificate that the cluster's CA signed: CN is the user, O the groups. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] };
  /** Headers `Impersonate-User`, `Impersonate-Group`, `Impersonate-Uid`, `Impersonate-Extra-*`. */
  readonly impersonate?: UserInfo;
}

/** What a request wants to do, for the authorizer (`authorization.k8s.io` SubjectAccessReview's attributes). */
export type AccessAttributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
      /** Of a list or watch: what it asks to see of the collection. */
      readonly fieldSelector?: string;
    }
  | { readonly verb: string; readonly path: string };

/**
 * The one request path: authenticate → authorize → decode and default → admit → validate → commit. The in-process client
 * and the HTTPS front door both end here. Everything it throws is a `StatusError`.
 */
export interface RequestPath {
  readonly kinds: KindRegistry;

  /** Who this is; `system:anonymous` when nothing was presented. @throws StatusError Unauthorized for credentials that are not valid. */
  authenticate(credentials: Credentials): Promise<UserInfo>;
  /** Who `user` acts as when it asks to act as `wanted` (Kubernetes "User impersonation"). @throws StatusError Forbidden */
  impersonate(user: UserInfo, wanted: UserInfo): Promise<UserInfo>;
  /** @throws StatusError Forbidden. Called by every method below; the front door calls it for paths that are no resources. */
  authorize(user: UserInfo, attributes: AccessAttributes): Promise<void>;

  get(scope: RequestScope, options: GetOptions): Promise<KubernetesObject>;
  list(scope: RequestScope, options: ListOptions & { readonly sendInitialEvents?: boolean }): Promise<ObjectList>;
  /** `name` of the scope narrows to one object. Objects of events are frozen and shared; `bytes` gives their JSON once per revision. */
  watch(
    scope: RequestScope,
    options: WatchOptions & { readonly resourceVersionMatch?: string },
  ): Promise<Observable<WatchEvent>>;
  /** `body` is what the client sent, decoded but not trusted: type, fields and values are checked here. */
  create(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult>;
  update(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult>;
  patch(scope: RequestScope, patch: PatchBody, options: WriteOptions): Promise<WriteResult>;
  delete(scope: RequestScope, options: DeleteRequestOptions): Promise<DeleteResult>;
  deleteCollection(scope: RequestScope, selection: ListOptions, options: DeleteRequestOptions): Promise<ObjectList>;
  /** The node that runs a Pod, for logs, exec, attach and port-forward. @throws StatusError when the Pod is not on a node that answers. */
  node(scope: RequestScope): Promise<{ readonly pod: Stored<Pod>; readonly node: NodeApi }>;
  /**
   * What a request to the subresource `proxy` of a Pod, Service or Node is passed on to; the scope's name is as the URL has it,
   * with scheme and port. `verb` is what the request's HTTP method means. @throws StatusError ServiceUnavailable, NotFound
   */
  proxied(scope: RequestScope, verb: string): Promise<ProxyBackend>;
}
