import { ConfigMap, Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { phase, startNode, state } from '../../node.fixture.ts';

const web = { name: 'web', image: 'web:1' };

test('an image that cannot be pulled: ErrImagePull, then ImagePullBackOff', async () => {
  const node = await startNode();
  await node.create({ containers: [{ name: 'web', image: 'missing' }] });
  expect(await state(node)).toEqual({
    waiting: { reason: 'ErrImagePull', message: 'failed to resolve reference "missing:latest": not found' },
  });
  await node.advance('2s');
  expect(await state(node)).toEqual({
    waiting: {
      reason: 'ImagePullBackOff',
      message:
        'Back-off pulling image "missing": ErrImagePull: failed to resolve reference "missing:latest": not found',
    },
  });
  expect(node.events).toEqual([
    'Normal Pulling spec.containers{web} Pulling image "missing"',
    'Warning Failed spec.containers{web} Failed to pull image "missing": failed to resolve reference "missing:latest": not found',
    'Warning Failed spec.containers{web} Error: ErrImagePull',
    'Normal BackOff spec.containers{web} Back-off pulling image "missing"',
    'Warning Failed spec.containers{web} Error: ImagePullBackOff',
  ]);
  expect(await phase(node)).toBe('Pending');
  const pulls = () => node.runtime.calls.filter((call) => call.startsWith('pull')).length;
  await node.advance('8s');
  expect(pulls()).toBe(2);
  await node.advance('20s');
  expect(pulls()).toBe(3);
});

test.each([
  ['Always', 2],
  ['IfNotPresent', 1],
] as const)('two Pods with imagePullPolicy %s pull %d times', async (imagePullPolicy, pulls) => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, imagePullPolicy }] });
  await node.create({ containers: [{ ...web, imagePullPolicy }] }, { name: 'q' });
  expect(node.runtime.calls.filter((call) => call === 'pull web:1')).toHaveLength(pulls);
});

test('imagePullPolicy Never and no image: ErrImageNeverPull', async () => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, imagePullPolicy: 'Never' }] });
  expect(await state(node)).toEqual({
    waiting: {
      reason: 'ErrImageNeverPull',
      message: 'Container image "web:1" is not present with pull policy of Never',
    },
  });
});

test('a missing ConfigMap in env: CreateContainerConfigError until it is there', async () => {
  const node = await startNode();
  await node.create({
    containers: [{ ...web, env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }],
  });
  expect(await state(node)).toEqual({
    waiting: { reason: 'CreateContainerConfigError', message: 'configmap "c" not found' },
  });
  expect(node.events.at(-1)).toBe('Warning Failed spec.containers{web} Error: configmap "c" not found');
  await node.api.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { k: 'v' },
  });
  await node.advance('15s');
  expect(await state(node)).toHaveProperty('running');
  const id = node.runtime.id('web');
  expect(node.runtime.containers.get(id)?.config.envs).toContainEqual({ key: 'A', value: 'v' });
});

