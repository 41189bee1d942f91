import { type Secret, ServiceAccount } from '@orrery/api';
import { type ContainerRuntime, RuntimeError } from '@orrery/runtimes';
import { defineImage } from '@orrery/runtimes/sim';
import { expect, test, vi } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Pull policies, pull back-off, private images. */

const secret = (username: string, password: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'registry', namespace: 'default' },
  type: 'kubernetes.io/dockerconfigjson',
  data: {
    '.dockerconfigjson': btoa(
      JSON.stringify({ auths: { 'registry.example.com': { auth: btoa(`${username}:${password}`) } } }),
    ),
  },
});
const team = defineImage({
  name: 'registry.example.com/team/app',
  command: ['/app'],
  private: { username: 'ann', password: 'sesame' },
  programs: { '/app': (process) => process.untilSignal('SIGTERM').then(() => 0) },
});
const withTeam = { plugins: [{ name: 'images', images: [team] }] };
const privateSpec = { containers: [{ name: 'main', image: 'registry.example.com/team/app:v1' }] };

function runtimeOf(cluster: PodScenario): ContainerRuntime {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime;
}
const waiting = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting;

test.for([
  ['busybox', 'Always'],
  ['busybox:latest', 'Always'],
  ['busybox:1.36', 'IfNotPresent'],
  [`busybox@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
] as const)('the pull policy of %s is %s by default', async ([image, policy]) => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ image })] });
  expect((await cluster.pod()).spec.containers[0]?.imagePullPolicy).toBe(policy);
});

test('Always asks the registry for every new container, but does not download what the node already has', async () => {
  const cluster = await podScenario();
  const pull = vi.spyOn(runtimeOf(cluster), 'pullImage');
  await cluster.start({ containers: [service({ imagePullPolicy: 'Always' })] });
  await cluster.exec('default/web', ['kill', '1']);
  await cluster.advance('5s');
  expect(pull).toHaveBeenCalledTimes(2);
});

test('IfNotPresent pulls once', async () => {
  const cluster = await podScenario();
  const pull = vi.spyOn(runtimeOf(cluster), 'pullImage');
  await cluster.start({ containers: [service({ image: 'busybox:1' }), service({ name: 'b', image: 'busybox:1' })] });
  expect(pull).toHaveBeenCalledTimes(1);
  expect(await cluster.events()).toContain('Normal Pulled: Container image "busybox:1" already present on machine');
});

test('Never runs the image that is on the node', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ image: 'busybox:1' })] }, { name: 'first' });
  await cluster.start({ containers: [service({ image: 'busybox:1', imagePullPolicy: 'Never' })] });
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('ErrImagePull shows the registry’s message; then ImagePullBackOff lasts 10, 20, 40 seconds', async () => {
  const cluster = await podScenario();
  const pull = vi.spyOn(runtimeOf(cluster), 'pullImage');
  await cluster.start({ containers: [service({ image: 'nowhere/nothing:1' })] });
  await cluster.advance('5s');
  expect(await waiting(cluster)).toMatchObject({
    reason: 'ImagePullBackOff',
    message: expect.stringMatching(/^Back-off pulling image "nowhere\/nothing:1": ErrImagePull: rpc error: /),
  });
  for (const [wait, calls] of [
    ['4s', 1],
    ['4s', 2],
    ['15s', 2],
    ['5s', 3],
    ['35s', 3],
    ['10s', 4],
  ] as const) {
    await cluster.advance(wait);
    expect(pull).toHaveBeenCalledTimes(calls);
  }
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Warning Failed: Failed to pull image "nowhere\/nothing:1": rpc error: .* \(x\d\)$/),
      expect.stringMatching(/^Warning Failed: Error: ErrImagePull/),
      expect.stringMatching(/^Warning Failed: Error: ImagePullBackOff/),
      expect.stringMatching(/^Normal BackOff: Back-off pulling image "nowhere\/nothing:1"/),
    ]),
  );
});

test('the event shows how long a pull took, including the time it waited for other pulls', async () => {
  const cluster = await podScenario();
  const runtime = runtimeOf(cluster);
  const { clock } = cluster.environment;
  const pull = runtime.pullImage.bind(runtime);
  vi.spyOn(runtime, 'pullImage').mockImplementation(async (ref, auth) => {
    await clock.sleep(4000);
    return pull(ref, auth);
  });
  await cluster.start({ containers: [service({ image: 'busybox:1' })] });
  await cluster.start({ containers: [service({ image: 'alpine:3' })] }, { name: 'second' });
  await cluster.advance('10s');
  expect(await cluster.events()).toContain(
    'Normal Pulled: Successfully pulled image "busybox:1" in 4s (4s including waiting). Image size: 2156519 bytes.',
  );
  expect(await cluster.events('second')).toContainEqual(
    expect.stringMatching(/^Normal Pulled: Successfully pulled image "alpine:3" in 4s \(\d+s including waiting\)/),
  );
});

test('a private image needs its pull secret', async () => {
  const cluster = await podScenario(withTeam);
  await cluster.start(privateSpec);
  await cluster.advance('1s');
  expect((await waiting(cluster))?.message).toContain('no basic auth credentials');
});

test('a private image runs with the Pod’s pull secret', async () => {
  const cluster = await podScenario(withTeam);
  await cluster.client.create(secret('ann', 'sesame'));
  await cluster.start({ ...privateSpec, imagePullSecrets: [{ name: 'registry' }] });
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a private image runs with the service account’s pull secret', async () => {
  const cluster = await podScenario(withTeam);
  await cluster.client.create(secret('ann', 'sesame'));
  const account = await cluster.client.get(ServiceAccount, { namespace: 'default', name: 'default' });
  await cluster.client.update({ ...account, imagePullSecrets: [{ name: 'registry' }] });
  await cluster.settle();
  await cluster.start(privateSpec);
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('wrong credentials are rejected, and the next attempt succeeds with the right ones', async () => {
  const cluster = await podScenario(withTeam);
  const stored = await cluster.client.create(secret('ann', 'wrong'));
  await cluster.start({ ...privateSpec, imagePullSecrets: [{ name: 'registry' }] });
  expect(await waiting(cluster)).toMatchObject({ reason: expect.stringMatching(/ErrImagePull|ImagePullBackOff/) });
  await cluster.client.update({ ...stored, data: secret('ann', 'sesame').data ?? {} });
  await cluster.advance('15s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('a missing pull secret is reported, and the pull is attempted without it', async () => {
  const cluster = await podScenario();
  await cluster.start({ imagePullSecrets: [{ name: 'one' }, { name: 'two' }], containers: [service()] });
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  expect(await cluster.events()).toContain(
    'Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (one, two); attempting to pull the image may not succeed.',
  );
});

test.for([
  ['RegistryUnavailable', 'image pull failed for busybox because the registry is unavailable: no route'],
  ['SignatureValidationFailed', 'image pull failed for busybox because the signature validation failed: no route'],
] as const)('%s has its own waiting reason', async ([code, message]) => {
  const cluster = await podScenario();
  vi.spyOn(runtimeOf(cluster), 'pullImage').mockRejectedValue(new RuntimeError(code, 'no route'));
  await cluster.start({ containers: [service()] });
  expect(cluster.shown()).toContain(code);
  await cluster.advance('5s');
  expect((await waiting(cluster))?.message).toBe(`Back-off pulling image "busybox": ${code}: ${message}`);
});

test('ImageInspectError: the runtime cannot tell whether the image is present', async () => {
  const cluster = await podScenario();
  vi.spyOn(runtimeOf(cluster), 'imageStatus').mockImplementation(() => {
    throw new RuntimeError('Unknown', 'disk is broken');
  });
  await cluster.start({ containers: [service()] });
  expect(await waiting(cluster)).toEqual({
    reason: 'ImageInspectError',
    message: 'Failed to inspect image "busybox": disk is broken',
  });
  expect(await cluster.events()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Warning InspectFailed: Failed to inspect image "busybox": disk is broken/),
      expect.stringMatching(/^Warning Failed: Error: ImageInspectError/),
    ]),
  );
});
