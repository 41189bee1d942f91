import type { Pod, PodSpec, PodStatus, ContainerStatus as Status } from '@orrery/api';
import type { ContainerStatus } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { podStatus } from '../pod/pod-status.ts';
import { containerStatuses, nextAttempt, type StatusSources } from './container-statuses.ts';
import { observe } from './observed.ts';
import { podContainers } from './pod-containers.ts';

function pod(spec: Partial<PodSpec> = {}, metadata: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'a', image: 'i' }], ...spec },
  };
}

function instance(name: string, more: Partial<ContainerStatus> = {}): ContainerStatus {
  const attempt = more.metadata?.attempt ?? 0;
  return {
    id: `${name}${attempt}`,
    sandboxId: 's',
    metadata: { name, attempt },
    state: 'RUNNING',
    createdAt: attempt * 1000,
    startedAt: attempt * 1000,
    finishedAt: attempt * 1000 + 500,
    exitCode: 0,
    reason: '',
    message: '',
    image: 'docker.io/library/i:latest',
    imageRef: 'i@sha256:0',
    labels: {},
    annotations: {},
    ...more,
  };
}

const exited = (exitCode: number, attempt = 0): ContainerStatus =>
  instance('a', {
    state: 'EXITED',
    exitCode,
    metadata: { name: 'a', attempt },
    reason: exitCode === 0 ? 'Completed' : 'Error',
  });

/** Nothing was written yet, nothing failed, and all containers are well. */
const healthy: StatusSources = {
  runtimeName: 'sim',
  old: undefined,
  startFailure: () => undefined,
  started: () => true,
  ready: () => true,
  terminationMessage: () => '',
};

function lists(
  of: Pod,
  instances: ContainerStatus[],
  { failure, ...more }: Partial<StatusSources> & { failure?: { reason: string; message: string } } = {},
): ReturnType<typeof containerStatuses> {
  return containerStatuses(of, observe([], instances), {
    ...healthy,
    startFailure: () => failure,
    ...more,
  });
}

function status(...given: Parameters<typeof lists>): Status | undefined {
  return lists(...given).containerStatuses?.[0];
}

function written(more: Partial<Status>): PodStatus {
  return { containerStatuses: [{ name: 'a', image: 'i', imageID: '', ready: false, restartCount: 0, ...more }] };
}

