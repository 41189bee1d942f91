import {
  type Amounts,
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  Pod,
  parseQuantity,
  ResourceQuota,
  type Stored,
  trackedBy,
} from '@orrery/api';
import {
  aborted,
  type CacheChange,
  type Cause,
  type Controller,
  type ControllerContext,
  createWorkQueue,
  fromAbort,
  type Milliseconds,
  type ReconcileResult,
  type WorkQueue,
} from '@orrery/core';
import { takeUntil } from 'rxjs';
import { unlessGone } from '../workload/unless-gone.ts';
import { QuotaBook } from './quota-book.ts';

const name = 'resourcequota-controller';

/** How often every quota is counted again, in case that something was charged and never created. */
const recount: Milliseconds = 300_000;

export interface ResourceQuotaControllerOptions {
  /** The kinds that the cluster serves, among which those that quotas count are found. */
  readonly kinds: Iterable<Kind>;
}

/**
 * Keeps what is used of ResourceQuotas in their status, to which admission adds what is created (Kubernetes "Resource Quotas"). Kinds are
 * watched once a quota counts them.
 */
export function resourceQuotaController({ kinds }: ResourceQuotaControllerOptions): Controller {
  return {
    name,
    kinds: 'any',
    async start(context) {
      const loop = new QuotaLoop(context, kinds);
      await loop.run();
    },
  };
}

/** What is known of one quota. */
interface Known {
  readonly uid: string;
  readonly namespace: string;
  readonly book: QuotaBook;
}

class QuotaLoop {
  readonly #context: ControllerContext;
  readonly #kinds: Iterable<Kind>;
  readonly #queue: WorkQueue;
  readonly #watched = new Map<string, Kind>();
  readonly #known = new Map<string, Known>();
  readonly #byNamespace = new Map<string, Set<string>>();

  constructor(context: ControllerContext, kinds: Iterable<Kind>) {
    this.#context = context;
    this.#kinds = kinds;
    this.#queue = createWorkQueue({
      environment: context,
      actor: name,
      concurrency: 5,
      priority: 'low',
      process: (key) => this.#process(key),
    });
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#context;
    await cache.sync(ResourceQuota);
    cache
      .changes(ResourceQuota, { replay: true })
      .pipe(takeUntil(fromAbort(signal)))
      .subscribe(({ type, object, previous }) => {
        // Its status is this loop's, and admission's.
        if (type !== 'modified' || object.spec !== previous?.spec)
          this.#queue.add(keyString(keyOf(object)), causeOf(ResourceQuota, type, object));
      });
    await aborted(signal);
    await this.#queue.stop();
  }

  async #process(key: string): Promise<ReconcileResult | undefined> {
    const quota = this.#context.cache.get(ResourceQuota, key);
    if (quota === undefined) {
      this.#forget(key);
      return undefined;
    }
    const { book } = await this.#knownOf(key, quota);
    const wait = book.expire(this.#context.clock.now());
    await unlessGone(ResourceQuota, quota, () => this.#write(key, book));
    return { requeueAfter: Math.min(wait ?? recount, recount) };
  }

  async #write(key: string, book: QuotaBook): Promise<void> {
    const { cache, client } = this.#context;
    const quota = cache.get(ResourceQuota, key);
    if (quota === undefined || quota.spec !== book.spec) return;
    const { spec, status } = quota;
    const used = book.used(status?.used, (each) => this.#kindOf(each) !== undefined);
    const hard = spec.hard ?? {};
    if (status !== undefined && sameAmounts(status.hard, hard) && sameAmounts(status.used, used)) return;
    await client.updateStatus({ ...quota, status: { hard, used } });
  }

  /** The quota's book; a new one if the quota is new or another one than before. */
  async #knownOf(key: string, quota: Stored<ResourceQuota>): Promise<Known> {
    const before = this.#known.get(key);
    const { uid, namespace = '' } = quota.metadata;
    if (before?.uid === uid && before.book.spec === quota.spec) return before;
    const kinds = this.#kindsOf(quota);
    await this.#watch(kinds);
    const { cache, clock } = this.#context;
    const known = { uid, namespace, book: new QuotaBook(quota.spec) };
    for (const kind of kinds) {
      for (const object of cache.list(kind, { namespace }))
        known.book.set(idOf(kind, object), kind, object, clock.now());
    }
    this.#known.set(key, known);
    let keys = this.#byNamespace.get(namespace);
    if (keys === undefined) {
      keys = new Set();
      this.#byNamespace.set(namespace, keys);
    }
    keys.add(key);
    return known;
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    const keys = this.#byNamespace.get(known.namespace);
    keys?.delete(key);
    if (keys?.size === 0) this.#byNamespace.delete(known.namespace);
  }

  async #watch(kinds: readonly Kind[]): Promise<void> {
    const { cache, signal } = this.#context;
    const added = kinds.filter((kind) => !this.#watched.has(kindId(kind)));
    await cache.sync(...added);
    for (const kind of added) {
      if (this.#watched.has(kindId(kind))) continue;
      this.#watched.set(kindId(kind), kind);
      cache
        .changes(kind)
        .pipe(takeUntil(fromAbort(signal)))
        .subscribe((change) => this.#changed(kind, change));
    }
  }

  #changed(kind: Kind, { type, object, previous }: CacheChange): void {
    const keys = this.#byNamespace.get(object.metadata.namespace ?? '');
    if (keys === undefined) return;
    const now = this.#context.clock.now();
    const gone = previous !== undefined && previous.metadata.uid !== object.metadata.uid ? previous : undefined;
    for (const key of keys) {
      const book = this.#known.get(key)?.book;
      if (gone !== undefined) book?.set(idOf(kind, gone), kind, undefined, now);
      book?.set(idOf(kind, object), kind, type === 'deleted' ? undefined : object, now);
      this.#queue.add(key, causeOf(kind, type, object));
    }
  }

  #kindsOf({ spec }: Stored<ResourceQuota>): readonly Kind[] {
    const found = Object.keys(spec.hard ?? {}).flatMap((each) => this.#kindOf(each) ?? []);
    return [...new Map(found.map((kind) => [kindId(kind), kind])).values()];
  }

  /** The kind that a resource of a quota counts, if the cluster has it. */
  #kindOf(limited: string): Kind | undefined {
    const tracked = trackedBy(limited);
    if (tracked === undefined) return undefined;
    if (tracked.group === '' && tracked.resource === Pod.resource) return Pod;
    for (const kind of this.#kinds) {
      const isIt = kind.group === tracked.group && kind.resource === tracked.resource;
      if (isIt && kind.namespaced && kind.verbs.includes('list')) return kind;
    }
    return undefined;
  }
}

function causeOf(kind: Kind, type: CacheChange['type'], { metadata }: Stored): Cause {
  const key = keyString(keyOf({ metadata }));
  return { type, kind: kindId(kind), key, resourceVersion: metadata.resourceVersion };
}

function idOf(kind: Kind, { metadata }: Stored<KubernetesObject>): string {
  return `${kind.group}/${kind.resource}/${metadata.uid}`;
}

function sameAmounts(a: Amounts | undefined, b: Amounts): boolean {
  if (a === undefined) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((each) => {
      const [one, other] = [a[each], b[each]];
      return one !== undefined && other !== undefined && parseQuantity(one).compare(parseQuantity(other)) === 0;
    })
  );
}
