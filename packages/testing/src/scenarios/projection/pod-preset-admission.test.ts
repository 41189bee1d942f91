import { Event, Pod, type PodPreset } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Where PodPresets stand in a Pod's admission, and what comes after them (Kubernetes 1.14 to 1.19, "Pod Presets"). */

const prefix = 'podpreset.admission.kubernetes.io/podpreset-';

const preset = (name: string, spec: PodPreset['spec']): PodPreset => ({
  apiVersion: 'settings.k8s.io/v1alpha1',
  kind: 'PodPreset',
  metadata: { namespace: 'default', name },
  spec: { selector: {}, ...spec },
});
const injecting = (name: string, value: string) => preset(name, { env: [{ name: 'X', value }] });
const variables = (pod: Pod) => pod.spec.containers[0]?.env ?? [];
const conflicts = async (cluster: PodScenario) => {
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  return items.filter(({ reason }) => reason === 'PodPresetConflict');
};

test('a preset’s name of 53 characters fits into the annotation; of 54 the Pod is refused for it', async () => {
  const fits = await podScenario();
  await fits.client.create(injecting('a'.repeat(53), '1'));
  expect((await fits.start({ containers: [service()] })).metadata.annotations).toHaveProperty([
    prefix + 'a'.repeat(53),
  ]);
  const tooLong = await podScenario();
  await tooLong.client.create(injecting('a'.repeat(54), '1'));
  await expect(tooLong.start({ containers: [service()] })).rejects.toMatchObject({
    status: {
      code: 422,
      reason: 'Invalid',
      message: expect.stringContaining('name part must be no more than 63 bytes'),
    },
  });
});

test('the merged Pod is validated like any other', async () => {
  const cluster = await podScenario();
  await cluster.client.create(
    preset('p', { volumeMounts: [{ name: 'v', mountPath: '/a' }], volumes: [{ name: 'v', emptyDir: {} }] }),
  );
  const twice = [
    { name: 'own', mountPath: '/b' },
    { name: 'own', mountPath: '/b' },
  ];
  await expect(
    cluster.start({ containers: [service({ volumeMounts: twice })], volumes: [{ name: 'own', emptyDir: {} }] }),
  ).rejects.toMatchObject({ status: { code: 422, message: expect.stringContaining('must be unique') } });
});

test('a variable of the Pod takes precedence over the same one from an injected envFrom', async () => {
  const cluster = await podScenario();
  await cluster.apply(
    '{ apiVersion: v1, kind: ConfigMap, metadata: { name: c, namespace: default }, data: { X: preset, Z: preset } }',
  );
  await cluster.client.create(preset('p', { envFrom: [{ configMapRef: { name: 'c' } }] }));
  await cluster.start({
    restartPolicy: 'Never',
    containers: [script('echo $X $Z', { env: [{ name: 'X', value: 'pod' }] })],
  });
  expect(await cluster.logs('default/web')).toBe('pod preset\n');
});

test('a dry run shows the merged Pod, and records no conflict', async () => {
  const cluster = await podScenario();
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'web' },
    spec: { containers: [service()] },
  };
  await cluster.client.create(injecting('a', '1'));
  const dry = await cluster.client.create<Pod>(pod, { dryRun: true });
  expect(variables(dry)).toEqual([{ name: 'X', value: '1' }]);
  await cluster.client.create(injecting('b', '2'));
  expect(variables(await cluster.client.create<Pod>(pod, { dryRun: true }))).toEqual([]);
  await cluster.settle();
  expect(await conflicts(cluster)).toEqual([]);
});

test('Pods of a controller too get an event of their own for a conflict', async () => {
  const cluster = await podScenario();
  await cluster.client.create(injecting('a', '1'));
  await cluster.client.create(injecting('b', '2'));
  await cluster.apply(
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'd' } },
        template: { metadata: { labels: { app: 'd' } }, spec: { containers: [service()] } },
      },
    }),
  );
  await cluster.advance('5s');
  const { items } = await cluster.client.list(Pod, { namespace: 'default' });
  const recorded = await conflicts(cluster);
  expect(recorded.map(({ involvedObject }) => involvedObject.name).toSorted()).toEqual(
    items.map(({ metadata }) => metadata.name).toSorted(),
  );
  expect(recorded[0]).toMatchObject({ type: 'Warning', involvedObject: { kind: 'Pod', uid: expect.any(String) } });
  for (const { metadata, status } of items) {
    expect(metadata.annotations ?? {}).not.toHaveProperty([`${prefix}a`]);
    expect(status?.phase).toBe('Running');
  }
});

test('a preset does not apply to ephemeral containers', async () => {
  const cluster = await podScenario();
  await cluster.client.create(injecting('a', '1'));
  await cluster.start({ containers: [service()] });
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name: 'web' },
    {
      type: 'strategic',
      patch: { spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox', command: ['env'] }] } },
    },
    { subresource: 'ephemeralcontainers' },
  );
  await cluster.advance('2s');
  expect((await cluster.pod()).spec.ephemeralContainers?.[0]).not.toHaveProperty('env');
  expect(await cluster.logs('default/web', { container: 'debugger' })).not.toContain('X=1');
});
