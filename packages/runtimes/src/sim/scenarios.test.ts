import { beforeEach, expect, test } from 'vitest';
import { bytes, collected, createFixture, type Fixture } from './sim.fixture.ts';

/** Pods of the documents that the project comes from, container by container. */

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
const probe = (host: string, port: number, path = '/') =>
  fixture.runtime.network.httpGet({ scheme: 'http', host, port, path, headers: [], timeout: 1000 });

test('two containers, one volume: Debian writes what nginx serves', async () => {
  await fixture.container(sandbox, 'nginx', { mounts: [mount('/usr/share/nginx/html', '/data')] });
  const writer = await fixture.container(sandbox, 'debian', {
    command: ['/bin/sh'],
    args: ['-c', 'echo Hello from the debian container > /pod-data/index.html'],
    mounts: [mount('/pod-data', '/data')],
  });
  await fixture.simulation.idle();
  expect(fixture.runtime.containerStatus(writer)).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(await probe('10.244.1.2', 80)).toMatchObject({ status: 200, body: 'Hello from the debian container\n' });
});

test('a war is copied by an init container and deployed by Tomcat', async () => {
  const init = await fixture.container(sandbox, 'geektime/sample:v2', {
    command: ['cp', '/sample.war', '/app'],
    mounts: [mount('/app', '/volume')],
  });
  await fixture.simulation.idle();
  expect(fixture.runtime.containerStatus(init)).toMatchObject({ exitCode: 0 });
  const tomcat = await fixture.container(sandbox, 'geektime/tomcat:7.0', {
    command: ['sh', '-c', '/root/apache-tomcat-7.0.42-v2/bin/start.sh'],
    mounts: [mount('/root/apache-tomcat-7.0.42-v2/webapps', '/volume')],
  });
  await fixture.simulation.idle();
  expect(fixture.logs(tomcat)).toContain(
    'Deploying web application archive [/root/apache-tomcat-7.0.42-v2/webapps/sample.war]',
  );
  expect(await probe('10.244.1.2', 8080, '/sample/')).toMatchObject({
    status: 200,
    body: expect.stringContaining('Hello, World'),
  });
  expect(await probe('10.244.1.2', 8080, '/nosuch/')).toMatchObject({ status: 404 });
});

test('the liveness example: healthy for thirty seconds', async () => {
  const id = await fixture.container(sandbox, 'busybox', {
    args: ['/bin/sh', '-c', 'touch /tmp/healthy; sleep 30; rm -rf /tmp/healthy; sleep 600'],
  });
  const check = () => fixture.settled(fixture.runtime.execSync(id, ['cat', '/tmp/healthy'], 1000));
  await fixture.simulation.advance('29s');
  expect(await check()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  await fixture.simulation.advance('2s');
  expect(await check()).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: "cat: can't open '/tmp/healthy': No such file or directory\n",
  });
});

test('labels are printed by a loop, with what the file then holds', async () => {
  fixture.runtime.files.mkdir('/podinfo');
  fixture.runtime.files.writeFile('/podinfo/labels', 'cluster="test-cluster1"\nrack="rack-22"\nzone="us-est-coast"');
  const id = await fixture.container(sandbox, 'k8s.gcr.io/busybox', {
    command: ['sh', '-c'],
    args: [
      "while true; do if [[ -e /etc/podinfo/labels ]]; then echo -en '\\n\\n'; cat /etc/podinfo/labels; fi; sleep 5; done;",
    ],
    mounts: [mount('/etc/podinfo', '/podinfo')],
  });
  await fixture.simulation.advance('6s');
  fixture.runtime.files.writeFile('/podinfo/labels', 'a="b"');
  await fixture.simulation.advance('10s');
  const labels = 'cluster="test-cluster1"\nrack="rack-22"\nzone="us-est-coast"';
  expect(fixture.logs(id)).toBe(`\n\n${labels}\n\n${labels}\n\na="b"\n\n`);
});

test('hooks: a message after the start, nginx -s quit before the end', async () => {
  const id = await fixture.container(sandbox, 'nginx');
  await fixture.run(id, 'echo Hello from the postStart handler > /usr/share/message');
  expect((await fixture.run(id, 'cat /usr/share/message')).stdout).toBe('Hello from the postStart handler\n');
  await fixture.settled(fixture.runtime.execSync(id, ['/usr/sbin/nginx', '-s', 'quit'], 0));
  expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 0 });
});

test('a shared process namespace seen by attaching to the shell: ps ax', async () => {
  const shared = await fixture.sandbox('nginx', { namespaces: { network: 'POD', pid: 'POD', ipc: 'POD' } });
  await fixture.container(shared, 'nginx');
  const shell = await fixture.container(shared, 'busybox', { stdin: true, tty: true });
  const session = await fixture.runtime.attach(shell, { stdin: true, stdout: true, stderr: true, tty: true });
  const output = collected(session.stdout);
  session.stdin.write(bytes('ps ax\r'));
  await fixture.simulation.idle();
  expect(output.text.split('\r\n').map((line) => line.replace(/^ *\d+ +/, ''))).toEqual([
    'ps ax',
    'PID   USER     TIME  COMMAND',
    '65535     0:00 /pause',
    'root      0:00 nginx: master process nginx -g daemon off;',
    '101       0:00 nginx: worker process',
    'root      0:00 sh',
    'root      0:00 ps ax',
    '/ # ',
  ]);
});

