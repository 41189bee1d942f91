import { type ContainerStatus, Pod, type PodStatus, type Stored } from '@orrery/api';
import type { ContainerRuntime } from '@orrery/runtimes';
import { expect, onTestFinished, test } from 'vitest';
import { simulate } from '../simulate.ts';
import { PodHistory } from './pod-history.ts';

const stored = (status: PodStatus, nodeName: string | undefined = 'node1'): Stored<Pod> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...(nodeName === undefined ? {} : { nodeName }) },
  status,
});

const container = (status: Partial<ContainerStatus>): PodStatus => ({
  phase: 'Running',
  containerStatuses: [{ name: 'c', image: 'nginx', imageID: '', ready: false, restartCount: 0, ...status }],
});
const ready = { type: 'Ready', status: 'True' } as const;
const running = { running: {} };

test.each<[string, readonly Stored<Pod>[], readonly string[]]>([
  [
    'a Pod that runs and ends is in order',
    [stored({ phase: 'Pending' }), stored(container({ ready: true, state: running })), stored({ phase: 'Failed' })],
    [],
  ],
  [
    'a Pod gets one node, and stays there',
    [stored({}, undefined), stored({}, 'node1'), stored({}, 'node2')],
    ['web moved from node1 to node2'],
  ],
  [
    'an end is the end',
    [stored({ phase: 'Succeeded' }), stored({ phase: 'Running' })],
    ['phase Succeeded of web became Running'],
  ],
  [
    'one end does not become the other',
    [stored({ phase: 'Failed' }), stored({ phase: 'Succeeded' })],
    ['phase Failed of web became Succeeded'],
  ],
  [
    'restarts are counted upwards',
    [stored(container({ restartCount: 2 })), stored(container({ restartCount: 1 }))],
    ['restartCount of c in web fell'],
  ],
  [
    'those of init containers too',
    [3, 2].map((restartCount) =>
      stored({ initContainerStatuses: container({ restartCount }).containerStatuses ?? [] }),
    ),
    ['restartCount of c in web fell'],
  ],
  [
    'a container has one state',
    [stored(container({ state: { running: {}, waiting: {} } }))],
    ['c in web has 2 states'],
  ],
  [
    'a Pod is not ready before its containers',
    [stored({ ...container({}), conditions: [ready] })],
    ['web is ready, a container is not'],
  ],
])('%s', (_, pods, problems) => {
  const history = new PodHistory();
  for (const object of pods) history.take({ type: 'MODIFIED', object });
  expect(history.problems).toEqual(problems);
});

test('a Pod must not end while one of its containers runs, but it may be deleted', () => {
  const labels = { 'io.kubernetes.pod.uid': 'u' };
  const listContainers = () => [{ labels, state: 'RUNNING' }];
  const runtime = (node: string) =>
    node === 'node1' ? ({ listContainers } as unknown as ContainerRuntime) : undefined;
  const history = new PodHistory({ runtime });
  history.take({ type: 'DELETED', object: stored({ phase: 'Failed' }) });
  expect(history.problems).toEqual([]);
  history.take({
    type: 'MODIFIED',
    object: { ...stored({ phase: 'Failed' }), metadata: { ...stored({}).metadata, uid: 'v' } },
  });
  expect(history.problems).toEqual([]);
  const other = new PodHistory({ runtime });
  other.take({ type: 'MODIFIED', object: stored({ phase: 'Failed' }) });
  expect(other.problems).toEqual(['web is Failed while it runs']);
});

test('two Pods with the same name are checked separately', () => {
  const history = new PodHistory();
  history.take({ type: 'DELETED', object: stored({ phase: 'Failed' }) });
  const { metadata, ...rest } = stored({ phase: 'Pending' }, 'node2');
  history.take({ type: 'ADDED', object: { ...rest, metadata: { ...metadata, uid: 'v' } } });
  expect(history.problems).toEqual([]);
  expect(history.spec('u')?.nodeName).toBe('node1');
  expect(history.spec('v')?.nodeName).toBe('node2');
  expect(history.spec('w')).toBeUndefined();
});

test('follows the Pods of a cluster', async () => {
  const cluster = await simulate({ nodes: 1 });
  onTestFinished(() => cluster.close());
  const history = new PodHistory({ runtime: (node) => cluster.nodes.runtime(node) });
  const watch = cluster.client.watch(Pod).subscribe((event) => history.take(event));
  onTestFinished(() => watch.unsubscribe());
  const containers = [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'sleep 5; exit 1'] }];
  const metadata = { name: 'web', namespace: 'default' };
  const { uid } = (await cluster.client.create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } }))
    .metadata;
  await cluster.advance('5m');
  expect(history.problems).toEqual([]);
  expect(history.spec(uid)?.nodeName).toBe('node1');
});
