import {
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  type ObjectKey,
  type Stored,
  type SubresourceAnswer,
  type SubresourceBody,
  type SubresourceName,
} from '@orrery/api';
import type { Observable } from 'rxjs';
import type {
  ApplyOptions,
  Client,
  DeleteOptions,
  GetOptions,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  UserInfo,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../client.ts';
import { DelegatingClient } from './delegating-client.ts';

/** What a client is about to ask for. */
export interface ClientRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete' | 'deleteCollection';
  /** `apps/v1/Deployment`. */
  readonly kind: string;
  /** `namespace/name`; of lists, watches and collections the namespace. A name that the server will make reads as its prefix. */
  readonly key: string;
  /** `''` for the object itself. */
  readonly subresource: string;
}

/** What happens to the requests of a client, and to their answers. */
export interface Interceptor {
  /** Sends a request, or does not: calling `send` more than once asks more than once. */
  request<R>(request: ClientRequest, send: () => Promise<R>): Promise<R>;
  /** Opens a watch. */
  watch<T extends KubernetesObject>(
    request: ClientRequest,
    open: () => Observable<WatchEvent<T>>,
    options: WatchOptions,
  ): Observable<WatchEvent<T>>;
}

/** A client whose every request goes through an interceptor, also when it impersonates. */
export function interceptClient(client: Client, through: Interceptor): Client {
  return new InterceptedClient(client, through);
}

/** A node has half a dozen of these: a class, so that they share their functions. */
class InterceptedClient extends DelegatingClient {
  readonly #through: Interceptor;

  constructor(client: Client, through: Interceptor) {
    super(client);
    this.#through = through;
  }

  override as(user: UserInfo): Client {
    return new InterceptedClient(this.client.as(user), this.#through);
  }

  override get<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options?: GetOptions,
  ): Promise<Stored<T>> {
    return this.#through.request(about('get', kind, key), () => super.get(kind, key, options));
  }

  override list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#through.request(about('list', kind, options?.namespace ?? ''), () => super.list(kind, options));
  }

  override watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions = {}): Observable<WatchEvent<T>> {
    const request = about('watch', kind, options.namespace ?? '');
    return this.#through.watch(request, () => super.watch(kind, options), options);
  }

  override create<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#through.request(aboutObject('create', object), () => super.create(object, options));
  }

  override update<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#through.request(aboutObject('update', object), () => super.update(object, options));
  }

  override updateStatus<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#through.request(aboutObject('update', object, 'status'), () => super.updateStatus(object, options));
  }

  override patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>> {
    const request = about('patch', kind, key, options?.subresource);
    return this.#through.request(request, () => super.patch(kind, key, patch, options));
  }

  override apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>> {
    return this.#through.request(aboutObject('apply', object, options.subresource), () => super.apply(object, options));
  }

  override delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined> {
    return this.#through.request(about('delete', kind, key), () => super.delete(kind, key, options));
  }

  override deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: ListOptions,
    options?: DeleteOptions,
  ): Promise<void> {
    const request = about('deleteCollection', kind, selection.namespace ?? '');
    return this.#through.request(request, () => super.deleteCollection(kind, selection, options));
  }

  override getSubresource<S, N extends SubresourceName<S, 'get'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
  ): Promise<SubresourceAnswer<S, N, 'get'>> {
    const request = about('get', kind, key, subresource);
    return this.#through.request(request, () => super.getSubresource(kind, key, subresource));
  }

  override createSubresource<S, N extends SubresourceName<S, 'create'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'create'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'create'>> {
    const request = about('create', kind, key, subresource);
    return this.#through.request(request, () => super.createSubresource(kind, key, subresource, body, options));
  }

  override updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'update'>> {
    const request = about('update', kind, key, subresource);
    return this.#through.request(request, () => super.updateSubresource(kind, key, subresource, body, options));
  }
}

function about(verb: ClientRequest['verb'], kind: Kind, key: ObjectKey | string, subresource = ''): ClientRequest {
  return new KeyedRequest(verb, kind, key, subresource);
}

function aboutObject(verb: ClientRequest['verb'], object: KubernetesObject, subresource = ''): ClientRequest {
  return new ObjectRequest(verb, object, subresource);
}

/** The texts are made only if somebody reads them: most requests are passed on unseen. */
class KeyedRequest implements ClientRequest {
  readonly verb: ClientRequest['verb'];
  readonly subresource: string;
  readonly #kind: Kind;
  readonly #key: ObjectKey | string;

  constructor(verb: ClientRequest['verb'], kind: Kind, key: ObjectKey | string, subresource: string) {
    this.verb = verb;
    this.subresource = subresource;
    this.#kind = kind;
    this.#key = key;
  }

  get kind(): string {
    return kindId(this.#kind);
  }

  get key(): string {
    return typeof this.#key === 'string' ? this.#key : keyString(this.#key);
  }
}

class ObjectRequest implements ClientRequest {
  readonly verb: ClientRequest['verb'];
  readonly subresource: string;
  readonly #object: KubernetesObject;

  constructor(verb: ClientRequest['verb'], object: KubernetesObject, subresource: string) {
    this.verb = verb;
    this.subresource = subresource;
    this.#object = object;
  }

  get kind(): string {
    return `${this.#object.apiVersion}/${this.#object.kind}`;
  }

  get key(): string {
    const { namespace, name } = keyOf(this.#object);
    return keyString({ namespace, name: name === '' ? (this.#object.metadata?.generateName ?? '') : name });
  }
}
