import type { ConfigMap, Container } from '@orrery/api';
import { catalogue, defineImage } from '@orrery/runtimes/sim';
import { expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** What a container is started with (command, environment, directory, input), and what is reported when it cannot start. */

const busybox = catalogue.find(({ names }) => names.includes('busybox'));
const base = busybox === undefined ? {} : { base: busybox };
const images = [
  defineImage({ name: 'located', ...base, workingDir: '/srv', env: { FROM_IMAGE: 'image', BOTH: 'image' } }),
  defineImage({ name: 'empty', ...base, entrypoint: [], command: [] }),
];
const scenario = () => podScenario({ plugins: [{ name: 'images', images }] });
async function printed(text: string, more: Partial<Container> = {}, cluster?: PodScenario): Promise<string> {
  const own = cluster ?? (await scenario());
  await own.start({ restartPolicy: 'Never', containers: [script(text, more)] });
  return own.logs('default/web');
}
const status = async (cluster: PodScenario) => (await cluster.pod()).status?.containerStatuses?.[0];

test.for<readonly [rule: string, more: Partial<Container>, directory: string]>([
  ['/ by default', {}, '/'],
  ['the image’s', { image: 'located' }, '/srv'],
  ['the container’s, which overrides the image’s', { image: 'located', workingDir: '/tmp' }, '/tmp'],
  ['one that is created', { workingDir: '/deep/inside' }, '/deep/inside'],
])('the working directory: %s', async ([, more, directory]) => {
  expect(await printed('pwd', more)).toBe(`${directory}\n`);
});

test('keeps the image’s variables unless the container overrides them', async () => {
  const text = await printed('echo $FROM_IMAGE $BOTH $OWN', {
    image: 'located',
    env: [
      { name: 'BOTH', value: 'container' },
      { name: 'OWN', value: 'own' },
    ],
  });
  expect(text).toBe('image container own\n');
});

test('a variable without a value is set to the empty string', async () => {
  expect(await printed('env | grep ^EMPTY', { env: [{ name: 'EMPTY' }] })).toBe('EMPTY=\n');
});

test('the last of two definitions of a variable wins; references between them see the first', async () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)' },
    { name: 'A', value: '2' },
    { name: 'C', value: '$(A)' },
  ];
  expect(await printed('echo $A $B $C', { env })).toBe('2 1 2\n');
});

test.for([
  ['$(A)', 'one'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$A', '$A'],
  ['$(A', '$(A'],
  ['$(NONE)', '$(NONE)'],
  ['$()', '$()'],
  ['$(A)$(A)', 'oneone'],
  ['x$(A)y', 'xoney'],
  ['$', '$'],
  ['$$', '$'],
] as const)('in command and args %s becomes %s', async ([text, expected]) => {
  const cluster = await scenario();
  await cluster.start({
    restartPolicy: 'Never',
    containers: [
      { name: 'main', image: 'busybox', command: ['echo', text], args: [text], env: [{ name: 'A', value: 'one' }] },
    ],
  });
  expect(await cluster.logs('default/web')).toBe(`${expected} ${expected}\n`);
});

test('envFrom: keys with dots and dashes become variables too', async () => {
  const cluster = await scenario();
  await cluster.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { 'game.properties': 'a', 'with-dash': 'b', PLAIN: 'c' },
  });
  const envFrom = [{ prefix: 'P_', configMapRef: { name: 'c' } }];
  const env = { name: 'main', image: 'busybox', command: ['env'], envFrom };
  await cluster.start({ restartPolicy: 'Never', containers: [env] });
  const lines = (await cluster.logs('default/web')).split('\n').filter((line) => line.startsWith('P_'));
  expect(lines.toSorted()).toEqual(['P_PLAIN=c', 'P_game.properties=a', 'P_with-dash=b']);
});

test('the next container sees changes to the sources of its environment', async () => {
  const cluster = await scenario();
  const config = await cluster.client.create<ConfigMap>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { A: '1' },
  });
  await cluster.start({
    containers: [script('echo $A; sleep 5; exit 1', { envFrom: [{ configMapRef: { name: 'c' } }] })],
  });
  await cluster.client.update<ConfigMap>({ ...config, data: { A: '2' } });
  await cluster.advance('6s');
  expect(await cluster.logs('default/web')).toBe('2\n');
});

