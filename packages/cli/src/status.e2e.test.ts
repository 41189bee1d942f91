import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PodRows, watchPodRows } from './pod-rows.fixture.ts';
import { orrery, type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/**
 * Every STATUS that `kubectl get pods` shows, each brought about on a running cluster whose clock goes ten times as fast,
 * and read from what real kubectl prints: once, or while it watches.
 */
let cluster: RunningCluster;
let rows: PodRows;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '2', '--clock', 'x10']);
  rows = watchPodRows(cluster);
});

afterAll(async () => {
  await rows?.stop();
  await cluster?.stop();
});

interface PodParts {
  readonly [field: string]: unknown;
  readonly containers: readonly object[];
}

const create = (name: string, spec: PodParts) =>
  cluster.kubectl(['create', '-f', '-'], {
    stdin: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { terminationGracePeriodSeconds: 1, ...spec },
    }),
  });

const script = (text: string, more: object = {}) => ({
  name: 'main',
  image: 'busybox',
  command: ['sh', '-c', text],
  ...more,
});

const service = (more: object = {}) => script('trap "exit 0" TERM; while true; do sleep 1; done', more);

/** A line that `kubectl get pod` printed, without its age. */
const withoutAge = (line: string) => line.replace(/ +\S+\n$/, '').replaceAll(/ {2,}/g, ' | ');

const row = async (name: string) => withoutAge(await cluster.kubectl(['get', 'pod', name, '--no-headers']));

/** Polls until the Pod has this STATUS, and returns that line: the next one may differ. */
async function stays(name: string, status: string): Promise<string> {
  const shows = new RegExp(`^\\S+ +\\d+/\\d+ +${status} `);
  return withoutAge(await cluster.until(['get', 'pod', name, '--no-headers'], (out) => shows.test(out)));
}

