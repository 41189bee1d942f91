import { Pod, type Volume } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** How volumes lie on their node: places, modes and owners (Kubernetes "Volumes", "Configure a Security Context"). */

const objects = `
apiVersion: v1
kind: Secret
metadata: { name: login, namespace: default }
stringData: { user: admin }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: default }
data: { level: "3" }
`;

const sources = {
  secret: { secret: { secretName: 'login', items: [{ key: 'user', path: 'deep/user' }] } },
  configMap: { configMap: { name: 'settings', items: [{ key: 'level', path: 'deep/level' }] } },
  downwardAPI: { downwardAPI: { items: [{ path: 'deep/name', fieldRef: { fieldPath: 'metadata.name' } }] } },
  projected: { projected: { sources: [{ secret: { name: 'login', items: [{ key: 'user', path: 'deep/user' }] } }] } },
} as const satisfies { readonly [source: string]: Omit<Volume, 'name'> };

async function withVolume(source: Omit<Volume, 'name'>, security: object = {}): Promise<PodScenario> {
  const cluster = await podScenario();
  await cluster.apply(objects);
  await cluster.start({
    securityContext: security,
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', ...source }],
  });
  await cluster.advance('2s');
  return cluster;
}
const sh = async (cluster: PodScenario, command: string) => {
  const { stdout, stderr } = await cluster.exec('default/web', ['sh', '-c', command]);
  return stdout + stderr;
};
const nodeFiles = (cluster: PodScenario) => {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime.files;
};

test.for([
  ['secret', 'secret'],
  ['configMap', 'configmap'],
  ['downwardAPI', 'downward-api'],
  ['projected', 'projected'],
] as const)('a %s volume lies in kubernetes.io~%s of its Pod’s directory on the node', async ([source, plugin]) => {
  const cluster = await withVolume(sources[source]);
  const { uid } = (await cluster.pod()).metadata;
  const path = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~${plugin}/v`;
  expect(nodeFiles(cluster).readdir(path)).toContain('..data');
  expect(nodeFiles(cluster).stat(`/var/lib/kubelet/pods/${uid}`)?.mode).toBe(0o750);
});

describe('modes and groups of directories', () => {
  const stat = (cluster: PodScenario) => sh(cluster, 'stat -L -c "%a %g" /v /v/..data /v/..data/deep');

  test.for(Object.keys(sources) as (keyof typeof sources)[])(
    '%s: as in memory, versions for the node to write',
    async (source) => {
      expect(await stat(await withVolume(sources[source]))).toBe('1777 0\n755 0\n755 0\n');
    },
  );

  test.for(Object.keys(sources) as (keyof typeof sources)[])(
    '%s: fsGroup owns them and everything created in them',
    async (source) => {
      expect(await stat(await withVolume(sources[source], { fsGroup: 2000 }))).toBe(
        '3777 2000\n2755 2000\n2755 2000\n',
      );
    },
  );

  test.for([
    ['', {}, '777 0'],
    ['Memory', {}, '1777 0'],
    ['', { fsGroup: 2000 }, '2777 2000'],
    ['Memory', { fsGroup: 2000 }, '3777 2000'],
  ] as const)('emptyDir of medium "%s" with %j: %s', async ([medium, security, expected]) => {
    const cluster = await withVolume({ emptyDir: medium === '' ? {} : { medium } }, security);
    expect(await sh(cluster, 'stat -c "%a %g" /v')).toBe(`${expected}\n`);
  });
});

test('a missing subPath is created with the mode of its volume', async () => {
  const cluster = await podScenario();
  await cluster.start({
    securityContext: { fsGroup: 2000 },
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }] })],
    volumes: [{ name: 'v', emptyDir: {} }],
  });
  expect(await sh(cluster, 'stat -c "%a %g" /v')).toBe('2777 2000\n');
});

describe('a token’s file', () => {
  test.for([
    ['nobody known', {}, '644 0 0'],
    ['one user of all containers', { runAsUser: 1000 }, '600 1000 0'],
    ['a group', { fsGroup: 2000 }, '640 0 2000'],
    ['both', { runAsUser: 1000, fsGroup: 2000 }, '640 1000 2000'],
  ] as const)('%s: %j results in %s', async ([, security, expected]) => {
    const cluster = await withVolume(
      { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      security,
    );
    expect(await sh(cluster, 'stat -L -c "%a %u %g" /v/token')).toBe(`${expected}\n`);
  });
});

test('huge pages of containers are read like other resources, but an unset limit stays unset', async () => {
  const capacity = { cpu: '4', memory: '8Gi', pods: '110', 'hugepages-2Mi': '64Mi' };
  const cluster = await podScenario({ nodes: [{ name: 'node1', capacity }] });
  const reference = (resource: string, divisor: string) => ({ containerName: 'main', resource, divisor });
  const limits = { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '8Mi' };
  await cluster.start({
    containers: [
      service({
        resources: { limits },
        env: [
          { name: 'A', valueFrom: { resourceFieldRef: reference('limits.hugepages-2Mi', '1Mi') } },
          { name: 'B', valueFrom: { resourceFieldRef: reference('requests.hugepages-2Mi', '1') } },
          { name: 'C', valueFrom: { resourceFieldRef: reference('limits.hugepages-1Gi', '1') } },
        ],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      }),
    ],
    volumes: [
      {
        name: 'v',
        downwardAPI: { items: [{ path: 'a', resourceFieldRef: reference('limits.hugepages-2Mi', '1Mi') }] },
      },
    ],
  });
  await cluster.advance('2s');
  expect(await sh(cluster, 'echo $A $B $C $(cat /v/a)')).toBe('8 8388608 0 8\n');
});

test('files of resources follow a resize of their container, variables do not', async () => {
  const cluster = await podScenario();
  const reference = { containerName: 'main', resource: 'limits.cpu', divisor: '1m' };
  await cluster.start({
    containers: [
      service({
        resources: { limits: { cpu: '200m', memory: '64Mi' } },
        env: [{ name: 'CPU', valueFrom: { resourceFieldRef: reference } }],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      }),
    ],
    volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: reference }] } }],
  });
  await cluster.advance('2s');
  expect(await sh(cluster, 'cat /v/cpu')).toBe('200');
  const resources = { limits: { cpu: '400m', memory: '64Mi' }, requests: { cpu: '400m', memory: '64Mi' } };
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    { type: 'strategic', patch: { spec: { containers: [{ name: 'main', resources }] } } },
    { subresource: 'resize' },
  );
  await cluster.advance('5s');
  expect(await sh(cluster, 'echo $(cat /v/cpu) $CPU')).toBe('400 200\n');
});

test('a podCertificate projection is dropped, as its feature gate does: the Pod starts without it', async () => {
  const cluster = await withVolume({
    projected: {
      sources: [
        { podCertificate: { signerName: 'acme.com/signer', keyType: 'ED25519', keyPath: 'key' } },
        { secret: { name: 'login' } },
      ],
    },
  });
  const [volume] = (await cluster.pod()).spec.volumes ?? [];
  expect(volume?.projected?.sources).toEqual([{}, { secret: { name: 'login' } }]);
  expect(await sh(cluster, 'ls /v')).toBe('user\n');
});
