import type { KubernetesObject } from '@orrery/api';
import fc from 'fast-check';
import { filter, firstValueFrom, lastValueFrom, type Observable, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Commit, Compacted, RevisionConflict, type StorageEngine, type Write } from './engine.ts';

/** The contract of every storage engine. Run it in a test file with a factory of empty engines. */
export function storageEngineContract(name: string, makeEngine: () => Promise<StorageEngine> | StorageEngine): void {
  const opened: StorageEngine[] = [];
  const open = async (): Promise<StorageEngine> => {
    const engine = await makeEngine();
    opened.push(engine);
    return engine;
  };
  afterEach(async () => {
    for (const engine of opened.splice(0)) await engine.close();
  });

  describe(`${name}: commit`, () => {
    it('assigns each commit a revision greater than all before', async () => {
      const engine = await open();
      const first = await engine.commit([put('/pods/a/x', 1, 0)]);
      const second = await engine.commit([put('/pods/a/y', 1, 0)]);
      expect(second.revision).toBeGreaterThan(first.revision);
      expect((await engine.range('/')).revision).toBe(second.revision);
    });

    it('puts where the key is at the expected revision', async () => {
      const engine = await open();
      const { revision } = await engine.commit([put('/pods/a/x', 1, 0)]);
      const next = await engine.commit([put('/pods/a/x', 2, revision)]);
      expect(await engine.range('/pods/')).toEqual({
        entries: [{ key: '/pods/a/x', value: value(2), revision: next.revision }],
        revision: next.revision,
      });
    });

    it.each<[string, (revision: number) => Write]>([
      ['a put of a new key that exists', () => put('/pods/a/x', 2, 0)],
      ['a put at an older revision', (revision) => put('/pods/a/x', 2, revision - 1)],
      ['a put at a later revision', (revision) => put('/pods/a/x', 2, revision + 1)],
      ['a delete at another revision', (revision) => removal('/pods/a/x', revision - 1)],
    ])('refuses %s, and says what the key is at', async (_, write) => {
      const engine = await open();
      await engine.commit([put('/pods/a/w', 0, 0)]);
      const { revision } = await engine.commit([put('/pods/a/x', 1, 0)]);
      await expect(engine.commit([write(revision)])).rejects.toMatchObject({
        name: 'RevisionConflict',
        key: '/pods/a/x',
        actual: revision,
      });
      expect((await engine.range('/')).revision).toBe(revision);
    });

    it.each<[string, Write]>([
      ['a put at a revision', put('/pods/a/x', 1, 7)],
      ['a delete', removal('/pods/a/x', 7)],
      ['a delete that expects nothing to be there', removal('/pods/a/x', 0)],
    ])('refuses %s of a key that is not there: it is at 0', async (_, write) => {
      const engine = await open();
      await expect(engine.commit([write])).rejects.toMatchObject({ name: 'RevisionConflict', actual: 0 });
      await expect(engine.commit([write])).rejects.toBeInstanceOf(RevisionConflict);
    });

    it('applies all writes as one revision', async () => {
      const engine = await open();
      const { revision } = await engine.commit([put('/pods/a/x', 1, 0), put('/pods/a/y', 1, 0)]);
      const next = await engine.commit([removal('/pods/a/x', revision), put('/pods/a/y', 2, revision)]);
      expect((await engine.range('/')).entries).toEqual([
        { key: '/pods/a/y', value: value(2), revision: next.revision },
      ]);
    });

    it('writes nothing if one write is refused, and notifies no watcher', async () => {
      const engine = await open();
      const { revision } = await engine.commit([put('/pods/a/x', 1, 0)]);
      const commits: Commit[] = [];
      const watch = withChanges(engine.watch('/', revision)).subscribe((commit) => commits.push(commit));
      const writes = [put('/pods/a/y', 1, 0), put('/pods/a/x', 2, 0), removal('/pods/a/x', revision)];
      await expect(engine.commit(writes.slice(0, 2))).rejects.toThrow('is at revision');
      expect(await engine.range('/')).toEqual({
        entries: [{ key: '/pods/a/x', value: value(1), revision }],
        revision,
      });
      const done = firstValueFrom(withChanges(engine.watch('/', revision)));
      await engine.commit([put('/pods/a/z', 1, 0)]);
      expect(keysOf([await done])).toEqual(['/pods/a/z']);
      await expect.poll(() => keysOf(commits)).toEqual(['/pods/a/z']);
      watch.unsubscribe();
    });

    it('refuses a commit that writes a key twice', async () => {
      const engine = await open();
      await expect(engine.commit([put('/pods/a/x', 1, 0), put('/pods/a/x', 2, 0)])).rejects.toThrow();
      expect((await engine.range('/')).entries).toEqual([]);
    });

    it('lets one of many racing writers win', async () => {
      const engine = await open();
      const results = await Promise.allSettled([1, 2, 3, 4].map((n) => engine.commit([put('/pods/a/x', n, 0)])));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });
  });

  describe(`${name}: range`, () => {
    it('returns no entries from an empty engine, at revision 0 or greater', async () => {
      const { entries, revision } = await (await open()).range('/');
      expect(entries).toEqual([]);
      expect(revision).toBeGreaterThanOrEqual(0);
    });

    it('returns the entries under the prefix, in key order, each with its revision', async () => {
      const engine = await open();
      const keys = ['/pods/b/x', '/pods/a-b/x', '/pods/a/y', '/podtemplates/a/x', '/pods/a/x', '/nodes//n1'];
      const revisions = new Map<string, number>();
      for (const key of keys) revisions.set(key, (await engine.commit([put(key, 1, 0)])).revision);
      const { entries } = await engine.range('/pods/');
      expect(entries.map(({ key }) => key)).toEqual(['/pods/a-b/x', '/pods/a/x', '/pods/a/y', '/pods/b/x']);
      for (const { key, revision } of entries) expect(revision).toBe(revisions.get(key));
    });

    it('returns values as they were put', async () => {
      const engine = await open();
      const object = { kind: 'Pod', metadata: { name: 'ü', labels: {} }, list: [1, 'two', null, { three: true }] };
      await engine.commit([{ type: 'put', key: '/pods/a/x', value: object as KubernetesObject, expected: 0 }]);
      expect((await engine.range('/')).entries[0]?.value).toEqual(object);
    });
  });

  describe(`${name}: revision`, () => {
    it('is the revision of the latest commit', async () => {
      const engine = await open();
      expect(await engine.revision()).toBe((await engine.range('/')).revision);
      const { revision } = await engine.commit([put('/pods/a/x', 1, 0), put('/pods/a/y', 1, 0)]);
      expect(await engine.revision()).toBe(revision);
      await expect(engine.commit([put('/pods/a/x', 2, 0)])).rejects.toThrow();
      expect(await engine.revision()).toBe(revision);
    });

    it('is reached by a watch of everything, wherever it begins', async () => {
      const engine = await open();
      await engine.commit([put('/pods/a/x', 1, 0)]);
      const seen: number[] = [];
      const watches = [0, await engine.revision()].map((after, i) =>
        engine.watch('/', after).subscribe(({ revision }) => {
          seen[i] = revision;
        }),
      );
      for (const key of ['/nodes//x', '/pods/a/y']) await engine.commit([put(key, 1, 0)]);
      const revision = await engine.revision();
      await expect.poll(() => seen).toEqual([revision, revision]);
      for (const watch of watches) watch.unsubscribe();
    });
  });

  describe(`${name}: watch`, () => {
    it('delivers past and future commits after the revision, in order', async () => {
      const engine = await open();
      const first = await engine.commit([put('/pods/a/x', 1, 0)]);
      const second = await engine.commit([put('/pods/a/x', 2, first.revision)]);
      const recorded = lastValueFrom(withChanges(engine.watch('/', first.revision)).pipe(take(3), toArray()));
      const third = await engine.commit([put('/pods/a/y', 1, 0)]);
      const fourth = await engine.commit([removal('/pods/a/x', second.revision)]);
      expect(await recorded).toEqual([
        { revision: second.revision, changes: [{ type: 'put', key: '/pods/a/x', value: value(2) }] },
        { revision: third.revision, changes: [{ type: 'put', key: '/pods/a/y', value: value(1) }] },
        { revision: fourth.revision, changes: [{ type: 'delete', key: '/pods/a/x', value: value(2) }] },
      ]);
    });

    it('delivers all writes of a commit at once', async () => {
      const engine = await open();
      const recorded = lastValueFrom(withChanges(engine.watch('/', 0)).pipe(take(2), toArray()));
      const first = await engine.commit([put('/pods/a/x', 1, 0), put('/nodes//n', 1, 0), put('/pods/a/y', 1, 0)]);
      const second = await engine.commit([removal('/pods/a/x', first.revision), put('/pods/a/y', 2, first.revision)]);
      const [one, other] = (await recorded) as [Commit, Commit];
      expect(keysOf([one]).sort()).toEqual(['/nodes//n', '/pods/a/x', '/pods/a/y']);
      expect(keysOf([other]).sort()).toEqual(['/pods/a/x', '/pods/a/y']);
      expect([one.revision, other.revision]).toEqual([first.revision, second.revision]);
    });

    it('delivers only changes under the prefix', async () => {
      const engine = await open();
      const recorded = lastValueFrom(withChanges(engine.watch('/pods/', 0)).pipe(take(3), toArray()));
      for (const key of ['/pods/a/x', '/podtemplates/a/x', '/nodes//x', '/pods/b/x'])
        await engine.commit([put(key, 1, 0)]);
      await engine.commit([put('/nodes//y', 1, 0), put('/pods/b/y', 1, 0)]);
      expect(keysOf(await recorded)).toEqual(['/pods/a/x', '/pods/b/x', '/pods/b/y']);
    });

    it('fails with Compacted where the history is gone', async () => {
      const engine = await open();
      const first = await engine.commit([put('/pods/a/x', 1, 0)]);
      const second = await engine.commit([put('/pods/a/y', 1, 0)]);
      await engine.commit([put('/pods/a/z', 1, 0)]);
      await engine.compact(second.revision);
      const error = await lastValueFrom(engine.watch('/', first.revision)).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(Compacted);
      expect((error as Compacted).oldest).toBe(second.revision);
      expect(keysOf([await firstValueFrom(withChanges(engine.watch('/', second.revision)))])).toEqual(['/pods/a/z']);
      expect((await engine.range('/')).entries).toHaveLength(3);
    });

    it('ends when the engine is closed', async () => {
      const engine = await makeEngine();
      const end = lastValueFrom(engine.watch('/', 0), { defaultValue: 'nothing' });
      await engine.close();
      expect(await end).toBe('nothing');
    });

    it('misses and reorders nothing for a watcher that writes during delivery', async () => {
      const engine = await open();
      await engine.commit([put('/pods/a/0', 0, 0)]);
      const writes: Promise<unknown>[] = [];
      const seen: [string[], string[]] = [[], []];
      const watchers = seen.map((keys, i) =>
        withChanges(engine.watch('/', 0)).subscribe((commit) => {
          keys.push(...keysOf([commit]));
          if (i === 0 && keys.length < 5) writes.push(engine.commit([put(`/pods/a/${keys.length}`, 0, 0)]));
        }),
      );
      await expect.poll(() => seen[1].length).toBe(5);
      await Promise.all(writes);
      expect(seen[0]).toEqual([0, 1, 2, 3, 4].map((n) => `/pods/a/${n}`));
      expect(seen[1]).toEqual(seen[0]);
      for (const watcher of watchers) watcher.unsubscribe();
    });

    it('replays every history from every revision to the same end', async () => {
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const engine = await makeEngine();
          const states = await play(engine, history);
          const present = states.at(-1) as State;
          for (const state of states) {
            const count = states.filter(({ revision }) => revision > state.revision).length;
            const commits = withChanges(engine.watch('/', state.revision)).pipe(take(count), toArray());
            const recorded = await lastValueFrom(commits, { defaultValue: [] });
            expect(recorded.map(({ revision }) => revision)).toEqual(
              [...recorded.map(({ revision }) => revision)].sort(byNumber),
            );
            const replayed = new Map(state.entries);
            for (const { revision, changes } of recorded) {
              for (const { type, key } of changes) {
                if (type === 'delete') replayed.delete(key);
                else replayed.set(key, revision);
              }
            }
            expect(replayed).toEqual(present.entries);
          }
          await engine.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}

interface State {
  readonly revision: number;
  /** Revision of each key. */
  readonly entries: ReadonlyMap<string, number>;
}

interface Step {
  readonly key: string;
  readonly remove: boolean;
}

/** Commits, each of one or more writes. */
const histories = fc.array(
  fc.uniqueArray(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), remove: fc.boolean() }), {
    selector: ({ key }) => key,
    minLength: 1,
    maxLength: 3,
  }),
  { maxLength: 20 },
);

/** The states after each commit, from the empty one on. */
async function play(engine: StorageEngine, history: readonly (readonly Step[])[]): Promise<State[]> {
  const states: State[] = [{ revision: (await engine.range('/')).revision, entries: new Map() }];
  for (const [n, steps] of history.entries()) {
    const entries = new Map(states.at(-1)?.entries);
    const at = (key: string) => entries.get(`/pods/a/${key}`) ?? 0;
    const writes = steps
      .filter(({ key, remove }) => !remove || at(key) > 0)
      .map(({ key, remove }) => (remove ? removal(`/pods/a/${key}`, at(key)) : put(`/pods/a/${key}`, n, at(key))));
    if (writes.length === 0) continue;
    const { revision } = await engine.commit(writes);
    for (const { type, key } of writes) {
      if (type === 'delete') entries.delete(key);
      else entries.set(key, revision);
    }
    states.push({ revision, entries });
  }
  return states;
}

/** A watch without the commits that only report its progress. */
function withChanges(commits: Observable<Commit>): Observable<Commit> {
  return commits.pipe(filter(({ changes }) => changes.length > 0));
}

function keysOf(commits: readonly Commit[]): string[] {
  return commits.flatMap(({ changes }) => changes.map(({ key }) => key));
}

const byNumber = (a: number, b: number): number => a - b;

function value(n: number): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', labels: { n: String(n) } } };
}

function put(key: string, n: number, expected: number): Write {
  return { type: 'put', key, value: value(n), expected };
}

function removal(key: string, expected: number): Write {
  return { type: 'delete', key, expected };
}
