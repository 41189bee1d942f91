import { type Container, Deployment, type KubernetesObject, Pod, PodPreset } from '@orrery/api';
import { tableFor } from '@orrery/api/server';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The worked examples of PodPreset (Kubernetes 1.14 to 1.19, "Pod Presets"), on the whole cluster. */

type PresetSpec = PodPreset['spec'];

const role = { labels: { role: 'frontend' } };
const selector = { matchLabels: role.labels };
const prefix = 'podpreset.admission.kubernetes.io/podpreset-';

const preset = (name: string, spec: PresetSpec, namespace = 'default'): PodPreset => ({
  apiVersion: 'settings.k8s.io/v1alpha1',
  kind: 'PodPreset',
  metadata: { namespace, name },
  spec: { selector, ...spec },
});

interface Admitted {
  readonly cluster: PodScenario;
  readonly pod: Pod;
  /** Resource versions by preset, from the Pod's annotations. */
  readonly applied: { readonly [preset: string]: string };
}

/** Creates presets, then a Pod with the role that they select. */
async function admit(
  presets: readonly PodPreset[],
  spec: Partial<Pod['spec']> = {},
  metadata: Partial<Pod['metadata']> = {},
): Promise<Admitted> {
  const cluster = await podScenario();
  for (const one of presets) await cluster.client.create(one);
  await cluster.start(
    { containers: [service()], automountServiceAccountToken: false, ...spec },
    { ...role, ...metadata },
  );
  const pod = await cluster.pod();
  const applied = Object.fromEntries(
    Object.entries(pod.metadata.annotations ?? {}).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
  return { cluster, pod, applied };
}

const env = (container: Container | undefined) => (container?.env ?? []).map(({ name, value }) => `${name}=${value}`);
const mounts = (container: Container | undefined) =>
  (container?.volumeMounts ?? []).map(({ name, mountPath }) => `${name}:${mountPath}`);
const volumes = (pod: Pod) => (pod.spec.volumes ?? []).map(({ name }) => name);
const warnings = async (cluster: PodScenario, pod?: string) =>
  (await cluster.events(pod)).filter((event) => event.startsWith('Warning PodPresetConflict'));

const database: PresetSpec = {
  env: [{ name: 'DB_PORT', value: '6379' }],
  volumeMounts: [{ name: 'cache-volume', mountPath: '/cache' }],
  volumes: [{ name: 'cache-volume', emptyDir: {} }],
};

describe('merged fields', () => {
  test('1: a variable, a mount and its volume, and an annotation with the preset’s resource version', async () => {
    const { cluster, pod, applied } = await admit([preset('allow-database', database)]);
    expect(env(pod.spec.containers[0])).toEqual(['DB_PORT=6379']);
    expect(mounts(pod.spec.containers[0])).toEqual(['cache-volume:/cache']);
    expect(pod.spec.volumes).toEqual([{ name: 'cache-volume', emptyDir: {} }]);
    const { metadata } = await cluster.client.get(PodPreset, { namespace: 'default', name: 'allow-database' });
    expect(applied).toEqual({ 'allow-database': metadata.resourceVersion });
    const { stdout } = await cluster.exec('default/web', ['sh', '-c', 'echo $DB_PORT; touch /cache/a && ls /cache']);
    expect(stdout).toBe('6379\na\n');
    expect(await warnings(cluster)).toEqual([]);
  });

  test('2: a variable that already exists with the same value is not duplicated; names are case-sensitive', async () => {
    const { pod } = await admit(
      [
        preset('p', {
          env: [
            { name: 'abc', value: 'value2' },
            { name: 'ABC', value: 'value3' },
          ],
        }),
      ],
      {
        containers: [
          service({
            env: [
              { name: 'abc', value: 'value2' },
              { name: 'hello', value: 'value3' },
            ],
          }),
        ],
      },
    );
    expect(env(pod.spec.containers[0])).toEqual(['abc=value2', 'hello=value3', 'ABC=value3']);
  });

  test('6: a mount that already exists is kept, the other one is appended', async () => {
    const { pod } = await admit(
      [
        preset('p', {
          volumeMounts: [
            { name: 'simply', mountPath: '/opt/' },
            { name: 'etc-volume', mountPath: '/things/' },
          ],
          volumes: [
            { name: 'simply', emptyDir: {} },
            { name: 'etc-volume', emptyDir: {} },
          ],
        }),
      ],
      {
        containers: [service({ volumeMounts: [{ name: 'etc-volume', mountPath: '/things/' }] })],
        volumes: [{ name: 'etc-volume', emptyDir: {} }],
      },
    );
    expect(mounts(pod.spec.containers[0])).toEqual(['etc-volume:/things/', 'simply:/opt/']);
    expect(volumes(pod)).toEqual(['etc-volume', 'simply']);
  });

  test('7: an identical volume is kept once', async () => {
    const { pod } = await admit(
      [
        preset('p', {
          volumes: [
            { name: 'vol3', emptyDir: {} },
            { name: 'vol2', emptyDir: {} },
          ],
        }),
      ],
      {
        volumes: [
          { name: 'vol3', emptyDir: {} },
          { name: 'vol4', emptyDir: {} },
        ],
      },
    );
    expect(volumes(pod)).toEqual(['vol3', 'vol4', 'vol2']);
  });

  test('8: envFrom is always appended, even an identical entry', async () => {
    const from = (name: string, more: object = {}) => ({ configMapRef: { name, optional: true }, ...more });
    const { pod } = await admit(
      [preset('p', { envFrom: [from('thing'), from('abc'), from('abc', { prefix: 'pre_' })] })],
      { containers: [service({ envFrom: [from('thing')] })] },
    );
    expect(pod.spec.containers[0]?.envFrom).toEqual([
      from('thing'),
      from('thing'),
      from('abc'),
      from('abc', { prefix: 'pre_' }),
    ]);
  });

  test('9: two presets with the same variable inject it once, with one annotation each', async () => {
    const { pod, applied } = await admit([
      preset('one', { env: [{ name: 'X', value: '1' }] }),
      preset('two', {
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      }),
    ]);
    expect(env(pod.spec.containers[0])).toEqual(['X=1', 'Y=2']);
    expect(Object.keys(applied).toSorted()).toEqual(['one', 'two']);
  });

  test('11: init containers get it too, sidecars among them', async () => {
    const { cluster, pod } = await admit(
      [preset('p', { ...database, envFrom: [{ configMapRef: { name: 'none', optional: true } }] })],
      {
        initContainers: [
          script('echo port $DB_PORT > /cache/port', { name: 'first' }),
          service({ name: 'side', restartPolicy: 'Always' }),
        ],
      },
    );
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      expect(env(container)).toEqual(['DB_PORT=6379']);
      expect(mounts(container)).toEqual(['cache-volume:/cache']);
      expect(container.envFrom).toHaveLength(1);
    }
    await cluster.advance('5s');
    expect((await cluster.exec('default/web', ['cat', '/cache/port'])).stdout).toBe('port 6379\n');
  });

  test('the Pod’s own variables come first, so that those of the preset may use them', async () => {
    const { cluster } = await admit([preset('p', { env: [{ name: 'URL', value: 'http://$(HOST):80' }] })], {
      containers: [
        service({
          env: [
            { name: 'HOST', value: 'db' },
            { name: 'BACK', value: '$(URL)' },
          ],
        }),
      ],
    });
    expect((await cluster.exec('default/web', ['sh', '-c', 'echo $URL $BACK'])).stdout).toBe('http://db:80 $(URL)\n');
  });

  test('an empty selector matches every Pod of the namespace', async () => {
    const { applied } = await admit([preset('all', { ...database, selector: {} })], {}, { labels: {} });
    expect(Object.keys(applied)).toEqual(['all']);
  });

  test('the token’s volume comes after, and never conflicts', async () => {
    const path = '/var/run/secrets/kubernetes.io/serviceaccount';
    const { pod, applied } = await admit(
      [preset('p', { volumeMounts: [{ name: 'v', mountPath: path }], volumes: [{ name: 'v', emptyDir: {} }] })],
      {
        automountServiceAccountToken: true,
      },
    );
    expect(Object.keys(applied)).toEqual(['p']);
    expect(mounts(pod.spec.containers[0])).toEqual([`v:${path}`]);
  });
});

