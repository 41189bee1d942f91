import { type Kind, type KubernetesObject, keyOf, keyString, kindId, type ObjectKey } from '@orrery/api';
import type { Observable } from 'rxjs';
import type { Client, WatchEvent, WatchOptions } from '../client.ts';
import { delegatingClient } from './delegating-client.ts';

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
  return delegatingClient(client, {
    get: (kind, key, options) => through.request(about('get', kind, key), () => client.get(kind, key, options)),
    list: (kind, options) =>
      through.request(about('list', kind, options?.namespace ?? ''), () => client.list(kind, options)),
    watch: (kind, options = {}) =>
      through.watch(about('watch', kind, options.namespace ?? ''), () => client.watch(kind, options), options),
    create: (object, options) => through.request(aboutObject('create', object), () => client.create(object, options)),
    update: (object, options) => through.request(aboutObject('update', object), () => client.update(object, options)),
    updateStatus: (object, options) =>
      through.request(aboutObject('update', object, 'status'), () => client.updateStatus(object, options)),
    patch: (kind, key, patch, options) =>
      through.request(about('patch', kind, key, options?.subresource), () => client.patch(kind, key, patch, options)),
    apply: (object, options) =>
      through.request(aboutObject('apply', object, options.subresource), () => client.apply(object, options)),
    delete: (kind, key, options) =>
      through.request(about('delete', kind, key), () => client.delete(kind, key, options)),
    deleteCollection: (kind, selection, options) =>
      through.request(about('deleteCollection', kind, selection.namespace ?? ''), () =>
        client.deleteCollection(kind, selection, options),
      ),
    getSubresource: (kind, key, subresource) =>
      through.request(about('get', kind, key, subresource), () => client.getSubresource(kind, key, subresource)),
    createSubresource: (kind, key, subresource, body, options) =>
      through.request(about('create', kind, key, subresource), () =>
        client.createSubresource(kind, key, subresource, body, options),
      ),
    updateSubresource: (kind, key, subresource, body, options) =>
      through.request(about('update', kind, key, subresource), () =>
        client.updateSubresource(kind, key, subresource, body, options),
      ),
    as: (user) => interceptClient(client.as(user), through),
  });
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
