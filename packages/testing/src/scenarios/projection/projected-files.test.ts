import type { KubernetesObject, Volume } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** What secret, configMap, downwardAPI and projected volumes put into a container (Kubernetes "Projected Volumes"). */

const objects = `
apiVersion: v1
kind: Secret
metadata: { name: login, namespace: default }
stringData: { username: admin, password: "s3cret" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: default }
data: { ui.properties: "color=good\\n", level: "3" }
binaryData: { logo: /wD+ }
`;

async function mounted(
  source: Omit<Volume, 'name'>,
  more: Partial<Parameters<PodScenario['start']>[0]> = {},
  metadata: Parameters<PodScenario['start']>[1] = {},
): Promise<PodScenario> {
  const cluster = await podScenario();
  await cluster.apply(objects);
  await cluster.start(
    {
      containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [{ name: 'v', ...source }],
      ...more,
    },
    metadata,
  );
  await cluster.advance('2s');
  return cluster;
}

const sh = async (cluster: PodScenario, command: string, container = 'main') => {
  const { stdout, stderr } = await cluster.exec('default/web', ['sh', '-c', command], { container });
  return stdout + stderr;
};
/** Every file with its mode and content, by path. */
const listing = (cluster: PodScenario) =>
  sh(
    cluster,
    `cd /v && find -L . -type f | grep -v '^./[.][.]' | sort | while read f; do echo "$f $(stat -L -c %a $f) $(cat $f)"; done`,
  );
const failedMount = async (cluster: PodScenario) =>
  (await cluster.events()).find((event) => event.startsWith('Warning FailedMount'))?.replace(/ \(x\d+\)$/, '');

describe('files of Secrets and ConfigMaps', () => {
  test('without items every key is a file with mode 0644', async () => {
    const cluster = await mounted({ secret: { secretName: 'login' } });
    expect(await listing(cluster)).toBe('./password 644 s3cret\n./username 644 admin\n');
  });

  test('data and binaryData of a ConfigMap are files, byte for byte', async () => {
    const cluster = await mounted({ configMap: { name: 'settings' } });
    expect(await sh(cluster, 'ls /v; od -An -tx1 /v/logo; cat /v/ui.properties')).toBe(
      'level\nlogo\nui.properties\n ff 00 fe\ncolor=good\n',
    );
  });

  test('with items only those keys appear, at their paths, with their modes or the default one', async () => {
    const cluster = await mounted({
      secret: {
        secretName: 'login',
        defaultMode: 0o400,
        items: [
          { key: 'username', path: 'my-group/my-username', mode: 0o777 },
          { key: 'password', path: 'my-group/deep/secret' },
        ],
      },
    });
    expect(await listing(cluster)).toBe('./my-group/deep/secret 400 s3cret\n./my-group/my-username 777 admin\n');
  });

  test('the layout: every first element is a link through ..data, which leads to a directory named after its time', async () => {
    const cluster = await mounted({ secret: { secretName: 'login' } });
    expect(await sh(cluster, 'readlink /v/username; readlink /v/..data; ls -a /v | wc -l')).toMatch(
      /^\.\.data\/username\n\.\.2026_01_01_00_00_0\d\.\d+\n6\n$/,
    );
  });

  test('projected volumes are read-only, regardless of the mount', async () => {
    const cluster = await mounted({ configMap: { name: 'settings' } });
    expect(await sh(cluster, 'echo x > /v/level')).toContain('Read-only file system');
    expect(await sh(cluster, 'touch /v/new')).toContain('Read-only file system');
  });

  test('fsGroup owns the files, and may read them', async () => {
    const cluster = await mounted(
      { secret: { secretName: 'login', defaultMode: 0o400 } },
      { securityContext: { fsGroup: 2000, runAsUser: 1000 } },
    );
    expect(await sh(cluster, 'stat -L -c "%a %g" /v/username; cat /v/username')).toBe('440 2000\nadmin');
  });

  test.for<readonly [string, Omit<Volume, 'name'>, string]>([
    ['a missing Secret', { secret: { secretName: 'none' } }, 'secret "none" not found'],
    ['a missing ConfigMap', { configMap: { name: 'none' } }, 'configmap "none" not found'],
    [
      'a missing key of a Secret',
      { secret: { secretName: 'login', items: [{ key: 'no', path: 'no' }] } },
      'references non-existent secret key: no',
    ],
    [
      'a missing key of a ConfigMap',
      { configMap: { name: 'settings', items: [{ key: 'no', path: 'no' }] } },
      'configmap references non-existent config key: no',
    ],
    [
      'several missing sources: all are reported',
      { projected: { sources: [{ secret: { name: 'a' } }, { configMap: { name: 'b' } }] } },
      '[secret "a" not found, configmap "b" not found]',
    ],
  ])('%s: the Pod stays ContainerCreating, with FailedMount', async ([, source, message]) => {
    const cluster = await mounted(source);
    expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
    expect(await failedMount(cluster)).toBe(
      `Warning FailedMount: MountVolume.SetUp failed for volume "v" : ${message}`,
    );
  });

  test('FailedMount repeats with back-off, and the Pod starts once the object exists', async () => {
    const cluster = await mounted({ secret: { secretName: 'late' } });
    await cluster.advance('30s');
    const [event] = (await cluster.events()).filter((text) => text.includes('FailedMount'));
    expect(event).toMatch(/\(x[67]\)$/);
    await cluster.apply(
      '{ apiVersion: v1, kind: Secret, metadata: { name: late, namespace: default }, stringData: { a: b } }',
    );
    await cluster.advance('2s');
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
    expect(await listing(cluster)).toBe('./a 644 b\n');
  });

  test.for<readonly [string, Omit<Volume, 'name'>, string]>([
    ['a missing optional Secret becomes an empty directory', { secret: { secretName: 'none', optional: true } }, ''],
    ['a missing optional ConfigMap becomes an empty directory', { configMap: { name: 'none', optional: true } }, ''],
    [
      'a missing optional key is omitted',
      {
        configMap: {
          name: 'settings',
          optional: true,
          items: [
            { key: 'no', path: 'no' },
            { key: 'level', path: 'l' },
          ],
        },
      },
      './l 644 3\n',
    ],
    [
      'a missing optional source does not affect the others',
      {
        projected: {
          sources: [
            { secret: { name: 'none', optional: true } },
            { configMap: { name: 'settings', items: [{ key: 'level', path: 'l' }] } },
          ],
        },
      },
      './l 644 3\n',
    ],
  ])('%s', async ([, source, files]) => {
    expect(await listing(await mounted(source))).toBe(files);
  });

  test('an optional object that appears later is projected', async () => {
    const cluster = await mounted({ configMap: { name: 'late', optional: true } });
    expect(await listing(cluster)).toBe('');
    await cluster.apply(
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: late, namespace: default }, data: { a: b } }',
    );
    await cluster.advance('2s');
    expect(await listing(cluster)).toBe('./a 644 b\n');
  });
});

