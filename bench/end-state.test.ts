import type { KubernetesObject } from '@orrery/api';
import { createCluster } from '@orrery/cluster';
import { simulate } from '@orrery/testing';
import { describe, expect, test } from 'vitest';
import { comparable, endState, stateDifferences, unevenShares } from './end-state.ts';
import { deploymentWhere, isComplete, webDeployment } from './workload.ts';

/** A Pod as one run made it. */
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-5c4798c59b-k7x2p',
    generateName: 'web-5c4798c59b-',
    namespace: 'default',
    uid: '9e0c1d4e-5a6b-4c3d-8e9f-0123456789ab',
    resourceVersion: '812',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'web' },
    managedFields: [
      { manager: 'node3', operation: 'Update', subresource: 'status', time: '2026-01-01T00:00:02Z' },
      { manager: 'replicaset-controller', operation: 'Update', time: '2026-01-01T00:00:00Z' },
    ],
  },
  spec: { nodeName: 'node3', volumes: [{ name: 'kube-api-access-bb4z9' }] },
  status: {
    phase: 'Running',
    podIP: '10.224.3.2',
    containerStatuses: [{ containerID: 'sim://4c19059629b9', restartCount: 0, image: 'nginx' }],
  },
} as KubernetesObject;

/** The same Pod as another run made it. */
const twin = {
  apiVersion: 'v1',
  kind: 'Pod',
  status: {
    podIP: '10.230.1.9',
    phase: 'Running',
    containerStatuses: [{ restartCount: 0, image: 'nginx', containerID: 'sim://a887f59365a0' }],
  },
  spec: { volumes: [{ name: 'kube-api-access-xw5hl' }], nodeName: 'node71' },
  metadata: {
    name: 'web-5c4798c59b-zzv8q',
    generateName: 'web-5c4798c59b-',
    namespace: 'default',
    uid: '11111111-5a6b-4c3d-8e9f-0123456789ab',
    resourceVersion: '9',
    creationTimestamp: '2026-11-30T22:00:00Z',
    labels: { app: 'web' },
    managedFields: [
      { manager: 'replicaset-controller', operation: 'Update', time: '2026-11-30T22:00:00Z' },
      { manager: 'node71', operation: 'Update', subresource: 'status', time: '2026-11-30T22:00:00Z' },
    ],
  },
} as KubernetesObject;

describe('an object of two runs', () => {
  test('is the same, whatever its names, uids, revisions, times, addresses, containers and node', () => {
    expect(comparable(twin)).toBe(comparable(pod));
  });

  test.each([
    ['phase', { ...pod, status: { phase: 'Failed' } }],
    ['labels', { ...pod, metadata: { ...pod.metadata, labels: { app: 'other' } } }],
    ['managers', { ...pod, metadata: { ...pod.metadata, managedFields: [] } }],
    ['a restart', JSON.parse(JSON.stringify(pod).replace('"restartCount":0', '"restartCount":1'))],
    ['template', JSON.parse(JSON.stringify(pod).replaceAll('5c4798c59b', '7d9f8b6c4d'))],
  ] as const)('differs if its %s differs', (_, other) => {
    expect(comparable(other as KubernetesObject)).not.toBe(comparable(pod));
  });
});

test('states differ by what one of them has more often', () => {
  const one = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  const other = new Map([
    ['a', 1],
    ['b', 4],
    ['d', 1],
  ]);
  expect(stateDifferences(one, other)).toEqual(['0, 1: d', '2, 4: b', '3, 0: c']);
  expect(stateDifferences(one, new Map(one))).toEqual([]);
});

test.each([
  ['even', [10, 10, 10], []],
  ['nearly even', [9, 11, 10, 12, 8], []],
  ['a few Pods on a few nodes', [0, 1, 2, 0], []],
  ['a node without its share', [10, 10, 10, 0], [0]],
  ['a node with twice its share', [10, 10, 10, 10, 10, 21], [21]],
])('shares of Pods: %s', (_, counts, uneven) => {
  expect(unevenShares(counts)).toEqual(uneven);
});

test('a run on the real clock ends with the objects of one in virtual time, and another case with others', async () => {
  const real = await createCluster({ nodes: 3 });
  await real.client.create(webDeployment('web', 9));
  await deploymentWhere(real.client, 'web', isComplete);
  const virtual = await simulate({ nodes: 3 });
  await virtual.client.create(webDeployment('web', 9));
  await virtual.advance('1m');
  const expected = await endState(virtual);
  await expect.poll(async () => stateDifferences(await endState(real), expected), { timeout: 60_000 }).toEqual([]);
  await virtual.client.create(webDeployment('other', 1));
  await virtual.advance('1m');
  const kinds = stateDifferences(await endState(real), await endState(virtual)).map(
    (line) => /"kind":"(\w+)"/.exec(line)?.[1],
  );
  expect(new Set(kinds)).toEqual(new Set(['Deployment', 'Event', 'Pod', 'ReplicaSet']));
  await virtual.close();
  await real.close();
});
