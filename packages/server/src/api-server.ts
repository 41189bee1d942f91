import { failures, type KindRegistry, type KubernetesObject, keyOf, type Pod, type Stored } from '@orrery/api';
import type {
  Client,
  Environment,
  EventRecorder,
  GetOptions,
  ListOptions,
  Milliseconds,
  ObjectList,
  UserInfo,
  WatchEvent,
  WriteOptions,
} from '@orrery/core';
import { createEventRecorder } from '@orrery/core/assembly';
import type { ObjectStore } from '@orrery/store';
import type { Observable } from 'rxjs';
import type { AdmissionChain } from './admission/admission-chain.ts';
import { type Authorizer, apiServerUser, authorizedNamespace, privilegedGroup, refusal } from './authorizer.ts';
import { collectionOf } from './collections.ts';
import type { NodeDirectory, ServerContext } from './context.ts';
import { createObject } from './create-object.ts';
import { decodeWithoutDefaults } from './decode-body.ts';
import { deleteCollection, deleteObject } from './deletes.ts';
import { defaultEventLifetime, EventExpiry } from './event-expiry.ts';
import { FlowConfiguration } from './flow-control/flow-configuration.ts';
import { type Admission, FlowControl } from './flow-control/flow-control.ts';
import { defaultRequestLimits, listSeats, type RequestLimits } from './flow-control/level-limits.ts';
import { freshEnough, upToDate } from './freshness.ts';
import { createLocalClient } from './local-client.ts';
import type { NodeApi } from './node-api.ts';
import { nowhere } from './nowhere.ts';
import { patchObject } from './patch-object.ts';
import { ClusterRoleAggregation } from './rbac/cluster-role-aggregation.ts';
import { getObject, listObjects, storedObject } from './reads.ts';
import type {
  AccessAttributes,
  Credentials,
  DeleteRequestOptions,
  DeleteResult,
  EnteringRequest,
  PatchBody,
  RequestPath,
  RequestScope,
  WriteResult,
} from './request-path.ts';
import { type SeedOptions, seedObjects } from './seed-objects.ts';
import { builtinStrategies } from './strategies/builtin-strategies.ts';
import type { Subresource } from './strategies/strategy.ts';
import { createStrategyRegistry } from './strategies/strategy-registry.ts';
import type { ProxyBackend } from './subresources/proxy.ts';
import { decide } from './subresources/reviews.ts';
import type { TokenAuthority } from './tokens/token-authority.ts';
import { verifyToken } from './tokens/token-requests.ts';
import { updateObject } from './update-object.ts';
import { type WatchRequest, watchObjects } from './watch.ts';

/** The parts of an API server. */
export interface ApiServerOptions {
  readonly store: ObjectStore;
  readonly kinds: KindRegistry;
  readonly environment: Environment;
  readonly admission: AdmissionChain;
  /** Consulted in order; the first opinion decides, and no opinion is a refusal. */
  readonly authorizers: readonly Authorizer[];
  readonly tokens: TokenAuthority;
  readonly nodes: NodeDirectory;
  /** How many requests are carried out at once. Default: {@link defaultRequestLimits}. */
  readonly requestLimits?: RequestLimits;
  /** How long Events are kept after their last write. Default one hour. */
  readonly eventLifetime?: Milliseconds;
}

const anonymous: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Creates the request path over a store. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new ApiServer(options);
}

/** The request path, and the in-process clients that use it. */
export class ApiServer implements RequestPath, Disposable {
  readonly kinds: KindRegistry;
  readonly flowControl: FlowControl;
  readonly #context: ServerContext;
  readonly #ownClient: Client;
  readonly #events: EventRecorder;
  /** Background loops. */
  readonly #loops: readonly Disposable[];

