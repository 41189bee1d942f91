import type { Container, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import {
  allottedInStatus,
  allottedPod,
  resizeConditions,
  resizeRefusal,
  resizeRestarts,
  sameResources,
} from './resize.ts';

function pod(cpu: string, memory = '1Gi'): Pod {
  const container: Container = { name: 'c', image: 'i', resources: { requests: { cpu, memory } } };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } };
}
const allocatable = { cpu: '4', memory: '8Gi' };
const taken = { reason: 'OutOfcpu', message: 'taken' };

describe('a Pod that asks for other resources', () => {
  test.each<[string, Pod, boolean, object | undefined]>([
    ['gets them when there is room', pod('4'), false, undefined],
    ['is Deferred while others have them', pod('4'), true, { reason: 'Deferred', message: 'taken' }],
    [
      'is Infeasible for more CPU than the node has, whoever has it',
      pod('5'),
      true,
      { reason: 'Infeasible', message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000" },
    ],
    [
      'is Infeasible for memory first',
      pod('5', '9Gi'),
      false,
      {
        reason: 'Infeasible',
        message: "Node didn't have enough capacity: memory, requested: 9663676416, capacity: 8589934592",
      },
    ],
  ])('%s', (_rule, of, isTaken, expected) => {
    expect(resizeRefusal(of, allocatable, isTaken ? [taken] : [])).toEqual(expected);
  });

  test('runs with what it was allotted as long as it is refused', () => {
    expect(allottedPod(pod('2'), undefined, pod('1'))).toEqual(pod('2'));
    expect(allottedPod(pod('2'), { reason: 'Deferred', message: '' }, pod('1'))).toEqual(pod('1'));
  });

  test('is known by its containers’ resources alone', () => {
    expect(sameResources(pod('1'), { ...pod('1'), metadata: { name: 'q' } })).toBe(true);
    expect(sameResources(pod('1'), pod('2'))).toBe(false);
  });
});

test('a kubelet that finds a Pod running starts from what its status says that it has', () => {
  const status = (state: object): Pod => ({
    ...pod('2'),
    status: {
      containerStatuses: [
        {
          name: 'c',
          image: 'i',
          imageID: '',
          ready: true,
          restartCount: 0,
          state,
          resources: {},
          allocatedResources: { cpu: '1', memory: '1Gi' },
        },
      ],
    },
  });
  expect(allottedInStatus(status({ running: {} })).spec).toEqual(pod('1').spec);
  expect(allottedInStatus(status({ waiting: {} })).spec).toEqual(pod('2').spec);
});

test.each<[string, Parameters<typeof resizeConditions>, object[]]>([
  ['none when nothing is asked for', [undefined, { resizing: false, error: undefined }], []],
  [
    'PodResizePending with the refusal',
    [
      { reason: 'Infeasible', message: 'm' },
      { resizing: false, error: undefined },
    ],
    [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible', message: 'm' }],
  ],
  [
    'PodResizeInProgress while containers are to follow',
    [undefined, { resizing: true, error: undefined }],
    [{ type: 'PodResizeInProgress', status: 'True' }],
  ],
  [
    'PodResizeInProgress with Error when one could not',
    [undefined, { resizing: true, error: 'm' }],
    [{ type: 'PodResizeInProgress', status: 'True', reason: 'Error', message: 'm' }],
  ],
])('conditions: %s', (_rule, args, expected) => {
  expect(resizeConditions(...args)).toEqual(expected);
});

describe('a container is made again', () => {
  const before = { memoryLimitBytes: 1, cpuShares: 2, cpuQuota: 3 };
  const policy = (resourceName: string): Container => ({
    name: 'c',
    resizePolicy: [{ resourceName, restartPolicy: 'RestartContainer' }],
  });
  test.each<[string, Container, Partial<typeof before>, boolean]>([
    ['not without a policy', { name: 'c' }, { memoryLimitBytes: 2 }, false],
    ['for memory when its policy says so', policy('memory'), { memoryLimitBytes: 2 }, true],
    ['not for CPU when only memory’s policy says so', policy('memory'), { cpuQuota: 4 }, false],
    ['for a CPU limit when its policy says so', policy('cpu'), { cpuQuota: 4 }, true],
    ['for a CPU request when its policy says so', policy('cpu'), { cpuShares: 4 }, true],
    ['not when nothing changed for the process', policy('cpu'), {}, false],
  ])('%s', (_rule, container, change, expected) => {
    expect(resizeRestarts(container, before, { ...before, ...change })).toBe(expected);
  });
});
