import { ConfigMap, type Pod, type Secret, type ServiceAccount } from '@orrery/api';
import { expect, test } from 'vitest';
import { startNode, type TestNode } from '../node.fixture.ts';
import { refreshTime } from './tokens.ts';

const web = { name: 'web', image: 'web:1' };

function configMap(name: string, data: { [key: string]: string }, more: Partial<ConfigMap> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data, ...more };
}

async function change(node: TestNode, name: string, data: { [key: string]: string }): Promise<void> {
  const old = await node.api.client.get(ConfigMap, { namespace: 'default', name });
  await node.api.client.update<ConfigMap>({ ...old, data });
  await node.simulation.settle();
}

function path(pod: { metadata: { uid: string } }, plugin: string): string {
  return `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~${plugin}/v`;
}

/** Makes the account whose tokens Pods get. */
async function createAccount(node: TestNode): Promise<void> {
  await node.api.client.create<ServiceAccount>({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
}

test('files follow an update within the sync period; several updates in it are written together', async () => {
  const node = await startNode();
  await node.api.client.create(configMap('c', { k: '0' }));
  const pod = await node.create({ containers: [web], volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  const file = `${path(pod, 'configmap')}/k`;
  expect(node.runtime.files.text(file)).toBe('0');
  const version = node.runtime.files.readlink(`${path(pod, 'configmap')}/..data`);
  await change(node, 'c', { k: '1' });
  await change(node, 'c', { k: '2' });
  expect(node.runtime.files.text(file)).toBe('0');
  await node.advance('1s');
  expect(node.runtime.files.text(file)).toBe('2');
  expect(node.runtime.files.readlink(`${path(pod, 'configmap')}/..data`)).not.toBe(version);
});

test('an object that disappears leaves the files as they are', async () => {
  const node = await startNode();
  await node.api.client.create(configMap('c', { k: '0' }));
  const pod = await node.create({ containers: [web], volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  await node.api.client.delete(ConfigMap, { namespace: 'default', name: 'c' });
  await node.advance('5s');
  expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('0');
});

test.each([
  ['the object is gone', undefined, 'configmap "c" not found'],
  ['a key that items name is gone', { other: 'x' }, 'configmap references non-existent config key: k'],
] as const)(
  'a refresh that fails (%s): FailedMount once in each back-off, the old files stay, and end with the next good one',
  async (_why, data, error) => {
    const node = await startNode();
    await node.api.client.create(configMap('c', { k: '0' }));
    await node.api.client.create(configMap('d', { n: '0' }));
    const pod = await node.create({
      containers: [web],
      volumes: [
        { name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'k' }] } },
        { name: 'w', configMap: { name: 'd' } },
      ],
    });
    await node.advance('5s');
    if (data === undefined) await node.api.client.delete(ConfigMap, { namespace: 'default', name: 'c' });
    else await change(node, 'c', data);
    const failed = () => node.events.filter((event) => event.startsWith('Warning FailedMount'));
    await node.advance('1ms');
    expect(failed()).toEqual([`Warning FailedMount MountVolume.SetUp failed for volume "v" : ${error}`]);
    // A change of another volume, or one that mends nothing, is no reason to say it again.
    await change(node, 'd', { n: '1' });
    if (data !== undefined) await change(node, 'c', { other: 'y' });
    await node.advance('398ms');
    expect(failed()).toHaveLength(1);
    // At 0, 0.5, 1.5, 3.5 and 7.5 s.
    await node.advance('7s');
    expect(failed()).toHaveLength(4);
    await node.advance('1s');
    expect(failed()).toHaveLength(5);
    expect(node.runtime.running()).toEqual(['web']);
    expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('0');
    if (data === undefined) await node.api.client.create(configMap('c', { k: '2' }));
    else await change(node, 'c', { k: '2' });
    await node.advance('1s');
    expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('2');
    await node.advance('10m');
    expect(failed()).toHaveLength(5);
  },
);

test('where one source of a projected volume is missing, nothing of it is written anew', async () => {
  const node = await startNode();
  await node.api.client.create(configMap('c', { k: '0' }));
  await node.api.client.create(configMap('d', { n: '0' }));
  const pod = await node.create({
    containers: [web],
    volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'c' } }, { configMap: { name: 'd' } }] } }],
  });
  await node.advance('5s');
  await node.api.client.delete(ConfigMap, { namespace: 'default', name: 'd' });
  await change(node, 'c', { k: '1' });
  await node.advance('5m');
  expect(node.runtime.files.text(`${path(pod, 'projected')}/k`)).toBe('0');
  await node.api.client.create(configMap('d', { n: '1' }));
  await node.advance('1s');
  expect(node.runtime.files.text(`${path(pod, 'projected')}/k`)).toBe('1');
  expect(node.runtime.files.text(`${path(pod, 'projected')}/n`)).toBe('1');
});