describe('conflicts: the Pod is created unchanged, without an annotation, with an event', () => {
  const mount = (name: string, mountPath: string) => ({ name, mountPath });

  test.for<readonly [string, readonly PodPreset[], Partial<Pod['spec']>, string]>([
    [
      '3: a variable with another value',
      [preset('p', { env: [{ name: 'abc', value: 'value2' }] })],
      { containers: [service({ env: [{ name: 'abc', value: 'value3' }] })] },
      'spec.containers[0].env[abc] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      '4: a volume that is mounted elsewhere',
      [
        preset('p', {
          volumeMounts: [mount('simply', '/opt/'), mount('etc-volume', '/things/')],
          volumes: [
            { name: 'simply', emptyDir: {} },
            { name: 'etc-volume', emptyDir: {} },
          ],
        }),
      ],
      {
        containers: [service({ volumeMounts: [mount('etc-volume', '/mnt/')] })],
        volumes: [{ name: 'etc-volume', emptyDir: {} }],
      },
      'spec.containers[0].volumeMounts[etc-volume] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      '5: another volume at the same path',
      [
        preset('p', {
          volumeMounts: [mount('things-volume', '/mnt/')],
          volumes: [{ name: 'things-volume', emptyDir: {} }],
        }),
      ],
      {
        containers: [service({ volumeMounts: [mount('etc-volume', '/mnt/')] })],
        volumes: [{ name: 'etc-volume', emptyDir: {} }],
      },
      'spec.containers[0].volumeMounts[/mnt/] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      '7: a volume of another source',
      [preset('p', { volumes: [{ name: 'vol3', hostPath: { path: '/x' } }] })],
      { volumes: [{ name: 'vol3', emptyDir: {} }] },
      'spec.volumes[vol3] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      '9: two presets with different values',
      [preset('one', { env: [{ name: 'X', value: '1' }] }), preset('two', { env: [{ name: 'X', value: '2' }] })],
      {},
      'spec.containers[0].env[X] of podpreset "two" differs from that of podpreset "one"',
    ],
    [
      '11: only in an init container',
      [preset('p', { env: [{ name: 'X', value: '1' }] })],
      { initContainers: [{ name: 'i', image: 'busybox', command: ['true'], env: [{ name: 'X', value: '2' }] }] },
      'spec.initContainers[0].env[X] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      '12: only in the second container',
      [preset('p', { env: [{ name: 'X', value: '1' }] })],
      { containers: [service(), service({ name: 'other', env: [{ name: 'X', value: '2' }] })] },
      'spec.containers[1].env[X] of podpreset "p" differs from the Pod\'s own',
    ],
    [
      'a preset that mounts one volume twice',
      [
        preset('p', {
          volumeMounts: [mount('v', '/a'), mount('v', '/b')],
          volumes: [{ name: 'v', emptyDir: {} }],
        }),
      ],
      {},
      'spec.containers[0].volumeMounts[v] of podpreset "p" differs from another one of its own',
    ],
    [
      'a literal against a reference',
      [preset('p', { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] })],
      { containers: [service({ env: [{ name: 'X', value: 'web' }] })] },
      'spec.containers[0].env[X] of podpreset "p" differs from the Pod\'s own',
    ],
  ])('%s', async ([, presets, spec, sentence]) => {
    const { cluster, pod, applied } = await admit(presets, spec);
    const alone = await admit([], spec);
    expect(pod.spec).toEqual(alone.pod.spec);
    expect(applied).toEqual({});
    const names = presets.map(({ metadata }) => metadata.name).join(',');
    expect(await warnings(cluster)).toEqual([
      `Warning PodPresetConflict: conflict occurred while applying podpresets: ${names}: ${sentence}`,
    ]);
    expect(await cluster.row()).toMatchObject({ status: 'Running' });
  });

  test('a preset that fits is not applied beside two that conflict', async () => {
    const { pod, applied } = await admit([
      preset('fits', { env: [{ name: 'A', value: '1' }] }),
      preset('one', { env: [{ name: 'X', value: '1' }] }),
      preset('two', { env: [{ name: 'X', value: '2' }] }),
    ]);
    expect(env(pod.spec.containers[0])).toEqual([]);
    expect(applied).toEqual({});
  });
});

