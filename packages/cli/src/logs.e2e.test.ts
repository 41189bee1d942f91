import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, type RunningCluster, said, startCluster } from './running-cluster.fixture.ts';

/** `kubectl logs` in all its forms. */
let cluster: RunningCluster;

const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: two, labels: { app: two } }
spec:
  restartPolicy: Never
  initContainers:
    - { name: first, image: busybox, command: [echo, "ready to go"] }
  containers:
    - { name: a, image: busybox, command: [sh, -c, "for n in 1 2 3 4; do echo a$n; sleep 0.4; done"] }
    - { name: b, image: busybox, command: [sh, -c, "echo b1 >&2; sleep 1; printf 'no newline'"] }
---
apiVersion: v1
kind: Pod
metadata: { name: crashing }
spec:
  containers:
    - { name: main, image: busybox, command: [sh, -c, "echo before the end; exit 3"] }
---
apiVersion: v1
kind: Pod
metadata: { name: waiting }
spec:
  nodeSelector: { nowhere: "true" }
  containers:
    - { name: main, image: busybox }
---
apiVersion: v1
kind: Pod
metadata: { name: unpulled }
spec:
  containers:
    - { name: main, image: registry.example.com/no/such }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: main, image: busybox, command: [sh, -c, "echo I am $(hostname); sleep 36000"] }
`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  await cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
  await cluster.kubectl(['wait', '--for=condition=PodReadyToStartContainers', 'pod/two', '--timeout=30s']);
});

afterAll(async () => {
  await cluster?.stop();
});

const logs = (...args: string[]) => cluster.kubectl(['logs', ...args]);
const done = () => cluster.until(['get', 'pod', 'two', '--no-headers'], (out) => out.includes('Completed'));

describe('following', () => {
  test('-f streams output as it is written and ends with the container', async () => {
    await cluster.until(['logs', 'two', '-c', 'a'], (out) => out.startsWith('a1\n'));
    expect(await logs('-f', 'two', '-c', 'a')).toBe('a1\na2\na3\na4\n');
  });

  test('-f of all containers ends with the last', async () => {
    const text = await logs('-f', 'two', '--all-containers');
    for (const line of ['ready to go\n', 'a1\n', 'a4\n', 'b1\n', 'no newline']) expect(text).toContain(line);
  });

  test('-f of a restarting container ends when its first run ends', async () => {
    expect(await logs('-f', 'crashing')).toBe('before the end\n');
  });

  test('-f with --tail starts near the end', async () => {
    const following = cluster.startKubectl(['logs', '-f', '--tail=1', '-l', 'app=web', '--prefix']);
    await said(following, /\[pod\/web-\S+\/main\] I am web-[\s\S]*\[pod\/web-\S+\/main\] I am web-/);
    following.kill();
    await ended(following);
  });
});

describe('choosing', () => {
  beforeAll(done);

  test('defaults to the first container and says so', async () => {
    const ran = await cluster.tryKubectl(['logs', 'two']);
    expect(ran.stdout).toBe('a1\na2\na3\na4\n');
    expect(ran.stderr).toBe('Defaulted container "a" out of: a, b, first (init)\n');
  });

  test('standard error is part of the log, and a last line needs no newline', async () => {
    expect(await logs('two', '-c', 'b')).toBe('b1\nno newline');
  });

  test('--all-containers, init containers too, with --prefix', async () => {
    const text = await logs('two', '--all-containers', '--prefix');
    // kubectl reads the containers in any order, and adds no newline where a log has none.
    for (const log of [
      '[pod/two/first] ready to go\n',
      [1, 2, 3, 4].map((n) => `[pod/two/a] a${n}\n`).join(''),
      '[pod/two/b] b1\n[pod/two/b] no newline',
    ]) {
      expect(text).toContain(log);
    }
  });

  test.each([
    ['--tail', ['--tail=2'], 'a3\na4\n'],
    ['--tail=0', ['--tail=0'], ''],
    ['--limit-bytes', ['--limit-bytes=4'], 'a1\na'],
    ['--since long ago', ['--since=1h'], 'a1\na2\na3\na4\n'],
  ])('%s', async (_name, args, text) => {
    expect(await logs('two', '-c', 'a', ...args)).toBe(text);
  });

  test('--timestamps, and --since-time with one of them', async () => {
    const lines = (await logs('two', '-c', 'a', '--timestamps')).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z a\d$/);
    // kubectl reads times to the second.
    const since = await logs('two', '-c', 'a', `--since-time=${lines[3]?.split(' ')[0]}`);
    expect(since).toMatch(/a4\n$/);
    expect(since.length).toBeLessThan('a1\na2\na3\na4\n'.length);
  });

  test('by selector: the last ten lines of each', async () => {
    const text = await cluster.until(['logs', '-l', 'app=web'], (out) => out.split('\n').length === 3);
    expect(text).toMatch(/^I am web-.*\nI am web-.*\n$/);
  });

  test('of a Deployment: one of its Pods, or all', async () => {
    const one = await cluster.tryKubectl(['logs', 'deployment/web']);
    expect(one.stdout).toMatch(/^I am web-\S+\n$/);
    expect(one.stderr).toMatch(/^Found 2 pods, using pod\/web-/);
    expect((await logs('deployment/web', '--all-pods')).trimEnd().split('\n')).toHaveLength(2);
  });

  test('--previous shows the previous run', async () => {
    await cluster.until(['logs', 'crashing', '--previous'], (out) => out === 'before the end\n');
  });
});

describe('reports errors', () => {
  beforeAll(done);

  test.each([
    [
      'a Pod that does not exist',
      ['none'],
      'error from server (NotFound): pods "none" not found in namespace "default"',
    ],
    ['a container that does not exist', ['two', '-c', 'none'], 'container none is not valid for pod two'],
    [
      'no previous run',
      ['two', '-c', 'a', '--previous'],
      'Error from server (BadRequest): previous terminated container "a" in pod "two" not found',
    ],
    [
      'an image that no registry has',
      ['unpulled'],
      /container "main" in pod "unpulled" is waiting to start: (trying and failing to pull image|image can't be pulled)/,
    ],
    ['a negative tail', ['two', '--tail=-3'], '--tail must be greater than or equal to -1'],
    [
      'too many streams to follow',
      ['-f', '-l', 'app=web', '--max-log-requests=1'],
      'you are attempting to follow 2 log streams',
    ],
  ])('%s', async (_name, args, message) => {
    const ran = await cluster.tryKubectl(['logs', ...args]);
    if (typeof message === 'string') expect(ran.stderr).toContain(message);
    else expect(ran.stderr).toMatch(message);
    expect(ran.code).toBe(1);
  });

  test('an unscheduled Pod has no log, which is not an error', async () => {
    expect(await cluster.tryKubectl(['logs', 'waiting'])).toMatchObject({ stdout: '', code: 0 });
  });
});
