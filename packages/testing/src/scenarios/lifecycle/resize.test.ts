import { type Container, Pod } from '@orrery/api';
import { type ContainerRuntime, RuntimeError } from '@orrery/runtimes';
import { expect, test, vi } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Resizing a running Pod (KEP-1287 "In-Place Update of Pod Resources"). */

const sized = (cpu: string, memory = '64Mi', more: Partial<Container> = {}): Container =>
  service({ resources: { requests: { cpu, memory }, limits: { memory } }, ...more });

async function resize(cluster: PodScenario, cpu: string, memory = '64Mi', name = 'web'): Promise<void> {
  const resources = { requests: { cpu, memory }, limits: { memory } };
  await cluster.client.patch(
    Pod,
    { namespace: 'default', name },
    { type: 'strategic', patch: { spec: { containers: [{ name: 'main', resources }] } } },
    { subresource: 'resize' },
  );
  await cluster.advance('2s');
}

async function shown(cluster: PodScenario, name?: string) {
  const { spec, status, metadata } = await cluster.pod(name);
  const [container] = status?.containerStatuses ?? [];
  expect(status?.observedGeneration).toBe(metadata.generation);
  return {
    wants: spec.containers[0]?.resources?.requests?.cpu,
    has: container?.resources?.requests?.cpu,
    allotted: container?.allocatedResources?.cpu,
    restarts: container?.restartCount,
    conditions: (status?.conditions ?? [])
      .filter(({ type }) => type.startsWith('PodResize'))
      .map(({ type, status: value, reason, message }) => [type, value, reason, message]),
  };
}

test('a container that can be resized in place gets its new resources without a restart', async () => {
  const cluster = await podScenario();
  const seen: (string | undefined)[] = [];
  await cluster.start({ containers: [sized('1', '16Mi')] });
  const watch = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
    if (event.type !== 'MODIFIED') return;
    seen.push(event.object.status?.conditions?.find(({ type }) => type === 'PodResizeInProgress')?.status);
  });
  const more = ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=32M count=1 && echo fits'];
  await resize(cluster, '2', '64Mi');
  watch.unsubscribe();
  expect(await shown(cluster)).toEqual({ wants: '2', has: '2', allotted: '2', restarts: 0, conditions: [] });
  expect(seen).toContain('True');
  expect((await cluster.exec('default/web', more)).stdout).toContain('fits');
  await cluster.start({ containers: [sized('1', '16Mi')] }, { name: 'tight' });
  expect((await cluster.exec('default/tight', more)).stdout).not.toContain('fits');
  expect(await cluster.row()).toMatchObject({ status: 'Running', restarts: '0' });
});

test('a container whose resizePolicy requires it is restarted', async () => {
  const cluster = await podScenario();
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  await cluster.start({ containers: [sized('1', '64Mi', { resizePolicy })] });
  await resize(cluster, '2', '64Mi');
  expect(await shown(cluster)).toMatchObject({ has: '2', restarts: 0, conditions: [] });
  await resize(cluster, '2', '128Mi');
  expect(await shown(cluster)).toMatchObject({ has: '2', restarts: 1, conditions: [] });
  expect(await cluster.events()).toContain('Normal Killing: Container main resize requires restart');
});

test('PodResizePending Infeasible: the node could never fit the request; the Pod keeps what it has', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [sized('1')] });
  await resize(cluster, '5');
  const infeasible = {
    wants: '5',
    has: '1',
    allotted: '1',
    restarts: 0,
    conditions: [
      [
        'PodResizePending',
        'True',
        'Infeasible',
        "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
      ],
    ],
  };
  expect(await shown(cluster)).toEqual(infeasible);
  await cluster.nodes.restartKubelet('node1');
  await cluster.advance('1m');
  expect(await shown(cluster)).toEqual(infeasible);
  await resize(cluster, '2');
  expect(await shown(cluster)).toMatchObject({ has: '2', restarts: 0, conditions: [] });
});

test('PodResizePending Deferred: other Pods use the resources now; the Pod gets them when they are freed', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [sized('2')] }, { name: 'other' });
  await cluster.start({ containers: [sized('1')] });
  await resize(cluster, '3');
  expect(await shown(cluster)).toEqual({
    wants: '3',
    has: '1',
    allotted: '1',
    restarts: 0,
    conditions: [
      [
        'PodResizePending',
        'True',
        'Deferred',
        "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
      ],
    ],
  });
  await resize(cluster, '1', '64Mi', 'other');
  await cluster.advance('2s');
  expect(await shown(cluster)).toMatchObject({ has: '3', restarts: 0, conditions: [] });
  await resize(cluster, '4');
  expect((await shown(cluster)).conditions[0]?.[2]).toBe('Deferred');
  await cluster.remove('other');
  await cluster.advance('5s');
  expect(await shown(cluster)).toMatchObject({ has: '4', restarts: 0, conditions: [] });
});

test('a container that is restarted while a resize is pending keeps its resources', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [sized('1')] });
  await resize(cluster, '5');
  await cluster.exec('default/web', ['kill', '1']);
  await cluster.advance('5s');
  expect(await shown(cluster)).toMatchObject({ wants: '5', has: '1', restarts: 1 });
});

test('the node counts what is allocated to a Pod', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [sized('1')] });
  await resize(cluster, '3');
  await cluster.start({ nodeName: 'node1', containers: [sized('2')] }, { name: 'late' });
  expect((await cluster.pod('late')).status?.message).toBe(
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000",
  );
});

test('PodResizeInProgress Error: a resize that fails in the runtime is retried', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [sized('1')] });
  const runtime = cluster.nodes.runtime('node1') as Required<ContainerRuntime>;
  vi.spyOn(runtime, 'updateContainerResources').mockRejectedValueOnce(new RuntimeError('Unknown', 'cgroup is busy'));
  await resize(cluster, '2');
  expect(await shown(cluster)).toEqual({
    wants: '2',
    has: '1',
    allotted: '2',
    restarts: 0,
    conditions: [['PodResizeInProgress', 'True', 'Error', 'cgroup is busy']],
  });
  await cluster.advance('15s');
  expect(await shown(cluster)).toEqual({ wants: '2', has: '2', allotted: '2', restarts: 0, conditions: [] });
});
