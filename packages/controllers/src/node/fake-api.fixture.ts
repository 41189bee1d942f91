import {
  deepFreeze,
  failures,
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  type ObjectKey,
  Pod,
  parseFieldSelector,
  type Stored,
} from '@orrery/api';
import type { Client, Environment, WatchEvent, WatchOptions } from '@orrery/core';
import { Observable, type Subscriber } from 'rxjs';

interface Watcher {
  readonly kind: string;
  readonly single: boolean;
  matches(object: Stored): boolean;
  readonly subscriber: Subscriber<WatchEvent>;
}

/** An API server of a page: revisions, watches, and the way in which Pods are deleted. */
export class FakeApi {
  readonly client: Client;
  /** What was asked for, as `verb Kind/key`. */
  readonly calls: string[] = [];
  /** What the next watches are refused with. */
  readonly refusals: unknown[] = [];
  /** Answers token requests. */
  token: () => KubernetesObject = () => {
    throw failures.unexpected('no tokens here');
  };
  readonly #environment: Environment;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<Watcher>();
  #revision = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.client = this.#client();
  }

  get watches(): number {
    return this.#watchers.size;
  }

  /** Ends the watches of single objects, as a server that restarts does, or with an error. */
  breakWatches(error?: unknown): void {
    for (const watcher of [...this.#watchers]) {
      if (!watcher.single) continue;
      if (error === undefined) watcher.subscriber.complete();
      else watcher.subscriber.error(error);
    }
  }

  #client(): Client {
    const refuse = () => Promise.reject(failures.noSuchPath());
    const write = async (object: KubernetesObject, status: boolean): Promise<Stored> => {
      const before = this.#existing(object.kind ?? '', keyOf(object));
      const expected = object.metadata?.resourceVersion;
      this.calls.push(`${status ? 'status' : 'update'} ${object.kind}/${object.metadata?.name}`);
      if (expected !== undefined && expected !== before.metadata.resourceVersion) {
        throw failures.conflict(Pod, before.metadata.name);
      }
      const next = status ? { ...before, status: (object as Pod).status } : object;
      return this.#store(next as Stored, before);
    };
    return {
      get: async (kind, key) => this.#existing(kind.kind, key) as never,
      list: async (kind) => ({
        items: [...this.#objects.values()].filter((object) => object.kind === kind.kind) as never[],
        metadata: { resourceVersion: String(this.#revision) },
      }),
      watch: (kind, options) => this.#watch(kind, options ?? {}) as never,
      create: async (object) => {
        const key = idOf(object.kind ?? '', keyOf(object));
        if (this.#objects.has(key)) throw failures.alreadyExists(Pod, object.metadata?.name ?? '');
        const uid = object.metadata?.uid ?? this.#environment.random.uuid();
        const creationTimestamp = new Date(this.#environment.clock.now()).toISOString();
        this.calls.push(`create ${key}`);
        return this.#store(
          { ...object, metadata: { ...object.metadata, uid, creationTimestamp } } as unknown as Stored,
          undefined,
        ) as never;
      },
      update: async (object) => (await write(object, false)) as never,
      updateStatus: async (object) => (await write(object, true)) as never,
      delete: async (kind, key, options) => this.#delete(kind, key, options ?? {}) as never,
      createSubresource: async (kind, key, subresource) => {
        this.calls.push(`${subresource} ${idOf(kind.kind, key)}`);
        return this.token() as never;
      },
      patch: refuse,
      apply: refuse,
      deleteCollection: refuse,
      getSubresource: refuse,
      updateSubresource: refuse,
      as: () => this.client,
    };
  }

  #delete(
    kind: Kind,
    key: ObjectKey | string,
    options: { gracePeriodSeconds?: number; preconditions?: { uid?: string } },
  ): Stored | undefined {
    const object = this.#existing(kind.kind, key);
    if (options.preconditions?.uid !== undefined && options.preconditions.uid !== object.metadata.uid) {
      throw failures.conflict(kind, object.metadata.name);
    }
    this.calls.push(`delete ${idOf(kind.kind, key)} ${options.gracePeriodSeconds ?? 'default'}`);
    const pod = object as unknown as Pod;
    const terminal = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const grace =
      kind.kind !== 'Pod' || terminal || pod.spec.nodeName === undefined
        ? 0
        : Math.min(
            options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30,
            object.metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY,
          );
    if (grace > 0) {
      const deletionTimestamp = new Date(this.#environment.clock.now() + grace * 1000).toISOString();
      const metadata = { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace };
      return this.#store({ ...object, metadata }, object);
    }
    this.#objects.delete(idOf(kind.kind, key));
    this.#tell(
      'DELETED',
      { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } },
      object,
    );
    return undefined;
  }

  #existing(kind: string, key: ObjectKey | string): Stored {
    const found = this.#objects.get(idOf(kind, key));
    if (found === undefined) {
      const name = typeof key === 'string' ? key : key.name;
      throw failures.notFound({ group: '', resource: `${kind.toLowerCase()}s` }, name);
    }
    return found;
  }

  #store(object: Stored, before: Stored | undefined): Stored {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    const stored = deepFreeze({ ...object, metadata }) as Stored;
    this.#objects.set(idOf(object.kind ?? '', keyOf(object)), stored);
    this.#tell(before === undefined ? 'ADDED' : 'MODIFIED', stored, before);
    return stored;
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Stored, before: Stored | undefined): void {
    for (const watcher of [...this.#watchers]) {
      if (watcher.kind !== object.kind) continue;
      const is = type !== 'DELETED' && watcher.matches(object);
      const was = before !== undefined && watcher.matches(before);
      if (is || was) watcher.subscriber.next({ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object });
    }
  }

  #watch(kind: Kind, options: WatchOptions): Observable<WatchEvent> {
    const selector = parseFieldSelector(options.fieldSelector ?? '', kind);
    const matches = (object: Stored): boolean =>
      (options.namespace === undefined ||
        options.namespace === '' ||
        options.namespace === object.metadata.namespace) &&
      selector.matches(object);
    return new Observable((subscriber) => {
      if (this.refusals.length > 0) throw this.refusals.shift();
      const from = options.resourceVersion;
      // It keeps no history.
      if (from !== undefined && Number(from) < this.#revision) throw failures.expired('too old resource version');
      const watcher: Watcher = {
        kind: kind.kind,
        single: options.fieldSelector?.startsWith('metadata.name=') ?? false,
        matches,
        subscriber,
      };
      this.#watchers.add(watcher);
      if (from === undefined) {
        for (const object of this.#objects.values()) {
          if (object.kind === kind.kind && matches(object)) subscriber.next({ type: 'ADDED', object });
        }
        subscriber.next({ type: 'BOOKMARK', resourceVersion: String(this.#revision), initialEventsEnd: true });
      }
      return () => this.#watchers.delete(watcher);
    });
  }
}

function idOf(kind: string, key: ObjectKey | string): string {
  return `${kind}/${typeof key === 'string' ? key : keyString(key)}`;
}
