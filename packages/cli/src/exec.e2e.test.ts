import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** `kubectl exec`: commands in containers, at a terminal and in pipes. */
let cluster: RunningCluster;

const box = (name: string, image: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: ${name}, image: ${image}, command: [sleep, "36000"] }
`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  await cluster.kubectl(['apply', '-f', '-'], { stdin: `${box('box', 'busybox')}---${box('deb', 'debian')}` });
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=30s']);
});

afterAll(async () => {
  await cluster?.stop();
});

const transports: readonly [name: string, env: NodeJS.ProcessEnv][] = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }],
];

const shellIn = (pod: string, shell = 'sh', env: NodeJS.ProcessEnv = {}, columns = 80) =>
  cluster.terminal(['exec', '-it', pod, '--', shell], { env, columns });

describe.each(transports)('a shell at a terminal, over %s', (_name, env) => {
  test('prompts, runs typed commands, and returns the exit code', async () => {
    const user = await shellIn('box', 'sh', env);
    await user.sees(/^\/ # $|^\/ #$/m);
    user.type('hostname\r');
    await user.sees('/ # hostname\nbox\n/ #');
    user.type('exit 7\r');
    expect(await user.ended).toBe(7);
    expect(user.screen()).toContain('command terminated with exit code 7');
  });

  test('Ctrl-C ends the command and not the shell, Ctrl-D ends the shell', async () => {
    const user = await shellIn('box', 'sh', env);
    await user.sees('/ #');
    user.type('sleep 1000\r');
    await user.sees('sleep 1000');
    user.type('\x03');
    await user.sees('/ # sleep 1000\n^C\n/ #');
    user.type('echo $?\r');
    await user.sees('\n130\n/ #');
    user.type('true\r\x04');
    expect(await user.ended).toBe(0);
  });

  test('the terminal has the size of the user’s window', async () => {
    const user = await shellIn('box', 'sh', env);
    await user.sees('/ #');
    user.type('stty size\r');
    await user.sees('\n24 80\n');
    await user.resize(100, 40);
    // The new size comes over a stream of its own, and may come after what is typed.
    user.type('until stty size | grep "40 100"; do sleep 0.1; done\r');
    await user.sees('\n40 100\n');
    await user.close();
  });
});

describe('editing at the prompt', () => {
  test.each([
    ['backspace', 'echo helo\x7f\x7flp', 'help'],
    ['cursor keys', 'echo ac\x1b[D\x1b[Db\x1b[C\x1b[Cd', 'bacd'],
    ['home and end', 'cho x\x1b[He\x1b[Fy', 'xy'],
    ['Ctrl-A and Ctrl-E', 'cho x\x01e\x05z', 'xz'],
    ['Ctrl-U', 'nonsense\x15echo u', 'u'],
    ['Ctrl-W', 'echo one two\x17three', 'one three'],
    ['Ctrl-K', 'echo kept lost\x1b[D\x1b[D\x1b[D\x1b[D\x0b', 'kept'],
    ['Ctrl-Y', 'echo a word\x17\x19\x19', 'a wordword'],
    ['Alt-B and Alt-D', 'echo one two\x1bb\x1bb\x1bd1', '1 two'],
    ['Tab', 'cat /etc/hostn\t', 'box'],
  ])('%s', async (_name, keys, result) => {
    const user = await shellIn('box');
    await user.sees('/ #');
    user.type(`${keys}\r`);
    await user.sees(`\n${result}\n/ #`);
    user.type('\x04');
    await user.ended;
  });

  test('up and down go through the history and back to the line that was begun', async () => {
    const user = await shellIn('box');
    await user.sees('/ #');
    user.type('echo one\recho two\r');
    await user.sees('\ntwo\n/ #');
    user.type('echo begun\x1b[A\x1b[A');
    await user.sees(/\/ # echo one$/);
    user.type('\x1b[B\x1b[B\r');
    await user.sees('\nbegun\n');
    await user.close();
  });

  test('a line longer than the window is edited over its rows', async () => {
    const user = await shellIn('box', 'sh', {}, 40);
    await user.sees('/ #');
    const digits = '0123456789'.repeat(8);
    user.type(`echo ${digits}`);
    await user.sees(`/ # echo ${digits}`.replace(/(.{40})/g, '$1\n'));
    user.type('\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C<\x05>\x7f\x7f!\x01\x06\x06\x06\x06\x06\x1b[3~');
    const line = `echo ${digits.slice(0, -1)}!`;
    expect(await user.sees(`/ # ${line}`.replace(/(.{40})/g, '$1\n'))).toMatch(/^\/ # /);
    user.type('\r');
    await user.sees(new RegExp(`^${digits.slice(0, 40)}\n${digits.slice(40, -1)}!\n/ #`, 'm'));
    await user.close();
  });

  test('Ctrl-C discards the line', async () => {
    const user = await shellIn('box');
    await user.sees('/ #');
    user.type('echo never\x03echo $?\r');
    await user.sees('/ # echo never^C\n/ # echo $?\n130\n/ #');
    await user.close();
  });

  test('pasted lines go to the process that is reading at the time', async () => {
    const user = await shellIn('box');
    await user.sees('/ #');
    user.type(
      'read -p "name? " name\rJoe\x7fan\rcat > /tmp/pasted\rone\rtwo\r\x04wc -l < /tmp/pasted; echo "<$name>"\r',
    );
    await user.sees('\n2\n<Joan>\n/ #');
    await user.close();
  });
});