describe('Pods that are not changed', () => {
  test.for<readonly [string, Partial<Pod['metadata']>, boolean]>([
    ['10: excluded by annotation', { annotations: { 'podpreset.admission.kubernetes.io/exclude': 'true' } }, false],
    [
      'an exclusion that is not exactly "true"',
      { annotations: { 'podpreset.admission.kubernetes.io/exclude': 'True' } },
      true,
    ],
    ['other labels', { labels: { role: 'backend' } }, false],
  ])('%s', async ([, metadata, expected]) => {
    const { pod, applied } = await admit([preset('p', database)], {}, metadata);
    expect(Object.keys(applied)).toEqual(expected ? ['p'] : []);
    expect(env(pod.spec.containers[0])).toEqual(expected ? ['DB_PORT=6379'] : []);
  });

  test('10: a mirror Pod', async () => {
    const { cluster } = await admit([preset('p', database)]);
    const mirror = await cluster.client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name: 'm', ...role, annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { nodeName: 'node1', containers: [service()] },
    });
    expect(mirror.spec.containers[0]?.env).toBeUndefined();
  });

  test('10: Pods of another namespace', async () => {
    const { cluster } = await admit([preset('p', database)]);
    await cluster.apply('{ apiVersion: v1, kind: Namespace, metadata: { name: other } }');
    const pod = await cluster.start({ containers: [service()] }, { ...role, namespace: 'other', name: 'there' });
    expect(pod.spec.containers[0]?.env).toBeUndefined();
  });

  test('existing Pods are not affected by presets that are created, changed or deleted later', async () => {
    const { cluster, pod } = await admit([preset('p', database)]);
    const key = { namespace: 'default', name: 'p' };
    const old = await cluster.client.get(PodPreset, key);
    await cluster.client.update<PodPreset>({ ...old, spec: { ...old.spec, env: [{ name: 'DB_PORT', value: '1' }] } });
    await cluster.client.create(preset('later', { env: [{ name: 'LATER', value: '1' }] }));
    await cluster.client.delete(PodPreset, key);
    await cluster.advance('1m');
    expect((await cluster.pod()).spec).toEqual({ ...pod.spec, nodeName: 'node1' });
  });

  test('a Deployment never changes, its Pods do', async () => {
    const { cluster } = await admit([preset('p', database)]);
    const template: Deployment['spec']['template'] = {
      metadata: { labels: role.labels },
      spec: { containers: [service()] },
    };
    await cluster.client.create<Deployment>({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'default', name: 'd' },
      spec: { replicas: 2, selector: { matchLabels: role.labels }, template },
    });
    await cluster.advance('5s');
    const { spec } = await cluster.client.get(Deployment, { namespace: 'default', name: 'd' });
    expect(spec.template.spec?.containers[0]?.env).toBeUndefined();
    const { items } = await cluster.client.list(Pod, { namespace: 'default', labelSelector: 'pod-template-hash' });
    expect(items).toHaveLength(2);
    for (const pod of items) {
      expect(env(pod.spec.containers[0])).toEqual(['DB_PORT=6379']);
      expect(pod.metadata.annotations?.[`${prefix}p`]).toMatch(/^\d+$/);
    }
  });

  test('updates of a Pod, of its status and its labels', async () => {
    const { cluster } = await admit([preset('p', database)], {}, { labels: {} });
    await cluster.client.patch(
      Pod,
      { namespace: 'default', name: 'web' },
      { type: 'merge', patch: { metadata: role } },
    );
    const pod = await cluster.pod();
    expect(env(pod.spec.containers[0])).toEqual([]);
    expect(pod.metadata.annotations).toBeUndefined();
  });
});

