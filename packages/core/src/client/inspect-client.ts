import { type Kind, type KubernetesObject, keyOf, keyString, kindId, type ObjectKey } from '@orrery/api';
import type { Client } from '../client.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { delegatingClient } from './delegating-client.ts';

type ReadVerb = 'get' | 'list' | 'watch';
type WriteVerb = 'create' | 'update' | 'patch' | 'apply' | 'delete';

/**
 * A client that waits for `actor`'s turn before each call, and tells the inspector what was read and written. On a real
 * clock turns are free.
 */
export function inspectClient(client: Client, environment: Environment, actor: string): Client {
  const { inspector, clock, work } = environment;

  const tellRead = (verb: ReadVerb, kind: string, key: string) => {
    if (!inspector.silent) inspector.emit({ type: 'read', time: clock.now(), actor, verb, kind, key });
  };
  const read = async <R>(verb: ReadVerb, kind: Kind, key: string, call: () => Promise<R>): Promise<R> => {
    await work.turn(actor);
    tellRead(verb, kindId(kind), key);
    return call();
  };
  const write = async <R>(
    verb: WriteVerb,
    about: { readonly kind: string; readonly key: string; readonly subresource?: string },
    call: () => Promise<R>,
  ): Promise<R> => {
    await work.turn(actor);
    if (inspector.silent) return call();
    const told = { type: 'wrote', actor, verb, subresource: '', ...about } as const;
    try {
      const answer = await call();
      inspector.emit({ ...told, time: clock.now(), ...written(answer) });
      return answer;
    } catch (error) {
      inspector.emit({ ...told, time: clock.now(), error: errorText(error) });
      throw error;
    }
  };

  return delegatingClient(client, {
    get: (kind, key, options) => read('get', kind, textOf(key), () => client.get(kind, key, options)),
    list: (kind, options) => read('list', kind, options?.namespace ?? '', () => client.list(kind, options)),
    watch: (kind, options) => {
      tellRead('watch', kindId(kind), options?.namespace ?? '');
      return client.watch(kind, options);
    },
    create: (object, options) => write('create', aboutObject(object), () => client.create(object, options)),
    update: (object, options) => write('update', aboutObject(object), () => client.update(object, options)),
    updateStatus: (object, options) =>
      write('update', { ...aboutObject(object), subresource: 'status' }, () => client.updateStatus(object, options)),
    patch: (kind, key, patch, options) =>
      write('patch', about(kind, key, options?.subresource), () => client.patch(kind, key, patch, options)),
    apply: (object, options) =>
      write('apply', { ...aboutObject(object), subresource: options.subresource ?? '' }, () =>
        client.apply(object, options),
      ),
    delete: (kind, key, options) => write('delete', about(kind, key), () => client.delete(kind, key, options)),
    deleteCollection: (kind, selection, options) =>
      write('delete', about(kind, selection.namespace ?? ''), () => client.deleteCollection(kind, selection, options)),
    getSubresource: (kind, key, subresource) =>
      read('get', kind, textOf(key), () => client.getSubresource(kind, key, subresource)),
    createSubresource: (kind, key, subresource, body, options) =>
      write('create', about(kind, key, subresource), () =>
        client.createSubresource(kind, key, subresource, body, options),
      ),
    updateSubresource: (kind, key, subresource, body, options) =>
      write('update', about(kind, key, subresource), () =>
        client.updateSubresource(kind, key, subresource, body, options),
      ),
    as: (user) => inspectClient(client.as(user), environment, actor),
  });
}

function textOf(key: ObjectKey | string): string {
  return typeof key === 'string' ? key : keyString(key);
}

function about(kind: Kind, key: ObjectKey | string, subresource = '') {
  return { kind: kindId(kind), key: textOf(key), subresource };
}

function aboutObject(object: KubernetesObject) {
  const key = keyOf(object);
  // A name that the server is to make reads as its prefix.
  const name = key.name === '' ? (object.metadata?.generateName ?? '') : key.name;
  return { kind: `${object.apiVersion}/${object.kind}`, key: keyString({ namespace: key.namespace, name }) };
}

/** What only the answer tells: the revision, and the name and namespace where the server chose them. */
function written(answer: unknown): { readonly resourceVersion?: string; readonly key?: string } {
  const object = answer as KubernetesObject | undefined;
  const resourceVersion = object?.metadata?.resourceVersion;
  if (object === undefined || resourceVersion === undefined) return {};
  return { resourceVersion, key: keyString(keyOf(object)) };
}
