import type { KubernetesObject, Pod, Stored } from '@orrery/api';
import fc from 'fast-check';
import { type Observable, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { delegatingEngine } from './delegating-engine.ts';
import { type Commit, Compacted, type StorageEngine } from './engine.ts';
import { createLaggingEngine } from './lagging-engine.fixture.ts';
import { createMemoryEngine } from './memory-engine.ts';
import { type ObjectStore, openObjectStore, StoreFailed } from './object-store.ts';
import type { StoreEvent, WatchScope } from './watchers.ts';

const nodeName = (object: KubernetesObject): string[] => [(object as Pod).spec.nodeName ?? ''];
const indexes = { pods: { 'spec.nodeName': nodeName } };

async function open(historySize?: number): Promise<ObjectStore> {
  const engine = createMemoryEngine();
  return openObjectStore({ engine, indexes, ...(historySize === undefined ? {} : { historySize }) });
}

function pod(key: string, node = '', label = ''): Pod {
  const [namespace = '', name = ''] = key.split('/');
  return {
    metadata: { namespace, name, labels: { label } },
    spec: { nodeName: node, containers: [] },
  } as unknown as Pod;
}

const at = (object: Stored): number => Number(object.metadata.resourceVersion);
const keys = (items: readonly Stored[]): string[] => items.map((o) => `${o.metadata.namespace}/${o.metadata.name}`);

function record(store: ObjectStore, scope: WatchScope, after: number): { events: StoreEvent[]; errors: unknown[] } {
  const seen = { events: [] as StoreEvent[], errors: [] as unknown[] };
  store.watch('pods', scope, after).subscribe({
    next: (event) => seen.events.push(event),
    error: (error: unknown) => seen.errors.push(error),
  });
  return seen;
}

describe('objects', () => {
  it('are deeply frozen, and the same (===) for every reader', async () => {
    const store = await open();
    const created = await store.create('pods', pod('a/x'));
    expect(Object.isFrozen(created)).toBe(true);
    expect(Object.isFrozen(created.metadata.labels)).toBe(true);
    expect(store.get('pods', { namespace: 'a', name: 'x' })).toBe(created);
    expect(store.list('pods').items[0]).toBe(created);
  });

  it('share the parts that a write did not change', async () => {
    const store = await open();
    const created = (await store.create('pods', pod('a/x'))) as Stored<Pod>;
    const updated = await store.update('pods', { ...created, metadata: { ...created.metadata } }, at(created));
    expect((updated as Stored<Pod>).spec).toBe(created.spec);
  });

  it('carry the revision of their last write, of one count over all collections', async () => {
    const store = await open();
    const first = await store.create('pods', pod('a/x'));
    const other = await store.create('nodes', { metadata: { name: 'n' } });
    const second = await store.update('pods', first, at(first));
    expect([at(first), at(other), at(second)]).toEqual([1, 2, 3]);
    expect(store.revision).toBe(3);
    expect(store.list('nodes').revision).toBe(3);
    expect([store.changedAt('pods'), store.changedAt('nodes'), store.changedAt('secrets')]).toEqual([3, 2, 0]);
  });

  it('keep their last state in a deletion, at the revision of the deletion', async () => {
    const store = await open();
    const created = await store.create('pods', pod('a/x', 'n1'));
    const deleted = await store.delete('pods', { namespace: 'a', name: 'x' }, at(created));
    expect(deleted).toEqual({ ...created, metadata: { ...created.metadata, resourceVersion: '2' } });
    expect(store.get('pods', { namespace: 'a', name: 'x' })).toBeUndefined();
    expect(store.count('pods')).toBe(0);
  });

  it.each<[string, (store: ObjectStore) => Promise<unknown>]>([
    ['a create of an object that exists', (store) => store.create('pods', pod('a/x'))],
    ['an update at another revision', (store) => store.update('pods', pod('a/x'), 7)],
    ['a delete at another revision', (store) => store.delete('pods', { namespace: 'a', name: 'x' }, 7)],
  ])('stay as they are when %s is refused', async (_, write) => {
    const store = await open();
    const created = await store.create('pods', pod('a/x'));
    await expect(write(store)).rejects.toMatchObject({ name: 'RevisionConflict', actual: 1 });
    expect(store.get('pods', { namespace: 'a', name: 'x' })).toBe(created);
    expect(store.revision).toBe(1);
  });

  it('are returned as written, even if another client writes after it', async () => {
    const store = await open();
    const first = store.create('pods', pod('a/x', 'n1'));
    const second = store.update('pods', pod('a/x', 'n2'), 1);
    const third = store.delete('pods', { namespace: 'a', name: 'x' }, 2);
    expect((await Promise.all([first, second, third])).map((o) => [at(o), nodeName(o)[0]])).toEqual([
      [1, 'n1'],
      [2, 'n2'],
      [3, 'n2'],
    ]);
  });

  it('are returned from a write even if the history dropped its event before the engine answers', async () => {
    const view = createLaggingEngine().view();
    const engine = delegatingEngine(view.engine, {
      commit: async (writes) => {
        const answer = await view.engine.commit(writes);
        for (let n = 0; n < 3; n++) {
          const key = `/pods/later/${answer.revision}-${n}`;
          await view.engine.commit([{ type: 'put', key, value: pod('later/x'), expected: 0 }]);
        }
        view.deliver();
        return answer;
      },
    });
    await view.engine.commit([{ type: 'put', key: '/pods/a/y', value: pod('a/y', 'n1'), expected: 0 }]);
    const store = await openObjectStore({ engine, historySize: 1 });
    expect(at(await store.delete('pods', { namespace: 'a', name: 'y' }, 1))).toBe(2);
    const created = await store.create('pods', pod('a/x', 'n1'));
    expect([at(created), nodeName(created)]).toEqual([6, ['n1']]);
    const gone = await store.delete('pods', { namespace: 'a', name: 'x' }, 6);
    expect([at(gone), nodeName(gone)]).toEqual([10, ['n1']]);
    // It knows only the name of an object it never saw.
    await view.engine.commit([{ type: 'put', key: '/pods/a/z', value: pod('a/z'), expected: 0 }]);
    const unseen = await store.delete('pods', { namespace: 'a', name: 'z' }, 14);
    expect(unseen).toEqual({ metadata: { namespace: 'a', name: 'z', resourceVersion: '15' } });
  });

  it('of the same collection cannot be written in one commit', async () => {
    const store = await open();
    const writes = ['a/x', 'a/y'].map(
      (key) => ({ type: 'put', collection: 'pods', object: pod(key), expected: 0 }) as const,
    );
    await expect(store.commit(writes)).rejects.toThrow('a commit writes two objects of a collection');
    expect(store.count('pods')).toBe(0);
  });

  it('are loaded when another store opens the engine', async () => {
    const engine = createMemoryEngine();
    const first = await openObjectStore({ engine });
    await first.create('pods', pod('a/x'));
    const second = await openObjectStore({ engine, indexes });
    expect(keys(second.list('pods', { index: { name: 'spec.nodeName', value: '' } }).items)).toEqual(['a/x']);
    expect(second.revision).toBe(1);
    const written = await first.create('pods', pod('a/y'));
    expect(second.get('pods', { namespace: 'a', name: 'y' })).toEqual(written);
  });
});

describe('lists', () => {
  it('are in the order of storage keys, byte by byte', async () => {
    const store = await open();
    const names = ['b/x', 'a/y', 'a-b/x', 'a/x', 'a/x-1'];
    for (const name of names.slice(0, 2)) await store.create('pods', pod(name));
    // The first list builds the order; from then on it is maintained.
    expect(keys(store.list('pods').items)).toEqual(['a/y', 'b/x']);
    for (const name of names.slice(2)) await store.create('pods', pod(name));
    expect(keys(store.list('pods').items)).toEqual(['a-b/x', 'a/x', 'a/x-1', 'a/y', 'b/x']);
    expect(keys(store.list('pods', { namespace: 'a' }).items)).toEqual(['a/x', 'a/x-1', 'a/y']);
    expect(keys(store.list('pods', { namespace: 'c' }).items)).toEqual([]);
  });

  it('are snapshots: later writes do not change them', async () => {
    const store = await open();
    const x = await store.create('pods', pod('a/x'));
    const before = store.list('pods');
    const inNamespace = store.list('pods', { namespace: 'a' });
    const byIndex = store.list('pods', { index: { name: 'spec.nodeName', value: '' } });
    await store.update('pods', pod('a/x', 'n1'), at(x));
    await store.create('pods', pod('a/w'));
    for (const { items } of [before, inNamespace, byIndex]) expect(items).toEqual([x]);
  });

  it('find by index the objects currently filed under a value', async () => {
    const store = await open();
    const find = (value: string) => keys(store.list('pods', { index: { name: 'spec.nodeName', value } }).items);
    const x = await store.create('pods', pod('a/x'));
    await store.create('pods', pod('b/y', 'n1'));
    expect([find(''), find('n1')]).toEqual([['a/x'], ['b/y']]);
    await store.update('pods', pod('a/x', 'n1'), at(x));
    expect([find(''), find('n1')]).toEqual([[], ['a/x', 'b/y']]);
    await store.delete('pods', { namespace: 'b', name: 'y' }, 2);
    expect(find('n1')).toEqual(['a/x']);
    expect(keys(store.list('pods', { namespace: 'b', index: { name: 'spec.nodeName', value: 'n1' } }).items)).toEqual(
      [],
    );
    expect([store.hasIndex('pods', 'spec.nodeName'), store.hasIndex('nodes', 'spec.nodeName')]).toEqual([true, false]);
  });

  it('of the past fail with Compacted where the history is gone', async () => {
    const store = await open(2);
    for (let n = 0; n < 8; n++) await store.create('pods', pod(`a/${n}`));
    const { oldest } = catchError(() => store.listAt('pods', 1)) as Compacted;
    expect(keys(store.listAt('pods', oldest).items)).toHaveLength(oldest);
    await store.compact(7);
    expect(() => store.listAt('pods', 6)).toThrow(Compacted);
    expect(() => store.listAt('secrets', 6)).toThrow(Compacted);
    expect(store.listAt('pods', 7).items).toHaveLength(7);
    expect(store.listAt('pods', 8).items).toHaveLength(8);
  });

  it('makes the list of a past revision once for all pages of it', async () => {
    const store = await openObjectStore({ engine: createMemoryEngine() });
    const named = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' } });
    for (const name of ['x', 'y']) await store.create('pods', named(name));
    for (const namespace of [undefined, 'a']) {
      const before = store.listAt('pods', 2, namespace).items;
      await store.create('pods', named(`z${namespace}`));
      const after = store.listAt('pods', 2, namespace).items;
      expect(after).toBe(before);
      expect(keys(after)).toEqual(['a/x', 'a/y']);
      expect(keys(store.listAt('pods', store.revision, namespace).items)).toContain(`a/z${namespace}`);
    }
  });

  it('of the past equal the state recorded then, for every history', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const store = await open();
        for (const { revision, objects } of await play(store, history)) {
          const all = [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
          expect(store.listAt('pods', revision).items).toEqual(all);
          const inNamespace = all.filter(({ metadata }) => metadata.namespace === 'a');
          expect(store.listAt('pods', revision, 'a').items).toEqual(inNamespace);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('watches', () => {
  it('report additions, modifications with the previous object, and deletions', async () => {
    const store = await open();
    const { events } = record(store, {}, 0);
    const x = await store.create('pods', pod('a/x'));
    const changed = await store.update('pods', pod('a/x', 'n1'), at(x));
    const gone = await store.delete('pods', { namespace: 'a', name: 'x' }, at(changed));
    expect(events).toEqual([
      { type: 'added', revision: 1, object: x },
      { type: 'modified', revision: 2, object: changed, previous: x },
      { type: 'deleted', revision: 3, object: gone, previous: changed },
    ]);
  });

  it('see the change in the store before its event', async () => {
    const store = await open();
    const seen: unknown[] = [];
    store.watch('pods', {}, 0).subscribe(({ object }) => {
      seen.push(store.get('pods', { namespace: 'a', name: 'x' }) === object, store.list('pods').items.length);
    });
    await store.create('pods', pod('a/x'));
    expect(seen).toEqual([true, 1]);
  });

  it.each<[string, WatchScope, readonly string[]]>([
    ['nothing', {}, ['a/x', 'a/y', 'b/x', 'b/x']],
    ['a namespace', { namespace: 'a' }, ['a/x', 'a/y']],
    ['the empty namespace, which is all', { namespace: '' }, ['a/x', 'a/y', 'b/x', 'b/x']],
    ['a name', { name: 'x' }, ['a/x', 'b/x', 'b/x']],
    ['a name in a namespace', { namespace: 'b', name: 'x' }, ['b/x', 'b/x']],
    [
      'an index: both what comes and what goes',
      { index: { name: 'spec.nodeName', value: 'n1' } },
      ['a/y', 'b/x', 'b/x'],
    ],
    ['an index, when an object leaves it', { index: { name: 'spec.nodeName', value: 'n2' } }, ['b/x']],
    ['an index in a namespace', { namespace: 'a', index: { name: 'spec.nodeName', value: 'n1' } }, ['a/y']],
    ['a name and an index', { name: 'x', index: { name: 'spec.nodeName', value: 'n1' } }, ['b/x', 'b/x']],
    ['an unknown index: all', { index: { name: 'color', value: 'red' } }, ['a/x', 'a/y', 'b/x', 'b/x']],
  ])('narrowed to %s see just that, live and from the history', async (_, scope, expected) => {
    const store = await open();
    const live = record(store, scope, 0);
    await store.create('pods', pod('a/x'));
    await store.create('pods', pod('a/y', 'n1'));
    const b = await store.create('pods', pod('b/x', 'n1'));
    await store.update('pods', pod('b/x', 'n2'), at(b));
    await store.create('secrets', pod('a/x', 'n1'));
    expect(keys(live.events.map(({ object }) => object))).toEqual(expected);
    expect(record(store, scope, 0).events).toEqual(live.events);
  });

  it('from a future revision begin after it', async () => {
    const store = await open();
    const { events } = record(store, {}, 2);
    for (const key of ['a/1', 'a/2', 'a/3']) await store.create('pods', pod(key));
    expect(events.map(({ revision }) => revision)).toEqual([3]);
  });

  it('fail with Compacted where the history is gone', async () => {
    const store = await open(2);
    for (let n = 0; n < 8; n++) await store.create('pods', pod(`a/${n}`));
    const { events, errors } = record(store, {}, 1);
    expect(events).toEqual([]);
    expect(errors).toEqual([expect.any(Compacted)]);
    await store.compact(8);
    expect(record(store, {}, 7).errors).toEqual([expect.any(Compacted)]);
    expect(record(store, {}, 8).errors).toEqual([]);
  });

  it('that begin during a delivery receive that event exactly once', async () => {
    const store = await open();
    const inner: number[] = [];
    let begun = false;
    store.watch('pods', {}, 0).subscribe(({ revision }) => {
      if (begun) return;
      begun = true;
      store.watch('pods', {}, revision - 1).subscribe((event) => inner.push(event.revision));
    });
    await store.create('pods', pod('a/x'));
    await store.create('pods', pod('a/y'));
    expect(inner).toEqual([1, 2]);
  });

  it('that write while they replay the past receive those events too, in order', async () => {
    const store = await open();
    await store.create('pods', pod('a/0'));
    const revisions: number[] = [];
    store.watch('pods', {}, 0).subscribe(({ revision }) => {
      revisions.push(revision);
      if (revision < 4) void store.create('pods', pod(`a/${revision}`));
    });
    await store.create('pods', pod('b/x'));
    expect(revisions).toEqual([1, 2, 3, 4, 5]);
  });

  it('deliver nothing after they are unsubscribed', async () => {
    const store = await open();
    const seen: number[] = [];
    const watch = store.watch('pods', { name: 'x' }, 0).subscribe(({ revision }) => seen.push(revision));
    await store.create('pods', pod('a/x'));
    watch.unsubscribe();
    await store.create('pods', pod('b/x'));
    expect(seen).toEqual([1]);
  });

  it('end when the store is closed', async () => {
    const store = await open();
    let ends = 0;
    store.watch('pods', {}, 0).subscribe({ complete: () => ends++ });
    await store.close();
    store.watch('pods', {}, 0).subscribe({ complete: () => ends++ });
    expect(ends).toBe(2);
  });

  it('from any revision replay every history to the present', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(30), async (history, begin) => {
        const store = await open();
        const live: StoreEvent[] = [];
        const states = await play(store, history, (step) => {
          if (step === begin) store.watch('pods', {}, 0).subscribe((event) => live.push(event));
        });
        for (const { revision, objects } of states) {
          const { events } = record(store, {}, revision);
          const replayed = new Map(objects);
          for (const event of events) {
            const key = `${event.object.metadata.namespace}/${event.object.metadata.name}`;
            expect(event.previous).toEqual(replayed.get(key));
            if (event.type === 'deleted') replayed.delete(key);
            else replayed.set(key, event.object);
          }
          expect(replayed).toEqual(states.at(-1)?.objects);
        }
        if (begin < history.length) expect(live).toEqual(record(store, {}, 0).events);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an engine that fails', () => {
  const watching = (commits: Observable<Commit>): StorageEngine =>
    delegatingEngine(createMemoryEngine(), { watch: () => commits });

  it('fails watches, reads and pending writes, so that no caller continues with stale state', async () => {
    const commits = new Subject<Commit>();
    const store = await openObjectStore({ engine: watching(commits) });
    const { errors } = record(store, {}, 0);
    const write = store.create('pods', pod('a/x'));
    await Promise.resolve();
    commits.error(new Error('the disk is gone'));
    await expect(write).rejects.toBeInstanceOf(StoreFailed);
    expect(errors).toEqual([expect.any(StoreFailed)]);
    expect((errors[0] as Error).cause).toEqual(new Error('the disk is gone'));
    expect(() => store.get('pods', { namespace: 'a', name: 'x' })).toThrow(StoreFailed);
    expect(() => store.list('pods')).toThrow(StoreFailed);
    expect(record(store, {}, 0).errors).toEqual([expect.any(StoreFailed)]);
  });

  it('that delivers the event of a write after answering makes the write wait for it', async () => {
    const commits = new Subject<Commit>();
    const store = await openObjectStore({ engine: watching(commits) });
    const write = store.create('pods', pod('a/x'));
    let done = false;
    void write.then(() => {
      done = true;
    });
    for (let i = 0; i < 10; i++) await Promise.resolve();
    expect(done).toBe(false);
    commits.next({ revision: 1, changes: [{ type: 'put', key: '/pods/a/x', value: pod('a/x') }] });
    expect(await write).toBe(store.get('pods', { namespace: 'a', name: 'x' }));
  });
});

interface State {
  readonly revision: number;
  readonly objects: ReadonlyMap<string, Stored>;
}

const histories = fc.array(
  fc.record({
    key: fc.constantFrom('a/x', 'a/y', 'a-b/x', 'b/x'),
    node: fc.constantFrom('', 'n1', 'n2'),
    remove: fc.boolean(),
  }),
  { maxLength: 30 },
);

/** Plays a history and returns its states, beginning with the empty one. */
async function play(
  store: ObjectStore,
  history: readonly { readonly key: string; readonly node: string; readonly remove: boolean }[],
  before: (step: number) => void = () => undefined,
): Promise<State[]> {
  const states: State[] = [{ revision: store.revision, objects: new Map() }];
  for (const [n, { key, node, remove }] of history.entries()) {
    before(n);
    const objects = new Map(states.at(-1)?.objects);
    const [namespace = '', name = ''] = key.split('/');
    const old = objects.get(key);
    if (remove && old === undefined) continue;
    if (remove) {
      await store.delete('pods', { namespace, name }, at(old as Stored));
      objects.delete(key);
    } else {
      const object = pod(key, node, String(n));
      objects.set(
        key,
        old === undefined ? await store.create('pods', object) : await store.update('pods', object, at(old)),
      );
    }
    // Writes to another collection advance the revision and nothing else.
    if (n % 3 === 0) await store.create('secrets', pod(`a/${n}`));
    states.push({ revision: store.revision, objects });
  }
  return states;
}

function catchError(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('the history of all collections', () => {
  const historyBytes = 1_000_000;
  const large = (name: string, node: string) =>
    ({
      metadata: { namespace: 'a', name },
      spec: { nodeName: node, containers: [], note: node.repeat(100_000) },
    }) as never;

  it('is bounded in bytes: where most is held, the oldest is forgotten first', async () => {
    const store = await openObjectStore({ engine: createMemoryEngine(), historyBytes });
    const small = await store.create('configmaps', pod('a/small'));
    let last = await store.create('pods', large('p', '0'));
    for (let i = 1; i <= 50; i++) last = await store.update('pods', large('p', String(i % 10)), at(last));
    // The collection with little history keeps all of it.
    const seen = record(store, {}, at(small));
    expect(seen.errors).toEqual([expect.any(Compacted)]);
    const kept: StoreEvent[] = [];
    store.watch('configmaps', {}, 0).subscribe((event) => kept.push(event));
    expect(kept).toHaveLength(1);
    // The latest changes of the other are still there.
    expect(record(store, {}, at(last) - 3).events).toHaveLength(3);
  });

  it('counts only what changes of an object do not share with it', async () => {
    const store = await openObjectStore({ engine: createMemoryEngine(), historyBytes });
    const first = await store.create('pods', large('p', '0'));
    let last = first;
    for (let i = 0; i < 100; i++) {
      const { spec } = last as Pod;
      last = await store.update('pods', { ...pod('a/p', '', `l${i}`), spec } as Pod, at(last));
    }
    expect(record(store, {}, at(first)).events).toHaveLength(100);
  });

  it('counts no object that is still there, and each that was deleted', async () => {
    const store = await openObjectStore({ engine: createMemoryEngine(), historyBytes });
    const made: Stored[] = [];
    for (let i = 0; i < 30; i++) made.push(await store.create('pods', large(`p${i}`, '0')));
    const last = at(made.at(-1) as Stored);
    expect(record(store, {}, 0).events).toHaveLength(30);
    for (const { metadata } of made)
      await store.delete('pods', { namespace: 'a', name: metadata.name }, at({ metadata } as Stored));
    expect(record(store, {}, last).errors).toEqual([expect.any(Compacted)]);
    expect(record(store, {}, last + 27).events.map(({ type }) => type)).toEqual(['deleted', 'deleted', 'deleted']);
  });

  it('may hold one change that is larger than the bound', async () => {
    const store = await openObjectStore({ engine: createMemoryEngine(), historyBytes: 1000 });
    const made = await store.create('pods', large('p', '0'));
    const changed = await store.update('pods', large('p', '1'), at(made));
    expect(store.get('pods', { namespace: 'a', name: 'p' })).toBe(changed);
    expect(record(store, {}, at(made)).events).toHaveLength(1);
  });
});