describe('before anything runs', () => {
  test('Pending: no node fits the Pod', async () => {
    await create('pending', { nodeSelector: { disk: 'none' }, containers: [service()] });
    expect(await stays('pending', 'Pending')).toBe('pending | 0/1 | Pending | 0');
    await cluster.until(['describe', 'pod', 'pending'], (out) =>
      out.includes("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
    );
  });

  test('SchedulingGated: until the last gate is removed', async () => {
    await create('gated', { schedulingGates: [{ name: 'example.com/wait' }], containers: [service()] });
    expect(await stays('gated', 'SchedulingGated')).toBe('gated | 0/1 | SchedulingGated | 0');
    await cluster.kubectl(['patch', 'pod', 'gated', '-p', '{"spec":{"schedulingGates":null}}']);
    await rows.see('gated', 'Running');
  });

  test('ContainerCreating: a volume does not exist yet', async () => {
    await create('creating', {
      containers: [service({ volumeMounts: [{ name: 'login', mountPath: '/login' }] })],
      volumes: [{ name: 'login', secret: { secretName: 'late' } }],
    });
    expect(await stays('creating', 'ContainerCreating')).toBe('creating | 0/1 | ContainerCreating | 0');
    await cluster.kubectl(['create', 'secret', 'generic', 'late', '--from-literal=a=b']);
    await rows.see('creating', 'Running');
  });

  test('Pending, ContainerCreating, Running: a Pod that starts', async () => {
    await create('starting', { containers: [service()] });
    await rows.see('starting', 'Running');
    expect(rows.statuses('starting')).toEqual(['Pending', 'ContainerCreating', 'Running']);
    expect(await row('starting')).toBe('starting | 1/1 | Running | 0');
  });
});

describe('init containers', () => {
  test('Init:0/2, Init:1/2, PodInitializing, Running: one after the other', async () => {
    await create('init-order', {
      initContainers: [script('sleep 2', { name: 'one' }), script('sleep 2', { name: 'two' })],
      containers: [service()],
    });
    await rows.see('init-order', 'Running');
    expect(rows.statuses('init-order')).toEqual(['Pending', 'Init:0/2', 'Init:1/2', 'PodInitializing', 'Running']);
  });

  test('Init:Error, Init:CrashLoopBackOff: one that keeps failing', async () => {
    await create('init-crash', { initContainers: [script('exit 3', { name: 'one' })], containers: [service()] });
    await rows.see('init-crash', 'Init:CrashLoopBackOff');
    expect(rows.statuses('init-crash')).toContain('Init:Error');
    expect(await stays('init-crash', 'Init:CrashLoopBackOff')).toMatch(
      /^init-crash \| 0\/1 \| Init:CrashLoopBackOff \| \d+ \(\S+ ago\)$/,
    );
  });

  test('Init:Error: one that fails under Never ends the Pod', async () => {
    await create('init-error', {
      restartPolicy: 'Never',
      initContainers: [script('exit 3', { name: 'one' })],
      containers: [service()],
    });
    expect(await stays('init-error', 'Init:Error')).toBe('init-error | 0/1 | Init:Error | 0');
    await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Failed', 'pod/init-error', '--timeout=30s']);
    expect(await row('init-error')).toBe('init-error | 0/1 | Init:Error | 0');
  });

  test('Init:OOMKilled: one that exceeds its memory limit', async () => {
    await create('init-oom', {
      restartPolicy: 'Never',
      initContainers: [
        {
          name: 'one',
          image: 'polinux/stress',
          command: ['stress', '--vm', '1', '--vm-bytes', '64M'],
          resources: { limits: { memory: '16Mi' } },
        },
      ],
      containers: [service()],
    });
    expect(await stays('init-oom', 'Init:OOMKilled')).toBe('init-oom | 0/1 | Init:OOMKilled | 0');
  });

  test('Init:ErrImagePull, Init:ImagePullBackOff: one whose image does not exist', async () => {
    await create('init-image', {
      initContainers: [{ name: 'one', image: 'nowhere/nothing:1' }],
      containers: [service()],
    });
    await rows.see('init-image', 'Init:ImagePullBackOff');
    expect(rows.statuses('init-image').slice(0, 4)).toEqual([
      'Pending',
      'Init:0/1',
      'Init:ErrImagePull',
      'Init:ImagePullBackOff',
    ]);
  });

  test('Init:CreateContainerConfigError: one that refers to a missing object', async () => {
    await create('init-config', {
      initContainers: [script('true', { name: 'one', envFrom: [{ secretRef: { name: 'nothing' } }] })],
      containers: [service()],
    });
    expect(await stays('init-config', 'Init:CreateContainerConfigError')).toBe(
      'init-config | 0/1 | Init:CreateContainerConfigError | 0',
    );
  });

  test('Init:StartError: one whose command is not in its image', async () => {
    await create('init-start', {
      restartPolicy: 'Never',
      initContainers: [{ name: 'one', image: 'busybox', command: ['no-such-program'] }],
      containers: [service()],
    });
    expect(await stays('init-start', 'Init:StartError')).toBe('init-start | 0/1 | Init:StartError | 0');
  });

  test('a sidecar counts: Init:0/2 while it is not started, Init:1/2 while the next runs, READY 2/2', async () => {
    await create('sidecar', {
      initContainers: [
        service({
          name: 'proxy',
          restartPolicy: 'Always',
          startupProbe: { exec: { command: ['true'] }, initialDelaySeconds: 3, periodSeconds: 1 },
        }),
        script('sleep 3', { name: 'prepare' }),
      ],
      containers: [service()],
    });
    await rows.see('sidecar', 'Running');
    expect(rows.of('sidecar').map(({ ready, status }) => `${ready} ${status}`)).toEqual(
      expect.arrayContaining(['0/2 Init:0/2', '1/2 Init:1/2', '1/2 PodInitializing', '2/2 Running']),
    );
    expect(await row('sidecar')).toBe('sidecar | 2/2 | Running | 0');
  });
});

describe('containers that run', () => {
  test('Running, 0/1: a container that is not ready', async () => {
    await create('unready', {
      containers: [service({ readinessProbe: { exec: { command: ['false'] }, periodSeconds: 1 } })],
    });
    expect(await stays('unready', 'Running')).toBe('unready | 0/1 | Running | 0');
  });

  test('Running, 0/1, then 1/1: readiness follows its probe, and restarts nothing', async () => {
    await create('readying', {
      containers: [service({ readinessProbe: { exec: { command: ['test', '-e', '/tmp/ok'] }, periodSeconds: 1 } })],
    });
    await stays('readying', 'Running');
    await cluster.kubectl(['exec', 'readying', '--', 'touch', '/tmp/ok']);
    await cluster.until(['get', 'pod', 'readying', '--no-headers'], (out) => /1\/1 +Running +0 /.test(out));
    await cluster.kubectl(['exec', 'readying', '--', 'rm', '/tmp/ok']);
    await cluster.until(['get', 'pod', 'readying', '--no-headers'], (out) => /0\/1 +Running +0 /.test(out));
  });

  test('Running, 1/1, with a gate that is not open: READY counts containers, READINESS GATES the gates', async () => {
    await create('gate', { readinessGates: [{ conditionType: 'example.com/open' }], containers: [service()] });
    await stays('gate', 'Running');
    expect(await cluster.kubectl(['get', 'pod', 'gate', '--no-headers', '-o', 'wide'])).toMatch(
      /^gate +1\/1 +Running +0 .* 10\.224\.\d+\.\d+ +node\d +<none> +0\/1\n$/,
    );
  });

  test('NotReady: one container has completed, the other is running', async () => {
    await create('half', {
      restartPolicy: 'Never',
      containers: [script('exit 0', { name: 'first' }), service({ name: 'second' })],
    });
    expect(await stays('half', 'NotReady')).toBe('half | 1/2 | NotReady | 0');
  });

  test('Terminating: from the deletion until all containers have ended', async () => {
    await create('ending', {
      terminationGracePeriodSeconds: 3600,
      containers: [script('trap "" TERM; while [ ! -e /tmp/go ]; do sleep 1; done')],
    });
    await stays('ending', 'Running');
    await cluster.kubectl(['delete', 'pod', 'ending', '--wait=false']);
    expect(await stays('ending', 'Terminating')).toBe('ending | 1/1 | Terminating | 0');
    await cluster.kubectl(['exec', 'ending', '--', 'touch', '/tmp/go']);
    await cluster.kubectl(['wait', '--for=delete', 'pod/ending', '--timeout=30s']);
  });
});

describe('containers that end', () => {
  test('Completed: all exited with 0', async () => {
    await create('completed', { restartPolicy: 'OnFailure', containers: [script('sleep 1')] });
    expect(await stays('completed', 'Completed')).toBe('completed | 0/1 | Completed | 0');
    expect(rows.statuses('completed')).toEqual(['Pending', 'ContainerCreating', 'Running', 'Completed']);
  });

  test('Error: one failed under Never', async () => {
    await create('error', { restartPolicy: 'Never', containers: [script('exit 4')] });
    expect(await stays('error', 'Error')).toBe('error | 0/1 | Error | 0');
  });

  test('OOMKilled: one exceeded its memory limit', async () => {
    await create('oom', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'polinux/stress',
          command: ['stress', '--vm', '1', '--vm-bytes', '250M', '--vm-hang', '1'],
          resources: { limits: { memory: '100Mi' } },
        },
      ],
    });
    expect(await stays('oom', 'OOMKilled')).toBe('oom | 0/1 | OOMKilled | 0');
  });

  test('Error, CrashLoopBackOff, and RESTARTS with the time of the last one', async () => {
    await create('crashing', { containers: [script('sleep 1; exit 1')] });
    await rows.see('crashing', 'CrashLoopBackOff');
    expect(rows.statuses('crashing').slice(0, 4)).toEqual(['Pending', 'ContainerCreating', 'Running', 'Error']);
    expect(await stays('crashing', 'CrashLoopBackOff')).toMatch(
      /^crashing \| 0\/1 \| CrashLoopBackOff \| [1-9]\d* \(\d+(s|m|m\d+s) ago\)$/,
    );
  });

  test('Running, with RESTARTS: a container that its liveness probe had killed', async () => {
    await create('revived', {
      containers: [
        service({
          livenessProbe: {
            exec: { command: ['sh', '-c', 'test ! -e /tmp/sick'] },
            // A machine that is busy for a moment is no sick container.
            timeoutSeconds: 60,
            periodSeconds: 1,
            failureThreshold: 1,
          },
        }),
      ],
    });
    await stays('revived', 'Running');
    await cluster.kubectl(['exec', 'revived', '--', 'touch', '/tmp/sick']);
    await cluster.until(['get', 'pod', 'revived', '--no-headers'], (out) =>
      /^revived +1\/1 +Running +1 \(\S+ ago\)/.test(out),
    );
  });

  test('Completed, CrashLoopBackOff: under Always a good end is no end', async () => {
    await create('again', { containers: [script('exit 0')] });
    await rows.see('again', 'CrashLoopBackOff');
    expect(rows.statuses('again')).toContain('Completed');
  });
});

