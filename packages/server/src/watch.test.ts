import { ConfigMap, Event, type Kind, type KubernetesObject, Pod, type Stored } from '@orrery/api';
import type { WatchEvent } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { adminUser, configMapNamed, podNamed, refusal, type TestApi, testApi } from './api.fixture.ts';
import type { WatchRequest } from './watch.ts';

const names = (list: { readonly items: readonly Stored[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

async function withMaps(count: number, historySize?: number): Promise<TestApi> {
  const api = await testApi(historySize === undefined ? {} : { historySize });
  for (let n = 1; n <= count; n++) await api.admin.create(configMapNamed(`c${n}`));
  return api;
}

describe('watch', () => {
  it.each<[string, WatchRequest, readonly string[]]>([
    ['without a revision: current objects, then changes', {}, ['ADDED c1@1', 'ADDED c2@2', 'ADDED c3@3']],
    ['from revision 0: the same', { resourceVersion: '0' }, ['ADDED c1@1', 'ADDED c2@2', 'ADDED c3@3']],
    ['from revision N: later changes alone', { resourceVersion: '1' }, ['ADDED c2@2', 'ADDED c3@3']],
    [
      'with initial events: those, a bookmark that ends them, then changes',
      { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true },
      ['ADDED c1@1', 'ADDED c2@2', 'BOOKMARK end @2', 'ADDED c3@3'],
    ],
    [
      'with initial events not older than a revision: the present',
      {
        sendInitialEvents: true,
        resourceVersionMatch: 'NotOlderThan',
        allowWatchBookmarks: true,
        resourceVersion: '1',
      },
      ['ADDED c1@1', 'ADDED c2@2', 'BOOKMARK end @2', 'ADDED c3@3'],
    ],
    [
      'without initial events: changes from now on',
      { sendInitialEvents: false, resourceVersionMatch: 'NotOlderThan' },
      ['ADDED c3@3'],
    ],
  ])('%s', async (_, request, expected) => {
    const api = await withMaps(2);
    const { events } = await watching(api, ConfigMap as Kind, request);
    await api.admin.create(configMapNamed('c3'));
    expect(events).toEqual(expected);
  });

  it('of a selection sees an object begin to match as ADDED, and end as DELETED in its last matching state', async () => {
    const api = await testApi();
    const seen: WatchEvent[] = [];
    api.admin.watch(ConfigMap, { labelSelector: 'on=yes' }).subscribe((event) => seen.push(event));
    await api.sim.idle();
    const label = (on: string) =>
      api.admin.patch(ConfigMap, 'default/c', { type: 'merge', patch: { metadata: { labels: { on } } } });
    await api.admin.create(configMapNamed('c', '1', { labels: { on: 'no' } }));
    await label('yes');
    await api.admin.patch(ConfigMap, 'default/c', { type: 'merge', patch: { data: { value: '2' } } });
    await label('no');
    await label('never');
    await label('yes');
    await api.admin.delete(ConfigMap, 'default/c');
    expect(seen.map(textOf)).toEqual(['ADDED c@2', 'MODIFIED c@3', 'DELETED c@4', 'ADDED c@6', 'DELETED c@7']);
    expect(seen[2]).toMatchObject({ object: { metadata: { labels: { on: 'yes' } }, data: { value: '2' } } });
  });

  it('by a field sees additions and deletions, whether the field is indexed or not', async () => {
    const api = await testApi();
    const byNode = await watching(api, Pod as Kind, { fieldSelector: 'spec.nodeName=n1' });
    const byPhase = await watching(api, Pod as Kind, { fieldSelector: 'status.phase=Running' });
    const pod = await api.admin.create(podNamed('p', {}, { nodeName: 'n1' }));
    const running = await api.admin.updateStatus({ ...pod, status: { phase: 'Running' } });
    await api.admin.updateStatus({ ...running, status: { phase: 'Failed' } });
    expect(byNode.events).toEqual(['ADDED p@1', 'MODIFIED p@2', 'MODIFIED p@3']);
    expect(byPhase.events).toEqual(['ADDED p@2', 'DELETED p@3']);
  });

  it('of one object by its name, of one namespace, and of all', async () => {
    const api = await testApi();
    const one = await watching(api, ConfigMap as Kind, { fieldSelector: 'metadata.name=x' });
    const inA = await watching(api, ConfigMap as Kind, {}, 'a');
    const all = await watching(api, ConfigMap as Kind, {});
    for (const [namespace, name] of [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
    ] as const)
      await api.admin.create(configMapNamed(name, '1', { namespace }));
    expect(one.events).toEqual(['ADDED x@1', 'ADDED x@3']);
    expect(inA.events).toEqual(['ADDED x@1', 'ADDED y@2']);
    expect(all.events).toEqual(['ADDED x@1', 'ADDED y@2', 'ADDED x@3']);
  });

  it('reports a deletion with the final object at the revision of the deletion', async () => {
    const api = await withMaps(1);
    const { events } = await watching(api, ConfigMap as Kind, { resourceVersion: '1' });
    await api.admin.delete(ConfigMap, 'default/c1');
    expect(events).toEqual(['DELETED c1@2']);
  });

  it('from a compacted revision fails with Expired', async () => {
    const api = await withMaps(3);
    await api.store.compact(3);
    const { events, errors } = await watching(api, ConfigMap as Kind, { resourceVersion: '1' });
    expect(events).toEqual([]);
    expect(errors).toMatchObject([{ reason: 'Expired', code: 410, message: 'too old resource version: 1 (3)' }]);
  });

  it('from a future revision begins after it', async () => {
    const api = await withMaps(1);
    const { events } = await watching(api, ConfigMap as Kind, { resourceVersion: '3' });
    for (const name of ['c2', 'c3', 'c4']) await api.admin.create(configMapNamed(name));
    expect(events).toEqual(['ADDED c4@4']);
  });

  it('with initial events not older than a future revision waits for it', async () => {
    const api = await withMaps(1);
    const request = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', resourceVersion: '2' } as const;
    const { events } = await watching(api, ConfigMap as Kind, { ...request, allowWatchBookmarks: true });
    await api.sim.advance('1s');
    expect(events).toEqual([]);
    await api.admin.create(configMapNamed('c2'));
    await api.sim.idle();
    await api.admin.create(configMapNamed('c3'));
    expect(events).toEqual(['ADDED c1@1', 'ADDED c2@2', 'BOOKMARK end @2', 'ADDED c3@3']);
  });

  it('with initial events of a revision that does not arrive in 3 seconds fails with Timeout', async () => {
    const api = await withMaps(1);
    const request = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', resourceVersion: '9' } as const;
    const { events, errors } = await watching(api, ConfigMap as Kind, request);
    await api.sim.advance('3s');
    expect(events).toEqual([]);
    expect(errors).toMatchObject([
      { reason: 'Timeout', code: 504, message: 'Timeout: Too large resource version: 9, current: 1' },
    ]);
  });

  it('that allows bookmarks receives one each minute, until it ends', async () => {
    const api = await withMaps(1);
    const seen = await watching(api, ConfigMap as Kind, { resourceVersion: '1', allowWatchBookmarks: true });
    await api.sim.advance('61s');
    await api.admin.create(podNamed('p'));
    await api.sim.advance('60s');
    expect(seen.events).toEqual(['BOOKMARK @1', 'BOOKMARK @2']);
    seen.stop();
    await api.sim.advance('10m');
    expect(seen.events).toHaveLength(2);
  });

  it.each<[string, WatchRequest]>([
    ['sendInitialEvents without a match', { sendInitialEvents: true }],
    ['a match without sendInitialEvents', { resourceVersionMatch: 'NotOlderThan' }],
    ['an exact match', { sendInitialEvents: true, resourceVersionMatch: 'Exact' }],
  ])('is 422 with %s', async (_, request) => {
    const { server, scope } = await testApi();
    expect(await refusal(server.watch(scope(ConfigMap as Kind, ''), request))).toMatchObject({ code: 422 });
  });
});

describe('Events', () => {
  const EventsV1 = async (api: TestApi): Promise<Kind> => api.server.kinds.byKind('events.k8s.io/v1', 'Event') as Kind;
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Started',
    message: 'Started container',
    type: 'Normal',
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:01Z',
    count: 2,
    reportingComponent: 'kubelet',
    reportingInstance: 'n1',
  } as KubernetesObject;

  it('are one collection in two groups, which name their fields differently', async () => {
    const api = await testApi();
    const kind = await EventsV1(api);
    const made = await api.admin.create(event);
    const other = (await api.admin.get(kind, 'default/e')) as KubernetesObject;
    expect(other).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { kind: 'Pod', name: 'p' },
      note: 'Started container',
      deprecatedSource: { component: 'kubelet', host: 'n1' },
      deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
      deprecatedLastTimestamp: '2026-01-01T00:00:01Z',
      deprecatedCount: 2,
      reportingController: 'kubelet',
      reason: 'Started',
    });
    expect(Object.keys(other)).not.toContain('involvedObject');
    expect(other.metadata).toEqual(made.metadata);
    expect(await api.admin.get(kind, 'default/e')).toBe(other);
  });

  it('can be written in either, and read in either', async () => {
    const api = await testApi();
    const kind = await EventsV1(api);
    await api.admin.create({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', name: 'p' },
      note: 'one',
      reason: 'Started',
      action: 'Start',
      type: 'Normal',
      reportingController: 'demo/x',
      reportingInstance: 'x-1',
    } as KubernetesObject);
    await api.admin.patch(Event, 'default/e', { type: 'merge', patch: { message: 'two' } });
    expect(await api.admin.get(Event, 'default/e')).toMatchObject({ message: 'two', involvedObject: { name: 'p' } });
    expect(await api.admin.get(kind, 'default/e')).toMatchObject({ note: 'two', regarding: { name: 'p' } });
  });

  it('are selected by the fields of the requested group', async () => {
    const api = await testApi();
    const kind = await EventsV1(api);
    await api.admin.create(event);
    const found = async (of: Kind, fieldSelector: string) => names(await api.admin.list(of, { fieldSelector }));
    expect(await found(Event as Kind, 'involvedObject.name=p,reason=Started,source=kubelet')).toEqual(['e']);
    expect(await found(Event as Kind, 'involvedObject.name=q')).toEqual([]);
    expect(await found(kind, 'regarding.name=p,reportingController=kubelet')).toEqual(['e']);
  });

  it('are seen by watches of both groups', async () => {
    const api = await testApi();
    const core = await watching(api, Event as Kind, {});
    const grouped = await watching(api, await EventsV1(api), { fieldSelector: 'regarding.kind=Pod' });
    await api.admin.create(event);
    await api.admin.delete(Event, 'default/e');
    expect(core.events).toEqual(['ADDED e@1', 'DELETED e@2']);
    expect(grouped.events).toEqual(core.events);
  });

  it('expire one hour after their last write, each at its own time', async () => {
    const api = await testApi();
    const named = (name: string) => ({ ...event, metadata: { name, namespace: 'default' } });
    const all = async () => names(await api.admin.list(Event));
    await api.admin.create(named('a'));
    await api.sim.advance('20m');
    await api.admin.create(named('b'));
    await api.sim.advance('20m');
    await api.admin.patch(Event, 'default/a', { type: 'merge', patch: { count: 3 } });
    await api.sim.advance('20m');
    expect(await all()).toEqual(['a', 'b']);
    await api.sim.advance('20m');
    expect(await all()).toEqual(['a']);
    await api.sim.advance('19m');
    expect(await all()).toEqual(['a']);
    await api.sim.advance('1m');
    expect(await all()).toEqual([]);
  });

  it('stay when the server is disposed or its store is closed', async () => {
    const api = await testApi();
    await api.admin.create(event);
    api.server[Symbol.dispose]();
    await api.sim.advance('2h');
    expect(names(await api.admin.list(Event))).toEqual(['e']);
    const other = await testApi();
    await other.admin.create(event);
    await other.store.close();
    await other.sim.advance('2h');
    expect(other.store.count('events')).toBe(1);
  });
});

interface Seen {
  readonly events: string[];
  readonly errors: unknown[];
  stop(): void;
}

/** The events of a watch, as `TYPE name@revision`. */
async function watching(api: TestApi, kind: Kind, request: WatchRequest, namespace = ''): Promise<Seen> {
  const scope = { user: adminUser, kind, namespace, name: '', subresource: '', warn: () => undefined };
  const events: string[] = [];
  const errors: unknown[] = [];
  const watch = (await api.server.watch(scope, request)).subscribe({
    next: (event) => events.push(textOf(event)),
    error: (error: unknown) => errors.push(error),
  });
  return { events, errors, stop: () => watch.unsubscribe() };
}

function textOf(event: WatchEvent): string {
  if (event.type === 'BOOKMARK') return `BOOKMARK ${event.initialEventsEnd ? 'end ' : ''}@${event.resourceVersion}`;
  return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`;
}
