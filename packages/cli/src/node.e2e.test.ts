import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orrery, type RunningCluster, startCluster } from './running-cluster.fixture.ts';
import { atTerminal } from './terminal-user.fixture.ts';

const main = join(import.meta.dirname, '../bin/orrery.js');

let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await startCluster(['--nodes', '2']);
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/visitor', '--timeout=60s']);
});

afterAll(async () => {
  await cluster.stop();
});

const env = () => ({ KUBECONFIG: cluster.kubeconfig });

test('machines are listed, stopped and started', async () => {
  const table = (power: string, status: RegExp) => new RegExp(`node1 +on +Ready\nnode2 +${power} +${status.source}\n`);
  expect((await orrery(['node', 'list'], { env: env() })).stdout).toMatch(table('on', /Ready/));
  expect(await orrery(['node', 'stop', 'node2', '--kubeconfig', cluster.kubeconfig])).toMatchObject({
    code: 0,
    stdout: 'node2 stopped\n',
  });
  expect((await orrery(['node', 'list'], { env: env() })).stdout).toMatch(table('off', /(Not)?Ready/));
  expect(await orrery(['node', 'start', 'node2'], { env: env() })).toMatchObject({
    code: 0,
    stdout: 'node2 started\n',
  });
});

test('an unknown node is reported with the list of known nodes', async () => {
  for (const verb of ['stop', 'start'])
    expect(await orrery(['node', verb, 'node9'], { env: env() })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'orrery: there is no node node9; there are node1, node2\n',
    });
});

test('kubectl passes through arguments, standard input and exit codes', async () => {
  const read = await orrery(['kubectl', 'exec', '-i', 'visitor', '--', 'sh', '-c', 'cat; exit 7'], {
    env: env(),
    stdin: 'hello',
  });
  expect(read).toMatchObject({ code: 7, stdout: 'hello' });
});

test('kubectl runs on the terminal', async () => {
  const user = await atTerminal(process.execPath, [main, 'kubectl', 'exec', '-it', 'visitor', '--', 'sh'], {
    env: { ...process.env, ...env() },
  });
  await user.sees(/[$#] ?$/);
  user.type('sleep 1000\r');
  await user.sees('sleep 1000');
  user.type('\x03');
  await user.sees(/sleep 1000\s[\s\S]*[$#] ?$/);
  user.type('exit 5\r');
  expect(await user.ended).toBe(5);
});

test('file paths are relative to the user’s working directory', async () => {
  await writeFile(join(cluster.folder, 'here.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: here}\n');
  expect(
    await orrery(['kubectl', 'apply', '-f', 'here.yaml'], { env: { ...env(), INIT_CWD: cluster.folder } }),
  ).toMatchObject({ code: 0, stdout: 'configmap/here created\n' });
});

test('without a cluster, reports it in one line', async () => {
  const home = await mkdtemp(join(tmpdir(), 'orrery-home-'));
  const nowhere = { ORRERY_HOME: home, KUBECONFIG: undefined };
  const start = 'start one with pnpm start, or pnpm orrery up';
  expect(await orrery(['kubectl', 'get', 'pods'], { env: nowhere })).toMatchObject({
    code: 1,
    stderr: `orrery: no cluster runs here: ${start}\n`,
  });
  // Left by a cluster that could not take it away.
  await writeFile(join(home, 'kubeconfig'), '      server: "https://127.0.0.1:1"\n');
  expect(await orrery(['kubectl', 'get', 'pods'], { env: nowhere })).toMatchObject({
    code: 1,
    stderr: `orrery: no cluster answers at https://127.0.0.1:1: ${start}\n`,
  });
  await rm(home, { recursive: true });
});
