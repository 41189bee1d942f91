import { beforeEach, expect, test } from 'vitest';
import { createFixture, type Fixture } from './sim.fixture.ts';

let fixture: Fixture;
let sandbox: string;
beforeEach(async () => {
  fixture = createFixture();
  sandbox = await fixture.sandbox('web');
});

const mount = (containerPath: string, hostPath: string, readonly = false) => ({
  containerPath,
  hostPath,
  readonly,
  propagation: 'PRIVATE' as const,
});
const container = (mounts: readonly ReturnType<typeof mount>[], image = 'busybox') =>
  fixture.container(sandbox, image, { command: ['sleep', 'infinity'], mounts });
const text = (content: Uint8Array) => new TextDecoder().decode(content);

test('a mount shows the node’s directory, both ways', async () => {
  fixture.runtime.files.mkdir('/data');
  fixture.runtime.files.writeFile('/data/in', 'from the node\n');
  const id = await container([mount('/pod-data', '/data')]);
  expect((await fixture.run(id, 'cat /pod-data/in; echo back > /pod-data/out')).stdout).toBe('from the node\n');
  expect(text(fixture.runtime.files.readFile('/data/out'))).toBe('back\n');
});

test('two containers share it', async () => {
  const [one, other] = [await container([mount('/a', '/shared')]), await container([mount('/b', '/shared')], 'debian')];
  await fixture.run(one, 'echo hello > /a/f');
  expect((await fixture.run(other, 'cat /b/f')).stdout).toBe('hello\n');
});

test('a read-only mount refuses writes', async () => {
  fixture.runtime.files.mkdir('/data');
  const id = await container([mount('/ro', '/data', true)]);
  expect((await fixture.run(id, 'echo x > /ro/f')).stderr).toBe("sh: can't create /ro/f: Read-only file system\n");
  expect((await fixture.run(id, 'rm -rf /ro 2>/dev/null; [ -d /ro ] && echo stays')).stdout).toBe('stays\n');
});

test('a single-file mount keeps showing the original file after it is replaced', async () => {
  fixture.runtime.files.mkdir('/v');
  fixture.runtime.files.writeFile('/v/old', 'old\n');
  const id = await container([mount('/etc/app.conf', '/v/old')]);
  fixture.runtime.files.writeFile('/v/new', 'new\n');
  fixture.runtime.files.rename('/v/new', '/v/old');
  expect((await fixture.run(id, 'cat /etc/app.conf')).stdout).toBe('old\n');
});

test('mounts lie in mounts, and under links of the image', async () => {
  fixture.runtime.files.mkdir('/outer');
  fixture.runtime.files.mkdir('/token');
  fixture.runtime.files.writeFile('/token/token', 't\n');
  const path = '/var/run/secrets/kubernetes.io/serviceaccount';
  const id = await container([mount('/outer/inner', '/token'), mount('/outer', '/outer'), mount(path, '/token', true)]);
  const script = `cat /outer/inner/token ${path}/token /run/secrets/kubernetes.io/serviceaccount/token`;
  expect((await fixture.run(id, script)).stdout).toBe('t\nt\nt\n');
});

test('a process sees a projected set as a whole while it is replaced', async () => {
  const { files } = fixture.runtime;
  const set = (version: number) => {
    files.mkdir(`/v/..${version}`);
    for (const name of ['a', 'b']) files.writeFile(`/v/..${version}/${name}`, `${version}\n`);
    files.symlink(`..${version}`, '/v/..data_tmp');
    files.rename('/v/..data_tmp', '/v/..data');
    if (version > 1) files.remove(`/v/..${version - 1}`);
  };
  set(1);
  for (const name of ['a', 'b']) files.symlink(`..data/${name}`, `/v/${name}`);
  const id = await container([mount('/v', '/v', true)]);
  const reader = fixture.runtime.execSync(
    id,
    [
      'sh',
      '-c',
      'n=0; while [ $n -lt 200 ]; do cd /v/..data; [ "$(cat a)" = "$(cat b)" ] || echo torn; n=$((n+1)); sleep 1; done',
    ],
    0,
  );
  for (let version = 2; version < 100; version++) {
    await fixture.simulation.advance('1s');
    set(version);
  }
  expect((await fixture.settled(reader)).stdout).toBe('');
});

test('hostname -f is the first name on the line of /etc/hosts that has the host name', async () => {
  const id = await container([]);
  const added =
    "echo '10.1.1.1 web.sub.default.svc.cluster.local web' > /etc/hosts; hostname -f; : > /etc/hosts; hostname -f";
  expect((await fixture.run(id, added)).stdout).toBe('web.sub.default.svc.cluster.local\nweb\n');
});

test('files of the sandbox: hosts, hostname, resolv.conf', async () => {
  const id = await container([]);
  expect((await fixture.run(id, 'cat /etc/hostname /etc/resolv.conf; tail -1 /etc/hosts')).stdout).toBe(
    'web\nsearch default.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n10.244.1.2\tweb\n',
  );
});

test('the kubelet’s hosts file replaces the sandbox’s', async () => {
  fixture.runtime.files.mkdir('/k');
  fixture.runtime.files.writeFile('/k/hosts', '# Kubernetes-managed hosts file.\n10.1.2.3\tfoo.remote\n');
  const id = await container([mount('/etc/hosts', '/k/hosts')]);
  expect((await fixture.run(id, 'cat /etc/hosts')).stdout).toBe(
    '# Kubernetes-managed hosts file.\n10.1.2.3\tfoo.remote\n',
  );
});

test('the termination log is an ordinary mount', async () => {
  fixture.runtime.files.mkdir('/k');
  fixture.runtime.files.writeFile('/k/log', '');
  const id = await container([mount('/dev/termination-log', '/k/log')]);
  await fixture.run(id, 'echo done > /dev/termination-log');
  expect(text(fixture.runtime.files.readFile('/k/log'))).toBe('done\n');
});

test('devices', async () => {
  const id = await container([]);
  const script =
    'echo x > /dev/null; cat /dev/null; head -c 3 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo o > /dev/stdout; echo e > /dev/stderr; ls -l /dev/null | cut -c1';
  expect(await fixture.run(id, script)).toMatchObject({ stdout: '3\n4\no\nc\n', stderr: 'e\n' });
});

test('/proc shows processes and mounts', async () => {
  const id = await container([mount('/data', '/data', true)]);
  const script =
    "tr '\\0' ' ' < /proc/1/cmdline; echo; cat /proc/self/comm; grep /data /proc/mounts; grep ^Pid /proc/1/status; cat /proc/sys/kernel/hostname";
  expect((await fixture.run(id, script)).stdout).toBe(
    'sleep infinity \ncat\n/dev/sda1 /data ext4 ro,relatime 0 0\nPid:\t1\nweb\n',
  );
});

test('a restart starts from the image again', async () => {
  const id = await container([]);
  await fixture.run(id, 'rm /etc/passwd; echo x > /tmp/x');
  await fixture.runtime.removeContainer(id);
  const next = await container([]);
  expect((await fixture.run(next, 'ls /tmp | wc -l; [ -f /etc/passwd ] && echo whole')).stdout).toBe('0\nwhole\n');
});

test('a program copied to a volume runs in another container', async () => {
  const one = await container([mount('/share', '/bin-share')], 'nginx');
  await fixture.run(one, 'cp /usr/bin/curl /share/');
  const other = await container([mount('/share', '/bin-share')]);
  expect((await fixture.run(other, '/share/curl -s localhost || echo ran')).stdout).toBe('ran\n');
});
