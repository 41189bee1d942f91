import { Event, Node, type PriorityClass, type Taint } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The events beyond those of a plain start and end, each with its type, reason and message. */

const kept = { finalizers: ['example.com/look'] };
const taint = async (cluster: PodScenario, name: string, taints: readonly Taint[]) =>
  cluster.client.patch(Node, name, { type: 'merge', patch: { spec: { taints } } });
const noExecute: Taint = { key: 'k', value: 'v', effect: 'NoExecute' };

test('Preempted: names the Pod that it made room for', async () => {
  const cluster = await podScenario();
  await cluster.client.create<PriorityClass>({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 1000,
  });
  const cpu = (amount: string) => service({ resources: { requests: { cpu: amount } } });
  await cluster.start({ containers: [cpu('3')] });
  const { metadata } = await cluster.start({ priorityClassName: 'high', containers: [cpu('3')] }, { name: 'high' });
  await cluster.advance('5s');
  expect(await cluster.events()).toContain(`Normal Preempted: Preempted by pod ${metadata.uid} on node node1`);
});

test('TaintManagerEviction: a Pod that does not tolerate a NoExecute taint is marked for deletion', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] }, kept);
  await taint(cluster, 'node1', [noExecute]);
  await cluster.advance('5s');
  expect(await cluster.events()).toContain('Normal TaintManagerEviction: Marking for deletion Pod default/web');
  const { metadata, status } = await cluster.pod();
  expect(metadata.deletionTimestamp).toBeDefined();
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }),
  );
});

test('TaintManagerEviction: the deletion is cancelled when the taint is removed within the toleration period', async () => {
  const cluster = await podScenario();
  const tolerations = [{ key: 'k', operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: 60 }];
  await cluster.start({ tolerations, containers: [service()] });
  await taint(cluster, 'node1', [noExecute]);
  await cluster.advance('30s');
  await taint(cluster, 'node1', []);
  await cluster.advance('10m');
  expect(await cluster.events()).toContain('Normal TaintManagerEviction: Cancelling deletion of Pod default/web');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test('BackOff: a container that keeps failing', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({ containers: [script('exit 1')] });
  await cluster.advance('5s');
  expect(await cluster.events()).toContain(
    `Warning BackOff: Back-off restarting failed container main in pod web_default(${metadata.uid})`,
  );
});

test('Killing, FailedPostStartHook, FailedPreStopHook: the messages of failed hooks', async () => {
  const cluster = await podScenario();
  const fails = { exec: { command: ['false'] } };
  await cluster.start({ restartPolicy: 'Never', containers: [service({ lifecycle: { postStart: fails } })] });
  await cluster.start({ containers: [service({ lifecycle: { preStop: fails } })] }, { name: 'other' });
  await cluster.remove('other');
  await cluster.advance('10s');
  const events = await cluster.events();
  expect(events).toContain('Warning FailedPostStartHook: PostStartHook failed');
  expect(events).toContain('Normal Killing: FailedPostStartHook');
  expect(await cluster.events('other')).toContain('Warning FailedPreStopHook: PreStopHook failed');
  expect(await cluster.events('other')).toContain('Normal Killing: Stopping container main');
});

test('PostStartHookError: the waiting message says which hook failed and how', async () => {
  const cluster = await podScenario();
  const lifecycle = { postStart: { exec: { command: ['sh', '-c', 'echo no luck; exit 4'] } } };
  const { metadata } = await cluster.start({ containers: [service({ lifecycle })] });
  const seen = new Set<string>();
  for (let second = 0; second < 5; second++) {
    await cluster.advance('1s');
    const { waiting } = (await cluster.pod()).status?.containerStatuses?.[0]?.state ?? {};
    if (waiting?.reason === 'PostStartHookError') seen.add(waiting.message ?? '');
  }
  expect([...seen]).toEqual([
    `Exec lifecycle hook ([sh -c echo no luck; exit 4]) for Container "main" in Pod "web_default(${metadata.uid})" failed - error: command 'sh -c echo no luck; exit 4' exited with 4: , message: "no luck\\n"`,
  ]);
});

test('ProbeWarning: a redirect to another host counts as success, with a warning', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      {
        name: 'main',
        image: 'nginx',
        command: ['sh', '-c'],
        args: [
          'printf "server { listen 80; location / { return 302 http://elsewhere.example/; } }" > /etc/nginx/conf.d/default.conf; exec nginx -g "daemon off;"',
        ],
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
    ],
  });
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ ready: '1/1' });
  expect(await cluster.events()).toContainEqual(
    expect.stringMatching(
      /^Warning ProbeWarning: Readiness probe warning: Probe terminated redirects, Response body: /,
    ),
  );
});

test('ExceededGracePeriod: the runtime does not stop an evicted Pod', async () => {
  const cluster = await podScenario({ nodes: [{ name: 'node1', capacity: { memory: '256Mi' } }] });
  await cluster.start({
    containers: [{ name: 'main', image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', '200M'] }],
  });
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('the node runs');
  runtime.stopContainer = () => new Promise(() => undefined);
  await cluster.advance('30s');
  expect(await cluster.events()).toContain(
    'Warning ExceededGracePeriod: Container runtime did not kill the pod within specified grace period.',
  );
});

test('a Pod on an out-of-service node is removed without waiting for the node', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.advance('2m');
  await cluster.remove();
  await cluster.advance('2m');
  expect(await cluster.row()).toMatchObject({ status: 'Terminating' });
  const { spec } = await cluster.get(Node, 'node1');
  const outOfService: Taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
  await taint(cluster, 'node1', [...(spec?.taints ?? []), outOfService]);
  await cluster.advance('1m');
  expect(await cluster.row()).toBeUndefined();
});

test('a Pod on a node that does not come back is removed by a forced deletion', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ nodeName: 'node1', containers: [service()] });
  await cluster.nodes.stop('node1');
  await cluster.advance('2m');
  await cluster.remove();
  await cluster.remove('web', 0);
  await cluster.settle();
  expect(await cluster.row()).toBeUndefined();
});

test('every event names its reporter: kubelet with its node, default-scheduler, node-controller, taint-eviction-controller', async () => {
  const cluster = await podScenario({ nodes: 2 });
  const onNode = (name: string) => ({ nodeSelector: { 'kubernetes.io/hostname': name }, containers: [service()] });
  await cluster.start({ nodeSelector: { no: 'where' }, containers: [service()] }, { name: 'nowhere' });
  await cluster.start(onNode('node1'));
  await cluster.start(onNode('node2'), { name: 'lost' });
  await cluster.nodes.stop('node2');
  await cluster.advance('2m');
  await taint(cluster, 'node1', [noExecute]);
  await cluster.advance('1m');
  const { items } = await cluster.client.list(Event, { namespace: 'default' });
  const sources = new Map(
    items
      .filter(({ involvedObject }) => involvedObject.kind === 'Pod')
      .map(({ reason, source }) => [reason, [source?.component, source?.host].join(' ').trim()]),
  );
  expect(Object.fromEntries(sources)).toMatchObject({
    Scheduled: 'default-scheduler',
    FailedScheduling: 'default-scheduler',
    Killing: 'kubelet node1',
    NodeNotReady: 'node-controller',
    TaintManagerEviction: 'taint-eviction-controller',
  });
});
