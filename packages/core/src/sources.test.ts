import { ConfigMap, Deployment, Node, Pod, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createCache } from './cache/watching-cache.ts';
import { createSimulation } from './clock/simulation.ts';
import { type ChangeSource, mapToOwner, mapToSelf, requestsOf } from './sources.ts';
import { TestServer } from './test-server/test-server.ts';

const owner = (apiVersion: string, kind: string, name: string, controller = true) => ({
  apiVersion,
  kind,
  name,
  uid: `uid-of-${name}`,
  controller,
});

type References = readonly ReturnType<typeof owner>[];
const child = (ownerReferences: References): Stored => ({
  metadata: { name: 'c', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '', ownerReferences },
});

const web = { namespace: 'ns', name: 'web' };
const shop = { namespace: 'ns', name: 'shop' };
const owners: readonly [string, References, References | undefined, readonly object[]][] = [
  ['its controller', [owner('apps/v1', 'Deployment', 'web')], undefined, [web]],
  ['of any version', [owner('apps/v1beta1', 'Deployment', 'web')], undefined, [web]],
  ['not of another group', [owner('v1', 'Deployment', 'web')], undefined, []],
  ['not of another kind', [owner('apps/v1', 'ReplicaSet', 'web')], undefined, []],
  ['not an owner that does not control it', [owner('apps/v1', 'Deployment', 'web', false)], undefined, []],
  ['the same one once', [owner('apps/v1', 'Deployment', 'web')], [owner('apps/v1', 'Deployment', 'web')], [web]],
  [
    'both when it changes hands',
    [owner('apps/v1', 'Deployment', 'shop')],
    [owner('apps/v1', 'Deployment', 'web')],
    [shop, web],
  ],
  ['the one that lets go of it', [], [owner('apps/v1', 'Deployment', 'web')], [web]],
];

test.each(owners)('a child concerns %s', (_, now, before, expected) => {
  const context = before === undefined ? {} : { previous: child(before) };
  expect(mapToOwner(Deployment)(child(now), context)).toEqual(expected);
});

test('an owner without a namespace has a key without one', () => {
  expect(mapToOwner(Node)(child([owner('v1', 'Node', 'n1')]), {})).toEqual([{ namespace: '', name: 'n1' }]);
});

test('an object concerns the one of its namespace and name', () => {
  expect(mapToSelf(child([]))).toEqual([{ namespace: 'ns', name: 'c' }]);
});

describe('requests', () => {
  async function follow<T extends Pod | ConfigMap>(
    source: ChangeSource<T>,
    steps: (server: TestServer) => Promise<void>,
  ) {
    const simulation = createSimulation();
    const { environment } = simulation;
    const server = new TestServer(environment);
    const cache = createCache({ client: server.client, environment, actor: 'test' });
    await server.client.create(pod('old', 'n1', { app: 'web' }));
    await cache.sync(source.kind);
    const log: string[] = [];
    requestsOf(source, mapToSelf)(cache).subscribe(({ key, cause }) => log.push(`${cause.type} ${key}`));
    await steps(server);
    await simulation.settle();
    return { log, cache };
  }

  function pod(name: string, nodeName: string, labels: { [key: string]: string } = {}): Pod {
    const metadata = { name, namespace: 'default', labels };
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName, containers: [] } };
  }

  test('begin with what is there and say what they are caused by', async () => {
    const { log } = await follow({ kind: Pod }, async ({ client }) => {
      await client.create(pod('a', 'n1'));
      await client.delete(Pod, 'default/a');
    });
    expect(log).toEqual(['added default/old', 'added default/a', 'deleted default/a']);
  });

  test.each<[string, Omit<ChangeSource<Pod>, 'kind'>]>([
    ['label', { labelSelector: 'app=web' }],
    ['field', { fieldSelector: 'spec.nodeName=n1' }],
  ])('of a %s selector come for what it selects, and once for what leaves it', async (_, selection) => {
    const { log, cache } = await follow({ kind: Pod, ...selection }, async ({ client }) => {
      await client.create(pod('other', 'n2'));
      await client.update(pod('old', 'n2'));
      await client.update(pod('old', 'n2', { more: 'labels' }));
      await client.update(pod('other', 'n1', { app: 'web' }));
    });
    expect(log).toEqual(['added default/old', 'modified default/old', 'modified default/other']);
    // Whoever shares the cache has all of them.
    expect(cache.list(Pod)).toHaveLength(2);
  });

  test('of a namespace come for that namespace', async () => {
    const { log } = await follow({ kind: Pod, namespace: 'shop' }, async ({ client }) => {
      await client.create({ ...pod('a', 'n1'), metadata: { name: 'a', namespace: 'shop' } });
    });
    expect(log).toEqual(['added shop/a']);
  });

  test('come only for changes that when wants, and for every deletion', async () => {
    const moved = (now: Stored<Pod>, before: Stored<Pod> | undefined) => now.spec.nodeName !== before?.spec.nodeName;
    const { log } = await follow({ kind: Pod, when: moved }, async ({ client }) => {
      await client.update(pod('old', 'n1', { app: 'shop' }));
      await client.update(pod('old', 'n2'));
      await client.delete(Pod, 'default/old');
    });
    expect(log).toEqual(['added default/old', 'modified default/old', 'deleted default/old']);
  });

  test('cannot be asked for with a selector that the kind does not offer', () => {
    const ask = (selection: object) => () => requestsOf({ kind: ConfigMap, ...selection }, mapToSelf);
    expect(ask({ fieldSelector: 'data.x=1' })).toThrow('"data.x" is not a known field selector');
    expect(ask({ labelSelector: 'a in' })).toThrow('unable to parse');
  });
});
