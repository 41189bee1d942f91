import {
  deepFreeze,
  failures,
  type Kind,
  type KindRegistry,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
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
  Environment,
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
import type { Observable } from 'rxjs';
import type { ApiRequest, Transport } from '../http/transport.ts';
import { impersonationHeaders } from './impersonation.ts';
import { getQuery, listQuery, query, writeQuery } from './query.ts';
import { collectionPath, objectPath } from './resource-path.ts';
import { watchEvents, withType } from './watch.ts';

/** What an {@link HttpClient} needs. */
export interface HttpClientOptions {
  readonly transport: Transport;
  readonly environment: Pick<Environment, 'clock' | 'random'>;
  /** The kinds of objects that can be written. Kinds that the client is called with are added. */
  readonly kinds: KindRegistry;
  /** The namespace of objects that name none. */
  readonly namespace: string;
  /** The user that the client acts as; undefined is the kubeconfig's user. */
  readonly impersonate: UserInfo | undefined;
}

/** A client over HTTPS: each call is a request. */
export class HttpClient implements Client {
  readonly #options: HttpClientOptions;
  readonly #headers: NonNullable<ApiRequest['headers']>;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#headers = options.impersonate === undefined ? {} : impersonationHeaders(options.impersonate);
  }

  as(user: UserInfo): Client {
    return new HttpClient({ ...this.#options, impersonate: user });
  }

  async get<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options: GetOptions = {},
  ): Promise<Stored<T>> {
    return this.#object('GET', kind, key, '', getQuery(options));
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const answer = await this.#send({
      method: 'GET',
      target: `${collectionPath(this.#met(kind), options.namespace ?? '')}${query(listQuery(options))}`,
      resource: kind,
      name: '',
    });
    const { items, metadata } = answer as unknown as { items: Stored[] | null; metadata: ObjectList['metadata'] };
    // Go encodes an empty list as null.
    const { resourceVersion, continue: token = '', remainingItemCount } = metadata;
    return deepFreeze({
      items: (items ?? []).map((item) => withType(item, kind)),
      metadata: {
        resourceVersion,
        ...(token === '' ? {} : { continue: token }),
        ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
      },
    }) as unknown as ObjectList<T>;
  }

  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions = {}): Observable<WatchEvent<T>> {
    const { transport, environment } = this.#options;
    const watch = { transport, environment, kind: this.#met(kind), options, headers: this.#headers };
    return watchEvents(watch) as unknown as Observable<WatchEvent<T>>;
  }

  async create<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    const kind = this.#kindOf(object);
    const answer = await this.#send({
      method: 'POST',
      target: `${collectionPath(kind, this.#keyOf(object).namespace)}${query(writeQuery(options))}`,
      body: JSON.stringify(object),
      resource: kind,
      name: object.metadata?.name ?? '',
    });
    return deepFreeze(answer) as Stored<T>;
  }

  async update<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    return this.#put(object, '', options);
  }

  async updateStatus<T extends KubernetesObject>(object: T, options: WriteOptions = {}): Promise<Stored<T>> {
    return this.#put(object, 'status', options);
  }

  async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const body = patch.type === 'json' ? patch.operations : patch.patch;
    const content = { body: JSON.stringify(body), contentType: patchTypes[patch.type] };
    return this.#object('PATCH', kind, key, options.subresource ?? '', writeQuery(options), content);
  }

  async apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>> {
    const parameters = [...writeQuery(options), ['force', options.force === true ? true : undefined]] as const;
    // JSON is YAML.
    const content = { body: JSON.stringify(object), contentType: 'application/apply-patch+yaml' };
    const kind = this.#kindOf(object);
    return this.#object('PATCH', kind, this.#keyOf(object), options.subresource ?? '', parameters, content);
  }

  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options: DeleteOptions = {},
  ): Promise<Stored<T> | undefined> {
    const content = { body: deleteBody(options) };
    const answer = await this.#object<Stored<T> | Status>('DELETE', kind, key, '', [], content);
    return leftByDelete(answer, options);
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: ListOptions,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#send({
      method: 'DELETE',
      target: `${collectionPath(this.#met(kind), selection.namespace ?? '')}${query(listQuery(selection))}`,
      body: deleteBody(options),
      resource: kind,
      name: '',
    });
  }

  async getSubresource<S, N extends SubresourceName<S, 'get'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
  ): Promise<SubresourceAnswer<S, N, 'get'>> {
    return this.#object('GET', kind, key, subresource, []);
  }

  async createSubresource<S, N extends SubresourceName<S, 'create'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'create'>,
    options: WriteOptions = {},
  ): Promise<SubresourceAnswer<S, N, 'create'>> {
    const content = { body: JSON.stringify(body) };
    return this.#object('POST', kind, key, subresource, writeQuery(options), content);
  }

  async updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options: WriteOptions = {},
  ): Promise<SubresourceAnswer<S, N, 'update'>> {
    const content = { body: JSON.stringify(body) };
    return this.#object('PUT', kind, key, subresource, writeQuery(options), content);
  }

  #put<T extends KubernetesObject>(object: T, subresource: string, options: WriteOptions): Promise<Stored<T>> {
    const content = { body: JSON.stringify(object) };
    return this.#object('PUT', this.#kindOf(object), this.#keyOf(object), subresource, writeQuery(options), content);
  }

  /** A request for one object or for its subresource. */
  async #object<R>(
    method: ApiRequest['method'],
    kind: Kind,
    key: ObjectKey | string,
    subresource: string,
    parameters: Parameters<typeof query>[0],
    content: { readonly body?: string; readonly contentType?: string } = {},
  ): Promise<R> {
    const path = objectPath(this.#met(kind), key, subresource);
    const name = typeof key === 'string' ? key : key.name;
    const target = `${path}${query(parameters)}`;
    return deepFreeze(await this.#send({ method, target, ...content, resource: kind, name })) as R;
  }

  async #send(request: ApiRequest): Promise<unknown> {
    const text = await this.#options.transport.send({ ...request, headers: this.#headers });
    try {
      return JSON.parse(text);
    } catch {
      throw failures.unexpected(`the server's response is not JSON: ${text.slice(0, 200)}`);
    }
  }

  #keyOf(object: KubernetesObject): ObjectKey {
    const { namespace, name } = keyOf(object);
    return { namespace: namespace === '' ? this.#options.namespace : namespace, name };
  }

  #kindOf({ apiVersion = '', kind = '' }: KubernetesObject): Kind {
    const found = this.#options.kinds.byKind(apiVersion, kind);
    if (found !== undefined) return found;
    const wanted = `kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`;
    throw failures.badRequest(`no matches for ${wanted}: pass it to connect as one of its kinds`);
  }

  /** Registers a kind, so that its objects can be written: an object has its kind's name, not its URL. */
  #met(kind: Kind): Kind {
    const { kinds } = this.#options;
    const isKnown =
      kinds.byKind(kind.apiVersion, kind.kind) !== undefined ||
      kinds.byResource(kind.group, kind.version, kind.resource) !== undefined;
    if (!isKnown) kinds.add(kind);
    return kind;
  }
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

function deleteBody({ dryRun, ...options }: DeleteOptions): string {
  const dry = dryRun === true ? { dryRun: ['All'] } : {};
  return JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', ...options, ...dry });
}
