import type { ConfigMap, Container, Secret } from '@orrery/api';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** What a container is started with, and what it is allowed to do. */

const waiting = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0]?.state?.waiting;
/** What a container's command prints. */
async function printed(text: string, more: Partial<Container> = {}, cluster?: PodScenario): Promise<string> {
  const own = cluster ?? (await podScenario());
  await own.start({ restartPolicy: 'Never', containers: [script(text, more)] });
  return own.logs('default/web');
}

test.for<readonly [string, Partial<Container>, string]>([
  ['neither: uses the image’s entrypoint and command', {}, 'image cmd'],
  ['only args: uses the image’s entrypoint with them', { args: ['a', 'b'] }, 'image a b'],
  ['only command: uses nothing from the image', { command: ['echo', 'own'] }, 'own'],
  ['both: uses nothing from the image', { command: ['echo', 'own'], args: ['a'] }, 'own a'],
])('command and args, %s', async ([, more, expected]) => {
  const { defineImage } = await import('@orrery/runtimes/sim');
  const { busybox } = await imageOf(defineImage);
  const cluster = await podScenario({ plugins: [{ name: 'images', images: [busybox] }] });
  await cluster.start({ restartPolicy: 'Never', containers: [{ name: 'main', image: 'printer', ...more }] });
  expect(await cluster.logs('default/web')).toBe(`${expected}\n`);
});

async function imageOf(define: typeof import('@orrery/runtimes/sim').defineImage) {
  const { catalogue } = await import('@orrery/runtimes/sim');
  const base = catalogue.find(({ names }) => names.includes('busybox'));
  return {
    busybox: define({ name: 'printer', ...(base ? { base } : {}), entrypoint: ['echo', 'image'], command: ['cmd'] }),
  };
}

test('expands $(VAR) in command, args and env with variables defined earlier, but not $$(VAR) and unknown names', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: ['echo', '$(B)', '$$(A)', '$(NO)'],
        args: ['$(A)$(A)', '$(LATE)', '$(C)'],
        env: [
          { name: 'A', value: 'one' },
          { name: 'B', value: '$(A)-two' },
          { name: 'C', value: '$(LATE)' },
          { name: 'LATE', value: 'late' },
        ],
      },
    ],
  });
  expect(await cluster.logs('default/web')).toBe('one-two $(A) $(NO) oneone late $(LATE)\n');
});

test('env overrides envFrom, and later sources override earlier ones, prefixes included', async () => {
  const cluster = await podScenario();
  const metadata = (name: string) => ({ name, namespace: 'default' });
  await cluster.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('one'),
    data: { A: '1', B: '1', C: '1' },
  });
  await cluster.client.create<Secret>({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata('two'),
    data: { B: btoa('2'), C: btoa('2') },
  });
  const text = await printed(
    'echo $A $B $C $P_A',
    {
      envFrom: [
        { configMapRef: { name: 'one' } },
        { secretRef: { name: 'two' } },
        { prefix: 'P_', configMapRef: { name: 'one' } },
        { configMapRef: { name: 'none', optional: true } },
      ],
      env: [{ name: 'C', value: '3' }],
    },
    cluster,
  );
  expect(text).toBe('1 2 3 1\n');
});

test.for<readonly [string, Partial<Container>, string]>([
  ['a Secret', { envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
  [
    'a key of a ConfigMap',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'kube-root-ca.crt', key: 'no' } } }] },
    "couldn't find key no in ConfigMap default/kube-root-ca.crt",
  ],
  [
    'a ConfigMap for a variable',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'no' } } }] },
    'configmap "x" not found',
  ],
])('CreateContainerConfigError: %s that does not exist', async ([, more, message]) => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service(more)] });
  expect(await waiting(cluster)).toEqual({ reason: 'CreateContainerConfigError', message });
  expect(await cluster.events()).toContainEqual(expect.stringContaining(`Warning Failed: Error: ${message}`));
});

test('a container that waits for its ConfigMap starts once the ConfigMap exists', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ envFrom: [{ configMapRef: { name: 'late' } }] })] });
  await cluster.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late', namespace: 'default' },
    data: { A: '1' },
  });
  await cluster.advance('20s');
  expect(await cluster.row()).toEqual({ ready: '1/1', status: 'Running', restarts: '0' });
});

