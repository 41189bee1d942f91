import { ConfigMap, Deployment, type KubernetesObject, Node, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createCache } from './cache/watching-cache.ts';
import { createSimulation } from './clock/simulation.ts';
import { openTestServer, type TestServer } from './server.fixture.ts';
import { type ChangeSource, mapToOwner, mapToSelf, requestsOf } from './sources.ts';

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
  async function follow<T extends KubernetesObject>(
    source: ChangeSource<T>,
    steps: (server: TestServer) => Promise<void>,
    first: KubernetesObject = configMap('old'),
  ) {
    const simulation = createSimulation();
    const { environment } = simulation;
    const server = await openTestServer(environment);
    const cache = createCache({ client: server.client, environment, actor: 'test' });
    await server.client.create(first);
    await cache.sync(source.kind);
    const log: string[] = [];
    requestsOf(source, mapToSelf)(cache).subscribe(({ key, cause }) => log.push(`${cause.type} ${key}`));
    await steps(server);
    await simulation.settle();
    return { log, cache };
  }

  function configMap(name: string, value = '1', namespace = 'default'): ConfigMap {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
  }

  function node(name: string, unschedulable: boolean, labels: { [key: string]: string } = {}): Node {
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { unschedulable } };
  }

  test('begin with what is there and say what they are caused by', async () => {
    const { log } = await follow({ kind: ConfigMap }, async ({ client }) => {
      await client.create(configMap('a'));
      await client.delete(ConfigMap, 'default/a');
    });
    expect(log).toEqual(['added default/old', 'added default/a', 'deleted default/a']);
  });

  test.each<[string, Omit<ChangeSource<Node>, 'kind'>]>([
    ['label', { labelSelector: 'app=web' }],
    ['field', { fieldSelector: 'spec.unschedulable=true' }],
  ])('of a %s selector come for what it selects, and once for what leaves it', async (_, selection) => {
    const steps = async ({ client }: TestServer) => {
      await client.create(node('other', false));
      await client.update(node('old', false));
      await client.update(node('old', false, { more: 'labels' }));
      await client.update(node('other', true, { app: 'web' }));
    };
    const { log, cache } = await follow({ kind: Node, ...selection }, steps, node('old', true, { app: 'web' }));
    expect(log).toEqual(['added old', 'modified old', 'modified other']);
    // Whoever shares the cache has all of them.
    expect(cache.list(Node)).toHaveLength(2);
  });

  test('of a namespace come for that namespace', async () => {
    const { log } = await follow({ kind: ConfigMap, namespace: 'shop' }, async ({ client }) => {
      await client.create(configMap('a', '1', 'shop'));
    });
    expect(log).toEqual(['added shop/a']);
  });

  test('come only for changes that when wants, and for every deletion', async () => {
    const moved = (now: Stored<ConfigMap>, before: Stored<ConfigMap> | undefined) =>
      now.data?.value !== before?.data?.value;
    const { log } = await follow({ kind: ConfigMap, when: moved }, async ({ client }) => {
      const labelled = { ...configMap('old').metadata, labels: { app: 'shop' } };
      await client.update({ ...configMap('old'), metadata: labelled });
      await client.update(configMap('old', '2'));
      await client.delete(ConfigMap, 'default/old');
    });
    expect(log).toEqual(['added default/old', 'modified default/old', 'deleted default/old']);
  });

  test('cannot be asked for with a selector that the kind does not offer', () => {
    const ask = (selection: object) => () => requestsOf({ kind: ConfigMap, ...selection }, mapToSelf);
    expect(ask({ fieldSelector: 'data.x=1' })).toThrow('"data.x" is not a known field selector');
    expect(ask({ labelSelector: 'a in' })).toThrow('unable to parse');
  });
});
