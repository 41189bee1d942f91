import type { KubernetesObject, Pod, Stored } from '@orrery/api';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { RevisionConflict, type StorageEngine } from './engine.ts';
import { type ObjectStore, openObjectStore, StoreFailed } from './object-store.ts';
import type { StoreEvent } from './watchers.ts';

const nodeName = (object: KubernetesObject): string[] => [(object as Pod).spec?.nodeName ?? ''];
const indexes = { pods: { 'spec.nodeName': nodeName } };
const x = { namespace: 'a', name: 'x' };

/**
 * The contract of object stores of several processes over one storage. `share` creates empty storage and returns a factory of
 * engines, one for each process; closing one does not end the others.
 */
export function followerContract(name: string, share: () => () => StorageEngine): void {
  const opened: ObjectStore[] = [];
  const open = async (engine: StorageEngine): Promise<ObjectStore> => {
    const store = await openObjectStore({ engine, indexes });
    opened.push(store);
    return store;
  };
  const two = async (): Promise<readonly [ObjectStore, ObjectStore]> => {
    const view = share();
    return [await open(view()), await open(view())];
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  describe(`${name}: stores of two processes`, () => {
    it('see the other’s writes: objects, lists, indexes, the past', async () => {
      const [one, other] = await two();
      const created = await one.create('pods', pod('a/x'));
      const updated = await one.update('pods', pod('a/x', 'n1'), at(created));
      const y = await other.create('pods', pod('b/y', 'n1'));
      await meet(one, other);
      for (const store of [one, other]) {
        expect(store.get('pods', x)).toEqual(updated);
        expect(store.list('pods')).toEqual({ items: [updated, y], revision: at(y) });
        expect(store.list('pods', { index: { name: 'spec.nodeName', value: 'n1' } }).items).toEqual([updated, y]);
        expect(store.listAt('pods', at(created)).items).toEqual([created]);
        expect([store.count('pods'), store.changedAt('pods'), store.revision]).toEqual([2, at(y), at(y)]);
      }
    });

    it('deliver the same events to their watches', async () => {
      const [one, other] = await two();
      const recorded = [one, other].map(eventsOf);
      const created = await one.create('pods', pod('a/x'));
      await meet(one, other);
      const updated = await other.update('pods', pod('a/x', 'n1'), at(created));
      await meet(one, other);
      const deleted = await one.delete('pods', x, at(updated));
      await meet(one, other);
      expect(recorded[0]).toEqual([
        { type: 'added', revision: at(created), object: created },
        { type: 'modified', revision: at(updated), object: updated, previous: created },
        { type: 'deleted', revision: at(deleted), object: deleted, previous: updated },
      ]);
      expect(recorded[1]).toEqual(recorded[0]);
    });

    it('resolve a write when they have seen it themselves', async () => {
      const stores = await two();
      for (const [i, store] of stores.entries()) {
        const created = await store.create('pods', pod(`a/${i}`));
        expect(store.get('pods', { namespace: 'a', name: `${i}` })).toBe(created);
        expect(store.revision).toBeGreaterThanOrEqual(at(created));
      }
    });

    it.each<[string, (store: ObjectStore, revision: number) => Promise<Stored>]>([
      ['new objects of one name', (store) => store.create('pods', pod('a/new'))],
      ['updates', (store, revision) => store.update('pods', pod('a/x', 'n1'), revision)],
      ['deletions', (store, revision) => store.delete('pods', x, revision)],
    ])('let one of two %s win, and the other can see why when it has caught up', async (_, write) => {
      const stores = await two();
      const created = await stores[0].create('pods', pod('a/x'));
      await meet(...stores);
      const results = await Promise.allSettled(stores.map((store) => write(store, at(created))));
      const won = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      const lost = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
      expect(won).toHaveLength(1);
      expect(lost).toEqual([expect.any(RevisionConflict)]);
      await meet(...stores);
      const [winner] = won as [Stored];
      const key = { namespace: 'a', name: winner.metadata.name };
      for (const store of stores) {
        const now = store.get('pods', key);
        expect(now === undefined || at(now) === at(winner)).toBe(true);
        expect(store.changedAt('pods')).toBe(at(winner));
      }
    });

    it('return from each write the object it wrote, even if another process writes after it', async () => {
      const [one, other] = await two();
      const first = await one.create('pods', pod('a/x', 'n1'));
      await meet(one, other);
      const second = one.update('pods', pod('a/x', 'n2'), at(first));
      const third = second.then((stored) => other.update('pods', pod('a/x', 'n3'), at(stored)));
      const fourth = third.then((stored) => one.delete('pods', x, at(stored)));
      const written = await Promise.all([second, third, fourth]);
      expect(written.map((object) => nodeName(object)[0])).toEqual(['n2', 'n3', 'n3']);
      expect(written.map(at)).toEqual([...written.map(at)].sort((a, b) => a - b));
    });

    it('show each commit as a whole', async () => {
      const [one, other] = await two();
      const seen: unknown[] = [];
      for (const collection of ['services', 'ipaddresses', 'pods']) {
        other.watch(collection, {}, 0).subscribe(({ revision }) => {
          const found = ['services', 'ipaddresses', 'pods'].filter((name) => other.get(name, x) !== undefined);
          seen.push([collection, other.revision === revision, found]);
        });
      }
      const [service, address] = (await one.commit([
        { type: 'put', collection: 'services', object: pod('a/x'), expected: 0 },
        { type: 'put', collection: 'ipaddresses', object: pod('a/x'), expected: 0 },
      ])) as [Stored, Stored];
      expect(at(service)).toBe(at(address));
      const [gone, made] = (await one.commit([
        { type: 'delete', collection: 'services', key: x, expected: at(service) },
        { type: 'put', collection: 'pods', object: pod('a/x'), expected: 0 },
      ])) as [Stored, Stored];
      expect(gone).toEqual({ ...service, metadata: { ...service.metadata, resourceVersion: String(at(made)) } });
      await meet(one, other);
      expect(seen).toEqual([
        ['services', true, ['services', 'ipaddresses']],
        ['ipaddresses', true, ['services', 'ipaddresses']],
        ['services', true, ['ipaddresses', 'pods']],
        ['pods', true, ['ipaddresses', 'pods']],
      ]);
    });

    it('apply no write of a refused commit', async () => {
      const [one, other] = await two();
      await one.create('ipaddresses', pod('a/x'));
      const refused = other.commit([
        { type: 'put', collection: 'services', object: pod('a/x'), expected: 0 },
        { type: 'put', collection: 'ipaddresses', object: pod('a/x'), expected: 0 },
      ]);
      await expect(refused).rejects.toMatchObject({ name: 'RevisionConflict', key: '/ipaddresses/a/x' });
      await meet(one, other);
      for (const store of [one, other]) expect(store.count('services')).toBe(0);
    });

    it('delete an object that only the other has seen, and return its last state', async () => {
      const [one, other] = await two();
      const created = await one.create('pods', pod('a/x', 'n1'));
      const deleted = await other.delete('pods', x, at(created));
      expect(nodeName(deleted)).toEqual(['n1']);
      await meet(one, other);
      expect([one.get('pods', x), other.get('pods', x)]).toEqual([undefined, undefined]);
    });

    it('report the current revision of both', async () => {
      const [one, other] = await two();
      expect(await other.current()).toBe(one.revision);
      const { metadata } = await one.create('pods', pod('a/x'));
      expect(await other.current()).toBe(Number(metadata.resourceVersion));
      expect(await one.current()).toBe(await other.current());
    });

    it('agree with a third that opens later', async () => {
      const view = share();
      const one = await open(view());
      await one.create('pods', pod('a/x'));
      const late = await open(view());
      const events = eventsOf(late);
      await one.create('pods', pod('a/y'));
      await late.create('pods', pod('a/z'));
      await meet(one, late);
      expect(late.list('pods')).toEqual(one.list('pods'));
      expect(events).toHaveLength(2);
    });

    it('end in the same state with the same history, whatever they write concurrently', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(rounds, { maxLength: 12 }), async (history) => {
          const view = share();
          const stores = [await open(view()), await open(view()), await open(view())];
          const recorded = stores.map(eventsOf);
          for (const round of history) {
            const writes = round.map(({ process, ...step }) => take(stores[process] as ObjectStore, step));
            for (const result of await Promise.allSettled(writes))
              if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(RevisionConflict);
          }
          await meet(...stores);
          const [first, ...others] = stores as [ObjectStore, ...ObjectStore[]];
          const revisions = [0, ...(recorded[0] ?? []).map(({ revision }) => revision)];
          for (const [i, store] of others.entries()) {
            expect(recorded[i + 1]).toEqual(recorded[0]);
            expect(store.list('pods')).toEqual(first.list('pods'));
            for (const revision of revisions)
              expect(store.listAt('pods', revision)).toEqual(first.listAt('pods', revision));
          }
        }),
        { numRuns: 30 },
      );
    });
  });

  describe(`${name}: caughtUp`, () => {
    it('resolves for a revision already seen', async () => {
      const [one] = await two();
      const { metadata } = await one.create('pods', pod('a/x'));
      await one.caughtUp(Number(metadata.resourceVersion));
      await one.caughtUp(0);
    });

    it('waits for a write of another process, and shows it then', async () => {
      const [one, other] = await two();
      const created = await one.create('pods', pod('a/x'));
      await other.caughtUp(at(created));
      expect(other.get('pods', x)).toEqual(created);
    });

    it('waits for a future revision', async () => {
      const [one, other] = await two();
      const waits = other.caughtUp(one.revision + 2).then(() => other.count('pods'));
      for (const key of ['a/x', 'a/y']) await one.create('pods', pod(key));
      expect(await waits).toBe(2);
    });

    it("rejects with the signal's reason when it is aborted, before or later", async () => {
      const [one] = await two();
      const reason = new Error('too late');
      await expect(one.caughtUp(9, AbortSignal.abort(reason))).rejects.toBe(reason);
      const over = new AbortController();
      const waits = one.caughtUp(9, over.signal);
      over.abort(reason);
      await expect(waits).rejects.toBe(reason);
      await one.create('pods', pod('a/x'));
    });

    it('rejects when the store is closed, before or later', async () => {
      const [one, other] = await two();
      const waits = one.caughtUp(9);
      const refused = expect(waits).rejects.toBeInstanceOf(StoreFailed);
      await one.close();
      await refused;
      await expect(one.caughtUp(9)).rejects.toBeInstanceOf(StoreFailed);
      await expect(one.create('pods', pod('a/x'))).rejects.toBeInstanceOf(StoreFailed);
      await other.create('pods', pod('a/x'));
    });
  });
}

