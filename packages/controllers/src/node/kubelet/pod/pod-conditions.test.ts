import type { ContainerStatus, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { containersReadyCondition, initializedCondition, mergeConditions, readyCondition } from './pod-conditions.ts';

function status(name: string, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: 'i', imageID: '', ready: false, restartCount: 0, ...more };
}

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: {
    initContainers: [
      { name: 'i', image: 'i' },
      { name: 's', image: 'i', restartPolicy: 'Always' },
    ],
    containers: [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ],
  },
};
const ready = { ready: true };
const running = { state: { running: {} } };

describe('Initialized', () => {
  test.each<[string, ContainerStatus[] | undefined, ContainerStatus[], string, object]>([
    ['no statuses', undefined, [], 'Pending', { status: 'False', reason: 'UnknownContainerStatuses' }],
    [
      'incomplete: in the order of the spec',
      [status('i'), status('s')],
      [],
      'Pending',
      { status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [i s]' },
    ],
    [
      'unknown ones are named first',
      [status('s')],
      [],
      'Pending',
      {
        status: 'False',
        reason: 'ContainersNotInitialized',
        message: 'containers with unknown status: [i], containers with incomplete status: [s]',
      },
    ],
    [
      'init done and sidecar started',
      [status('i', ready), status('s', { started: true })],
      [],
      'Pending',
      { status: 'True' },
    ],
    [
      'a regular container has started',
      [status('i'), status('s')],
      [status('a', running)],
      'Running',
      { status: 'True' },
    ],
    ['Succeeded', [status('i'), status('s')], [], 'Succeeded', { status: 'True', reason: 'PodCompleted' }],
  ])('%s', (_rule, init, regular, phase, expected) => {
    expect(initializedCondition(pod, init, regular, phase)).toEqual(expected);
  });
});

test('Initialized is True without init containers, statuses or not', () => {
  const plain: Pod = { ...pod, spec: { containers: pod.spec.containers } };
  expect(initializedCondition(plain, undefined, undefined, 'Pending')).toEqual({ status: 'True' });
  expect(initializedCondition(plain, [], [], 'Pending')).toEqual({ status: 'True' });
});

test('Initialized looks at whether a sidecar has started, not at whether it is ready', () => {
  const statuses = [status('i', ready), status('s', { started: false, ready: true })];
  expect(initializedCondition(pod, statuses, [], 'Pending')).toEqual({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [s]',
  });
});

test('a completed Pod with a container that nobody knows of is not said to be completed', () => {
  expect(initializedCondition(pod, [status('i', ready)], [], 'Succeeded')).toEqual({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with unknown status: [s]',
  });
  expect(containersReadyCondition(pod, [status('s', ready)], [status('a', ready)], 'Succeeded')).toEqual({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unknown status: [b]',
  });
});

describe('ContainersReady', () => {
  test.each<[string, ContainerStatus[], ContainerStatus[] | undefined, string, object]>([
    ['no statuses', [], undefined, 'Pending', { status: 'False', reason: 'UnknownContainerStatuses' }],
    [
      'all ready, sidecars too',
      [status('s', ready)],
      [status('a', ready), status('b', ready)],
      'Running',
      { status: 'True' },
    ],
    [
      'unready ones, the sidecar first',
      [status('s')],
      [status('a'), status('b', ready)],
      'Running',
      { status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [s a]' },
    ],
    [
      'unknown ones before unready ones',
      [status('s', ready)],
      [status('a')],
      'Running',
      {
        status: 'False',
        reason: 'ContainersNotReady',
        message: 'containers with unknown status: [b], containers with unready status: [a]',
      },
    ],
    ['Succeeded', [status('s')], [status('a'), status('b')], 'Succeeded', { status: 'False', reason: 'PodCompleted' }],
    ['Failed', [status('s')], [status('a'), status('b')], 'Failed', { status: 'False', reason: 'PodFailed' }],
  ])('%s', (_rule, init, regular, phase, expected) => {
    expect(containersReadyCondition(pod, init, regular, phase)).toEqual(expected);
  });
});

describe('Ready', () => {
  const gated: Pod = {
    ...pod,
    spec: { ...pod.spec, readinessGates: [{ conditionType: 'g' }, { conditionType: 'h' }] },
  };
  test('copies the reason of ContainersReady', () => {
    const no = { status: 'False', reason: 'PodFailed' };
    expect(readyCondition(gated, no, [])).toBe(no);
  });
  test('names every gate that is not True', () => {
    expect(readyCondition(gated, { status: 'True' }, [{ type: 'h', status: 'False' }])).toEqual({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message:
        'corresponding condition of pod readiness gate "g" does not exist., the status of pod readiness gate "h" is not "True", but False',
    });
  });
  test('is True when all gates are', () => {
    const conditions = ['g', 'h'].map((type) => ({ type, status: 'True' }));
    expect(readyCondition(gated, { status: 'True' }, conditions)).toEqual({ status: 'True' });
  });
});

test('other writers’ conditions come first and stay; a transition time moves only with the status', () => {
  const yes = { status: 'True' };
  const values = {
    PodReadyToStartContainers: yes,
    Initialized: yes,
    Ready: yes,
    ContainersReady: yes,
    PodScheduled: yes,
  };
  const merged = mergeConditions(
    [
      { type: 'Ready', status: 'False', lastTransitionTime: 'old' },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: 'old' },
      { type: 'mine', status: 'True' },
    ],
    values,
    [],
    1000,
    3,
  );
  expect(merged.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`)).toEqual([
    'mine undefined',
    'PodReadyToStartContainers 1970-01-01T00:00:01Z',
    'Initialized 1970-01-01T00:00:01Z',
    'Ready 1970-01-01T00:00:01Z',
    'ContainersReady 1970-01-01T00:00:01Z',
    'PodScheduled old',
  ]);
  expect(merged.at(-1)?.observedGeneration).toBe(3);
});