test('a token is fetched once for all volumes that ask for the same one', async () => {
  const node = await startNode();
  await createAccount(node);
  const token = (name: string, fields: object) => ({
    name,
    projected: { sources: [{ serviceAccountToken: { path: 'token', ...fields } }] },
  });
  await node.create({
    serviceAccountName: 'default',
    containers: [web],
    volumes: [
      token('v', {}),
      token('w', {}),
      token('x', { expirationSeconds: 3600 }),
      token('y', { audience: 'vault' }),
      token('z', { expirationSeconds: 7200 }),
    ],
  });
  expect(node.runtime.running()).toEqual(['web']);
  expect(node.api.calls.filter((call) => call.startsWith('token'))).toHaveLength(3);
});

test('an immutable object is not watched', async () => {
  const node = await startNode();
  const before = node.api.watches;
  await node.api.client.create(configMap('c', { k: '0' }, { immutable: true }));
  const pod = await node.create({ containers: [web], volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  expect(node.api.watches).toBe(before);
  // It cannot change, but another one can take its place.
  await node.api.client.delete(ConfigMap, 'default/c');
  await node.api.client.create(configMap('c', { k: '1' }, { immutable: true }));
  await node.advance('5s');
  expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('0');
});

test('an object is watched once for all Pods that show it, and no longer than they need it', async () => {
  const node = await startNode();
  const before = node.api.watches;
  await node.api.client.create(configMap('c', { k: '0' }));
  const volumes = [{ name: 'v', configMap: { name: 'c' } }];
  await node.create({ containers: [web], volumes });
  await node.create({ containers: [web], volumes }, { name: 'q' });
  expect(node.api.watches).toBe(before + 1);
  await node.delete({}, 'p');
  await node.delete({}, 'q');
  await node.advance('5s');
  expect(node.api.watches).toBe(before);
});

test('a secret that no Pod names is never asked for', async () => {
  const node = await startNode();
  await node.api.client.create<Secret>({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'default' },
  });
  await node.create({ containers: [web] });
  expect(node.api.calls.filter((call) => call.includes('Secret') && !call.startsWith('create'))).toEqual([]);
});

test('an optional object that appears later is projected', async () => {
  const node = await startNode();
  const pod = await node.create({
    containers: [web],
    volumes: [{ name: 'v', configMap: { name: 'c', optional: true } }],
  });
  expect(node.runtime.running()).toEqual(['web']);
  await node.api.client.create(configMap('c', { k: '1' }));
  await node.advance('1s');
  expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('1');
});

test('downward API files follow the Pod’s labels; variables and subPath mounts do not follow anything', async () => {
  const node = await startNode();
  await node.api.client.create(configMap('c', { k: 'one' }));
  const pod = await node.create(
    {
      containers: [
        {
          ...web,
          env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
          volumeMounts: [{ name: 'w', mountPath: '/k', subPath: 'k' }],
        },
      ],
      volumes: [
        { name: 'v', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'w', configMap: { name: 'c' } },
      ],
    },
    { labels: { a: '1' } },
  );
  await node.advance('1s');
  await change(node, 'c', { k: 'two' });
  const old = await node.pod();
  await node.api.client.update<Pod>({ ...old, metadata: { ...old.metadata, labels: { a: '2' } } });
  await node.advance('2s');
  expect(node.runtime.files.text(`${path(pod, 'downward-api')}/labels`)).toBe('a="2"');
  const { config } = node.runtime.containers.get(node.runtime.id('web')) ?? {};
  expect(config?.envs).toContainEqual({ key: 'K', value: 'one' });
  const mount = config?.mounts.find(({ containerPath }) => containerPath === '/k');
  expect(node.runtime.files.text(mount?.hostPath ?? '')).toBe('one');
});

test('the service account volume: token, ca.crt and namespace; the token is replaced at 80 % of its life', async () => {
  const node = await startNode();
  await createAccount(node);
  await node.api.client.create(configMap('kube-root-ca.crt', { 'ca.crt': 'PEM' }));
  const pod = await node.create({
    serviceAccountName: 'default',
    containers: [web],
    volumes: [
      {
        name: 'v',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
              },
            },
          ],
        },
      },
    ],
  });
  const directory = path(pod, 'projected');
  expect(node.runtime.files.readdir(directory).slice(2)).toEqual(['ca.crt', 'namespace', 'token']);
  expect(node.runtime.files.text(`${directory}/namespace`)).toBe('default');
  const token = () => node.runtime.files.text(`${directory}/token`);
  const first = token();
  expect(first).toMatch(/^[^.]+\.[^.]+\.[^.]+$/);
  expect(node.api.calls.filter((call) => call.startsWith('token'))).toEqual(['token ServiceAccount/default/default']);
  await node.advance('47m');
  expect(token()).toBe(first);
  await node.advance('2m');
  const second = token();
  expect(second).not.toBe(first);
  node.api.refuse = (call) => (call.startsWith('token') ? new Error('down') : undefined);
  await node.advance('50m');
  expect(token()).toBe(second);
  expect(node.events.filter((event) => event.includes('FailedMount'))).toEqual([]);
  // Nothing is reported as long as the old one is good; then it stays, and the Pod gets an event.
  await node.advance('15m');
  expect(token()).toBe(second);
  expect(node.events.find((event) => event.includes('FailedMount'))).toBe(
    `Warning FailedMount MountVolume.SetUp failed for volume "v" : token "default"/"default"/[]string(nil)/3607/v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"p", UID:"${pod.metadata.uid}"} expired and refresh failed: down`,
  );
});

