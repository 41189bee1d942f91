import { beforeEach, describe, expect, test } from 'vitest';
import type { ContainerEvent, ContainerStatus } from '../runtime.ts';
import { defineImage } from './index.ts';
import { containerConfig, createFixture, type Fixture } from './sim.fixture.ts';

let fixture: Fixture;
let sandbox: string;

beforeEach(async () => {
  fixture = createFixture();
  sandbox = await fixture.sandbox('web');
});

const status = (id: string) => fixture.runtime.containerStatus(id) as ContainerStatus;
const script = (text: string) => ({ command: ['sh', '-c', text] });

describe('life', () => {
  test('a container runs, ends and reports its exit code, with times of the clock', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('sleep 5; exit 3'));
    const started = fixture.simulation.environment.clock.now();
    expect(status(id)).toMatchObject({ state: 'RUNNING', startedAt: started, finishedAt: 0 });
    await fixture.simulation.advance('10s');
    expect(status(id)).toMatchObject({ state: 'EXITED', exitCode: 3, reason: 'Error', finishedAt: started + 5000 });
  });

  test('exit code 0 is Completed', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['true'] });
    await fixture.simulation.idle();
    expect(status(id)).toMatchObject({ state: 'EXITED', exitCode: 0, reason: 'Completed' });
  });

  test('emits events of sandboxes and containers in order', async () => {
    const events: ContainerEvent[] = [];
    fixture.runtime.events().subscribe((event) => events.push(event));
    const id = await fixture.container(sandbox, 'busybox', { command: ['true'] });
    await fixture.simulation.idle();
    await fixture.runtime.removeContainer(id);
    await fixture.runtime.removePodSandbox(sandbox);
    expect(events.map(({ type, containerId }) => `${type} ${containerId === id ? 'container' : 'sandbox'}`)).toEqual([
      'CREATED container',
      'STARTED container',
      'STOPPED container',
      'DELETED container',
      'STOPPED sandbox',
      'DELETED sandbox',
    ]);
    expect(events[0]?.podUid).toBe('uid-web');
  });

  test('entrypoint and command of the image are replaced as CRI specifies', async () => {
    const image = defineImage({
      name: 'words',
      entrypoint: ['/say', 'entry'],
      command: ['cmd'],
      programs: {
        '/say': async (process) => {
          await process.stdout.write(`${process.argv.join(' ')}\n`);
          return 0;
        },
      },
    });
    fixture = createFixture({ images: [image] });
    sandbox = await fixture.sandbox();
    const said = async (more: object) => {
      const id = await fixture.container(sandbox, 'words', more);
      await fixture.simulation.idle();
      return fixture.logs(id);
    };
    expect(await said({})).toBe('/say entry cmd\n');
    expect(await said({ args: ['x'] })).toBe('/say entry x\n');
    expect(await said({ command: ['/say'] })).toBe('/say\n');
    expect(await said({ command: ['/say'], args: ['y'] })).toBe('/say y\n');
  });

  test('environment: the image’s, the container’s, HOSTNAME and HOME', async () => {
    const envs = [{ key: 'GREETING', value: 'hello world' }];
    const id = await fixture.container(sandbox, 'busybox', {
      ...script('echo $GREETING $HOSTNAME $HOME; pwd'),
      envs,
      workingDir: '/made/up',
    });
    await fixture.simulation.idle();
    expect(fixture.logs(id)).toBe('hello world web /root\n/made/up\n');
  });

  test('a working directory that is missing is made under a read-only root, too', async () => {
    const { security } = containerConfig('busybox');
    const id = await fixture.container(sandbox, 'busybox', {
      ...script('pwd; touch x'),
      workingDir: '/made/up',
      security: { ...security, readonlyRootFilesystem: true },
    });
    await fixture.simulation.idle();
    expect(fixture.logs(id)).toBe('/made/up\ntouch: x: Read-only file system\n');
  });

  test('a missing command fails to start with 128 and runc’s message', async () => {
    await fixture.runtime.pullImage('busybox');
    const start = fixture.container(sandbox, 'busybox', { command: ['nosuch'] });
    await expect(start).rejects.toMatchObject({
      code: 'StartError',
      message:
        'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nosuch": executable file not found in $PATH: unknown',
    });
    const [failed] = (await fixture.runtime.listContainers()) as readonly ContainerStatus[];
    expect(failed).toMatchObject({ state: 'EXITED', exitCode: 128, reason: 'StartError' });
  });

  test.each([
    ['/nosuch', 'exec: "/nosuch": stat /nosuch: no such file or directory'],
    ['/etc/passwd', 'exec: "/etc/passwd": permission denied'],
  ])('%s cannot start', async (command, words) => {
    await expect(fixture.container(sandbox, 'busybox', { command: [command] })).rejects.toThrow(words);
  });

  test('a container needs its image on the node', async () => {
    await expect(fixture.runtime.createContainer(sandbox, containerConfig('redis'))).rejects.toMatchObject({
      code: 'ImageNotFound',
    });
  });

  test('closing kills all processes and releases the addresses', async () => {
    await fixture.container(sandbox, 'nginx');
    await fixture.runtime.close();
    expect([...fixture.network.hosts.keys()]).toEqual([]);
    expect(await fixture.runtime.listContainers()).toEqual([]);
    await fixture.simulation.settle();
  });
});