test.for<readonly [rule: string, more: Partial<Container>, message: string]>([
  ['a command that does not exist', { command: ['nothing'] }, 'exec: "nothing": executable file not found in $PATH'],
  [
    'a path that does not exist',
    { command: ['/no/such'] },
    'exec: "/no/such": stat /no/such: no such file or directory',
  ],
  ['a directory', { command: ['/tmp'] }, 'exec: "/tmp": '],
  ['a file that is not executable', { command: ['/etc/passwd'] }, 'exec: "/etc/passwd": permission denied'],
])('RunContainerError: %s', async ([, more, message]) => {
  const cluster = await scenario();
  await cluster.start({ containers: [{ name: 'main', image: 'busybox', ...more }] });
  const text =
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
  expect(cluster.shown()).toContain('RunContainerError');
  expect(await cluster.events()).toContainEqual(expect.stringContaining(`Warning Failed: Error: ${text}${message}`));
  await cluster.advance('5s');
  expect(await cluster.row()).toMatchObject({ status: 'CrashLoopBackOff' });
  expect((await status(cluster))?.lastState?.terminated).toMatchObject({
    exitCode: 128,
    reason: 'StartError',
    message: expect.stringContaining(text + message),
  });
});

test('a container without a command cannot be created from an image that has none', async () => {
  const cluster = await scenario();
  await cluster.start({ containers: [{ name: 'main', image: 'empty' }] });
  expect(await cluster.events()).toContainEqual(
    expect.stringMatching(
      /^Warning Failed: Error: failed to generate container "\w+" spec: failed to generate spec: no command specified/,
    ),
  );
  expect(cluster.shown()).toContain('CreateContainerError');
});

test('stdin: a container that reads waits for input; without stdin it reads end of file', async () => {
  const cluster = await scenario();
  const reader = script('read line; echo "got $line"; echo ended');
  await cluster.start({ restartPolicy: 'Never', containers: [reader] });
  await cluster.start({ restartPolicy: 'Never', containers: [{ ...reader, stdin: true }] }, { name: 'waiting' });
  await cluster.advance('5s');
  expect(await cluster.logs('default/web')).toBe('got \nended\n');
  expect(await cluster.row('waiting')).toMatchObject({ status: 'Running' });
});

test('tty: the container has a terminal, and TERM names it', async () => {
  const text = 'if [ -t 1 ]; then echo terminal $TERM; else echo none; fi';
  expect(await printed(text)).toBe('none\n');
  expect(await printed(text, { tty: true })).toBe('terminal xterm\r\n');
});

test.for<readonly [string, Partial<Container>, string]>([
  [
    'a variable name with an equals sign',
    { env: [{ name: 'a=b' }] },
    'spec.containers[0].env[0].name: Invalid value: "a=b"',
  ],
  [
    'a value together with a reference',
    { env: [{ name: 'A', value: 'b', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  [
    'a reference to nothing',
    { env: [{ name: 'A', valueFrom: {} }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of:',
  ],
])('rejects %s', async ([, more, message]) => {
  const cluster = await scenario();
  await expect(cluster.start({ containers: [service(more)] })).rejects.toThrow(message);
});

test.for([
  ['FileOrCreate', '/host/none/file', 'open /host/none/file: no such file or directory'],
  ['Socket', '/host', 'hostPath type check failed: /host is not a socket file'],
] as const)('hostPath %s at %s: %s', async ([type, path, message]) => {
  const cluster = await scenario();
  cluster.nodes.runtime('node1')?.files.mkdir('/host', { mode: 0o755 });
  await cluster.start({
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', hostPath: { path, type } }],
  });
  await cluster.advance('3s');
  expect((await cluster.events()).join('\n')).toContain(
    `Warning FailedMount: MountVolume.SetUp failed for volume "v" : ${message}`,
  );
});

test('hostPath Socket: the container can connect to a socket of the node', async () => {
  const cluster = await scenario();
  await cluster.start({
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/run/engine.sock' }] })],
    volumes: [{ name: 'v', hostPath: { path: '/run/containerd/containerd.sock', type: 'Socket' } }],
  });
  await cluster.advance('3s');
  expect(await cluster.row()).toMatchObject({ status: 'Running' });
});

test.for([
  ['CharDevice', '/dev/null', 'Running'],
  ['BlockDevice', '/dev/null', 'ContainerCreating'],
] as const)('hostPath %s at %s: %s', async ([type, path, expected]) => {
  const cluster = await scenario();
  await cluster.start({
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    volumes: [{ name: 'v', hostPath: { path, type } }],
  });
  await cluster.advance('3s');
  expect(await cluster.row()).toMatchObject({ status: expected });
});