describe('containers that cannot start', () => {
  test('ErrImagePull, ImagePullBackOff: an image that is nowhere', async () => {
    await create('no-image', { containers: [{ name: 'main', image: 'nowhere/nothing:1' }] });
    await rows.see('no-image', 'ImagePullBackOff');
    expect(rows.statuses('no-image').slice(0, 4)).toEqual([
      'Pending',
      'ContainerCreating',
      'ErrImagePull',
      'ImagePullBackOff',
    ]);
    expect(await stays('no-image', '(ErrImagePull|ImagePullBackOff)')).toMatch(/^no-image \| 0\/1 \| \w+ \| 0$/);
  });

  test('ErrImageNeverPull: an image that is not on the node and must not be pulled', async () => {
    await create('never', { containers: [{ name: 'main', image: 'redis:7', imagePullPolicy: 'Never' }] });
    expect(await stays('never', 'ErrImageNeverPull')).toBe('never | 0/1 | ErrImageNeverPull | 0');
  });

  test('InvalidImageName: a reference that cannot be read', async () => {
    await create('bad-name', { containers: [{ name: 'main', image: 'Not An Image' }] });
    expect(await stays('bad-name', 'InvalidImageName')).toBe('bad-name | 0/1 | InvalidImageName | 0');
  });

  test('CreateContainerConfigError: until the ConfigMap exists', async () => {
    await create('no-config', { containers: [service({ envFrom: [{ configMapRef: { name: 'settings' } }] })] });
    expect(await stays('no-config', 'CreateContainerConfigError')).toBe(
      'no-config | 0/1 | CreateContainerConfigError | 0',
    );
    await cluster.kubectl(['create', 'configmap', 'settings', '--from-literal=a=b']);
    await rows.see('no-config', 'Running');
  });

  test('RunContainerError, CrashLoopBackOff: a command that is not in the image', async () => {
    await create('no-program', { containers: [{ name: 'main', image: 'busybox', command: ['no-such-program'] }] });
    await rows.see('no-program', 'CrashLoopBackOff');
    expect(rows.statuses('no-program').slice(0, 4)).toEqual([
      'Pending',
      'ContainerCreating',
      'RunContainerError',
      'CrashLoopBackOff',
    ]);
  });

  test('StartError: the same under Never', async () => {
    await create('start-error', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'busybox', command: ['no-such-program'] }],
    });
    expect(await stays('start-error', 'StartError')).toBe('start-error | 0/1 | StartError | 0');
  });

  test('PostStartHookError, CrashLoopBackOff: a failing hook kills its container', async () => {
    await create('bad-hook', {
      containers: [service({ lifecycle: { postStart: { exec: { command: ['false'] } } } })],
    });
    await rows.see('bad-hook', 'CrashLoopBackOff');
    expect(rows.statuses('bad-hook')).toContain('PostStartHookError');
  });
});