describe('stopping', () => {
  const stop = async (id: string, grace = 30_000) => {
    const { clock } = fixture.simulation.environment;
    const before = clock.now();
    await fixture.settled(fixture.runtime.stopContainer(id, grace));
    return { seconds: (clock.now() - before) / 1000, ...status(id) };
  };

  test.each([
    [
      'sleep as PID 1 ignores SIGTERM and is killed after the grace',
      'busybox',
      { command: ['sleep', '3600'] },
      30,
      137,
    ],
    ['so does a shell without a trap', 'busybox', script('sleep 3600; true'), 30, 137],
    ['a trap that exits ends at once', 'busybox', script("trap 'exit 0' TERM; sleep 3600 & wait"), 0, 0],
    [
      'a trap waits for the command in the foreground',
      'busybox',
      script("trap 'exit 9' TERM; sleep 10; sleep 10"),
      10,
      9,
    ],
    ['nginx obeys its stop signal', 'nginx', {}, 0, 0],
    ['tomcat obeys SIGTERM', 'geektime/tomcat:7.0', {}, 0, 143],
    ['pause obeys SIGTERM', 'registry.k8s.io/pause:3.10', {}, 0, 0],
  ])('%s', async (_rule, image, more, seconds, exitCode) => {
    const id = await fixture.container(sandbox, image, more);
    await fixture.simulation.idle();
    expect(await stop(id)).toMatchObject({ seconds, exitCode, state: 'EXITED' });
  });

  test('without a grace period it is killed immediately', async () => {
    const id = await fixture.container(sandbox, 'nginx');
    expect(await stop(id, 0)).toMatchObject({ seconds: 0, exitCode: 137 });
  });

  test('in a shared process namespace sleep is not PID 1 and dies of SIGTERM', async () => {
    const shared = await fixture.sandbox('shared', { namespaces: { network: 'POD', pid: 'POD', ipc: 'POD' } });
    const id = await fixture.container(shared, 'busybox', { command: ['sleep', '3600'] });
    expect(await stop(id)).toMatchObject({ seconds: 0, exitCode: 143 });
  });

  test('the other processes end with the first one', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('sleep 1000 & sleep 1'));
    const exec = fixture.runtime.execSync(id, ['sleep', '500'], 0);
    expect(await fixture.settled(exec)).toMatchObject({ exitCode: 137 });
    expect(status(id)).toMatchObject({ state: 'EXITED', exitCode: 0 });
  });

  test('kill -9 1 from inside does nothing, as the kernel has it', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '3600'] });
    await fixture.run(id, 'kill -9 1; kill -TERM 1');
    expect(status(id).state).toBe('RUNNING');
  });
});

describe('memory', () => {
  const resources = { memoryLimitBytes: 64 * 1024 * 1024, cpuShares: 0, cpuQuota: 0 };

  test.each([
    ['tail /dev/zero', 'busybox', script('tail /dev/zero')],
    ['stress', 'polinux/stress', { command: ['stress', '--vm', '1', '--vm-bytes', '150M', '--vm-hang', '1'] }],
    ['a variable that grows', 'busybox', script('x=aaaaaaaa; while :; do x=$x$x; done')],
    ['dd with a large block', 'busybox', script('dd if=/dev/zero of=/dev/null bs=100M count=1')],
  ])('%s beyond the limit is OOMKilled with 137', async (_name, image, more) => {
    const id = await fixture.container(sandbox, image, { ...more, resources });
    await fixture.simulation.advance('1m');
    expect(status(id)).toMatchObject({ state: 'EXITED', exitCode: 137, reason: 'OOMKilled' });
  });

  test('stress within the limit keeps running', async () => {
    const id = await fixture.container(sandbox, 'polinux/stress', {
      command: ['stress', '--vm', '1', '--vm-bytes', '50M'],
      resources,
    });
    await fixture.simulation.advance('1m');
    expect(status(id).state).toBe('RUNNING');
  });
});

