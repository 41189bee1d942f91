import {
  isNotFound,
  type Kind,
  type KubernetesObject,
  keyString,
  kindId,
  type ObjectKey,
  type Stored,
  type SubresourceAnswer,
  type SubresourceBody,
  type SubresourceName,
} from '@orrery/api';
import { DelegatingClient } from '../client/delegating-client.ts';
import type { ApplyOptions, Client, DeleteOptions, Patch, PatchOptions, UserInfo, WriteOptions } from '../client.ts';
import type { WatchingCache } from './watching-cache.ts';

/**
 * A client whose writes show in the cache as soon as they are answered: what was created, updated, patched, applied or
 * deleted, in lists and indexes too. Subresources that answer with the object itself count (`status`, `finalize`); those
 * that answer with something else (`scale`, `binding`) and `deleteCollection` show when the watch brings them.
 */
export function cacheClient(client: Client, cache: WatchingCache): Client {
  return new CacheClient(client, cache);
}

class CacheClient extends DelegatingClient {
  readonly #cache: WatchingCache;

  constructor(client: Client, cache: WatchingCache) {
    super(client);
    this.#cache = cache;
  }

  override as(user: UserInfo): Client {
    return new CacheClient(this.client.as(user), this.#cache);
  }

  override async create<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#show(options?.dryRun, await super.create(object, options));
  }

  override async update<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#show(options?.dryRun, await super.update(object, options));
  }

  override async updateStatus<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<Stored<T>> {
    return this.#show(options?.dryRun, await super.updateStatus(object, options));
  }

  override async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<Stored<T>> {
    return this.#show(options?.dryRun, await super.patch(kind, key, patch, options));
  }

  override async apply<T extends KubernetesObject>(object: T, options: ApplyOptions): Promise<Stored<T>> {
    return this.#show(options.dryRun, await super.apply(object, options));
  }

  override async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    key: ObjectKey | string,
    options?: DeleteOptions,
  ): Promise<Stored<T> | undefined> {
    const cache = this.#cache;
    const uid = cache.synced(kind) ? cache.get(kind, key)?.metadata.uid : undefined;
    const left = await super.delete(kind, key, options).catch((error: unknown) => {
      // Another client was faster, and the watch has not caught up yet.
      if (isNotFound(error) && uid !== undefined) cache.writtenDeletion(kind, key, uid);
      throw error;
    });
    if (options?.dryRun === true) return left;
    if (left !== undefined) this.#show(false, left);
    else if (uid !== undefined) cache.writtenDeletion(kind, key, uid);
    return left;
  }

  override async updateSubresource<S, N extends SubresourceName<S, 'update'>>(
    kind: Kind<KubernetesObject, S>,
    key: ObjectKey | string,
    subresource: N,
    body: SubresourceBody<S, N, 'update'>,
    options?: WriteOptions,
  ): Promise<SubresourceAnswer<S, N, 'update'>> {
    const answer = await super.updateSubresource(kind, key, subresource, body, options);
    if (options?.dryRun !== true && isObjectOf(kind, key, answer)) this.#cache.written(answer);
    return answer;
  }

  #show<T extends KubernetesObject>(dryRun: boolean | undefined, object: Stored<T>): Stored<T> {
    if (dryRun !== true) this.#cache.written(object as Stored);
    return object;
  }
}

function isObjectOf(kind: Kind, key: ObjectKey | string, answer: unknown): answer is Stored {
  const object = answer as Partial<Stored> | undefined;
  return (
    `${object?.apiVersion}/${object?.kind}` === kindId(kind) &&
    object?.metadata?.name === (typeof key === 'string' ? key : keyString(key)).split('/').at(-1)
  );
}