test('a volume from a ConfigMap: FailedMount until it is there, then its files', async () => {
  const node = await startNode();
  const pod = await node.create({
    containers: [{ ...web, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    volumes: [{ name: 'v', configMap: { name: 'c' } }],
  });
  expect(await state(node)).toEqual({ waiting: { reason: 'ContainerCreating' } });
  expect(node.events).toEqual([
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "c" not found',
  ]);
  await node.advance('130s');
  expect(node.events).toContain(
    'Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[]: context deadline exceeded',
  );
  await node.api.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { k: 'one' },
  });
  await node.simulation.settle();
  const path = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~configmap/v`;
  expect(node.runtime.files.text(`${path}/k`)).toBe('one');
  const { config } = node.runtime.containers.get(node.runtime.id('web')) ?? {};
  expect(config?.mounts[0]).toEqual({ containerPath: '/v', hostPath: path, readonly: true, propagation: 'PRIVATE' });
  const old = await node.api.client.get(ConfigMap, { namespace: 'default', name: 'c' });
  await node.api.client.update<ConfigMap>({ ...old, data: { k: 'two' } });
  await node.advance('1s');
  expect(node.runtime.files.text(`${path}/k`)).toBe('two');
  await node.delete();
  await node.advance('1s');
  expect(node.runtime.files.lstat(`/var/lib/kubelet/pods/${pod.metadata.uid}`)).toBeUndefined();
  expect(node.api.watches).toBeLessThan(10);
});

test('a liveness probe that fails three times has the container killed and restarted', async () => {
  const node = await startNode();
  let healthy = true;
  node.runtime.programs.set('web:1', { exec: () => (healthy ? 0 : 1) });
  const livenessProbe = { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 };
  await node.create({ containers: [{ ...web, livenessProbe }] });
  await node.advance('30s');
  expect((await node.pod()).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  healthy = false;
  await node.advance('15s');
  expect(node.events.filter((line) => line.startsWith('Warning Unhealthy'))).toEqual([
    'Warning Unhealthy spec.containers{web} Liveness probe failed: no',
    'Warning Unhealthy spec.containers{web} Liveness probe failed: no',
    'Warning Unhealthy spec.containers{web} Liveness probe failed: no',
  ]);
  expect(node.events).toContain(
    'Normal Killing spec.containers{web} Container web failed liveness probe, will be restarted',
  );
  healthy = true;
  await node.advance('1s');
  const { status } = await node.pod();
  expect(status?.phase).toBe('Running');
  expect(status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
});

test('readiness gates Ready and never restarts', async () => {
  const node = await startNode();
  let status = 503;
  node.runtime.http = () => ({ status, body: '', headers: {} });
  await node.create({ containers: [{ ...web, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }] });
  const ready = async () => (await node.pod()).status?.conditions?.find(({ type }) => type === 'Ready');
  await node.advance('60s');
  expect(await ready()).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [web]',
  });
  expect(node.events).toContain(
    'Warning Unhealthy spec.containers{web} Readiness probe failed: HTTP probe failed with statuscode: 503',
  );
  status = 200;
  await node.advance('10s');
  expect(await ready()).toMatchObject({ status: 'True' });
  expect((await node.pod()).status?.containerStatuses?.[0]?.restartCount).toBe(0);
});

test('a startup probe holds the other probes back; its failure kills the container', async () => {
  const node = await startNode();
  let up = false;
  const asked: string[] = [];
  node.runtime.http = ({ path }) => {
    asked.push(path);
    return { status: up ? 200 : 500, body: '', headers: {} };
  };
  const probe = (path: string) => ({ httpGet: { port: 80, path }, periodSeconds: 1 });
  await node.create({
    containers: [
      { ...web, startupProbe: { ...probe('/startup'), failureThreshold: 5 }, livenessProbe: probe('/live') },
    ],
  });
  await node.advance('2s');
  expect(new Set(asked)).toEqual(new Set(['/startup']));
  expect((await node.pod()).status?.containerStatuses?.[0]?.started).toBe(false);
  await node.advance('3s');
  expect(node.events).toContain(
    'Normal Killing spec.containers{web} Container web failed startup probe, will be restarted',
  );
  up = true;
  await node.advance('3s');
  expect((await node.pod()).status?.containerStatuses?.[0]?.started).toBe(true);
  expect(asked.at(-1)).toBe('/live');
});

test('a probe-level grace period goes before the Pod’s when the probe has the container killed', async () => {
  const node = await startNode();
  node.runtime.programs.set('web:1', { exec: () => 1, stopsAfter: Number.POSITIVE_INFINITY });
  const livenessProbe = { exec: { command: ['bad'] }, failureThreshold: 1, terminationGracePeriodSeconds: 5 };
  await node.create({ containers: [{ ...web, livenessProbe }] });
  await node.advance('1s');
  expect(node.runtime.calls).toContain('stop web 5000');
});

test('a sandbox that dies takes all containers with it and is made again; init containers run again', async () => {
  const node = await startNode();
  node.runtime.programs.set('one:1', { exits: { after: 1000, code: 0 } });
  await node.create({ initContainers: [{ name: 'one', image: 'one:1' }], containers: [web] });
  await node.advance('1s');
  const [sandbox] = node.runtime.sandboxes.keys();
  await node.runtime.stopPodSandbox(sandbox as string);
  await node.simulation.settle();
  expect(node.events).toContain('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.');
  expect(node.runtime.running()).toEqual(['one']);
  await node.advance('1s');
  expect(node.runtime.running()).toEqual(['web']);
  expect(node.runtime.calls.filter((call) => call.startsWith('sandbox'))).toEqual(['sandbox p 0', 'sandbox p 1']);
  expect((await node.pod()).status?.containerStatuses?.[0]?.restartCount).toBe(1);
});

test('activeDeadlineSeconds: Failed with DeadlineExceeded', async () => {
  const node = await startNode();
  await node.create({ containers: [web], activeDeadlineSeconds: 60 });
  await node.advance('59s');
  expect(await phase(node)).toBe('Running');
  await node.advance('2s');
  expect((await node.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
  expect(node.runtime.running()).toEqual([]);
});

test('a Pod that does not fit is refused: Failed with OutOfcpu', async () => {
  const node = await startNode();
  await node.create({ containers: [{ ...web, resources: { requests: { cpu: '5' } } }] });
  expect((await node.pod()).status).toMatchObject({
    phase: 'Failed',
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
  });
  expect(node.events).toEqual([
    "Warning OutOfcpu Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
  ]);
  expect(node.runtime.calls).toEqual([]);
});

test('a full emptyDir has its Pod evicted', async () => {
  const node = await startNode();
  const pod = await node.create({ containers: [web], volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Ki' } }] });
  node.runtime.files.writeFile(
    `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~empty-dir/v/big`,
    new Uint8Array(2000),
  );
  await node.advance('11s');
  const { status } = await node.pod();
  expect(status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ',
  });
  expect(status?.conditions?.some(({ type }) => type === 'DisruptionTarget')).toBe(false);
});

test('a restart of the kubelet disturbs nothing that runs', async () => {
  const node = await startNode();
  const probe = { httpGet: { port: 80 } };
  await node.create({ containers: [{ ...web, readinessProbe: probe, startupProbe: probe, livenessProbe: probe }] });
  await node.advance('15s');
  const before = await node.pod();
  const calls = node.runtime.calls.length;
  const writes = node.api.calls.filter((call) => call.startsWith('status Pod')).length;
  await node.restart();
  await node.advance('30s');
  expect(node.runtime.calls.slice(calls)).toEqual([]);
  expect(node.api.calls.filter((call) => call.startsWith('status Pod'))).toHaveLength(writes);
  const after = await node.pod();
  expect(after.status?.containerStatuses?.[0]).toEqual(before.status?.containerStatuses?.[0]);
});

test('what runs of a Pod that the API does not know is stopped and removed', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  await node.api.client.delete(Pod, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
  await node.restart();
  await node.advance('1s');
  expect(node.runtime.containers.size).toBe(0);
  expect(node.runtime.sandboxes.size).toBe(0);
});

test('a changed image has the container made again, without back-off', async () => {
  const node = await startNode();
  await node.create({ containers: [web] });
  const pod = await node.pod();
  await node.api.client.update({
    ...pod,
    metadata: { ...pod.metadata, generation: 2 },
    spec: { ...pod.spec, containers: [{ ...web, image: 'web:2' }] },
  });
  await node.simulation.settle();
  await node.advance('1s');
  expect(node.events).toContain(
    'Normal Killing spec.containers{web} Container web definition changed, will be restarted',
  );
  expect((await node.pod()).status?.containerStatuses?.[0]).toMatchObject({ image: 'web:2', restartCount: 1 });
});

test('an ephemeral container is started once and never again', async () => {
  const node = await startNode();
  node.runtime.programs.set('debug:1', { exits: { after: 1000, code: 1 } });
  await node.create({ containers: [web] });
  const pod = await node.pod();
  await node.api.client.updateSubresource(Pod, 'default/p', 'ephemeralcontainers', {
    ...pod,
    spec: { ...pod.spec, ephemeralContainers: [{ name: 'debug', image: 'debug:1' }] },
  });
  await node.simulation.settle();
  expect(node.runtime.running()).toEqual(['debug', 'web']);
  await node.advance('60s');
  const { status } = await node.pod();
  expect(status?.ephemeralContainerStatuses?.[0]?.state).toHaveProperty('terminated');
  expect(status?.phase).toBe('Running');
});

test('a readiness gate holds Ready back until its condition is True', async () => {
  const node = await startNode();
  await node.create({ containers: [web], readinessGates: [{ conditionType: 'example.com/gate' }] });
  const ready = async () => (await node.pod()).status?.conditions?.find(({ type }) => type === 'Ready');
  expect(await ready()).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
  });
  const pod = await node.pod();
  await node.api.client.updateStatus({
    ...pod,
    status: {
      ...pod.status,
      conditions: [...(pod.status?.conditions ?? []), { type: 'example.com/gate', status: 'True' }],
    },
  });
  await node.simulation.settle();
  expect(await ready()).toMatchObject({ status: 'True' });
});

test('the kubelet writes no status that says nothing new', async () => {
  const node = await startNode();
  await node.create({
    containers: [{ ...web, readinessProbe: { httpGet: { port: 80 } }, livenessProbe: { tcpSocket: { port: 80 } } }],
  });
  await node.advance('60s');
  const before = node.api.calls.filter((call) => call.startsWith('status Pod')).length;
  await node.advance('1h');
  expect(node.api.calls.filter((call) => call.startsWith('status Pod'))).toHaveLength(before);
  expect(before).toBeLessThanOrEqual(3);
});

test('the node: its Lease is renewed every 10 s, its status every 5 min', async () => {
  const node = await startNode();
  const count = (what: string) => node.api.calls.filter((call) => call === what).length;
  const [leases, reports] = [count('update Lease/kube-node-lease/node1'), count('status Node/node1')];
  await node.advance('10m');
  expect(count('update Lease/kube-node-lease/node1') - leases).toBe(60);
  expect(count('status Node/node1') - reports).toBe(2);
});

test('one history for one seed', async () => {
  const history = async () => {
    const node = await startNode({}, 7);
    node.runtime.programs.set('web:1', { exits: { after: 3000, code: 1 } });
    await node.create({ containers: [web, { name: 'b', image: 'b:1', livenessProbe: { httpGet: { port: 1 } } }] });
    await node.advance('5m');
    return [...node.api.calls, ...node.runtime.calls, ...node.events];
  };
  expect(await history()).toEqual(await history());
});
