import {
  isNotFound,
  type Kind,
  type KubernetesObject,
  keyString,
  kindId,
  type ObjectKey,
  type Stored,
} from '@orrery/api';
import { delegatingClient } from '../client/delegating-client.ts';
import type { Client } from '../client.ts';
import type { WatchingCache } from './watching-cache.ts';

/**
 * A client whose writes show in the cache as soon as they are answered: what was created, updated, patched, applied or
 * deleted, in lists and indexes too. Subresources that answer with the object itself count (`status`, `finalize`); those
 * that answer with something else (`scale`, `binding`) and `deleteCollection` show when the watch brings them.
 */
export function cacheClient(client: Client, cache: WatchingCache): Client {
  const show = <T extends KubernetesObject>(dryRun: boolean | undefined, object: Stored<T>): Stored<T> => {
    if (dryRun !== true) cache.written(object as Stored);
    return object;
  };
  return delegatingClient(client, {
    create: async (object, options) => show(options?.dryRun, await client.create(object, options)),
    update: async (object, options) => show(options?.dryRun, await client.update(object, options)),
    updateStatus: async (object, options) => show(options?.dryRun, await client.updateStatus(object, options)),
    patch: async (kind, key, patch, options) => show(options?.dryRun, await client.patch(kind, key, patch, options)),
    apply: async (object, options) => show(options.dryRun, await client.apply(object, options)),
    delete: async (kind, key, options) => {
      const uid = cache.synced(kind) ? cache.get(kind, key)?.metadata.uid : undefined;
      const left = await client.delete(kind, key, options).catch((error: unknown) => {
        // Another client was faster, and the watch has not caught up yet.
        if (isNotFound(error) && uid !== undefined) cache.writtenDeletion(kind, key, uid);
        throw error;
      });
      if (options?.dryRun === true) return left;
      if (left !== undefined) show(false, left);
      else if (uid !== undefined) cache.writtenDeletion(kind, key, uid);
      return left;
    },
    updateSubresource: async (kind, key, subresource, body, options) => {
      const answer = await client.updateSubresource(kind, key, subresource, body, options);
      if (options?.dryRun !== true && isObjectOf(kind, key, answer)) cache.written(answer);
      return answer;
    },
    as: (user) => cacheClient(client.as(user), cache),
  });
}

function isObjectOf(kind: Kind, key: ObjectKey | string, answer: unknown): answer is Stored {
  const object = answer as Partial<Stored> | undefined;
  return (
    `${object?.apiVersion}/${object?.kind}` === kindId(kind) &&
    object?.metadata?.name === (typeof key === 'string' ? key : keyString(key)).split('/').at(-1)
  );
}
