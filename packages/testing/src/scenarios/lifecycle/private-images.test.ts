import type { Secret } from '@orrery/api';
import { defineImage } from '@orrery/runtimes/sim';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario } from '../pod-scenario.fixture.ts';

/** Images that need credentials, and the Secrets that hold them (Kubernetes "Pull an Image from a Private Registry"). */

const app = defineImage({
  name: 'registry.example.com/team/app',
  command: ['/app'],
  private: { username: 'ann', password: 'sesame' },
  programs: { '/app': (process) => process.untilSignal('SIGTERM').then(() => 0) },
});
const image = 'registry.example.com/team/app:v1';
const refusal = `rpc error: code = Unknown desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;

const withApp = (nodes = 1) => podScenario({ nodes, plugins: [{ name: 'images', images: [app] }] });
const pullSecret = (name: string, registry: string, password = 'sesame', type = 'dockerconfigjson'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  type: `kubernetes.io/${type}`,
  data: {
    [`.${type}`]: btoa(
      JSON.stringify(
        type === 'dockercfg'
          ? { [registry]: { username: 'ann', password } }
          : { auths: { [registry]: { auth: btoa(`ann:${password}`) } } },
      ),
    ),
  },
});
const run = (
  cluster: PodScenario,
  name: string,
  secrets: readonly string[],
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never' = 'IfNotPresent',
) =>
  cluster.start(
    {
      containers: [{ name: 'main', image, imagePullPolicy }],
      imagePullSecrets: secrets.map((secret) => ({ name: secret })),
    },
    { name },
  );
const waiting = async (cluster: PodScenario, name = 'web') =>
  (await cluster.pod(name)).status?.containerStatuses?.[0]?.state?.waiting;

test('without a secret: ErrImagePull with the registry’s message, then ImagePullBackOff with the same message', async () => {
  const cluster = await withApp();
  await run(cluster, 'web', []);
  expect(await waiting(cluster)).toEqual({ reason: 'ErrImagePull', message: refusal });
  await cluster.advance('2s');
  expect(await waiting(cluster)).toEqual({
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image "${image}": ErrImagePull: ${refusal}`,
  });
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      `Warning Failed: Failed to pull image "${image}": ${refusal}`,
      'Warning Failed: Error: ErrImagePull',
    ]),
  );
});

test.for([
  ['its registry', 'registry.example.com', 'dockerconfigjson', true],
  ['its registry, with the scheme', 'https://registry.example.com', 'dockerconfigjson', true],
  ['its registry, in the old form', 'registry.example.com', 'dockercfg', true],
  ['its repository', 'registry.example.com/team', 'dockerconfigjson', true],
  ['all registries of its domain', '*.example.com', 'dockerconfigjson', true],
  ['another repository', 'registry.example.com/other', 'dockerconfigjson', false],
  ['another registry', 'example.com', 'dockerconfigjson', false],
] as const)('a secret for %s: %s as %s grants access: %s', async ([, registry, type, opens]) => {
  const cluster = await withApp();
  await cluster.client.create(pullSecret('registry', registry, 'sesame', type));
  await run(cluster, 'web', ['registry']);
  expect(await cluster.row()).toMatchObject({ status: opens ? 'Running' : 'ErrImagePull' });
});

test('tries all of several secrets', async () => {
  const cluster = await withApp();
  await cluster.client.create(pullSecret('old', 'registry.example.com', 'wrong'));
  await cluster.client.create(pullSecret('new', 'registry.example.com'));
  await run(cluster, 'web', ['old', 'new']);
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a secret of another type is not a pull secret', async () => {
  const cluster = await withApp();
  const secret = pullSecret('registry', 'registry.example.com');
  await cluster.client.create<Secret>({ ...secret, type: 'Opaque' });
  await run(cluster, 'web', ['registry']);
  expect(await cluster.row()).toMatchObject({ status: 'ErrImagePull' });
});

test.for(['IfNotPresent', 'Always', 'Never'] as const)(
  'a Pod without credentials cannot use a private image that is on the node: %s',
  async (policy) => {
    const cluster = await withApp();
    await cluster.client.create(pullSecret('registry', 'registry.example.com'));
    await run(cluster, 'first', ['registry']);
    expect(await cluster.row('first')).toMatchObject({ status: 'Running' });
    await run(cluster, 'web', [], policy);
    expect(await waiting(cluster)).toEqual(
      policy === 'Never'
        ? {
            reason: 'ErrImageNeverPull',
            message: `Container image "${image}" is not present with pull policy of Never`,
          }
        : { reason: 'ErrImagePull', message: refusal },
    );
  },
);

test.for(['IfNotPresent', 'Never'] as const)(
  'a Pod with the same secret or the same credentials can use a private image that is on the node: %s',
  async (policy) => {
    const cluster = await withApp();
    await cluster.client.create(pullSecret('registry', 'registry.example.com'));
    await cluster.client.create(pullSecret('copy', 'registry.example.com'));
    await run(cluster, 'first', ['registry']);
    await run(cluster, 'same', ['registry'], policy);
    await run(cluster, 'copied', ['copy'], policy);
    for (const name of ['same', 'copied']) {
      expect(await cluster.row(name)).toMatchObject({ status: 'Running' });
      expect(await cluster.events(name)).toContain(
        `Normal Pulled: Container image "${image}" already present on machine`,
      );
    }
  },
);

test('asks the registry for a Pod whose credentials have not been tried yet', async () => {
  const cluster = await withApp();
  await cluster.client.create(pullSecret('registry', 'registry.example.com'));
  await cluster.client.create(pullSecret('wrong', 'registry.example.com', 'wrong'));
  await run(cluster, 'first', ['registry']);
  await run(cluster, 'web', ['wrong']);
  expect(await waiting(cluster)).toMatchObject({ reason: 'ErrImagePull' });
});

test('neither a container restart nor a kubelet restart needs the credentials again', async () => {
  const cluster = await withApp();
  await cluster.client.create(pullSecret('registry', 'registry.example.com'));
  await run(cluster, 'web', ['registry']);
  await cluster.nodes.restartKubelet('node1');
  await cluster.settle();
  const runtime = cluster.nodes.runtime('node1');
  const [container] = (await runtime?.listContainers()) ?? [];
  await runtime?.stopContainer(container?.id ?? '', 0);
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'Running', restarts: expect.stringMatching(/^1 /) });
  await run(cluster, 'stranger', []);
  expect(await waiting(cluster, 'stranger')).toMatchObject({ reason: 'ErrImagePull' });
});

test('pull secrets are looked up in the Pod’s namespace', async () => {
  const cluster = await withApp();
  await cluster.apply('{ apiVersion: v1, kind: Namespace, metadata: { name: other } }');
  const secret = pullSecret('registry', 'registry.example.com');
  await cluster.client.create<Secret>({ ...secret, metadata: { name: 'registry', namespace: 'other' } });
  await run(cluster, 'web', ['registry']);
  expect(await cluster.row()).toMatchObject({ status: 'ErrImagePull' });
  expect(await cluster.events()).toContain(
    'Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (registry); attempting to pull the image may not succeed.',
  );
});

test('the pull policy is set when the Pod is created, and a later image does not change it', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'nginx:1.27' }] });
  const pod = await cluster.pod();
  const containers = pod.spec.containers.map((container) => ({ ...container, image: 'nginx:latest' }));
  await cluster.client.update({ ...pod, spec: { ...pod.spec, containers } });
  await cluster.advance('5s');
  expect((await cluster.pod()).spec.containers[0]).toMatchObject({
    image: 'nginx:latest',
    imagePullPolicy: 'IfNotPresent',
  });
});
