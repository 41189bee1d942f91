import type { KubernetesObject, Stored } from '@orrery/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delegatingEngine } from './delegating-engine.ts';
import { RevisionConflict } from './engine.ts';
import { storageEngineContract } from './engine-contract.fixture.ts';
import { followerContract } from './follower-contract.fixture.ts';
import { createLaggingEngine, type LaggingView, type ViewOptions } from './lagging-engine.fixture.ts';
import { createMemoryEngine } from './memory-engine.ts';
import { type ObjectStore, openObjectStore } from './object-store.ts';

followerContract('memory engine', () => {
  const engine = createMemoryEngine();
  return () => delegatingEngine(engine, { close: async () => {} });
});

const lags: readonly [string, NonNullable<ViewOptions['lag']>][] = [
  ['one commit at a time, at once after it was acknowledged', { turns: 1, batch: 1 }],
  ['one commit at a time, long after it was acknowledged', { turns: 20, batch: 1 }],
  ['many commits together', { turns: 9, batch: 5 }],
];
for (const [name, lag] of lags) {
  followerContract(`lagging engine, ${name}`, () => {
    const shared = createLaggingEngine();
    return () => shared.view({ lag }).engine;
  });
}
storageEngineContract('lagging engine', () => createLaggingEngine().view({ lag: { turns: 3, batch: 2 } }).engine);

interface Process {
  readonly view: LaggingView;
  readonly store: ObjectStore;
}

/** Two processes that see only the commits delivered to them. */
async function processes(shared = createLaggingEngine()): Promise<readonly [Process, Process]> {
  const open = async (): Promise<Process> => {
    const view = shared.view();
    return { view, store: await openObjectStore({ engine: view.engine }) };
  };
  return [await open(), await open()];
}

const map = (name: string, value = ''): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'a', name }, data: { value } }) as KubernetesObject;
const at = (object: Stored): number => Number(object.metadata.resourceVersion);
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await undefined;
};

describe('a process that lags behind', () => {
  it('resolves its own write only after it has seen it and all earlier writes', async () => {
    const [one, other] = await processes();
    void one.store.create('maps', map('x'));
    await settled();
    let done: Stored | undefined;
    void other.store.create('maps', map('y')).then((stored) => {
      done = stored;
    });
    await settled();
    expect([other.view.held, done, other.store.count('maps')]).toEqual([2, undefined, 0]);
    other.view.deliver(1);
    await settled();
    expect([done, other.store.count('maps'), other.store.revision]).toEqual([undefined, 1, 1]);
    other.view.deliver();
    await settled();
    expect(done).toBe(other.store.get('maps', { namespace: 'a', name: 'y' }));
  });

  it('has writes based on stale state refused until it has caught up', async () => {
    const [one, other] = await processes();
    const first = one.store.create('maps', map('x'));
    for (const { view } of [one, other]) await settled().then(() => view.deliver());
    const second = one.store.update('maps', map('x', '2'), at(await first));
    await settled();
    one.view.deliver();
    await expect(other.store.update('maps', map('x', '3'), at(await first))).rejects.toBeInstanceOf(RevisionConflict);
    expect(other.store.get('maps', { namespace: 'a', name: 'x' })).toEqual(await first);
    const caughtUp = other.store.caughtUp(await other.store.current());
    other.view.deliver();
    await caughtUp;
    expect(other.store.get('maps', { namespace: 'a', name: 'x' })).toEqual(await second);
  });

  it('always shows the state as of its revision, whatever is delivered to it', async () => {
    const step = fc.oneof(
      fc.record({ process: fc.nat(1), deliver: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ process: fc.nat(1), key: fc.constantFrom('x', 'y', 'z'), remove: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const shared = createLaggingEngine();
        const all = await processes(shared);
        // A third process, which sees everything at once, records every state.
        const states = new Map<number, readonly Stored[]>([[0, []]]);
        const witness = await openObjectStore({ engine: shared.view({ lag: 'none' }).engine });
        witness.watch('maps', {}, 0).subscribe(({ revision }) => states.set(revision, witness.list('maps').items));
        const writes: Promise<unknown>[] = [];
        for (const next of steps) {
          const { view, store } = all[next.process] as Process;
          if ('deliver' in next) view.deliver(next.deliver);
          else writes.push(write(store, next.key, next.remove));
          await settled();
          for (const each of all) expect(each.store.list('maps').items).toEqual(states.get(each.store.revision));
        }
        for (const { view } of all) view.deliver();
        for (const result of await Promise.allSettled(writes))
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(RevisionConflict);
        expect(all[1].store.list('maps')).toEqual(all[0].store.list('maps'));
        for (const [revision, items] of states)
          for (const { store } of all) expect(store.listAt('maps', revision).items).toEqual(items);
      }),
      { numRuns: 60 },
    );
  });
});

function write(store: ObjectStore, name: string, remove: boolean): Promise<unknown> {
  const key = { namespace: 'a', name };
  const old = store.get('maps', key);
  if (old === undefined) return remove ? Promise.resolve() : store.create('maps', map(name));
  return remove ? store.delete('maps', key, at(old)) : store.update('maps', map(name, `${at(old)}`), at(old));
}
