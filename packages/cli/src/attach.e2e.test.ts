import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workspaceRoot } from './paths.ts';
import { ended, type RunningCluster, said, startCluster } from './running-cluster.fixture.ts';

/** `kubectl attach`, `kubectl run -it` and `kubectl debug -it`: at the streams of a container's own process. */
let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  await cluster.kubectl(['apply', '-f', join(workspaceRoot, 'examples/clusters/shared-process-namespace')]);
  await running('shared-processes');
});

afterAll(async () => {
  await cluster?.stop();
});

const running = (name: string) => cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s']);

const pod = (name: string, container: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - { name: main, image: busybox, ${container} }
`;

const applied = async (name: string, container: string) => {
  await cluster.kubectl(['apply', '-f', '-'], { stdin: pod(name, container) });
  await running(name);
};

const invitation = "If you don't see a command prompt, try pressing enter.";

const transports: readonly [name: string, env: NodeJS.ProcessEnv][] = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }],
];

describe.each(transports)('attach over %s', (_name, env) => {
  const attach = () => cluster.terminal(['attach', '-it', 'shared-processes', '-c', 'shell'], { env });

  test('pressing Enter shows the prompt, and ps lists the processes of the whole Pod', async () => {
    const user = await attach();
    await user.sees(invitation);
    user.type('\r');
    await user.sees('/ #');
    user.type('ps ax\r');
    const shown = await user.sees('ps ax\n/ #');
    expect(shown).toMatch(/^ +1 65535 .* \/pause$/m);
    expect(shown).toContain('nginx: master process');
    await user.close();
  });

  test('reattaching finds the shell as it was left', async () => {
    const first = await attach();
    await first.sees(invitation);
    first.type('kept=yes\r');
    await first.sees('kept=yes\n/ #');
    await first.close();
    const second = await attach();
    await second.sees(invitation);
    second.type('\recho kept: $kept\r');
    await second.sees('\nkept: yes\n/ #');
    await second.resize(100, 33);
    second.type('until stty size | grep "33 100"; do sleep 0.1; done\r');
    await second.sees('\n33 100\n/ #');
    await second.close();
  });

  test('two clients attached at the same time see the same output', async () => {
    const [one, other] = await Promise.all([attach(), attach()]);
    for (const user of [one, other]) {
      // The prompt shows that the connection is established.
      user.type('\r');
      await user.sees('/ #');
    }
    one.type('echo both see\r');
    await Promise.all([one.sees('\nboth see\n/ #'), other.sees('\nboth see\n/ #')]);
    await Promise.all([one.close(), other.close()]);
  });
});

describe('the end of a container', () => {
  test('Ctrl-D ends an attached shell, and the kubelet restarts it', async () => {
    const user = await cluster.terminal(['attach', '-it', 'shared-processes', '-c', 'shell']);
    await user.sees(invitation);
    // The prompt shows that the connection is established: before that, Ctrl-D is for the terminal, not for the shell.
    user.type('\r');
    await user.sees('/ #');
    user.type('\x04');
    expect(await user.ended).toBe(0);
    expect(user.screen().replaceAll('\n', '')).toContain('Session ended, resume using');
    await cluster.until(['get', 'pod', 'shared-processes', '--no-headers'], (out) => /2\/2 +Running +1/.test(out));
  });

  test('with stdinOnce, the container’s stdin closes when the first client disconnects', async () => {
    await applied('once', 'stdin: true, stdinOnce: true, command: [sh, -c, "cat; echo bye"]');
    const attached = await cluster.tryKubectl(['attach', '-i', 'once'], { stdin: 'some input\n' });
    expect(attached).toMatchObject({ stdout: 'some input\nbye\n', code: 0 });
    await cluster.until(['get', 'pod', 'once', '--no-headers'], (out) => out.includes('Completed'));
    expect(await cluster.kubectl(['logs', 'once'])).toBe('some input\nbye\n');
  });

  test('without stdinOnce, the container keeps reading stdin', async () => {
    await applied('again', 'stdin: true, command: [sh, -c, "while read line; do echo got $line; done"]');
    for (const word of ['one', 'two']) {
      const attached = cluster.startKubectl(['attach', '-i', 'again']);
      attached.stdin?.write(`${word}\n`);
      await said(attached, new RegExp(`got ${word}`));
      attached.kill();
      await ended(attached);
    }
    expect(await cluster.kubectl(['logs', 'again'])).toBe('got one\ngot two\n');
  });

  test('attach without a terminal shows output until the container ends', async () => {
    await applied('talking', 'command: [sh, -c, "for n in 1 2 3 4; do sleep 0.5; echo $n; done; echo end >&2"]');
    const attached = await cluster.tryKubectl(['attach', 'talking']);
    expect(attached.stdout).toMatch(/3\n4\n$/);
    expect(attached.stderr).toContain('end\n');
    expect(attached.code).toBe(0);
  });

  test('a container that has ended cannot be attached to', async () => {
    const attached = await cluster.tryKubectl(['attach', 'once']);
    expect(attached.stderr).toContain('cannot attach a container in a completed pod; current phase is Succeeded');
    expect(attached.code).toBe(1);
  });
});

describe('run', () => {
  test('-it --rm opens a shell in a new Pod and removes the Pod afterwards', async () => {
    const user = await cluster.terminal(['run', '-it', '--rm', 'x', '--image=busybox', '--', 'sh']);
    await user.sees(invitation);
    user.type('\rhostname\r');
    await user.sees('/ # hostname\nx\n/ #');
    user.type('exit\r');
    expect(await user.ended).toBe(0);
    expect(user.screen()).toContain('pod "x" deleted');
  });

  test('-i --rm with --restart=Never forwards stdin, stdout and the exit code', async () => {
    const ran = await cluster.tryKubectl(
      ['run', '-i', '--rm', '-q', 'y', '--restart=Never', '--image=busybox', '--', 'sh', '-c', 'tr a-z A-Z; exit 4'],
      { stdin: 'hello\n' },
    );
    expect(ran.stdout).toBe('HELLO\n');
    expect(ran.code).toBe(4);
  });
});

describe('debug', () => {
  test('an ephemeral container sees the processes of its target', async () => {
    await applied('debugged', 'command: [sleep, "36000"]');
    const user = await cluster.terminal([
      'debug',
      '-it',
      'debugged',
      '--image=busybox',
      '--target=main',
      '--profile=general',
    ]);
    await user.sees(invitation);
    user.type('\rps\r');
    await user.sees(/^ +1 root .* sleep 36000$/m);
    user.type('exit\r');
    expect(await user.ended).toBe(0);
    const recorded = JSON.parse(await cluster.kubectl(['get', 'pod', 'debugged', '-o', 'json']));
    expect(recorded.spec.ephemeralContainers).toMatchObject([
      { image: 'busybox', targetContainerName: 'main', tty: true },
    ]);
    await cluster.until(
      ['get', 'pod', 'debugged', '-o', 'jsonpath={.status.ephemeralContainerStatuses[0].state}'],
      (out) => JSON.parse(out).terminated?.exitCode === 0,
    );
    expect(await cluster.kubectl(['get', 'pod', 'debugged', '--no-headers'])).toMatch(/1\/1 +Running +0/);
  });

  test('a copy of a Pod with an additional container', async () => {
    const user = await cluster.terminal([
      'debug',
      '-it',
      'debugged',
      '--image=busybox',
      '--copy-to=copied',
      '--profile=general',
      '--share-processes',
    ]);
    await user.sees(invitation);
    user.type('\rhostname\r');
    await user.sees('\ncopied\n/ #');
    await user.close();
    expect(await cluster.kubectl(['get', 'pod', 'copied', '-o', 'jsonpath={.spec.containers[*].name}'])).toMatch(
      /^main debugger-/,
    );
  });

  test('a node, with its files under /host', async () => {
    const user = await cluster.terminal(['debug', '-it', 'node/node1', '--image=busybox', '--profile=general']);
    await user.sees(invitation);
    user.type('\rls /host/etc/hostname\r');
    await user.sees('\n/host/etc/hostname\n/ #');
    user.type('exit\r');
    expect(await user.ended).toBe(0);
  });
});