describe('Pods that their node will not have', () => {
  test.each([
    ['OutOfcpu', { containers: [service({ resources: { requests: { cpu: '400' } } })] }],
    ['OutOfmemory', { containers: [service({ resources: { requests: { memory: '40Ti' } } })] }],
    ['NodeAffinity', { nodeSelector: { disk: 'none' }, containers: [service()] }],
  ] as const)('%s: bound without asking the scheduler', async (reason, spec) => {
    const name = reason.toLowerCase();
    await create(name, { nodeName: 'node1', ...spec });
    expect(await stays(name, reason)).toBe(`${name} | 0/1 | ${reason} | 0`);
    expect(await cluster.kubectl(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'])).toBe('Failed');
  });

  test('Evicted: a Pod that requests nothing, on a node that is short of memory', async () => {
    const stress = { name: 'main', image: 'polinux/stress', command: ['stress', '--vm', '1', '--vm-bytes', '8100M'] };
    await create('hog', { nodeName: 'node1', containers: [stress] });
    await cluster.kubectl(['wait', '--for=condition=MemoryPressure', 'node/node1', '--timeout=60s']);
    await create('evicted', { nodeName: 'node1', containers: [service()] });
    expect(await stays('evicted', 'Evicted')).toBe('evicted | 0/1 | Evicted | 0');
    expect(await cluster.kubectl(['describe', 'pod', 'evicted'])).toMatch(
      /^Status: +Failed\nReason: +Evicted\nMessage: +Pod was rejected: The node had condition: \[MemoryPressure\]/m,
    );
  });
});

describe('Pods that had to end', () => {
  test('Error, though Evicted: the containers’ termination takes precedence over the Pod’s reason', async () => {
    await create('too-full', {
      containers: [
        script('dd if=/dev/zero of=/cache/file bs=1M count=2; while true; do sleep 1; done', {
          volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
        }),
      ],
      volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }],
    });
    expect(await stays('too-full', 'Error')).toBe('too-full | 0/1 | Error | 0');
    expect(await cluster.kubectl(['describe', 'pod', 'too-full'])).toMatch(/^Status: +Failed\nReason: +Evicted$/m);
  });

  test.each([
    ['Completed', 'ended-in-time', service()],
    ['Error', 'killed', script('trap "" TERM; while true; do sleep 1; done')],
    ['ContainerStatusUnknown', 'never-ran', { name: 'main', image: 'nowhere/nothing:1' }],
  ])('%s, though DeadlineExceeded: %s', async (status, name, container) => {
    await create(name, { activeDeadlineSeconds: 5, containers: [container] });
    expect(await stays(name, status)).toBe(`${name} | 0/1 | ${status} | 0`);
    expect(await cluster.kubectl(['describe', 'pod', name])).toMatch(
      /^Status: +Failed\nReason: +DeadlineExceeded\nMessage: +Pod was active on the node longer than the specified deadline$/m,
    );
  });

  test('DeadlineExceeded, Unknown, Failed: where a status has no containers, its reason or phase is shown', async () => {
    await create('recorded', { schedulingGates: [{ name: 'example.com/wait' }], containers: [service()] });
    const say = (status: object) =>
      cluster.kubectl(['patch', 'pod', 'recorded', '--subresource=status', '-p', JSON.stringify({ status })]);
    await say({ conditions: null, phase: 'Unknown' });
    expect(await row('recorded')).toBe('recorded | 0/1 | Unknown | 0');
    await say({ phase: 'Failed' });
    expect(await row('recorded')).toBe('recorded | 0/1 | Failed | 0');
    await say({ reason: 'DeadlineExceeded' });
    expect(await row('recorded')).toBe('recorded | 0/1 | DeadlineExceeded | 0');
  });
});