describe('logs', () => {
  test('each line has the time at which it was written, and its stream', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('echo a; sleep 2; echo b >&2; printf c'));
    const start = fixture.simulation.environment.clock.now();
    await fixture.simulation.advance('5s');
    const entries: object[] = [];
    fixture.runtime.logs(id, { follow: false }).subscribe((entry) => entries.push(entry));
    expect(entries).toEqual([
      { time: start, stream: 'stdout', text: 'a\n' },
      { time: start + 2000, stream: 'stderr', text: 'b\n' },
      { time: start + 2000, stream: 'stdout', text: 'c' },
    ]);
  });

  test('following emits lines as they arrive and ends with the container', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('for i in 1 2 3; do echo $i; sleep 1; done'));
    const seen: string[] = [];
    let ended = false;
    fixture.runtime.logs(id, { follow: true }).subscribe({
      next: ({ text }) => seen.push(text),
      complete: () => {
        ended = true;
      },
    });
    await fixture.simulation.advance('1s');
    expect(seen).toEqual(['1\n', '2\n']);
    await fixture.simulation.advance('5s');
    expect(seen).toEqual(['1\n', '2\n', '3\n']);
    expect(ended).toBe(true);
  });

  test('output of an exec is not in the log, unless it is written to PID 1', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    await fixture.run(id, 'echo hidden; echo shown > /proc/1/fd/1');
    expect(fixture.logs(id)).toBe('shown\n');
  });

  test('more than 10 MB are not kept', async () => {
    const id = await fixture.container(
      sandbox,
      'busybox',
      script('yes 0123456789012345678901234567890123456789 | head -n 400000; echo last'),
    );
    await fixture.simulation.advance('1m');
    const text = fixture.logs(id);
    expect(text.length).toBeLessThan(11 * 1024 * 1024);
    expect(text.endsWith('last\n')).toBe(true);
  });
});

describe('exec', () => {
  test('returns stdout, stderr and the exit code separately', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    expect(await fixture.run(id, 'echo out; echo err >&2; exit 4')).toEqual({
      exitCode: 4,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('a timeout kills the command', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    await expect(fixture.settled(fixture.runtime.execSync(id, ['sleep', '50'], 1000))).rejects.toMatchObject({
      code: 'DeadlineExceeded',
    });
    expect((await fixture.run(id, 'ps')).stdout).not.toContain('sleep 50');
  });

  test('refuses what cannot be run', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    await expect(fixture.runtime.execSync(id, ['nosuch'], 0)).rejects.toThrow(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
    );
  });

  test('only a running container can be entered', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['true'] });
    await fixture.simulation.idle();
    await expect(fixture.runtime.execSync(id, ['true'], 0)).rejects.toThrow('is not running');
    await expect(fixture.runtime.execSync('nosuch', ['true'], 0)).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('users', () => {
  test('runAsUser, groups and who may write', async () => {
    const security = {
      runAsUser: 1000,
      runAsGroup: 3000,
      supplementalGroups: [2000],
      readonlyRootFilesystem: false,
      privileged: false,
    };
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'], security });
    const { stdout, stderr } = await fixture.run(
      id,
      'id; echo x > /etc/passwd; echo y > /tmp/f && ls -ln /tmp/f | cut -c1-40',
    );
    expect(stdout).toContain('uid=1000 gid=3000 groups=3000,2000\n');
    expect(stderr).toBe("sh: can't create /etc/passwd: Permission denied\n");
    expect(stdout).toContain('1000     3000');
  });

  test('a read-only root refuses writes, not those to volumes', async () => {
    const security = { supplementalGroups: [], readonlyRootFilesystem: true, privileged: false };
    const mounts = [{ containerPath: '/data', hostPath: '/data', readonly: false, propagation: 'PRIVATE' as const }];
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'], security, mounts });
    const { stdout, stderr } = await fixture.run(
      id,
      'echo x > /data/f && cat /data/f; touch /a; mkdir /b; echo c > /tmp/c',
    );
    expect(stdout).toBe('x\n');
    expect(stderr).toBe(
      "touch: /a: Read-only file system\nmkdir: can't create directory '/b': Read-only file system\nsh: can't create /tmp/c: Read-only file system\n",
    );
  });
});

test('the same inputs give the same outputs', async () => {
  const history = async () => {
    const own = createFixture({ seed: 7 });
    const id = await own.container(
      await own.sandbox(),
      'busybox',
      script('for i in 1 2 3; do echo $RANDOM $(date +%s%N) $$; sleep 1; done; mktemp; ls -la /tmp'),
    );
    await own.simulation.advance('10s');
    return [id, own.logs(id)];
  };
  expect(await history()).toEqual(await history());
});