  constructor(options: ApiServerOptions) {
    this.kinds = options.kinds;
    this.#ownClient = createLocalClient(this, apiServerUser);
    this.#events = createEventRecorder({
      client: this.#ownClient,
      environment: options.environment,
      component: 'apiserver',
    });
    this.#context = {
      ...options,
      strategies: createStrategyRegistry(builtinStrategies),
      client: this.#ownClient,
      events: this.#events,
      authorize: (user, attributes) => this.authorize(user, attributes),
    };
    const { store, environment, eventLifetime = defaultEventLifetime, requestLimits = defaultRequestLimits } = options;
    this.flowControl = new FlowControl(environment.clock, requestLimits);
    this.#loops = [
      new FlowConfiguration(store, environment, this.#ownClient, this.flowControl),
      new EventExpiry(store, environment, eventLifetime),
      new ClusterRoleAggregation(store, environment, this.#ownClient),
    ];
  }

  /** Stops the background loops. Closing the store does that too. */
  [Symbol.dispose](): void {
    for (const loop of this.#loops) loop[Symbol.dispose]();
  }

  /** A client in this process that acts as `user`. */
  client(user: UserInfo): Client {
    return createLocalClient(this, user);
  }

  /**
   * Creates the objects that a cluster begins with, in the name of the server, each unless there is one of its name. Their kinds must
   * be ones without side effects (no Services), and they name their namespaces. Frozen objects are prepared once per process.
   * @throws StatusError as a create does
   */
  async seed(objects: readonly KubernetesObject[], options: SeedOptions): Promise<void> {
    const scopeOf = (object: KubernetesObject): RequestScope => {
      const { apiVersion = '', kind = '' } = object;
      const found = this.kinds.byKind(apiVersion, kind);
      if (found === undefined) throw failures.badRequest(`no matches for kind ${kind} in version ${apiVersion}`);
      return { user: apiServerUser, kind: found, ...keyOf(object), subresource: '', warn: () => undefined };
    };
    await seedObjects(this.#context, scopeOf, objects, options);
  }

  async authenticate(credentials: Credentials): Promise<UserInfo> {
    const user = await this.#identify(credentials);
    return credentials.impersonate === undefined ? user : this.impersonate(user, credentials.impersonate);
  }

  async impersonate(user: UserInfo, wanted: UserInfo): Promise<UserInfo> {
    await this.#authorizeImpersonation(user, wanted);
    return { ...wanted, groups: impersonatedGroups(wanted) };
  }

  enter(request: EnteringRequest, signal: () => AbortSignal): Admission | Promise<Admission> {
    const { lists, limit = 0 } = request;
    const seats = (): number => {
      if (lists === undefined) return 1;
      const stored = this.#context.store.count(collectionOf(lists));
      return listSeats(limit > 0 ? Math.min(limit, stored) : stored);
    };
    return this.flowControl.enter(request, seats, signal);
  }

  async authorize(user: UserInfo, attributes: AccessAttributes): Promise<void> {
    this.#decide(user, attributes);
  }

  #decide(user: UserInfo, attributes: AccessAttributes): void {
    if (user.groups.includes(privilegedGroup)) return;
    const decision = decide(this.#context.authorizers, user, attributes);
    if (decision.allowed) return;
    const why = refusal(user, attributes, decision.reason);
    if ('path' in attributes) throw failures.forbidden({ group: '', resource: '' }, '', why);
    throw failures.forbidden(attributes, attributes.name, why);
  }

  async get(scope: RequestScope, options: GetOptions): Promise<KubernetesObject> {
    this.#allow(scope, 'get');
    const wait = freshEnough(this.#context, options.resourceVersion);
    if (wait !== undefined) await wait;
    const get = this.#subresource(scope)?.get;
    return get === undefined ? getObject(this.#context, scope) : get(this.#context, scope);
  }

  async list(
    scope: RequestScope,
    options: ListOptions & { readonly sendInitialEvents?: boolean },
  ): Promise<ObjectList> {
    this.#allow(scope, 'list', options.fieldSelector);
    return listObjects(this.#context, scope, options);
  }

  async watch(scope: RequestScope, options: WatchRequest): Promise<Observable<WatchEvent>> {
    this.#allow(scope, 'watch', options.fieldSelector);
    return watchObjects(this.#context, scope, options);
  }

  async create(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult> {
    this.#allow(scope, 'create');
    const { kind, subresource } = scope;
    if (subresource !== '') {
      const create = this.#subresource(scope)?.create;
      if (create === undefined) throw failures.methodNotAllowed(kind, 'create');
      const wait = upToDate(this.#context);
      if (wait !== undefined) await wait;
      return create(this.#context, scope, plainBody(body), options);
    }
    const { answer } = this.#context.strategies.of(kind);
    if (answer === undefined) return createObject(this.#context, scope, body, options);
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    return answer(this.#context, scope, decodeWithoutDefaults(scope, body, options), options);
  }

  async update(scope: RequestScope, body: unknown, options: WriteOptions): Promise<WriteResult> {
    this.#allow(scope, 'update');
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    if (scope.subresource === '') return updateObject(this.#context, scope, body, options);
    const update = this.#subresource(scope)?.update;
    if (update === undefined) throw failures.methodNotAllowed(scope.kind, 'update');
    return update(this.#context, scope, body, options);
  }

  async patch(scope: RequestScope, patch: PatchBody, options: WriteOptions): Promise<WriteResult> {
    this.#allow(scope, 'patch');
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    if (scope.subresource === '') return patchObject(this.#context, scope, patch, options);
    const patchPart = this.#subresource(scope)?.patch;
    if (patchPart === undefined) throw failures.methodNotAllowed(scope.kind, 'update');
    return patchPart(this.#context, scope, patch, options);
  }

  async delete(scope: RequestScope, options: DeleteRequestOptions): Promise<DeleteResult> {
    this.#allow(scope, 'delete');
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    return deleteObject(this.#context, scope, options);
  }

  async deleteCollection(
    scope: RequestScope,
    selection: ListOptions,
    options: DeleteRequestOptions,
  ): Promise<ObjectList> {
    this.#allow(scope, 'deletecollection');
    if (scope.kind.namespaced && scope.namespace === '')
      throw failures.methodNotAllowed(scope.kind, 'deletecollection');
    return deleteCollection(this.#context, scope, selection, options);
  }

  async node(scope: RequestScope): Promise<{ pod: Stored<Pod>; node: NodeApi }> {
    // Streams are opened by POST or, over WebSockets, by GET: both are authorized as `create`.
    this.#allow(scope, scope.subresource === 'log' ? 'get' : 'create');
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    const pod = storedObject(this.#context, scope) as Stored<Pod>;
    const nodeName = pod.spec.nodeName ?? '';
    if (nodeName === '') return { pod, node: nowhere };
    const node = this.#context.nodes.find(nodeName);
    if (node === undefined)
      throw failures.internal(`error dialing backend: node ${JSON.stringify(nodeName)} does not answer`);
    return { pod, node };
  }

  async proxied(scope: RequestScope, verb: string): Promise<ProxyBackend> {
    this.#allow(scope, verb);
    const proxy = this.#subresource(scope)?.proxy;
    if (proxy === undefined) throw failures.methodNotAllowed(scope.kind, verb);
    const wait = upToDate(this.#context);
    if (wait !== undefined) await wait;
    return proxy(this.#context, scope);
  }

  async #identify({ bearerToken, certificate }: Credentials): Promise<UserInfo> {
    if (certificate !== undefined) {
      return { username: certificate.commonName, groups: [...certificate.organizations, 'system:authenticated'] };
    }
    if (bearerToken === undefined) return anonymous;
    const verdict = await verifyToken(this.#context, bearerToken, [this.#context.tokens.audience]);
    if (verdict === undefined || 'error' in verdict) throw failures.unauthorized();
    return verdict.user;
  }

  async #authorizeImpersonation(user: UserInfo, wanted: UserInfo): Promise<void> {
    const check = (resource: string, name: string, namespace = '', group = '') =>
      this.authorize(user, { verb: 'impersonate', group, version: 'v1', resource, subresource: '', namespace, name });
    const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(wanted.username);
    if (account === null) await check('users', wanted.username);
    else await check('serviceaccounts', account[2] ?? '', account[1] ?? '');
    for (const group of wanted.groups) await check('groups', group);
    if (wanted.uid !== undefined) await check('uids', wanted.uid, '', 'authentication.k8s.io');
    for (const [key, values] of Object.entries(wanted.extra ?? {})) {
      for (const value of values) {
        await this.authorize(user, {
          verb: 'impersonate',
          group: 'authentication.k8s.io',
          version: 'v1',
          resource: 'userextras',
          subresource: key,
          namespace: '',
          name: value,
        });
      }
    }
  }

  /** @throws StatusError Forbidden; NotFound for a subresource that the kind does not have */
  #allow(scope: RequestScope, verb: string, fieldSelector?: string): void {
    const { kind, user, namespace, name, subresource } = scope;
    const { group, version, resource } = kind;
    // The client chooses the name of a new object, so no rule can match by it.
    const asked = verb === 'create' && subresource === '' ? '' : name;
    const what = { verb, group, version, resource, subresource, namespace, name: asked };
    const attributes = { ...what, namespace: authorizedNamespace(what) };
    this.#decide(user, fieldSelector === undefined ? attributes : { ...attributes, fieldSelector });
    if (subresource !== '' && kind.subresources[subresource] === undefined) throw failures.noSuchPath();
  }

  #subresource({ kind, subresource }: RequestScope): Subresource | undefined {
    return subresource === '' ? undefined : this.#context.strategies.of(kind).subresources[subresource];
  }
}

/** The groups that an impersonated user is always in, whatever the client asks for (Kubernetes "User impersonation"). */
function impersonatedGroups({ username, groups }: UserInfo): readonly string[] {
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username);
  const own =
    groups.length > 0 || account === null ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`];
  const everybody = username === anonymous.username ? 'system:unauthenticated' : 'system:authenticated';
  return own.includes(everybody) ? own : [...own, everybody];
}

function plainBody(body: unknown): KubernetesObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw failures.badRequest('the body of the request is not an object');
  return body as KubernetesObject;
}