interface Step {
  readonly key: string;
  readonly node: string;
  readonly remove: boolean;
}

/** What several processes do concurrently. */
const rounds = fc.array(
  fc.record({
    process: fc.nat(2),
    key: fc.constantFrom('a/x', 'a/y', 'b/x'),
    node: fc.constantFrom('', 'n1'),
    remove: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** One write, based on the state that the process has seen. */
async function take(store: ObjectStore, { key, node, remove }: Step): Promise<unknown> {
  const [namespace = '', name = ''] = key.split('/');
  const old = store.get('pods', { namespace, name });
  if (old === undefined) return remove ? undefined : store.create('pods', pod(key, node));
  return remove ? store.delete('pods', { namespace, name }, at(old)) : store.update('pods', pod(key, node), at(old));
}

/** Waits until all have seen everything. */
async function meet(...stores: readonly ObjectStore[]): Promise<void> {
  for (const store of stores) await store.caughtUp(await store.current());
}

function eventsOf(store: ObjectStore): StoreEvent[] {
  const events: StoreEvent[] = [];
  store.watch('pods', {}, store.revision).subscribe((event) => events.push(event));
  return events;
}

function at(object: Stored): number {
  return Number(object.metadata.resourceVersion);
}

function pod(key: string, node = ''): Pod {
  const [namespace = '', name = ''] = key.split('/');
  return { metadata: { namespace, name }, spec: { nodeName: node, containers: [] } } as unknown as Pod;
}
