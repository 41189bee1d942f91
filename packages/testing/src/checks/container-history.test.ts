import { Pod, type PodSpec } from '@orrery/api';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { expect, onTestFinished, test } from 'vitest';
import { simulate } from '../simulate.ts';
import { ContainerHistory } from './container-history.ts';
import { PodHistory } from './pod-history.ts';

/** Runs a Pod with an init container and a sidecar, and returns the violations that are found if its spec were `recorded`. */
async function problems(recorded: (spec: PodSpec) => PodSpec | undefined): Promise<readonly string[]> {
  const pods = new PodHistory();
  const history = new ContainerHistory({
    spec: (uid) => {
      const spec = pods.spec(uid);
      return spec && recorded(spec);
    },
  });
  const cluster = await simulate({ nodes: 1, machines: history.machines(simulatedMachines()) });
  onTestFinished(() => cluster.close());
  const watch = cluster.client.watch(Pod).subscribe((event) => pods.take(event));
  onTestFinished(() => watch.unsubscribe());
  const sleep = ['sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait $!'];
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      initContainers: [
        { name: 'first', image: 'busybox', command: ['true'] },
        { name: 'side', image: 'busybox', command: sleep, restartPolicy: 'Always' },
      ],
      containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'sleep 5; exit 1'] }],
    },
  } as Pod);
  await cluster.advance('1m');
  expect((await cluster.get(Pod, 'default/web')).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(1);
  return history.problems;
}

test('a Pod that follows its spec has no violations', async () => {
  expect(await problems((spec) => spec)).toEqual([]);
});

test('an unknown Pod is not checked', async () => {
  expect(await problems(() => undefined)).toEqual([]);
});

test('reports a container without the mounts of its spec', async () => {
  const found = await problems((spec) => ({
    ...spec,
    containers: spec.containers.map((one) => ({ ...one, volumeMounts: [{ name: 'data', mountPath: '/data' }] })),
  }));
  expect(found[0]).toBe(
    'c has the mounts /var/run/secrets/kubernetes.io/serviceaccount,/etc/hosts,/dev/termination-log',
  );
});

test('reports a container that starts before an init container has succeeded', async () => {
  const found = await problems((spec) => ({
    ...spec,
    initContainers: [{ name: 'zero', image: 'busybox' }, ...(spec.initContainers ?? [])],
  }));
  expect(found).toEqual(['first', 'side', 'c'].map((name) => `${name} of web started before zero was done`));
});

test('a sidecar only has to be started, an init container must have succeeded', async () => {
  const found = await problems((spec) => ({
    ...spec,
    initContainers: spec.initContainers?.map(({ restartPolicy: _, ...one }) => one) ?? [],
  }));
  expect(found).toEqual(['c of web started before side was done']);
});

test('reports two instances of a container that run at once', async () => {
  const pods = new PodHistory();
  const history = new ContainerHistory({ spec: (uid) => pods.spec(uid) });
  const cluster = await simulate({ nodes: 1, machines: history.machines(simulatedMachines()) });
  onTestFinished(() => cluster.close());
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 is off');
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'nginx' }] },
  } as Pod);
  await cluster.settle();
  const [sandbox] = await runtime.listPodSandboxes();
  const [container] = await runtime.listContainers();
  if (sandbox === undefined || container === undefined) throw new Error('nothing runs');
  const { labels, annotations } = container;
  const twin = await runtime.createContainer(sandbox.id, {
    metadata: { name: 'c', attempt: 1 },
    image: 'nginx',
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels,
    annotations,
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { memoryLimitBytes: 0, cpuShares: 0, cpuQuota: 0 },
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
  });
  await runtime.startContainer(twin);
  expect(history.problems).toEqual(['two instances of c of web run']);
});