describe('a node that was removed', () => {
  test('Terminating remains; Unknown if the status reason is NodeLost', async () => {
    const on = (node: string) => ({ nodeSelector: { 'kubernetes.io/hostname': node }, containers: [service()] });
    await create('lost', on('node2'));
    await stays('lost', 'Running');
    expect(await orrery(['node', 'stop', 'node2', '--kubeconfig', cluster.kubeconfig])).toMatchObject({ code: 0 });
    await cluster.kubectl(['wait', '--for=condition=Ready=Unknown', 'node/node2', '--timeout=60s']);
    await cluster.until(
      ['get', 'pod', 'lost', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'],
      (out) => out === 'False',
    );
    expect(await row('lost')).toBe('lost | 1/1 | Running | 0');
    await cluster.kubectl(['delete', 'pod', 'lost', '--wait=false']);
    expect(await stays('lost', 'Terminating')).toBe('lost | 1/1 | Terminating | 0');
    await cluster.kubectl(['patch', 'pod', 'lost', '--subresource=status', '-p', '{"status":{"reason":"NodeLost"}}']);
    expect(await stays('lost', 'Unknown')).toBe('lost | 1/1 | Unknown | 0');
    await cluster.kubectl(['delete', 'pod', 'lost', '--force', '--grace-period=0']);
    expect((await cluster.tryKubectl(['get', 'pod', 'lost'])).stderr).toContain('pods "lost" not found');
  });
});