describe('projected volumes', () => {
  test('sources of every kind lie in one directory, with one default mode', async () => {
    const cluster = await mounted(
      {
        projected: {
          defaultMode: 0o440,
          sources: [
            { secret: { name: 'login', items: [{ key: 'username', path: 'my-group/my-username', mode: 0o511 }] } },
            { configMap: { name: 'settings', items: [{ key: 'level', path: 'my-group/level' }] } },
            {
              downwardAPI: {
                items: [
                  { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                  { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' }, mode: 0o400 },
                ],
              },
            },
            { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } },
          ],
        },
      },
      {},
      { labels: { app: 'web' } },
    );
    const lines = (await listing(cluster)).trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      './cpu 400',
      './labels 440',
      './my-group/level 440',
      './my-group/my-username 511',
      './token 440',
    ]);
    expect(lines.slice(0, 4).map((line) => line.split(' ')[2])).toEqual(['4', 'app="web"', '3', 'admin']);
  });

  test('of two sources with one path the later one wins', async () => {
    const cluster = await mounted({
      projected: {
        sources: [
          { configMap: { name: 'settings' } },
          { secret: { name: 'login', items: [{ key: 'username', path: 'level' }] } },
        ],
      },
    });
    expect(await sh(cluster, 'cat /v/level')).toBe('admin');
  });

  test('a token is its user’s alone where all containers run as one user', async () => {
    const cluster = await mounted(
      { projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'settings' } }] } },
      { securityContext: { runAsUser: 1000 } },
    );
    expect(await sh(cluster, 'stat -L -c "%a %u" /v/token /v/level')).toBe('600 1000\n644 0\n');
  });

  test.for<readonly [string, Omit<Volume, 'name'>, string]>([
    [
      'one path twice',
      {
        projected: {
          sources: [
            { secret: { name: 'login', items: [{ key: 'username', path: 'x' }] } },
            { configMap: { name: 'settings', items: [{ key: 'level', path: 'x' }] } },
          ],
        },
      },
      'conflicting duplicate paths',
    ],
    [
      'a path that leads out',
      { secret: { secretName: 'login', items: [{ key: 'username', path: '../x' }] } },
      'spec.volumes[0].secret.items[0].path: Invalid value: "../x": must not contain \'..\'',
    ],
    [
      'a path that leads out in the middle',
      { configMap: { name: 'settings', items: [{ key: 'level', path: 'a/../../x' }] } },
      "must not contain '..'",
    ],
    [
      'a path of the projector’s own',
      { configMap: { name: 'settings', items: [{ key: 'level', path: '..data' }] } },
      "must not start with '..'",
    ],
    [
      'an absolute path',
      { downwardAPI: { items: [{ path: '/etc/passwd', fieldRef: { fieldPath: 'metadata.name' } }] } },
      'must be a relative path',
    ],
    [
      'a mode over 0777',
      { secret: { secretName: 'login', defaultMode: 0o1000 } },
      'must be a number between 0 and 0777 (octal), both inclusive',
    ],
    [
      'an item’s mode below 0',
      { secret: { secretName: 'login', items: [{ key: 'a', path: 'a', mode: -1 }] } },
      'must be a number between 0 and 0777 (octal), both inclusive',
    ],
    [
      'a source of two types',
      { projected: { sources: [{ secret: { name: 'login' }, configMap: { name: 'settings' } }] } },
      'may not specify more than 1 volume type per source',
    ],
    [
      'a token that lives less than ten minutes',
      { projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 599 } }] } },
      'may not specify a duration less than 10 minutes',
    ],
    ['a Secret without a name', { secret: {} }, 'spec.volumes[0].secret.secretName: Required value'],
    [
      'an item with both fieldRef and resourceFieldRef',
      {
        downwardAPI: {
          items: [
            {
              path: 'a',
              fieldRef: { fieldPath: 'metadata.name' },
              resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' },
            },
          ],
        },
      },
      'fieldRef and resourceFieldRef can not be specified simultaneously',
    ],
    [
      'a resource field without its container',
      { downwardAPI: { items: [{ path: 'a', resourceFieldRef: { containerName: '', resource: 'limits.cpu' } }] } },
      'resourceFieldRef.containerName: Required value',
    ],
  ])('%s is refused', async ([, source, message]) => {
    await expect(mounted(source)).rejects.toThrow(message);
  });
});

