import {
  deepFreeze,
  failures,
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  type ObjectKey,
  parseFieldSelector,
  parseLabelSelector,
  type Stored,
} from '@orrery/api';
import { Observable, type Subscriber } from 'rxjs';
import type { Client, ListOptions, WatchEvent, WatchOptions } from '../client.ts';
import type { Environment } from '../environment.ts';

interface Change {
  readonly kind: string;
  readonly revision: number;
  readonly object: Stored;
  readonly previous: Stored | undefined;
  readonly deleted: boolean;
}

interface Watcher {
  readonly kind: Kind;
  readonly options: WatchOptions;
  readonly subscriber: Subscriber<WatchEvent>;
  /** Events that are under way; they arrive in this order. */
  readonly underWay: WatchEvent[];
}

export interface TestServerOptions {
  /** Milliseconds of the environment's clock that an event takes to a watcher. Default: none. */
  readonly lag?: () => number;
  readonly streamingLists?: boolean;
}

/** An API server of a page, for the tests of this package: revisions, watch, finalizers; no kinds, no validation. */
export class TestServer {
  readonly client: Client;
  /** Calls made, as `verb kind/key`. */
  readonly calls: string[] = [];
  /** What the next calls are refused with. */
  readonly refusals: unknown[] = [];
  readonly #environment: Environment;
  readonly #options: TestServerOptions;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #watchers = new Set<Watcher>();
  #history: Change[] = [];
  #revision = 10;
  #compacted = 0;

  constructor(environment: Environment, options: TestServerOptions = {}) {
    this.#environment = environment;
    this.#options = options;
    this.client = this.#client();
  }

  get watches(): number {
    return this.#watchers.size;
  }

