import { ConfigMap, isNotFound, keyOf, keyString, Pod, StatusError, type Stored } from '@orrery/api';
import { lastValueFrom, type Observable, take, takeWhile, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Client, WatchEvent, WatchOptions } from '../../client.ts';
import {
  configMap,
  expectFrozen,
  namesOf,
  type OpenClient,
  pod,
  Region,
  revisionOf,
  Website,
} from './client-under-test.fixture.ts';

/** What `watch` must hold. */
export function watchesContract(name: string, open: OpenClient): void {
  describe(`${name}: watch`, () => {
    it('emits the current objects as added, then each change, frozen', async () => {
      const { client } = await open();
      await client.create(configMap('a'));
      await client.create(configMap('b'));
      const events = record(client.watch(ConfigMap));
      await expect.poll(() => texts(events.seen)).toEqual(['ADDED a 1', 'ADDED b 1']);
      await client.update(configMap('a', '2'));
      await client.delete(ConfigMap, 'default/b');
      await client.create(configMap('c'));
      await expect.poll(() => texts(events.seen).slice(2)).toEqual(['MODIFIED a 2', 'DELETED b 1', 'ADDED c 1']);
      expect(objectsOf(events.seen)[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
      expectFrozen(events.seen.map((event) => Object.freeze({ ...event }))[2]);
      events.end();
    });

    it('resumes from a revision, with everything since', async () => {
      const { client } = await open();
      await client.create(configMap('a'));
      const resourceVersion = await revisionOf(client);
      await client.update(configMap('a', '2'));
      await client.delete(ConfigMap, 'default/a');
      const events = record(client.watch(ConfigMap, { resourceVersion }));
      await client.create(configMap('a', '3'));
      await expect.poll(() => texts(events.seen)).toEqual(['MODIFIED a 2', 'DELETED a 2', 'ADDED a 3']);
      events.end();
    });

    it('emits a deleted object at the revision of its deletion', async () => {
      const { client } = await open();
      const { metadata } = await client.create(configMap('a'));
      const events = record(client.watch(ConfigMap, { resourceVersion: metadata.resourceVersion }));
      await client.delete(ConfigMap, 'default/a');
      await expect.poll(() => events.seen).toHaveLength(1);
      const [deleted] = objectsOf(events.seen);
      expect(deleted?.metadata.uid).toBe(metadata.uid);
      expect(Number(deleted?.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
      events.end();
    });

    it('ends the initial events with a bookmark on request, and resumes from it', async () => {
      const { client } = await open();
      await client.create(configMap('a'));
      const events = record(client.watch(ConfigMap, streaming));
      await expect.poll(() => texts(events.seen)).toEqual(['ADDED a 1', 'BOOKMARK true']);
      const bookmark = events.seen[1];
      const resourceVersion = bookmark?.type === 'BOOKMARK' ? bookmark.resourceVersion : '';
      expect(resourceVersion).toBe(await revisionOf(client));
      events.end();
      await client.create(configMap('b'));
      const resumed = record(client.watch(ConfigMap, { resourceVersion, allowWatchBookmarks: true }));
      await expect.poll(() => texts(resumed.seen)).toEqual(['ADDED b 1']);
      resumed.end();
    });

    it('emits only the bookmark of an empty collection', async () => {
      const { client } = await open();
      const events = record(client.watch(ConfigMap, streaming));
      await expect.poll(() => texts(events.seen)).toEqual(['BOOKMARK true']);
      events.end();
    });

    it('adds what starts to match the selector, and deletes what stops matching', async () => {
      const { client } = await open();
      await client.create(configMap('a', '1', { labels: { app: 'x' } }));
      await client.create(configMap('b', '1', { namespace: 'other', labels: { app: 'x' } }));
      const events = record(client.watch(ConfigMap, { namespace: 'default', labelSelector: 'app=x' }));
      await expect.poll(() => texts(events.seen)).toEqual(['ADDED a 1']);
      await client.update(configMap('a', '2'));
      await client.update(configMap('a', '3'));
      const { metadata } = await client.update(configMap('a', '4', { labels: { app: 'x' } }));
      await client.create(configMap('c', '1'));
      await expect.poll(() => texts(events.seen).slice(1)).toEqual(['DELETED a 1', 'ADDED a 4']);
      const [, left, back] = objectsOf(events.seen);
      expect(Number(left?.metadata.resourceVersion)).toBeLessThan(Number(back?.metadata.resourceVersion));
      expect(back?.metadata.resourceVersion).toBe(metadata.resourceVersion);
      events.end();
    });

    it('selects one object by name, and Pods by node', async () => {
      const { client } = await open();
      const one = record(client.watch(ConfigMap, { fieldSelector: 'metadata.name=b', namespace: 'default' }));
      const onNode = record(client.watch(Pod, { fieldSelector: 'spec.nodeName=n1' }));
      for (const n of ['a', 'b', 'c']) await client.create(configMap(n));
      await client.create(pod('x', { nodeName: 'n2' }));
      await client.create(pod('y', { nodeName: 'n1' }));
      await expect.poll(() => namesOf(objectsOf(one.seen))).toEqual(['b']);
      await expect.poll(() => namesOf(objectsOf(onNode.seen))).toEqual(['y']);
      one.end();
      onNode.end();
    });

    it('watches custom kinds, namespaced and cluster-scoped', async () => {
      const { client } = await open();
      const sites = record(client.watch(Website, streaming));
      const regions = record(client.watch(Region, streaming));
      const apiVersion = 'contract.orrery.dev/v1';
      const metadata = { name: 'w', namespace: 'default' };
      await client.create({ apiVersion, kind: 'Website', metadata, spec: { title: 'a', servers: 1 } });
      await client.create({ apiVersion, kind: 'Region', metadata: { name: 'r' }, spec: { continent: 'Asia' } });
      await expect.poll(() => objectsOf(sites.seen)).toMatchObject([{ kind: 'Website', metadata: { name: 'w' } }]);
      await expect.poll(() => objectsOf(regions.seen)).toMatchObject([{ kind: 'Region', metadata: { name: 'r' } }]);
      sites.end();
      regions.end();
    });

    it('is ordered and gapless while many write', async () => {
      const { client } = await open();
      const { resourceVersion } = (await client.create(configMap('first'))).metadata;
      const events = client.watch(ConfigMap, { resourceVersion });
      const history = collect(events, (event) => event.type !== 'BOOKMARK' && event.object.metadata.name === 'last');
      await Promise.all(Array.from({ length: 6 }, (_, writer) => writeAtRandom(client, writer)));
      await client.create(configMap('last'));
      const seen = await history;
      const revisions = objectsOf(seen).map(({ metadata }) => Number(metadata.resourceVersion));
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      expect(faultsOf(seen)).toEqual([]);
      const { items } = await client.list(ConfigMap, { fieldSelector: 'metadata.name!=first' });
      expect([...replayed(seen).values()].sort(byKey)).toEqual([...items].sort(byKey));
      const again = await collect(client.watch(ConfigMap, { resourceVersion }), (event) =>
        event.type === 'BOOKMARK' ? false : event.object.metadata.name === 'last',
      );
      expect(again).toEqual(seen);
    });

    it('fails with Expired (410) when the history no longer reaches back', async () => {
      const { client, compact } = await open();
      const { resourceVersion } = (await client.create(configMap('a'))).metadata;
      await client.create(configMap('b'));
      await client.create(configMap('c'));
      await compact();
      const events = record(client.watch(ConfigMap, { resourceVersion }));
      await expect.poll(() => events.error).toMatchObject({ code: 410, reason: 'Expired' });
      expect(events.error).toBeInstanceOf(StatusError);
      expect(events.seen).toEqual([]);
    });

    it.each([
      ['a selector that does not parse', { labelSelector: 'a in' }, 400],
      ['a revision that is none', { resourceVersion: 'x' }, 400],
    ])('fails on %s', async (_, options, code) => {
      const { client } = await open();
      const events = record(client.watch(ConfigMap, options));
      await expect.poll(() => events.error).toMatchObject({ code });
      expect(events.error).toBeInstanceOf(StatusError);
    });

    it('fails with Forbidden for a user without the right to watch', async () => {
      const { unprivileged } = await open();
      const events = record(unprivileged.watch(ConfigMap, { namespace: 'default' }));
      await expect.poll(() => events.error).toMatchObject({ code: 403, reason: 'Forbidden' });
      expect(events.error).toBeInstanceOf(StatusError);
    });

    it('starts with each subscription, and ends at the server when it is unsubscribed', async () => {
      const { client, watches } = await open();
      const watch = client.watch(ConfigMap, streaming);
      expect(watches()).toBe(0);
      const first = record(watch);
      const second = record(watch);
      await expect.poll(() => [texts(first.seen), texts(second.seen)]).toEqual([['BOOKMARK true'], ['BOOKMARK true']]);
      expect(watches()).toBe(2);
      first.end();
      await expect.poll(watches).toBe(1);
      await client.create(configMap('a'));
      await expect.poll(() => texts(second.seen)).toEqual(['BOOKMARK true', 'ADDED a 1']);
      expect(first.seen).toHaveLength(1);
      second.end();
      await expect.poll(watches).toBe(0);
    });

    it('emits nothing after it is unsubscribed, also in the middle of a batch', async () => {
      const { client, watches } = await open();
      for (const n of ['a', 'b', 'c']) await client.create(configMap(n));
      const seen: WatchEvent[] = [];
      await lastValueFrom(
        client.watch(ConfigMap).pipe(
          tap((event) => seen.push(event)),
          take(2),
        ),
      );
      await client.create(configMap('d'));
      await expect.poll(watches).toBe(0);
      expect(texts(seen)).toEqual(['ADDED a 1', 'ADDED b 1']);
    });

    it('never opens when it is unsubscribed at once', async () => {
      const { client, watches } = await open();
      client.watch(ConfigMap).subscribe().unsubscribe();
      const other = record(client.watch(ConfigMap, streaming));
      await expect.poll(() => other.seen).toHaveLength(1);
      await expect.poll(watches).toBe(1);
      other.end();
    });

    it('completes when the server ends it', async () => {
      const { client, endWatches } = await open();
      const events = record(client.watch(ConfigMap, streaming));
      await expect.poll(() => events.seen).toHaveLength(1);
      await endWatches();
      await expect.poll(() => events.complete).toBe(true);
      expect(events.error).toBeUndefined();
    });
  });
}

const streaming: WatchOptions = { sendInitialEvents: true, allowWatchBookmarks: true };

/** What a watch has emitted so far. */
interface Recording {
  readonly seen: readonly WatchEvent[];
  error?: unknown;
  complete: boolean;
  end(): void;
}

function record(events: Observable<WatchEvent>): Recording {
  const seen: WatchEvent[] = [];
  const recording: Recording = { seen, complete: false, end: () => subscription.unsubscribe() };
  const subscription = events.subscribe({
    next: (event) => seen.push(event),
    error: (error: unknown) => {
      recording.error = error;
    },
    complete: () => {
      recording.complete = true;
    },
  });
  return recording;
}

/** All events up to the first that `last` holds of. */
function collect(events: Observable<WatchEvent>, last: (event: WatchEvent) => boolean): Promise<readonly WatchEvent[]> {
  return new Promise((resolve, reject) => {
    events
      .pipe(
        takeWhile((event) => !last(event), true),
        toArray(),
      )
      .subscribe({ next: resolve, error: reject });
  });
}

function texts(events: readonly WatchEvent[]): string[] {
  return events.map((event) =>
    event.type === 'BOOKMARK'
      ? `BOOKMARK ${event.initialEventsEnd}`
      : `${event.type} ${event.object.metadata.name} ${(event.object as Stored<ConfigMap>).data?.value}`,
  );
}

function objectsOf(events: readonly WatchEvent[]): readonly Stored[] {
  return events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [event.object]));
}

/** Creates, changes and deletes ConfigMaps that others write as well. */
async function writeAtRandom(client: Client, writer: number): Promise<void> {
  for (let n = 0; n < 12; n++) {
    const key = `default/shared${(writer + n) % 3}`;
    const value = `${writer}.${n}`;
    const object = configMap(`own${writer}`, value);
    if (n % 4 === 3) await client.delete(ConfigMap, keyString(keyOf(object)));
    else await client.apply(object, { fieldManager: 'test' });
    try {
      if (n % 5 === 4) await client.delete(ConfigMap, key);
      else await client.apply(configMap(key.slice('default/'.length), value), { fieldManager: 'test', force: true });
    } catch (error) {
      // Somebody else was faster.
      if (!isNotFound(error)) throw error;
    }
  }
}

function replayed(events: readonly WatchEvent[]): Map<string, Stored> {
  const objects = new Map<string, Stored>();
  for (const event of events) {
    if (event.type === 'BOOKMARK') continue;
    const key = keyString(keyOf(event.object));
    if (event.type === 'DELETED') objects.delete(key);
    else objects.set(key, event.object);
  }
  return objects;
}

/** Events that do not follow from the ones before. */
function faultsOf(events: readonly WatchEvent[]): string[] {
  const there = new Map<string, string>();
  const faults: string[] = [];
  for (const event of events) {
    if (event.type === 'BOOKMARK') continue;
    const key = keyString(keyOf(event.object));
    const { uid, resourceVersion } = event.object.metadata;
    const known = there.get(key);
    const fits = event.type === 'ADDED' ? known === undefined : known === uid;
    if (!fits) faults.push(`${event.type} ${key} at ${resourceVersion} after ${known ?? 'nothing'}`);
    if (event.type === 'DELETED') there.delete(key);
    else there.set(key, uid);
  }
  return faults;
}

const byKey = (a: Stored, b: Stored) => (keyString(keyOf(a)) < keyString(keyOf(b)) ? -1 : 1);