describe('a container of which nothing was made', () => {
  test('waits with ContainerCreating, or PodInitializing behind init containers', () => {
    expect(status(pod(), [])?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    const behind = pod({ initContainers: [{ name: 'i', image: 'i' }] });
    expect(status(behind, [])?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    const { initContainerStatuses } = lists(behind, []);
    expect(initContainerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  test('shows why it cannot be started', () => {
    const failure = { reason: 'ErrImagePull', message: 'why' };
    expect(status(pod(), [], { failure })?.state).toEqual({ waiting: failure });
  });

  test('that ran was lost: its last state says so, and a restart is counted unless the Pod is being deleted', () => {
    const old = written({ state: { running: {} }, restartCount: 2 });
    const lost = {
      terminated: {
        reason: 'ContainerStatusUnknown',
        exitCode: 137,
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      },
    };
    expect(status(pod(), [], { old })).toMatchObject({ lastState: lost, restartCount: 3 });
    const deleted = pod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(status(deleted, [], { old })).toMatchObject({ lastState: lost, restartCount: 2 });
  });

  test('that ran and had a last state keeps it: a lost container counts once', () => {
    const lastState = { terminated: { exitCode: 3 } };
    const old = written({ state: { running: {} }, lastState, restartCount: 2 });
    expect(status(pod(), [], { old })).toMatchObject({ lastState, restartCount: 2 });
  });

  test('that only waited goes on waiting', () => {
    const old = written({ state: { waiting: { reason: 'ErrImagePull' } } });
    expect(status(pod(), [], { old })).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
      restartCount: 0,
    });
  });

  test('that had ended keeps its status', () => {
    const terminated = { exitCode: 0, reason: 'Completed' };
    expect(status(pod(), [], { old: written({ state: { terminated } }) })?.state).toEqual({ terminated });
  });
});

describe('a container that was made', () => {
  test('runs: since when, which image, which id', () => {
    expect(status(pod(), [instance('a', { startedAt: 5000 })])).toMatchObject({
      state: { running: { startedAt: '1970-01-01T00:00:05Z' } },
      image: 'docker.io/library/i:latest',
      imageID: 'i@sha256:0',
      containerID: 'sim://a0',
      started: true,
      ready: true,
    });
  });

  test('is not ready before it has started', () => {
    expect(status(pod(), [instance('a')], { started: () => false })).toMatchObject({ started: false, ready: false });
  });

  test('is not ready while its readiness probe says so', () => {
    expect(status(pod(), [instance('a')], { ready: () => false })).toMatchObject({ started: true, ready: false });
  });

  test('has ended: code, reason, times, message', () => {
    expect(status(pod({ restartPolicy: 'Never' }), [exited(3)], { terminationMessage: () => 'bye' })?.state).toEqual({
      terminated: {
        exitCode: 3,
        reason: 'Error',
        message: 'bye',
        startedAt: '1970-01-01T00:00:00Z',
        finishedAt: '1970-01-01T00:00:00Z',
        containerID: 'sim://a0',
      },
    });
  });

  test('was restarted: the instance before is the last state, the count is the runtime’s', () => {
    const now = instance('a', { metadata: { name: 'a', attempt: 4 } });
    expect(status(pod(), [exited(1, 3), now])).toMatchObject({
      restartCount: 4,
      state: { running: {} },
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  test('was restarted often: only the two latest instances are looked at', () => {
    const instances = [exited(1, 1), exited(2, 2), instance('a', { metadata: { name: 'a', attempt: 3 } })];
    expect(status(pod(), instances)).toMatchObject({ restartCount: 3, lastState: { terminated: { exitCode: 2 } } });
  });

  test('has been made and not been started: it waits without a reason', () => {
    expect(status(pod(), [instance('a', { state: 'CREATED' })])?.state).toEqual({ waiting: {} });
  });

  test('was lost track of by the runtime while it ran: it counts as ended with 137, and as restarted', () => {
    const lost = instance('a', { state: 'UNKNOWN', metadata: { name: 'a', attempt: 2 } });
    const first = status(pod(), [lost], { old: written({ state: { running: {} }, restartCount: 2 }) });
    expect(first).toMatchObject({
      restartCount: 3,
      state: {
        terminated: {
          reason: 'ContainerStatusUnknown',
          exitCode: 137,
          message: 'The container could not be located when the pod was terminated',
        },
      },
    });
    expect(status(pod(), [lost], { old: written(first ?? {}) })).toMatchObject({
      restartCount: 3,
      state: first?.state,
    });
  });

  test('was lost track of before it ran: it waits without a reason', () => {
    expect(status(pod(), [instance('a', { state: 'UNKNOWN' })])?.state).toEqual({ waiting: {} });
  });

  test.each([
    [0, '', 'Completed'],
    [1, '', 'Error'],
    [0, 'Completed', 'Completed'],
    [1, 'Error', 'Error'],
    [137, 'OOMKilled', 'OOMKilled'],
    [128, 'StartError', 'StartError'],
    [128, 'ContainerCannotRun', 'ContainerCannotRun'],
    [255, 'Unknown', 'Unknown'],
  ])('ended with %i and the runtime’s reason %j: the reason is %s', (exitCode, reason, expected) => {
    const ended = instance('a', { state: 'EXITED', exitCode, reason });
    expect(status(pod({ restartPolicy: 'Never' }), [ended])?.state?.terminated).toMatchObject({
      exitCode,
      reason: expected,
    });
  });

  test('is in back-off: what it ended with moves to the last state', () => {
    const failure = { reason: 'CrashLoopBackOff', message: 'back-off' };
    expect(status(pod(), [exited(1)], { failure })).toMatchObject({
      state: { waiting: failure },
      lastState: { terminated: { exitCode: 1 } },
    });
  });

  test('will not be started again: a failed start does not hide how it ended', () => {
    const failure = { reason: 'CrashLoopBackOff', message: 'back-off' };
    expect(status(pod({ restartPolicy: 'Never' }), [exited(1)], { failure })?.state).toHaveProperty('terminated');
  });
});

test('an init container that succeeded stays so, whatever the last failed start says', () => {
  const of = pod({ initContainers: [{ name: 'i', image: 'i' }] });
  const failure = { reason: 'CrashLoopBackOff', message: 'back-off' };
  const { initContainerStatuses } = lists(of, [instance('i', { state: 'EXITED' })], { failure });
  expect(initContainerStatuses?.[0]).toMatchObject({ ready: true, state: { terminated: { exitCode: 0 } } });
});

test('a regular init container is ready once it has succeeded, a sidecar like any container', () => {
  const of = pod({
    initContainers: [
      { name: 'i', image: 'i' },
      { name: 's', image: 'i', restartPolicy: 'Always' },
    ],
  });
  const { initContainerStatuses } = lists(of, [instance('i', { state: 'EXITED' }), instance('s')], {
    ready: () => false,
  });
  expect(initContainerStatuses?.map(({ name, ready, started }) => [name, ready, started])).toEqual([
    ['i', true, false],
    ['s', false, true],
  ]);
});

test('regular containers are sorted by name, init containers stay in the order of the spec', () => {
  const container = (name: string) => ({ name, image: 'i' });
  const { containerStatuses: regular, initContainerStatuses } = lists(
    pod({ containers: [container('z'), container('a')], initContainers: [container('y'), container('b')] }),
    [],
  );
  expect(regular?.map(({ name }) => name)).toEqual(['a', 'z']);
  expect(initContainerStatuses?.map(({ name }) => name)).toEqual(['y', 'b']);
});

test('the restart count goes on from what the runtime or, where that is lost, the API knows', () => {
  const [container] = podContainers(pod());
  if (container === undefined) throw new Error('no container');
  expect(nextAttempt(observe([], []), undefined, container)).toBe(0);
  expect(nextAttempt(observe([], [exited(1, 2)]), undefined, container)).toBe(3);
  expect(nextAttempt(observe([], []), written({ restartCount: 5, containerID: 'sim://x' }), container)).toBe(6);
  expect(nextAttempt(observe([], []), written({ restartCount: 0 }), container)).toBe(0);
});

describe('the whole status', () => {
  const base = {
    ...healthy,
    now: 1000,
    acceptedAt: 500,
    hostIp: '1.2.3.4',
    verdict: undefined,
    stopped: false,
  };
  const never = pod({ restartPolicy: 'Never' });

  test('a terminal phase is never left', () => {
    expect(
      podStatus(pod(), observe([], [instance('a')]), { ...base, old: { phase: 'Failed', reason: 'Evicted' } }),
    ).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
    });
  });

  test('a terminal phase is held back with its reason while something may run', () => {
    const sources = { ...base, old: { phase: 'Running' as const }, verdict: { reason: 'Evicted', message: 'm' } };
    const held = podStatus(never, observe([], [instance('a')]), sources);
    expect([held.phase, held.reason, held.message]).toEqual(['Running', undefined, undefined]);
    const old = { phase: 'Running' as const, reason: 'r', message: 'n' };
    expect(podStatus(never, observe([], [instance('a')]), { ...sources, old })).toMatchObject(old);
    expect(podStatus(never, observe([], [exited(1)]), sources)).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'm',
    });
  });

  test('a terminal phase that is held back takes readiness away already', () => {
    const verdict = { reason: 'Evicted', message: 'm' };
    const old = { phase: 'Running' as const };
    const { phase, conditions } = podStatus(never, observe([], [instance('a')]), { ...base, old, verdict });
    expect(phase).toBe('Running');
    for (const type of ['Ready', 'ContainersReady']) {
      expect(conditions?.find((one) => one.type === type)).toMatchObject({ status: 'False', reason: 'PodFailed' });
    }
  });

  test.each([
    ['a deadline', { reason: 'DeadlineExceeded', message: 'late' }],
    ['an eviction', { reason: 'Evicted', message: 'full' }],
  ])('%s makes the Pod Failed, whatever its containers came to', (_what, verdict) => {
    const old = { phase: 'Running' as const, reason: 'r', message: 'm' };
    expect(podStatus(never, observe([], [exited(0)]), { ...base, old, verdict })).toMatchObject({
      phase: 'Failed',
      ...verdict,
    });
  });

  test('a Pod that the node refused says why, and nothing of containers and conditions; that stays', () => {
    const foreign = { type: 'example.com/mine', status: 'True' };
    const scheduled = { type: 'PodScheduled', status: 'True' };
    const verdict = { reason: 'OutOfcpu', message: 'Pod was rejected: full', refused: true as const };
    const refused = podStatus(pod({}, { generation: 1 }), observe([], []), {
      ...base,
      old: { phase: 'Pending', conditions: [scheduled, foreign], qosClass: 'Burstable' },
      verdict,
    });
    expect(refused).toEqual({
      observedGeneration: 1,
      phase: 'Failed',
      conditions: [foreign],
      reason: 'OutOfcpu',
      message: 'Pod was rejected: full',
      startTime: '1970-01-01T00:00:00Z',
      qosClass: 'Burstable',
    });
    expect(podStatus(pod(), observe([], []), { ...base, old: refused, stopped: true })).toEqual(refused);
  });

  test('a reason stays while the phase does', () => {
    const old = { phase: 'Pending' as const, reason: 'r', message: 'm' };
    expect(podStatus(pod(), observe([], []), { ...base, old })).toMatchObject(old);
    expect(podStatus(pod(), observe([], []), { ...base, old: { ...old, phase: 'Running' } }).reason).toBeUndefined();
  });

  test('a Pod on the node’s network has the node’s address', () => {
    const sandbox = {
      id: 's',
      metadata: { name: 'p', namespace: '', uid: '', attempt: 0 },
      state: 'READY' as const,
      createdAt: 0,
      ips: [],
    };
    expect(podStatus(pod({ hostNetwork: true }), observe([sandbox], []), base)).toMatchObject({
      podIP: '1.2.3.4',
      hostIP: '1.2.3.4',
    });
  });

  test('startTime is when the kubelet took the Pod, and stays', () => {
    expect(podStatus(pod(), observe([], []), base).startTime).toBe('1970-01-01T00:00:00Z');
    expect(podStatus(pod(), observe([], []), { ...base, old: { startTime: 'old' } }).startTime).toBe('old');
  });

  test('a Pod that is stopped for good is Failed unless all its containers succeeded', () => {
    const stopped = { ...base, stopped: true };
    expect(podStatus(pod(), observe([], []), stopped)).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }],
    });
    expect(podStatus(pod(), observe([], [exited(0)]), stopped).phase).toBe('Succeeded');
    expect(podStatus(pod(), observe([], [exited(143)]), stopped).phase).toBe('Failed');
  });
});
