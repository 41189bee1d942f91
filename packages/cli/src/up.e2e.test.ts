import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ended, orrery, said, startCluster, startOrrery } from './running-cluster.fixture.ts';
import { atTerminal } from './terminal-user.fixture.ts';

const main = join(import.meta.dirname, '../bin/orrery.js');

let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-up-'));
  kubeconfig = join(folder, 'kubeconfig');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const upArgs = (...args: string[]) => ['up', ...args, '--port', '0', '--kubeconfig', kubeconfig];
const up = (...args: string[]) => orrery(upArgs(...args));

async function manifest(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('prints the version', async () => {
  expect(await orrery(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^orrery \d+\.\d+\.\d+, Kubernetes v1\.35\n$/),
  });
});

const pod = (name: string, rest = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: a\n    image: nginx\n${rest}`;

describe('a mistake is reported in one line, with exit code 1, and leaves nothing', () => {
  test.each([
    [['--clock', 'x0'], '--clock x0: write real, virtual, or x10 for ten times as fast'],
    [['--clock', 'xfoo'], '--clock xfoo: write real, virtual, or x10 for ten times as fast'],
    [['--port', '99999'], '--port 99999: must be a whole number from 0 to 65535'],
    [['--nodes', '-1'], '--nodes -1: must be a whole number from 0 to 5000'],
    [['--max-requests-inflight', '0'], '--max-requests-inflight 0: must be a whole number from 1 to 100000'],
    [['--node-cidr-mask-size', 'x'], '--node-cidr-mask-size x: must be a whole number from 0 to 32'],
    [
      ['--cluster-cidr', '10.9.0.0'],
      'the cluster cannot be started: cluster CIDR 10.9.0.0: must be a range of IPv4 addresses in CIDR notation, such as 10.244.0.0/16',
    ],
    [
      ['--cluster-cidr', '10.9.0.0/24', '--nodes', '2'],
      'the cluster cannot be started: no Pod range is left for node node2: 10.9.0.0/24 has room for 1 of /24, and all are in use; widen it (clusterCidr, orrery up --cluster-cidr) or give each node less of it (nodeCidrMaskSize, --node-cidr-mask-size)',
    ],
    [['--timeout', 'soon'], '--timeout: invalid duration "soon": write it like 250ms, 30s or 1h30m'],
    [['--runtime', 'cri'], '--runtime cri: there is only sim'],
    [['--store', 'disk'], '--store disk: there is only memory'],
    [['--bogus'], "unknown option '--bogus' (see orrery up --help)"],
    [['--port'], "option '--port <number>' argument missing (see orrery up --help)"],
    [['/nonesuch.yaml'], 'there is no file or folder /nonesuch.yaml'],
    [['--plugin', '/nonesuch'], 'there is no plugin at /nonesuch'],
  ])('up %j', async (args, message) => {
    const { code, stdout, stderr } = await orrery(['up', '--kubeconfig', kubeconfig, ...args]);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `orrery: ${message}\n` });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    [['bogus'], "unknown command 'bogus' (see orrery --help)"],
    [['node', 'bogus'], "unknown command 'bogus' (see orrery node --help)"],
    [['node', 'stop'], "missing required argument 'name' (see orrery node stop --help)"],
    [['node', 'list', '--kubeconfig', '/nonesuch'], 'no cluster has been started here yet: /nonesuch does not exist'],
  ])('%j', async (args, message) => {
    expect(await orrery(args)).toMatchObject({ code: 1, stdout: '', stderr: `orrery: ${message}\n` });
  });

  test('a folder without manifests', async () => {
    await writeFile(join(folder, 'README.md'), 'no manifest');
    expect(await up(folder)).toMatchObject({
      code: 1,
      stderr: `orrery: ${folder} contains no manifests (.yaml, .yml, .json)\n`,
    });
  });

  test('a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await orrery(['up', '--kubeconfig', kubeconfig, '--port', String(port)]);
    expect(stderr).toBe(
      `orrery: port ${port} is not available: stop the process that listens on it, or choose another with --port (0 picks any)\n`,
    );
    expect(code).toBe(1);
    await new Promise((closed) => server.close(closed));
  });

  test('a kubeconfig that cannot be written, or that Orrery did not write, before anything starts', async () => {
    const other = await manifest('other', 'apiVersion: v1\nkind: Config\n');
    for (const [path, why] of [
      [folder, 'it is a folder'],
      [join(other, 'x'), `${other} is not a folder`],
    ]) {
      const { code, stdout, stderr } = await orrery(['up', '--kubeconfig', path ?? '']);
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: `orrery: cannot write the kubeconfig ${path}: ${why}\n`,
      });
    }
    expect(await orrery(['up', '--kubeconfig', other])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `orrery: ${other} was not written by orrery: choose another file with --kubeconfig\n`,
    });
    expect(await readFile(other, 'utf8')).toContain('Config');
  });
});

describe('manifests', () => {
  test('a Pod that is given its name becomes ready, from standard input, with CRLF, empty documents and lists', async () => {
    const stdin = [
      '---',
      '---',
      'apiVersion: v1',
      'kind: List',
      'items:',
      '- apiVersion: v1',
      '  kind: Pod',
      '  metadata: {generateName: worker-}',
      '  spec: {containers: [{name: a, image: nginx}]}',
      '---',
      '',
    ].join('\r\n');
    const { code, stdout } = await orrery(upArgs('-', '--wait'), { stdin });
    expect(stdout).toMatch(/ {2}pod\/worker-\w{5}: ready after /);
    expect(code).toBe(0);
  });

  test('only the YAML and JSON files of a folder are applied', async () => {
    await mkdir(join(folder, 'all', 'below.yaml'), { recursive: true });
    await manifest('all/a.json', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"from-json"}}');
    await manifest('all/b.yml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\n');
    await manifest('all/notes.txt', '{{{');
    const { code, stdout } = await up(join(folder, 'all'), '--wait');
    expect(stdout).toMatch(/configmap\/from-json: ready.*configmap\/from-yaml: ready/s);
    expect(code).toBe(0);
  });

  test('every mistake is reported, each with the line of its field', async () => {
    const a = await manifest(
      'a.yaml',
      `# a\n${pod('a')}---\n${pod('b', '    imagePullPolicy: Maybe\n  restartPolicy: Often\n')}`,
    );
    const b = await manifest('b.yaml', pod('c', '  contaners: []\n'));
    const c = await manifest('c.yaml', 'apiVersion: demo/v1\nkind: Nonesuch\nmetadata: {name: d}\n');
    const d = await manifest('d.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {a: b}\n');
    const { code, stderr } = await up(a, b, c, d);
    expect(stderr.split('\n').slice(1).sort()).toEqual([
      '',
      expect.stringContaining(`${a}:19: Pod b: spec.containers[0].imagePullPolicy: Unsupported value: "Maybe"`),
      expect.stringContaining(`${a}:20: Pod b: spec.restartPolicy: Unsupported value: "Often"`),
      expect.stringMatching(new RegExp(`${b}:9: .*unknown field "spec.contaners"`)),
      `  ${c}:1: no matches for kind "Nonesuch" in version "demo/v1"`,
      `  ${d}:3: ConfigMap: metadata.name: Required value: name or generateName is required`,
    ]);
    expect(stderr).toMatch(/^orrery: 5 errors in the manifests:\n/);
    expect(code).toBe(1);
    expect((await readdir(folder)).includes('kubeconfig')).toBe(false);
  });

  test('all files that are not YAML are reported before anything starts', async () => {
    const a = await manifest('a.yaml', 'kind: Pod\n');
    const b = await manifest('b.yaml', 'a: [\n');
    const { code, stdout, stderr } = await up(a, b);
    expect(stderr).toMatch(
      new RegExp(`^orrery: 2 errors in the manifests:\n  ${a}:1:1: apiVersion is missing\n  ${b}:`),
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

test('--wait reports why Pods do not become ready, as kubectl shows it', async () => {
  const file = await manifest(
    'late.yaml',
    `${pod('crash', '    command: [sh, -c, exit 3]\n')}---\n${pod('large', '    resources: {requests: {cpu: "400"}}\n')}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pull}
spec:
  selector: {matchLabels: {app: pull}}
  template:
    metadata: {labels: {app: pull}}
    spec: {containers: [{name: a, image: nonesuch}]}
`,
  );
  const { code, stderr } = await up(file, '--wait', '--timeout', '6s', '--clock', 'x20');
  expect(stderr).toMatch(/^orrery: not ready after 6s:\n {2}pod\/crash: a: CrashLoopBackOff: back-off /);
  expect(stderr).toContain('  pod/large: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.');
  expect(stderr).toMatch(
    / {2}deployment\/pull: 0 of 1 available\n {4}pod\/pull-\S+: a: (ErrImagePull|ImagePullBackOff): /,
  );
  expect(code).toBe(1);
});

test('a cluster without nodes is a control plane', async () => {
  expect(await up('--nodes', '0', '--no-examples', '--wait')).toMatchObject({ code: 0 });
});

test('no Pod is reported unschedulable while the nodes come up', async () => {
  const cluster = await startCluster(['examples/clusters/quickstart'].map((path) => join(main, '../../../..', path)));
  await cluster.until(['get', 'deployment', 'web', '-o', 'jsonpath={.status.availableReplicas}'], (n) => n === '3');
  expect(await cluster.kubectl(['get', 'events', '--field-selector', 'reason=FailedScheduling', '-o', 'name'])).toBe(
    '',
  );
  await cluster.stop();
});

test('--verbose logs the activity of the loops to standard error', async () => {
  const { code, stdout, stderr } = await up('--wait', '--verbose');
  expect(stderr).toMatch(/^\S+Z INFO {2}deployment\S* create kind=apps\/v1\/ReplicaSet key=default\/web-/m);
  expect(stdout).not.toContain('INFO');
  expect(code).toBe(0);
});

describe('stopping', () => {
  const running = async (): Promise<ChildProcess> => {
    const child = startOrrery(upArgs());
    await said(child, /Ctrl-C stops the cluster/);
    return child;
  };

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a running cluster well, and takes its kubeconfig away',
    async (signal) => {
      const child = await running();
      child.kill(signal);
      expect(await ended(child)).toBe(0);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('a kubeconfig overwritten by another process in the meantime is kept', async () => {
    const child = await running();
    await writeFile(kubeconfig, 'mine');
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(0);
    expect(await readFile(kubeconfig, 'utf8')).toBe('mine');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s before the --wait condition is met exits with %i and leaves nothing behind', async (signal, code) => {
    const never = await manifest('never.yaml', pod('never', '    resources: {requests: {cpu: "400"}}\n'));
    const child = startOrrery(upArgs(never, '--wait'));
    await said(child, /Unschedulable/);
    child.kill(signal);
    expect(await ended(child)).toBe(code);
    expect(await readdir(folder)).toEqual(['never.yaml']);
  });

  test('clients that watch, follow and exec do not hold it up', async () => {
    const cluster = await startCluster([]);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/visitor', '--timeout=60s']);
    const watching = cluster.startKubectl(['get', 'pods', '-w']);
    const inside = cluster.startKubectl(['exec', 'visitor', '--', 'sh', '-c', 'echo in; sleep 1000']);
    await Promise.all([said(watching, /visitor/), said(inside, /in/)]);
    await Promise.all([cluster.stop(), ended(watching), ended(inside)]);
  });
});

describe('two clusters', () => {
  test('in one checkout: the second does not touch the kubeconfig of the first', async () => {
    const env = { ...process.env, ORRERY_HOME: folder };
    const start = async () => {
      const child = spawn(process.execPath, [main, 'up', '--no-examples', '--port', '0'], { env });
      const text = await said(child, /Ctrl-C stops/);
      return { child, path: /^kubeconfig: (\S+)/m.exec(text)?.[1] ?? '' };
    };
    const first = await start();
    const text = await readFile(kubeconfig, 'utf8');
    const second = await start();
    expect(first.path).toBe(kubeconfig);
    expect(second.path).toMatch(/\/kubeconfig-\d+$/);
    expect(await readFile(kubeconfig, 'utf8')).toBe(text);
    expect(await orrery(['up', '--kubeconfig', second.path])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is the kubeconfig of a cluster that runs at https:\S+: choose another file with/),
    });
    for (const { child } of [first, second]) {
      child.kill('SIGTERM');
      expect(await ended(child)).toBe(0);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('at a terminal', () => {
  test('progress is redrawn in place, in a narrow window too, and Ctrl-C ends it well', async () => {
    const user = await atTerminal(process.execPath, [main, ...upArgs()], { columns: 30, rows: 60 });
    const screen = await user.sees('Ctrl-C stops the cluster.');
    expect(screen.match(/deployment\/web/g)).toHaveLength(1);
    expect(screen).toMatch(/✔ deployment\/web/);
    user.type('\x03');
    expect(await user.ended).toBe(0);
  });

  test('NO_COLOR is obeyed', async () => {
    const child = spawn('script', ['-qfec', `${process.execPath} ${main} ${upArgs('--wait').join(' ')}`, '/dev/null'], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    const text = await said(child, /first Pod ready/);
    expect(text).toContain('✔');
    expect(text).not.toContain('\x1b[32m');
    await ended(child);
  });
});

test('virtual time jumps while something is on its way, and then passes as life does', async () => {
  const cluster = await startCluster(['--clock', 'virtual']);
  await cluster.kubectl(['wait', '--for=condition=Available', 'deployment/web', '--timeout=60s']);
  // A Pod that becomes ready after five minutes of virtual time is ready immediately.
  await cluster.kubectl(['apply', '-f', '-'], {
    stdin: pod('slow', '    readinessProbe: {initialDelaySeconds: 300, exec: {command: ["true"]}}\n'),
  });
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/slow', '--timeout=60s']);
  // Then two looks at the cluster's time are no hours apart: here, no more than the time that the looks took.
  const time = async () => Number(await cluster.kubectl(['exec', 'visitor', '--', 'date', '+%s']));
  const began = Date.now();
  const first = await time();
  const second = await time();
  expect(second - first).toBeLessThanOrEqual((Date.now() - began) / 1000 + 1);
  await cluster.stop();
});