test('env fileKeyRef reads a variable from a file that an init container wrote to an emptyDir', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    initContainers: [
      script('echo "A=\'one\'" > /data/vars.env', {
        name: 'init',
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
    containers: [
      script('echo "$A/$B/$C"', {
        env: [
          { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'data', path: 'vars.env', key: 'A' } } },
          { name: 'C', valueFrom: { fileKeyRef: { volumeName: 'data', path: 'vars.env', key: 'C', optional: true } } },
        ],
      }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  expect(await cluster.logs('default/web')).toBe('one//\n');
});

test.for([
  ['a key that is not in the file', 'vars.env', 'B', 'environment variable key "B" not found in file "vars.env"'],
  ['a file that does not exist', 'no.env', 'A', 'failed to open environment variable file "no.env" of volume "data"'],
  ['a link that leaves the volume', 'out', 'A', 'failed to open environment variable file "out" of volume "data"'],
] as const)('env fileKeyRef to %s: CreateContainerConfigError', async ([, path, key, message]) => {
  const cluster = await podScenario();
  await cluster.start({
    initContainers: [
      script('echo "A=\'1\'" > /data/vars.env; ln -s /etc/passwd /data/out', {
        name: 'init',
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
    containers: [service({ env: [{ name: 'X', valueFrom: { fileKeyRef: { volumeName: 'data', path, key } } }] })],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  expect(await waiting(cluster)).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: expect.stringContaining(message),
  });
});

test('workingDir is created, and the command starts in it', async () => {
  expect(await printed('pwd', { workingDir: '/some/where' })).toBe('/some/where\n');
});

test('runAsUser and runAsGroup set the user and group of the processes', async () => {
  expect(await printed('id -u; id -g', { securityContext: { runAsUser: 1000, runAsGroup: 3000 } })).toBe(
    '1000\n3000\n',
  );
});

test('the Pod’s security context applies where the container’s sets nothing', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
    containers: [
      script('id -G; touch /data/file; stat -c %g /data/file', {
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
      script('id -u', { name: 'own', securityContext: { runAsUser: 5 } }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const [groups, owner] = (await cluster.logs('default/web')).split('\n');
  expect(groups?.split(' ').toSorted()).toEqual(['2000', '3000', '4000']);
  expect(owner).toBe('2000');
  expect(await cluster.logs('default/web', { container: 'own' })).toBe('5\n');
});

test('a non-root user cannot write files owned by root', async () => {
  const text = await printed('touch /etc/file || echo refused', { securityContext: { runAsUser: 1000 } });
  expect(text).toContain('refused');
});

test('runAsNonRoot rejects an image that runs as root', async () => {
  const cluster = await podScenario();
  const { metadata } = await cluster.start({ containers: [service({ securityContext: { runAsNonRoot: true } })] });
  expect(await waiting(cluster)).toEqual({
    reason: 'CreateContainerConfigError',
    message: `container has runAsNonRoot and image will run as root (pod: "web_default(${metadata.uid})", container: main)`,
  });
});

test('readOnlyRootFilesystem: only volumes are writable', async () => {
  const cluster = await podScenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      script('touch /tmp/file; touch /data/file && echo written', {
        securityContext: { readOnlyRootFilesystem: true },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const log = await cluster.logs('default/web');
  expect(log).toContain('Read-only file system');
  expect(log).toContain('written\n');
});

test('stdin and tty: a shell without input exits; with a terminal it waits', async () => {
  const cluster = await podScenario();
  const shell = { name: 'main', image: 'busybox' };
  await cluster.start({ restartPolicy: 'Never', containers: [shell] }, { name: 'none' });
  await cluster.start({ restartPolicy: 'Never', containers: [{ ...shell, stdin: true }] }, { name: 'stdin' });
  await cluster.start({ restartPolicy: 'Never', containers: [{ ...shell, stdin: true, tty: true }] }, { name: 'tty' });
  expect(await cluster.row('none')).toMatchObject({ status: 'Completed' });
  expect(await cluster.row('stdin')).toMatchObject({ status: 'Running' });
  expect(await cluster.row('tty')).toMatchObject({ status: 'Running' });
});

test('OOMKilled: a container over its memory limit is restarted under Always', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      {
        name: 'main',
        image: 'polinux/stress',
        command: ['stress', '--vm', '1', '--vm-bytes', '250M', '--vm-hang', '1'],
        resources: { limits: { memory: '100Mi' } },
      },
    ],
  });
  await cluster.advance('5s');
  const status = (await cluster.pod()).status?.containerStatuses?.[0];
  expect(status?.lastState?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
  expect(cluster.shown()).toContain('OOMKilled');
  expect(cluster.shown().at(-1)).toBe('CrashLoopBackOff');
});

test.for([
  ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
  ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } }],
  ['Burstable', { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }],
  ['Burstable', { requests: { memory: '1Mi' } }],
  ['Burstable', { limits: { memory: '1Gi' } }],
  ['BestEffort', {}],
] as const)('qosClass is %s for %j', async ([expected, resources]) => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service({ resources })] });
  expect((await cluster.pod()).status?.qosClass).toBe(expected);
});

test('the environment has the Services that exist when the container starts, but not later ones', async () => {
  const cluster = await podScenario();
  await cluster.apply(
    '{apiVersion: v1, kind: Service, metadata: {name: my-db, namespace: default}, spec: {clusterIP: 10.96.7.7, ports: [{port: 5432}]}}',
  );
  await cluster.settle();
  const text = await printed('env | sort', {}, cluster);
  expect(text).toContain('MY_DB_SERVICE_HOST=10.96.7.7\n');
  expect(text).toContain('MY_DB_SERVICE_PORT=5432\n');
  expect(text).toContain('MY_DB_PORT_5432_TCP=tcp://10.96.7.7:5432\n');
  expect(text).toContain('KUBERNETES_SERVICE_HOST=10.96.0.1\n');
});

test('the environment has a later Service once the container is recreated', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('env | grep -c ^LATE_SERVICE_HOST; sleep 10; exit 1')] });
  await cluster.apply(
    '{apiVersion: v1, kind: Service, metadata: {name: late, namespace: default}, spec: {ports: [{port: 80}]}}',
  );
  await cluster.advance('5s');
  expect(await cluster.logs('default/web')).toBe('0\n');
  await cluster.advance('10s');
  expect(await cluster.logs('default/web')).toBe('1\n');
});

test('enableServiceLinks: false leaves only the variables of the API server', async () => {
  const cluster = await podScenario();
  await cluster.apply(
    '{apiVersion: v1, kind: Service, metadata: {name: my-db, namespace: default}, spec: {ports: [{port: 5432}]}}',
  );
  await cluster.settle();
  await cluster.start({ restartPolicy: 'Never', enableServiceLinks: false, containers: [script('env')] });
  const text = await cluster.logs('default/web');
  expect(text).not.toContain('MY_DB');
  expect(text).toContain('KUBERNETES_SERVICE_PORT=443\n');
});