describe('other programs at a terminal', () => {
  test('bash knows the size of its window', async () => {
    const user = await shellIn('deb', 'bash');
    await user.sees('root@deb:/#');
    await user.resize(90, 30);
    user.type('until [ $COLUMNS = 90 ]; do sleep 0.1; done; echo $COLUMNS by $LINES\r');
    await user.sees('\n90 by 30\n');
    await user.close();
  });

  test('cat receives whole lines, edited and echoed by the terminal', async () => {
    const user = await cluster.terminal(['exec', '-it', 'box', '--', 'cat']);
    user.type('helo\x7flo\r');
    await user.sees('hello\nhello\n');
    user.type('\x04');
    expect(await user.ended).toBe(0);
  });

  test('Ctrl-C ends a script that is not an interactive shell', async () => {
    const user = await cluster.terminal(['exec', '-it', 'box', '--', 'sh', '-c', 'echo begun; sleep 1000; echo never']);
    await user.sees('begun');
    user.type('\x03');
    expect(await user.ended).toBe(130);
    expect(user.screen()).not.toContain('never');
  });

  test('running a command that does not exist fails', async () => {
    const user = await cluster.terminal(['exec', '-it', 'box', '--', 'nosuch']);
    expect(await user.ended).toBe(1);
    expect(user.screen().replaceAll('\n', '')).toContain('exec: "nosuch": executable file not found in $PATH');
  });
});

describe.each(transports)('in pipes, over %s', (_name, env) => {
  test('5 MB go in and come back, byte for byte', async () => {
    const sent = randomBytes(5_000_000);
    const { bytes, code } = await cluster.tryKubectl(['exec', '-i', 'box', '--', 'cat'], { stdin: sent, env });
    expect(code).toBe(0);
    expect(bytes.equals(sent)).toBe(true);
  });

  test('runs a script from stdin and returns its stdout, stderr and exit code', async () => {
    const script = 'cd /tmp\nx=5\npwd\necho error $x >&2\nexit 3\n';
    const ran = await cluster.tryKubectl(['exec', '-i', 'box', '--', 'sh'], { stdin: script, env });
    expect(ran.stdout).toBe('/tmp\n');
    expect(ran.stderr).toBe('error 5\ncommand terminated with exit code 3\n');
    expect(ran.code).toBe(3);
  });

  test('a command that does not read its input ends all the same', async () => {
    const ran = await cluster.tryKubectl(['exec', '-i', 'box', '--', 'echo', 'done'], {
      stdin: randomBytes(100_000),
      env,
    });
    expect(ran).toMatchObject({ stdout: 'done\n', code: 0 });
  });
});

describe('reports errors', () => {
  beforeAll(async () => {
    await cluster.kubectl(['run', 'broken', '--image=nobody/has:this']);
    await cluster.kubectl(['wait', '--for=jsonpath={.spec.nodeName}=node1', 'pod/broken', '--timeout=30s']);
  });

  test.each([
    ['a Pod that does not exist', ['nopod', '--', 'ls'], 'Error from server (NotFound): pods "nopod" not found'],
    ['a container that does not exist', ['box', '-c', 'none', '--', 'ls'], 'container none is not valid for pod box'],
    [
      'a command that is not there',
      ['box', '--', 'nosuch'],
      'Internal error occurred: error executing command in container: failed to exec in container: failed to start exec',
    ],
    ['why a command cannot run', ['box', '--', 'nosuch'], 'exec: "nosuch": executable file not found in $PATH'],
    [
      'a container that does not run',
      ['broken', '--', 'ls'],
      'error: unable to upgrade connection: container not found ("broken")',
    ],
  ])('%s', async (_name, args, message) => {
    const ran = await cluster.tryKubectl(['exec', ...args]);
    expect(ran.stderr).toContain(message);
    expect(ran.code).toBe(1);
  });
});