test('a token is due up to ten seconds early, by chance', () => {
  expect(refreshTime({ issuedAt: 0, expiresAt: 3_600_000 }, 10_000)).toBe(2_870_000);
});

test.each([
  ['80 % of an hour', 3_600_000, 2_880_000],
  ['a day at most', 31_536_000_000, 86_400_000],
])('a token is due after %s', (_rule, life, due) => {
  expect(refreshTime({ issuedAt: 0, expiresAt: life }, 0)).toBe(due);
});

test('a token that cannot be had: FailedMount, again and again', async () => {
  const node = await startNode();
  await node.create({
    serviceAccountName: 'default',
    containers: [web],
    volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
  });
  await node.advance('4s');
  expect(node.events[0]).toBe(
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : failed to fetch token: serviceaccounts "default" not found',
  );
  // At 0, 0.5, 1.5 and 3.5 s.
  expect(node.events).toHaveLength(4);
});

test('a watch that breaks is opened again and misses nothing', async () => {
  const node = await startNode();
  await node.api.client.create(configMap('c', { k: '0' }));
  const pod = await node.create({ containers: [web], volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  node.api.breakWatches();
  await change(node, 'c', { k: '1' });
  await node.advance('5s');
  expect(node.runtime.files.text(`${path(pod, 'configmap')}/k`)).toBe('1');
});
