import type { Container } from '@orrery/api';
import { type ContainerRuntime, RuntimeError } from '@orrery/runtimes';
import { expect, test, vi } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Why a container waits, and what its events say. The image, container and restart scenarios test more of these, with their times. */

function runtimeOf(cluster: PodScenario): ContainerRuntime {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime;
}

const badName =
  'Failed to apply default image tag "Bad/Name": couldn\'t parse image name "Bad/Name": invalid reference format: repository name (Name) must be lowercase';
const notThere = 'Container image "busybox:1" is not present with pull policy of Never';

test.for<readonly [string, string, readonly string[], Partial<Container>, ((runtime: ContainerRuntime) => void)?]>([
  [
    'ErrImageNeverPull',
    notThere,
    [`Warning ErrImageNeverPull: ${notThere}`, 'Warning Failed: Error: ErrImageNeverPull'],
    { imagePullPolicy: 'Never' },
  ],
  [
    'InvalidImageName',
    badName,
    [`Warning InspectFailed: ${badName}`, 'Warning Failed: Error: InvalidImageName'],
    { image: 'Bad/Name' },
  ],
  [
    'ImageInspectError',
    'Failed to inspect image "busybox:1": disk is broken',
    [
      'Warning InspectFailed: Failed to inspect image "busybox:1": disk is broken',
      'Warning Failed: Error: ImageInspectError',
    ],
    {},
    (runtime) => {
      vi.spyOn(runtime, 'imageStatus').mockRejectedValue(new RuntimeError('Unknown', 'disk is broken'));
    },
  ],
  [
    'CreateContainerConfigError',
    'secret "keys" not found',
    ['Warning Failed: Error: secret "keys" not found'],
    { envFrom: [{ secretRef: { name: 'keys' } }] },
  ],
  [
    'CreateContainerError',
    'no space left on device',
    ['Warning Failed: Error: no space left on device'],
    {},
    (runtime) => {
      vi.spyOn(runtime, 'createContainer').mockRejectedValue(new RuntimeError('Unknown', 'no space left on device'));
    },
  ],
])(
  '%s: has its message and events, and is retried after 10 to 15 seconds',
  async ([reason, message, recorded, more, breakRuntime]) => {
    const cluster = await podScenario();
    breakRuntime?.(runtimeOf(cluster));
    await cluster.start({ containers: [service({ image: 'busybox:1', ...more })] });
    const [status] = (await cluster.pod()).status?.containerStatuses ?? [];
    expect(status?.state).toEqual({ waiting: { reason, message } });
    expect(status).toMatchObject({ ready: false, started: false, restartCount: 0, lastState: {} });
    expect((await cluster.pod()).status?.phase).toBe('Pending');
    const events = async () => (await cluster.events()).filter((one) => recorded.some((text) => one.startsWith(text)));
    expect(await events()).toEqual(recorded);
    await cluster.advance('9s');
    expect(await events()).toEqual(recorded);
    await cluster.advance('6s');
    expect(await events()).toEqual(recorded.map((one) => `${one} (x2)`));
  },
);

test('RunContainerError: shows the runtime’s error until the first back-off', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'busybox:1', command: ['no-such-program'] }] });
  const failed = (await cluster.events()).find((one) => one.startsWith('Warning Failed: Error: ')) ?? '';
  expect(failed).toContain('"no-such-program": executable file not found in $PATH');
  expect(cluster.shown()).toContain('RunContainerError');
  await cluster.advance('1s');
  const [status] = (await cluster.pod()).status?.containerStatuses ?? [];
  expect(status).toMatchObject({
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 128, reason: 'StartError' } },
  });
});

test('a container that fails to start does not keep later ones from starting', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      service({ name: 'z', image: 'nowhere/nothing:1' }),
      service({ name: 'y', envFrom: [{ secretRef: { name: 'keys' } }] }),
      service({ name: 'x' }),
    ],
  });
  const { status } = await cluster.pod();
  expect(status?.phase).toBe('Pending');
  expect(status?.containerStatuses?.map(({ name, state }) => [name, state?.waiting?.reason ?? 'runs'])).toEqual([
    ['x', 'runs'],
    ['y', 'CreateContainerConfigError'],
    ['z', expect.stringMatching(/^ErrImagePull|ImagePullBackOff$/)],
  ]);
});

test('a pull that fails again within ten minutes of its last failure backs off longer, even after a success', async () => {
  const cluster = await podScenario();
  const runtime = runtimeOf(cluster);
  const pull = vi.spyOn(runtime, 'pullImage');
  const fail = () => pull.mockRejectedValueOnce(new RuntimeError('ImageNotFound', 'not found'));
  fail();
  await cluster.start({ containers: [service()] });
  await cluster.advance('15s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
  fail();
  await cluster.exec('default/web', ['kill', '1']);
  await cluster.advance('2s');
  const calls = pull.mock.calls.length;
  await cluster.advance('17s');
  expect(pull).toHaveBeenCalledTimes(calls);
  await cluster.advance('3s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});