test('secrets read at a prompt in a container that only sleeps', async () => {
  fixture.runtime.files.mkdir('/vol');
  fixture.runtime.files.writeFile('/vol/user', 'admin');
  fixture.runtime.files.writeFile('/vol/pass', '1f2d1e2e67df');
  const id = await fixture.container(sandbox, 'busybox', {
    args: ['sleep', '86400'],
    mounts: [mount('/projected-volume', '/vol', true)],
  });
  const session = await fixture.runtime.exec(id, {
    command: ['/bin/sh'],
    stdin: true,
    stdout: true,
    stderr: true,
    tty: true,
  });
  const output = collected(session.stdout);
  session.stdin.write(bytes('ls /projected-volume/\rcat /projected-volume/user\rcat /projected-volume/pass\r'));
  await fixture.simulation.idle();
  expect(output.text).toContain('pass  user\r\n');
  expect(output.text).toContain('admin/ # ');
  expect(output.text).toContain('1f2d1e2e67df/ # ');
});

test.each([false, true])(
  'a command that is held back writes no more until it is let go (with a terminal: %s)',
  async (tty) => {
    const id = await fixture.container(sandbox, 'busybox', { args: ['sleep', '86400'] });
    const command = ['sh', '-c', 'i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line; done'];
    const session = await fixture.runtime.exec(id, { command, stdin: false, stdout: true, stderr: true, tty });
    session.hold(true);
    const output = collected(session.stdout);
    await fixture.simulation.idle();
    expect(output.text.trim()).toBe('line');
    session.hold(false);
    await fixture.simulation.idle();
    expect(output.text.match(/line/g)).toHaveLength(100);
    expect(await session.exit).toEqual({ exitCode: 0 });
  },
);

test('who sends input that is not read is asked to wait, until it is or nobody can', async () => {
  const id = await fixture.container(sandbox, 'busybox', { args: ['sleep', '86400'] });
  const streams = { stdin: true, stdout: true, stderr: true, tty: false };
  const block = new Uint8Array(65_536);
  for (const command of ['sleep 10; cat >/dev/null', 'sleep 10; exit']) {
    const session = await fixture.runtime.exec(id, { command: ['sh', '-c', command], ...streams });
    let room = session.stdin.write(block);
    let sent = 0;
    for (; room === undefined && sent < 100; sent++) room = session.stdin.write(block);
    expect(sent).toBeLessThan(10);
    let waits = true;
    void room?.then(() => {
      waits = false;
    });
    await fixture.simulation.advance('9s');
    expect(waits).toBe(true);
    await fixture.simulation.advance('2s');
    expect(waits).toBe(false);
    session.close();
  }
});

test('a collector follows the application’s log from a shared directory', async () => {
  const mounts = [mount('/var/log', '/logs')];
  await fixture.container(sandbox, 'busybox', {
    args: [
      '/bin/sh',
      '-c',
      'i=0; while true; do echo "$i: $(date)" >> /var/log/1.log; echo "$(date) INFO $i" >> /var/log/2.log; i=$((i+1)); sleep 1; done',
    ],
    mounts,
  });
  await fixture.simulation.idle();
  const collector = await fixture.container(sandbox, 'busybox', {
    args: ['/bin/sh', '-c', 'tail -n+1 -F /var/log/1.log'],
    mounts,
  });
  await fixture.simulation.advance('2s');
  expect(fixture.logs(collector)).toBe(
    '0: Thu Jan  1 00:00:00 UTC 2026\n1: Thu Jan  1 00:00:01 UTC 2026\n2: Thu Jan  1 00:00:02 UTC 2026\n',
  );
});

test('environment of node-hello', async () => {
  const id = await fixture.container(sandbox, 'gcr.io/google-samples/node-hello:1.0', {
    envs: [{ key: 'DEMO_GREETING', value: 'Hello from the environment' }],
  });
  await fixture.simulation.idle();
  expect((await fixture.run(id, 'printenv DEMO_GREETING')).stdout).toBe('Hello from the environment\n');
  expect(await probe('10.244.1.2', 8080)).toMatchObject({ body: 'Hello Kubernetes!' });
});

test('the liveness server of Kubernetes’ documentation fails after ten seconds', async () => {
  await fixture.container(sandbox, 'registry.k8s.io/e2e-test-images/agnhost:2.40', { args: ['liveness'] });
  await fixture.simulation.idle();
  expect(await probe('10.244.1.2', 8080, '/healthz')).toMatchObject({ status: 200 });
  await fixture.simulation.advance('11s');
  expect(await probe('10.244.1.2', 8080, '/healthz')).toMatchObject({ status: 500 });
});
