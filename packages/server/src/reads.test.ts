import { ConfigMap, type Kind, Pod, type Stored } from '@orrery/api';
import { createSimulation, type ListOptions } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, refusal, type TestApi, testApi } from './api.fixture.ts';
import { decodeContinue, encodeContinue } from './list-options.ts';

const names = (list: { readonly items: readonly Stored[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

async function withMaps(count: number, historySize?: number): Promise<TestApi> {
  const api = await testApi(historySize === undefined ? {} : { historySize });
  for (let n = 1; n <= count; n++) await api.admin.create(configMapNamed(`c${n}`));
  return api;
}

describe('get', () => {
  it('of a missing object is 404', async () => {
    const { admin } = await testApi();
    expect(await refusal(admin.get(ConfigMap, { namespace: 'default', name: 'x' }))).toMatchObject({
      code: 404,
      reason: 'NotFound',
      status: { details: { name: 'x', kind: 'configmaps' } },
    });
  });

  it('at a future revision waits for it', async () => {
    const { admin, sim } = await withMaps(1);
    const request = admin.get(ConfigMap, 'default/c1', { resourceVersion: '2' });
    await sim.advance('2s');
    const updated = await admin.update(configMapNamed('c1', 'new'));
    expect(await request).toBe(updated);
  });

  it('at a revision that does not arrive in 3 seconds is 504, with a hint to retry', async () => {
    const { admin, sim } = await withMaps(1);
    const request = admin.get(ConfigMap, { namespace: 'default', name: 'c1' }, { resourceVersion: '7' });
    let answered = false;
    void request.catch(() => {
      answered = true;
    });
    await sim.advance('2999ms');
    expect(answered).toBe(false);
    await sim.advance('1ms');
    expect(await refusal(request)).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: 'Timeout: Too large resource version: 7, current: 1',
      causes: [{ reason: 'ResourceVersionTooLarge' }],
      status: { details: { retryAfterSeconds: 1 } },
    });
  });

  it('accepts a key as text as well', async () => {
    const { admin } = await withMaps(1);
    expect((await admin.get(ConfigMap, 'default/c1')).metadata.name).toBe('c1');
  });
});

describe('list', () => {
  it('returns the snapshot and its revision, and each object with its own', async () => {
    const { admin } = await withMaps(2);
    await admin.create(podNamed('p'));
    const list = await admin.list(ConfigMap, {});
    expect(list.metadata).toEqual({ resourceVersion: '3' });
    expect(list.items.map(({ metadata }) => metadata.resourceVersion)).toEqual(['1', '2']);
  });

  it('is in the order of storage keys', async () => {
    const { admin } = await testApi();
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'y'],
      ['a-b', 'x'],
      ['a', 'x'],
    ] as const)
      await admin.create(configMapNamed(name, '1', { namespace }));
    const { items } = await admin.list(ConfigMap);
    expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'a-b/x',
      'a/x',
      'a/y',
      'b/x',
    ]);
  });

  it.each<[string, ListOptions, readonly string[]]>([
    ['a label', { labelSelector: 'app=web' }, ['a', 'b']],
    ['no label', { labelSelector: '!app' }, ['c']],
    ['a field that is indexed', { fieldSelector: 'spec.nodeName=n1' }, ['b', 'c']],
    ['a field that is not', { fieldSelector: 'status.phase!=Pending' }, []],
    ['a name', { fieldSelector: 'metadata.name=b' }, ['b']],
    ['a name in a namespace', { fieldSelector: 'metadata.name=b', namespace: 'default' }, ['b']],
    ['two fields', { fieldSelector: 'metadata.namespace=default,spec.nodeName=n1' }, ['b', 'c']],
    ['another name than that', { fieldSelector: 'metadata.name!=b' }, ['a', 'c']],
    ['two names at once', { fieldSelector: 'metadata.name=b,metadata.name=c' }, []],
    ['labels and fields', { labelSelector: 'app=web', fieldSelector: 'spec.nodeName=n1' }, ['b']],
    ['another namespace', { namespace: 'other' }, []],
  ])('selects by %s', async (_, options, expected) => {
    const { admin } = await testApi();
    await admin.create(podNamed('a', { labels: { app: 'web' } }));
    await admin.create(podNamed('b', { labels: { app: 'web' } }, { nodeName: 'n1' }));
    await admin.create(podNamed('c', {}, { nodeName: 'n1' }));
    expect(names(await admin.list(Pod, options))).toEqual(expected);
  });

  it.each<[string, ListOptions, string]>([
    [
      'a field that the kind cannot select by',
      { fieldSelector: 'spec.color=red' },
      'field label not supported: spec.color',
    ],
    ['a label selector that does not parse', { labelSelector: 'a in b' }, 'unable to parse requirement'],
    ['a malformed revision', { resourceVersion: 'x' }, 'invalid resource version'],
    ['a malformed continue token', { continue: '!' }, 'invalid continue token'],
    [
      'a revision with a continue token',
      { resourceVersion: '1', continue: encodeContinue({ revision: 1, start: 'a' }) },
      'specifying resource version is not allowed when using continue',
    ],
  ])('is 400 for %s', async (_, options, message) => {
    const { admin } = await withMaps(1);
    const refused = await refusal(admin.list(Pod, options));
    expect(refused.code).toBe(400);
    expect(refused.message).toContain(message);
  });

  it.each<[string, object]>([
    ['a match without a revision', { resourceVersionMatch: 'Exact' }],
    ['an unknown match', { resourceVersion: '1', resourceVersionMatch: 'Nearly' }],
    ['an exact match of revision 0', { resourceVersion: '0', resourceVersionMatch: 'Exact' }],
    [
      'a match with a continue token',
      {
        resourceVersionMatch: 'NotOlderThan',
        resourceVersion: '0',
        continue: encodeContinue({ revision: 1, start: 'a' }),
      },
    ],
    ['sendInitialEvents', { sendInitialEvents: true }],
  ])('is 422 for %s', async (_, options) => {
    const { server, scope } = await withMaps(1);
    expect(await refusal(server.list(scope(ConfigMap as Kind, ''), options))).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: expect.stringMatching(/^ListOptions\.meta\.k8s\.io "" is invalid: /),
    });
  });

  it.each<[string, ListOptions, readonly string[], string]>([
    ['unset: the latest', {}, ['c1', 'c2', 'c3'], '3'],
    ['0: any', { resourceVersion: '0' }, ['c1', 'c2', 'c3'], '3'],
    ['N: not older than that', { resourceVersion: '2' }, ['c1', 'c2', 'c3'], '3'],
    ['N with a limit: exactly that', { resourceVersion: '2', limit: 9 }, ['c1', 'c2'], '2'],
    ['N, Exact', { resourceVersion: '1', resourceVersionMatch: 'Exact' }, ['c1'], '1'],
    [
      'N, NotOlderThan, with a limit',
      { resourceVersion: '1', resourceVersionMatch: 'NotOlderThan', limit: 9 },
      ['c1', 'c2', 'c3'],
      '3',
    ],
  ])('at resourceVersion %s', async (_, options, expected, revision) => {
    const { admin } = await withMaps(3);
    const list = await admin.list(ConfigMap, options);
    expect([names(list), list.metadata.resourceVersion]).toEqual([expected, revision]);
  });

  it.each<[string, ListOptions, readonly string[], string]>([
    ['not older than it', { resourceVersion: '3' }, ['c1', 'c2', 'c3', 'c4'], '4'],
    ['exactly it', { resourceVersion: '3', resourceVersionMatch: 'Exact' }, ['c1', 'c2', 'c3'], '3'],
    ['a page of it', { resourceVersion: '3', limit: 2 }, ['c1', 'c2'], '3'],
    ['on from a page of it', { continue: encodeContinue({ revision: 3, start: 'default/c1\0' }) }, ['c2', 'c3'], '3'],
  ])('waits for a revision that is yet to come: %s', async (_, options, expected, revision) => {
    const { admin, sim } = await withMaps(2);
    const request = admin.list(ConfigMap, options);
    await sim.advance('1s');
    await Promise.all(['c3', 'c4'].map((name) => admin.create(configMapNamed(name))));
    const list = await request;
    expect([names(list), list.metadata.resourceVersion]).toEqual([expected, revision]);
  });

  it('at a revision that does not arrive in 3 seconds is 504', async () => {
    const { admin, sim } = await withMaps(1);
    for (const resourceVersionMatch of [undefined, 'Exact', 'NotOlderThan'] as const) {
      const match = resourceVersionMatch === undefined ? {} : { resourceVersionMatch };
      const refused = refusal(admin.list(ConfigMap, { resourceVersion: '9', ...match }));
      await sim.advance('3s');
      expect(await refused).toMatchObject({
        code: 504,
        message: 'Timeout: Too large resource version: 9, current: 1',
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      });
    }
  });

  it('at an exact revision that has been compacted is 410', async () => {
    const { admin, store } = await withMaps(3);
    await store.compact(2);
    expect(await refusal(admin.list(ConfigMap, { resourceVersion: '1', resourceVersionMatch: 'Exact' }))).toMatchObject(
      {
        code: 410,
        reason: 'Expired',
        message: 'The resourceVersion for the provided list is too old.',
      },
    );
  });
});

