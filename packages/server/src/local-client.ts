import {
  deepFreeze,
  failures,
  type Kind,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  parseKey,
  type Status,
  type Stored,
  type SubresourceAnswer,
  type SubresourceBody,
  type SubresourceName,
} from '@orrery/api';
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
} from '@orrery/core';
import { leftByDelete } from '@orrery/core/assembly';
import { Observable, Subscription } from 'rxjs';
import { impersonatingClient } from './impersonating-client.ts';
import type { PatchBody, RequestPath, RequestScope } from './request-path.ts';
import { selectedName } from './rest/resource-request.ts';

/** Options of an in-process client. */
export interface LocalClientOptions {
  /** Receives the server's warnings (over HTTPS, `Warning` headers). Default: they are dropped. */
  warn?(text: string): void;
}

/** Creates a client that calls the request path in this process: the same checks as over HTTPS, without serialization. */
export function createLocalClient(server: RequestPath, user: UserInfo, options: LocalClientOptions = {}): Client {
  return new LocalClient(server, user, options.warn ?? noWarning);
}

const noWarning = () => undefined;

class LocalClient implements Client {
  readonly #server: RequestPath;
  readonly #user: UserInfo;
  readonly #warn: (text: string) => void;

  constructor(server: RequestPath, user: UserInfo, warn: (text: string) => void) {
    this.#server = server;
    this.#user = user;
    this.#warn = warn;
  }

  as(user: UserInfo): Client {
    return impersonatingClient(
      async () => new LocalClient(this.#server, await this.#server.impersonate(this.#user, user), this.#warn),
      (other) => this.as(other),
    );
  }

  async get<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options: GetOptions = {},
  ): Promise<Stored<T>> {
    return (await this.#server.get(this.#scope(kind, key), options)) as Stored<T>;
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const list: ObjectList = await this.#server.list(this.#collection(kind, options), options);
    // The objects are frozen where they are stored.
    return Object.freeze({
      ...list,
      items: Object.freeze(list.items),
      metadata: Object.freeze(list.metadata),
    }) as unknown as ObjectList<T>;
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions = {}): Observable<WatchEvent<T>> {
    const request = {
      ...options,
      ...(options.sendInitialEvents === undefined ? {} : { resourceVersionMatch: 'NotOlderThan' }),
      periodicBookmarks: false,
    };
    // Without operators: each event of each watch in this process comes through here.
    return new Observable((subscriber) => {
      const opened = new Subscription();
      this.#server.watch(this.#collection(kind, options), request).then(
        (events) => {
          if (!opened.closed) opened.add((events as Observable<WatchEvent<T>>).subscribe(subscriber));
        },
        (error: unknown) => subscriber.error(error),
      );
      return opened;
    });
  }

  async create<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    const kind = this.#kindOf(object);
    const { namespace, name } = keyOf(object);
    const scope = this.#scope(kind, { namespace: namespace === '' ? 'default' : namespace, name });
    return (await this.#server.create(scope, object, options)).object as Stored<T>;
  }

  async update<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    return (await this.#server.update(this.#scopeOf(object), object, options)).object as Stored<T>;
  }

  async updateStatus<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    return (await this.#server.update(this.#scopeOf(object, 'status'), object, options)).object as Stored<T>;
  }

  async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const body: PatchBody =
      patch.type === 'json' ? { type: 'json', body: patch.operations } : { type: patch.type, body: patch.patch };
    return (await this.#server.patch(this.#scope(kind, key, options.subresource), body, options)).object as Stored<T>;
  }

  async apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>> {
    const body: PatchBody = { type: 'apply', body: object, force: options.force === true };
    return (await this.#server.patch(this.#scopeOf(object, options.subresource), body, options)).object as Stored<T>;
  }

  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options: DeleteOptions = {},
  ): Promise<Stored<T> | undefined> {
    const { body } = await this.#server.delete(this.#scope(kind, key), options);
    return leftByDelete(body as unknown as Stored<T> | Status, options);
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: ListOptions,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#server.deleteCollection(this.#collection(kind, selection), selection, options);
  }

  async getSubresource<S, N extends SubresourceName<S, 'get'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
  ): Promise<SubresourceAnswer<S, N, 'get'>> {
    const found = await this.#server.get(this.#scope(kind, key, subresource), {});
    return deepFreeze(found) as SubresourceAnswer<S, N, 'get'>;
  }

  async createSubresource<S, N extends SubresourceName<S, 'create'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'create'>,
    options: WriteOptions = {},
  ): Promise<SubresourceAnswer<S, N, 'create'>> {
    const { object } = await this.#server.create(this.#scope(kind, key, subresource), body, options);
    return deepFreeze(object) as SubresourceAnswer<S, N, 'create'>;
  }

  async updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options: WriteOptions = {},
  ): Promise<SubresourceAnswer<S, N, 'update'>> {
    const { object } = await this.#server.update(this.#scope(kind, key, subresource), body, options);
    return deepFreeze(object) as SubresourceAnswer<S, N, 'update'>;
  }

  #kindOf(object: KubernetesObject): Kind {
    const { apiVersion = '', kind = '' } = object;
    const found = this.#server.kinds.byKind(apiVersion, kind);
    if (found === undefined) {
      throw failures.badRequest(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    }
    return found;
  }

  #scopeOf(object: KubernetesObject, subresource?: string): RequestScope {
    const kind = this.#kindOf(object);
    const { namespace, name } = keyOf(object);
    return this.#scope(kind, { namespace: namespace === '' ? 'default' : namespace, name }, subresource);
  }

  #scope(kind: Kind, key: ObjectKey | string, subresource = ''): RequestScope {
    const { namespace, name } = typeof key === 'string' ? parseKey(key) : key;
    return {
      user: this.#user,
      kind: kind as Kind,
      namespace: kind.namespaced ? namespace : '',
      name,
      subresource,
      warn: this.#warn,
    };
  }

  #collection(kind: Kind, { namespace = '', fieldSelector }: ListOptions): RequestScope {
    return {
      user: this.#user,
      kind: kind as Kind,
      namespace: kind.namespaced ? namespace : '',
      name: selectedName(fieldSelector ?? null),
      subresource: '',
      warn: this.#warn,
    };
  }
}