  objects(kind: Kind): Stored[] {
    return [...(this.#objects.get(kindId(kind)) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Forgets the history, so that watches from earlier revisions are refused. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  /** Ends all watches, with an error or as if they had timed out. What is under way is lost. */
  breakWatches(error?: unknown): void {
    for (const watcher of [...this.#watchers]) {
      this.#watchers.delete(watcher);
      if (error === undefined) watcher.subscriber.complete();
      else watcher.subscriber.error(error);
    }
  }

  #client(): Client {
    const client: Client = {
      get: async (kind, key) => this.#existing(kind, key) as never,
      list: async (kind, options) => {
        this.#call('list', kind, '');
        const items = this.objects(kind).filter((object) => selected(kind, options ?? {}, object));
        return { items: items as never[], metadata: { resourceVersion: String(this.#revision) } };
      },
      watch: (kind, options) => this.#watch(kind, options ?? {}) as never,
      create: async (object) => {
        const kind = kindOf(object);
        this.#call('create', kind, object.metadata?.name ?? '');
        const stored = this.#complete(object);
        if (this.#of(kind).has(keyString(keyOf(stored)))) throw failures.alreadyExists(kind, stored.metadata.name);
        return this.#store(kind, stored) as never;
      },
      update: async (object) => {
        const kind = kindOf(object);
        const before = this.#existing(kind, keyOf(object));
        const expected = object.metadata?.resourceVersion;
        if (expected !== undefined && expected !== before.metadata.resourceVersion) {
          throw failures.conflict(kind, before.metadata.name);
        }
        return this.#store(kind, {
          ...object,
          metadata: { ...before.metadata, ...object.metadata },
        } as Stored) as never;
      },
      updateStatus: (object) => client.update(object),
      patch: async (kind, key, patch) => {
        const before = this.#existing(kind, key);
        if (patch.type === 'json') throw failures.badRequest('no JSON patches here');
        const expected = (patch.patch as Partial<Stored>).metadata;
        const moved =
          (expected?.uid ?? before.metadata.uid) !== before.metadata.uid ||
          (expected?.resourceVersion ?? before.metadata.resourceVersion) !== before.metadata.resourceVersion;
        if (moved) throw failures.conflict(kind, before.metadata.name);
        return this.#store(kind, merge(before, patch.patch) as Stored) as never;
      },
      apply: async (object) => {
        const kind = kindOf(object);
        const before = this.#of(kind).get(keyString(keyOf(object)));
        if (before === undefined) return client.create(object);
        return this.#store(kind, merge(before, object) as Stored) as never;
      },
      delete: async (kind, key) => {
        const before = this.#existing(kind, key);
        if ((before.metadata.finalizers?.length ?? 0) === 0) {
          this.#remove(kind, before);
          return undefined;
        }
        const deletionTimestamp = new Date(this.#environment.clock.now()).toISOString();
        return this.#store(kind, { ...before, metadata: { ...before.metadata, deletionTimestamp } }) as never;
      },
      deleteCollection: async (kind, selection) => {
        for (const object of this.objects(kind)) if (selected(kind, selection, object)) this.#remove(kind, object);
      },
      getSubresource: async (kind, key) => this.#existing(kind, key) as never,
      createSubresource: async (_kind, _key, _subresource, body) => body as never,
      updateSubresource: async (kind, key, _subresource, body) => {
        const before = this.#existing(kind, key);
        return this.#store(kind, { ...body, metadata: before.metadata } as Stored) as never;
      },
      as: () => client,
    };
    return client;
  }

  #call(verb: string, kind: Pick<Kind, 'kind'>, key: string): void {
    this.calls.push(`${verb} ${kind.kind}/${key}`);
    if (this.refusals.length > 0) throw this.refusals.shift();
  }

  #of(kind: Kind): Map<string, Stored> {
    const id = kindId(kind);
    let found = this.#objects.get(id);
    if (found === undefined) {
      found = new Map();
      this.#objects.set(id, found);
    }
    return found;
  }

  #existing(kind: Kind, key: ObjectKey | string): Stored {
    const text = typeof key === 'string' ? key : keyString(key);
    this.#call('access', kind, text);
    const found = this.#of(kind).get(text);
    if (found === undefined) throw failures.notFound(kind, text);
    return found;
  }

  #complete(object: KubernetesObject): Stored {
    const uid = this.#environment.random.uuid();
    const creationTimestamp = new Date(this.#environment.clock.now()).toISOString();
    return { ...object, metadata: { namespace: 'default', ...object.metadata, uid, creationTimestamp } } as Stored;
  }

  #store(kind: Kind, object: Stored): Stored {
    const key = keyString(keyOf(object));
    const previous = this.#of(kind).get(key);
    const unchanged = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: previous?.metadata.resourceVersion },
    };
    // As in Kubernetes, a write that changes nothing makes no revision.
    if (previous !== undefined && equal(previous, unchanged)) return previous;
    const resourceVersion = String(++this.#revision);
    const stored = deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion } });
    const last = stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers?.length ?? 0) === 0;
    if (last) this.#of(kind).delete(key);
    else this.#of(kind).set(key, stored);
    this.#tell({ kind: kindId(kind), revision: this.#revision, object: stored, previous, deleted: last });
    return stored;
  }

  #remove(kind: Kind, before: Stored): void {
    this.#of(kind).delete(keyString(keyOf(before)));
    const resourceVersion = String(++this.#revision);
    const object = deepFreeze({ ...before, metadata: { ...before.metadata, resourceVersion } });
    this.#tell({ kind: kindId(kind), revision: this.#revision, object, previous: before, deleted: true });
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const watcher of this.#watchers) this.#send(watcher, change);
  }

  #send(watcher: Watcher, change: Change): void {
    if (change.kind !== kindId(watcher.kind)) return;
    const is = !change.deleted && selected(watcher.kind, watcher.options, change.object);
    const was = change.previous !== undefined && selected(watcher.kind, watcher.options, change.previous);
    if (!is && !was) return;
    this.#sendEvent(watcher, { type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: change.object });
  }

  #sendEvent(watcher: Watcher, event: WatchEvent): void {
    const arrive = () => {
      const next = watcher.underWay.shift();
      if (next !== undefined && this.#watchers.has(watcher)) watcher.subscriber.next(next);
    };
    watcher.underWay.push(event);
    const lag = this.#options.lag?.() ?? 0;
    if (lag === 0 && watcher.underWay.length === 1) arrive();
    else this.#environment.clock.schedule(lag, arrive);
  }

  #watch(kind: Kind, options: WatchOptions): Observable<WatchEvent> {
    return new Observable((subscriber) => {
      this.calls.push(`watch ${kind.kind} ${options.resourceVersion ?? 'all'}`);
      if (this.refusals.length > 0) throw this.refusals.shift();
      if (options.sendInitialEvents === true && this.#options.streamingLists === false) {
        throw failures.unprocessable('sendInitialEvents is forbidden', {});
      }
      const watcher: Watcher = { kind, options, subscriber, underWay: [] };
      const from = options.resourceVersion;
      if (from !== undefined && Number(from) < this.#compacted) throw failures.expired('too old resource version');
      this.#watchers.add(watcher);
      if (from === undefined) {
        for (const object of this.objects(kind)) {
          if (selected(kind, options, object)) this.#sendEvent(watcher, { type: 'ADDED', object });
        }
        const resourceVersion = String(this.#revision);
        this.#sendEvent(watcher, { type: 'BOOKMARK', resourceVersion, initialEventsEnd: true });
      } else {
        for (const change of this.#history) if (change.revision > Number(from)) this.#send(watcher, change);
      }
      return () => this.#watchers.delete(watcher);
    });
  }
}

function selected(kind: Kind, options: ListOptions, object: Stored): boolean {
  return (
    (options.namespace === undefined || options.namespace === object.metadata.namespace) &&
    parseLabelSelector(options.labelSelector ?? '').matches(object.metadata.labels) &&
    parseFieldSelector(options.fieldSelector ?? '', kind).matches(object)
  );
}

/** Enough of a kind to store and to name. */
function kindOf(object: KubernetesObject): Kind {
  const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse();
  const resource = `${object.kind?.toLowerCase()}s`;
  return { group, version, apiVersion: object.apiVersion, kind: object.kind, resource } as Kind;
}

function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  const of = (value: object, key: string) => (value as { [key: string]: unknown })[key];
  return keys.length === Object.keys(b).length && keys.every((key) => equal(of(a, key), of(b, key)));
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: { [key: string]: unknown } = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