describe('pages', () => {
  it('continue at one revision, and report how many items remain', async () => {
    const { admin } = await withMaps(5);
    const first = await admin.list(ConfigMap, { limit: 2 });
    expect(names(first)).toEqual(['c1', 'c2']);
    expect(first.metadata).toMatchObject({ resourceVersion: '5', remainingItemCount: 3 });
    await admin.create(configMapNamed('c2a'));
    await admin.delete(ConfigMap, 'default/c3');
    const second = await admin.list(ConfigMap, { limit: 2, continue: first.metadata.continue ?? '' });
    expect(names(second)).toEqual(['c3', 'c4']);
    expect(second.metadata).toMatchObject({ resourceVersion: '5', remainingItemCount: 1 });
    const third = await admin.list(ConfigMap, { limit: 2, continue: second.metadata.continue ?? '' });
    expect(names(third)).toEqual(['c5']);
    expect(third.metadata).toEqual({ resourceVersion: '5' });
  });

  it.each([1, 2, 3, 7, 10])('of a selection, by %d, are the selection, whatever changes meanwhile', async (limit) => {
    const { admin } = await testApi();
    const labels = (index: number) => ({ labels: { odd: String(index % 2) } });
    for (let index = 0; index < 20; index++) await admin.create(configMapNamed(`c${index + 10}`, '1', labels(index)));
    const selection = { labelSelector: 'odd=1', limit };
    const whole = names(await admin.list(ConfigMap, { labelSelector: 'odd=1' }));
    let page = await admin.list(ConfigMap, selection);
    const pages = [names(page)];
    while (page.metadata.continue !== undefined) {
      await admin.create(configMapNamed(`c${pages.length + 10}a`, '1', labels(1)));
      await admin.delete(ConfigMap, `default/c${pages.length * 2 + 9}`);
      page = await admin.list(ConfigMap, { ...selection, continue: page.metadata.continue });
      pages.push(names(page));
    }
    expect(pages.flat()).toEqual(whole);
    expect(pages.map(({ length }) => length)).toEqual([
      ...Array.from({ length: Math.ceil(10 / limit) - 1 }, () => limit),
      10 % limit || limit,
    ]);
  });

  it('of a selection among very many let others have their turn, and look at no more than they need', async () => {
    const simulation = createSimulation();
    let turns = 0;
    const work = {
      ...simulation.environment.work,
      crowded: () => true,
      turn: async () => {
        turns++;
      },
    };
    const { admin, store } = await testApi({ environment: { ...simulation.environment, work } });
    for (let index = 0; index < 2000; index++) {
      const metadata = { name: `c${index}`, namespace: 'default', labels: { odd: String(index % 2) } };
      await store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata } as ConfigMap);
    }
    turns = 0;
    expect((await admin.list(ConfigMap, { labelSelector: 'odd=1' })).items).toHaveLength(1000);
    expect(turns).toBe(3);
    expect((await admin.list(ConfigMap, { labelSelector: 'odd=1', limit: 200 })).items).toHaveLength(200);
    expect((await admin.list(ConfigMap)).items).toHaveLength(2000);
    expect(turns).toBe(3);
  });

  it('do not report how many items remain of a selection', async () => {
    const { admin } = await withMaps(3);
    const page = await admin.list(ConfigMap, { limit: 1, labelSelector: '!app' });
    expect(page.metadata.continue).toEqual(expect.any(String));
    expect(page.metadata.remainingItemCount).toBeUndefined();
  });

  it('cross namespaces without a gap', async () => {
    const { admin } = await testApi();
    for (const namespace of ['a', 'a-b', 'a0'])
      for (const name of ['x', 'y']) await admin.create(configMapNamed(name, '1', { namespace }));
    const seen: string[] = [];
    let page = await admin.list(ConfigMap, { limit: 1 });
    for (;;) {
      seen.push(...page.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
      if (page.metadata.continue === undefined) break;
      page = await admin.list(ConfigMap, { limit: 1, continue: page.metadata.continue });
    }
    expect(seen).toEqual(['a-b/x', 'a-b/y', 'a/x', 'a/y', 'a0/x', 'a0/y']);
  });

  it("have tokens in Kubernetes' form", async () => {
    const { admin } = await withMaps(2);
    const token = (await admin.list(ConfigMap, { limit: 1 })).metadata.continue ?? '';
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/')))).toEqual({
      v: 'meta.k8s.io/v1',
      rv: 2,
      start: 'default/c1\0',
    });
  });

  it('that have expired are 410, with a token that continues from there at the latest revision', async () => {
    const { admin, store } = await withMaps(3);
    const first = await admin.list(ConfigMap, { limit: 1 });
    await admin.create(configMapNamed('c9'));
    await store.compact(4);
    const expired = await refusal(admin.list(ConfigMap, { limit: 1, continue: first.metadata.continue ?? '' }));
    expect(expired).toMatchObject({ code: 410, reason: 'Expired' });
    expect(expired.message).toMatch(/^The provided continue parameter is too old to display a consistent list result/);
    const token = expired.status.metadata.continue ?? '';
    expect(decodeContinue(token)).toEqual({ revision: -1, start: 'default/c1\0' });
    const rest = await admin.list(ConfigMap, { continue: token });
    expect([names(rest), rest.metadata.resourceVersion]).toEqual([['c2', 'c3', 'c9'], '4']);
  });
});
