import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerConfig, ContainerEvent, ContainerRuntime, PodSandboxConfig } from './runtime.ts';

/** A runtime under test. */
export interface RuntimeUnderTest {
  readonly runtime: ContainerRuntime;
  /** Lets time pass until the promise has settled. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** Frees what was made. */
  dispose(): Promise<void>;
}

/**
 * What every container runtime must do for the kubelet, as tests (CRI's own `critest` in small). It needs an image `busybox`
 * with a shell.
 */
export function runtimeContract(name: string, create: () => Promise<RuntimeUnderTest>): void {
  describe(`${name} is a container runtime`, () => {
    let subject: RuntimeUnderTest;
    let runtime: ContainerRuntime;
    let sandbox: string;

    beforeEach(async () => {
      subject = await create();
      ({ runtime } = subject);
      sandbox = await subject.settled(runtime.runPodSandbox(sandboxOf('pod')));
      await subject.settled(runtime.pullImage('busybox'));
    });
    afterEach(() => subject.dispose());

    const start = async (script: string, more: Partial<ContainerConfig> = {}) => {
      const id = await subject.settled(runtime.createContainer(sandbox, containerOf(['sh', '-c', script], more)));
      await subject.settled(runtime.startContainer(id));
      return id;
    };
    const ended = (id: string) => subject.settled(lastValueFrom(runtime.logs(id, { follow: true }).pipe(toArray())));
    const status = async (id: string) => runtime.containerStatus(id);

    test('a sandbox is ready with an address until it is stopped, and gone once it is removed', async () => {
      expect(await runtime.podSandboxStatus(sandbox)).toMatchObject({
        id: sandbox,
        state: 'READY',
        metadata: { name: 'pod' },
      });
      expect((await runtime.podSandboxStatus(sandbox)).ips).toHaveLength(1);
      await subject.settled(runtime.stopPodSandbox(sandbox));
      await subject.settled(runtime.stopPodSandbox(sandbox));
      expect((await runtime.podSandboxStatus(sandbox)).state).toBe('NOTREADY');
      await subject.settled(runtime.removePodSandbox(sandbox));
      expect(await runtime.listPodSandboxes()).toEqual([]);
      await expect((async () => runtime.podSandboxStatus(sandbox))()).rejects.toMatchObject({ code: 'NotFound' });
    });

    test('a container is created, runs, exits and is removed', async () => {
      const id = await subject.settled(runtime.createContainer(sandbox, containerOf(['sh', '-c', 'exit 3'])));
      expect(await status(id)).toMatchObject({ state: 'CREATED', sandboxId: sandbox, startedAt: 0 });
      await subject.settled(runtime.startContainer(id));
      await ended(id);
      const last = await status(id);
      expect(last).toMatchObject({ state: 'EXITED', exitCode: 3, reason: 'Error', metadata: { name: 'main' } });
      expect(last.finishedAt).toBeGreaterThanOrEqual(last.startedAt);
      await subject.settled(runtime.removeContainer(id));
      await subject.settled(runtime.removeContainer(id));
      expect(await runtime.listContainers()).toEqual([]);
      await expect((async () => runtime.containerStatus(id))()).rejects.toMatchObject({ code: 'NotFound' });
    });

    test('emits events', async () => {
      const events: ContainerEvent[] = [];
      const subscription = runtime.events().subscribe((event) => events.push(event));
      const id = await start('true');
      await ended(id);
      await subject.settled(runtime.removeContainer(id));
      subscription.unsubscribe();
      expect(events.filter((event) => event.containerId === id).map(({ type }) => type)).toEqual([
        'CREATED',
        'STARTED',
        'STOPPED',
        'DELETED',
      ]);
    });

    test('a missing command results in a StartError', async () => {
      const id = await subject.settled(runtime.createContainer(sandbox, containerOf(['nosuchcommand'])));
      await expect(subject.settled(runtime.startContainer(id))).rejects.toMatchObject({ code: 'StartError' });
      expect(await status(id)).toMatchObject({ state: 'EXITED', exitCode: 128, reason: 'StartError' });
    });

    test('stopping sends the signal, then kills', async () => {
      const polite = await start("trap 'exit 0' TERM; sleep 1000 & wait");
      const stubborn = await start("trap '' TERM; sleep 1000; sleep 1000");
      await subject.settled(runtime.execSync(polite, ['true'], 0));
      await subject.settled(runtime.stopContainer(polite, 10_000));
      await subject.settled(runtime.stopContainer(stubborn, 1000));
      expect((await status(polite)).exitCode).toBe(0);
      expect((await status(stubborn)).exitCode).toBe(137);
    });

    test('logs are lines in order, apart by stream', async () => {
      const id = await start('echo one; echo two >&2; printf three');
      const entries = await ended(id);
      expect(entries.filter(({ stream }) => stream === 'stdout').map(({ text }) => text.trimEnd())).toEqual([
        'one',
        'three',
      ]);
      expect(entries.filter(({ stream }) => stream === 'stderr').map(({ text }) => text.trimEnd())).toEqual(['two']);
      expect((await firstValueFrom(runtime.logs(id, { follow: false }))).time).toBeGreaterThan(0);
    });

    test('execSync returns stdout, stderr and the exit code, and kills at its deadline', async () => {
      const id = await start('sleep 1000');
      const result = subject.settled(runtime.execSync(id, ['sh', '-c', 'echo o; echo e >&2; exit 5'], 0));
      expect(await result).toEqual({ exitCode: 5, stdout: 'o\n', stderr: 'e\n' });
      await expect(subject.settled(runtime.execSync(id, ['sleep', '100'], 200))).rejects.toMatchObject({
        code: 'DeadlineExceeded',
      });
    });

    test('exec has streams', async () => {
      const id = await start('sleep 1000');
      const request = { command: ['cat'], stdin: true, stdout: true, stderr: true, tty: false };
      const session = await subject.settled(runtime.exec(id, request));
      let output = '';
      session.stdout.subscribe((chunk) => {
        output += new TextDecoder().decode(chunk);
      });
      session.stdin.write(new TextEncoder().encode('hello'));
      session.stdin.end();
      expect(await subject.settled(session.exit)).toEqual({ exitCode: 0 });
      expect(output).toBe('hello');
    });

    test('environment, working directory and arguments reach the process', async () => {
      const id = await start('echo "$GREETING $1 $(pwd)"', {
        args: ['sh', 'argument'],
        envs: [{ key: 'GREETING', value: 'hi' }],
        workingDir: '/tmp',
      });
      expect((await ended(id)).map(({ text }) => text)).toEqual(['hi argument /tmp\n']);
    });

    test('containers of a sandbox share its host name', async () => {
      const id = await start('hostname');
      expect((await ended(id)).map(({ text }) => text)).toEqual(['pod\n']);
    });

    test('an unknown image is ImageNotFound; a pulled one is known with its digest', async () => {
      await expect(subject.settled(runtime.pullImage('localhost/no-such-image:v0'))).rejects.toMatchObject({
        code: 'ImageNotFound',
      });
      expect(await runtime.imageStatus('busybox')).toMatchObject({
        imageRef: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
      });
      expect(await runtime.imageStatus('localhost/no-such-image:v0')).toBeUndefined();
      expect((await runtime.listImages()).length).toBeGreaterThan(0);
    });

    test('the end of the sandbox ends its containers', async () => {
      const id = await start('sleep 1000');
      await subject.settled(runtime.stopPodSandbox(sandbox));
      expect((await status(id)).state).toBe('EXITED');
      await subject.settled(runtime.removePodSandbox(sandbox));
      expect(await runtime.listContainers()).toEqual([]);
    });
  });
}

function sandboxOf(name: string): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    portMappings: [],
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    dns: { servers: [], searches: [], options: [] },
    runtimeHandler: '',
  };
}

function containerOf(command: readonly string[], more: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: 'busybox',
    command,
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: {},
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { memoryLimitBytes: 0, cpuShares: 0, cpuQuota: 0 },
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
    ...more,
  };
}