describe('clusterTrustBundle', () => {
  const bundle = (name: string, pem: string, more: object = {}): KubernetesObject =>
    ({
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'ClusterTrustBundle',
      metadata: { name, ...('labels' in more ? { labels: more.labels } : {}) },
      spec: { trustBundle: pem, ...('signerName' in more ? { signerName: more.signerName } : {}) },
    }) as KubernetesObject;
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;

  test('by name: its certificates are a file that follows the bundle', async () => {
    const cluster = await podScenario();
    await cluster.apply(bundle('roots', pem('one')));
    await cluster.start({
      containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'roots', path: 'roots.pem' } }] } }],
    });
    await cluster.advance('2s');
    expect(await sh(cluster, 'cat /v/roots.pem')).toBe(pem('one'));
    await cluster.apply(bundle('roots', pem('two')));
    await cluster.advance('2s');
    expect(await sh(cluster, 'cat /v/roots.pem')).toBe(pem('two'));
  });

  test('by signer and labels: all that match, each certificate once', async () => {
    const cluster = await podScenario();
    const signerName = 'acme.com/signer';
    await cluster.apply([
      bundle('acme.com:signer:a', pem('one'), { signerName, labels: { tier: 'live' } }),
      bundle('acme.com:signer:b', pem('one') + pem('two'), { signerName, labels: { tier: 'live' } }),
      bundle('acme.com:signer:c', pem('three'), { signerName, labels: { tier: 'test' } }),
      bundle('acme.com:other:d', pem('four'), { signerName: 'acme.com/other', labels: { tier: 'live' } }),
    ]);
    await cluster.start({
      containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [
              {
                clusterTrustBundle: { signerName, labelSelector: { matchLabels: { tier: 'live' } }, path: 'live.pem' },
              },
              { clusterTrustBundle: { signerName, labelSelector: {}, path: 'all.pem' } },
              { clusterTrustBundle: { signerName, optional: true, path: 'none.pem' } },
            ],
          },
        },
      ],
    });
    await cluster.advance('2s');
    expect(
      (await sh(cluster, 'grep -c BEGIN /v/live.pem; grep -c BEGIN /v/all.pem; wc -c < /v/none.pem')).replaceAll(
        ' ',
        '',
      ),
    ).toBe('2\n3\n0\n');
    await cluster.apply(bundle('acme.com:signer:e', pem('five'), { signerName, labels: { tier: 'live' } }));
    await cluster.advance('2s');
    expect(await sh(cluster, 'grep -c BEGIN /v/live.pem')).toBe('3\n');
  });

  test.for([
    ['{ name: none, path: p }', 'clustertrustbundle.certificates.k8s.io "none" not found'],
    [
      '{ signerName: acme.com/none, labelSelector: {}, path: p }',
      'combination of signerName and labelSelector matched zero ClusterTrustBundles',
    ],
  ] as const)('%s: FailedMount', async ([source, message]) => {
    const cluster = await podScenario();
    await cluster.apply(`
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: default }
spec:
  containers: [{ name: main, image: busybox, command: [sleep, "100"], volumeMounts: [{ name: v, mountPath: /v }] }]
  volumes: [{ name: v, projected: { sources: [{ clusterTrustBundle: ${source} }] } }]
`);
    await cluster.advance('2s');
    expect(await failedMount(cluster)).toContain(message);
  });
});