describe('the object', () => {
  test.for<readonly [string, PodPreset, string]>([
    ['nothing to merge', preset('p', {}), 'must specify at least one'],
    [
      'a mount of a volume that it has not',
      preset('p', { volumeMounts: [{ name: 'v', mountPath: '/a' }] }),
      'spec.volumeMounts[0].name: Not found: "v"',
    ],
    [
      'two mounts at one path',
      preset('p', {
        volumeMounts: [
          { name: 'v', mountPath: '/a' },
          { name: 'w', mountPath: '/a' },
        ],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', emptyDir: {} },
        ],
      }),
      'must be unique',
    ],
    [
      'a selector that has no values',
      preset('p', { ...database, selector: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } }),
      'spec.selector.matchExpressions[0].values: Required value',
    ],
    ['a variable without a name', preset('p', { env: [{ name: '', value: '' }] }), 'spec.env[0].name: Required value'],
  ])('%s is refused', async ([, body, message]) => {
    const cluster = await podScenario();
    await expect(cluster.client.create(body)).rejects.toThrow(message);
  });

  test('is defaulted as a Pod is, so that equal things are equal', async () => {
    const { cluster, pod, applied } = await admit(
      [
        preset('p', {
          env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          volumes: [{ name: 's', secret: { secretName: 'x', optional: true } }, { name: 'e' }],
        }),
      ],
      {
        containers: [
          service({ env: [{ name: 'N', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }] }),
        ],
        volumes: [
          { name: 's', secret: { secretName: 'x', optional: true, defaultMode: 420 } },
          { name: 'e', emptyDir: {} },
        ],
      },
    );
    expect(Object.keys(applied)).toEqual(['p']);
    expect(volumes(pod)).toEqual(['s', 'e']);
    const stored = await cluster.client.get(PodPreset, { namespace: 'default', name: 'p' });
    expect(stored.spec.volumes?.[0]?.secret?.defaultMode).toBe(420);
  });

  test('can be updated, and is listed with its name and age', async () => {
    const cluster = await podScenario();
    const made = await cluster.client.create(preset('p', database));
    await expect(
      cluster.client.update<PodPreset>({ ...made, spec: { ...made.spec, env: [{ name: 'X', value: '1' }] } }),
    ).resolves.toBeDefined();
    const { columnDefinitions, rows } = tableFor(PodPreset, [made as KubernetesObject], {
      now: cluster.now(),
      includeObject: 'None',
      version: 'v1',
      withColumns: true,
    });
    expect(columnDefinitions?.map(({ name }) => name)).toEqual(['Name', 'Created At']);
    expect(rows[0]?.cells).toEqual(['p', '2026-01-01T00:00:00Z']);
  });
});
