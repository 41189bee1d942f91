import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKubeconfig } from '@orrery/kubernetes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, type RunningCluster, said, startCluster } from '../../../packages/cli/src/running-cluster.fixture.ts';

/**
 * The controller as it is, on a cluster that is not its own: one process serves the API, another runs the controller by a
 * kubeconfig, with the rights that its installation gives it.
 */
const here = import.meta.dirname;
let cluster: RunningCluster;
let controller: ChildProcess | undefined;
let kubeconfig = '';

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '2', '--plugin', join(here, 'kind.fixture.ts')]);
  const manifests = execFileSync(process.execPath, [join(here, 'install.ts')]);
  await cluster.kubectl(['apply', '-f', '-'], { stdin: manifests });
  const config = await readKubeconfig(cluster.kubeconfig);
  const as = 'system:serviceaccount:kube-system:website-controller';
  const users = config.users?.map(({ name, user }) => ({ name, user: { ...user, as } }));
  kubeconfig = join(cluster.folder, 'controller.kubeconfig');
  await writeFile(kubeconfig, JSON.stringify({ ...config, users }));
});

afterAll(async () => {
  controller?.kill('SIGKILL');
  await cluster.stop();
});

async function start(): Promise<ChildProcess> {
  controller = spawn(process.execPath, [join(here, 'run.ts')], { env: { ...process.env, KUBECONFIG: kubeconfig } });
  await said(controller, /website-controller runs on https:/);
  return controller;
}

const field = (kind: string, path: string) => ['get', kind, 'hello', '-o', `jsonpath={${path}}`];

test('it makes websites real there, and goes on where it was when it is started again', async () => {
  const first = await start();
  await cluster.kubectl(['apply', '-f', join(here, 'website.yaml')]);
  await cluster.until(field('website', '.status.readyReplicas'), (text) => text === '2');
  await cluster.until(field('website', '.status.conditions[0].reason'), (text) => text === 'Serving');
  expect(await cluster.kubectl(field('deployment', '.metadata.ownerReferences[0].kind'))).toBe('Website');

  await cluster.kubectl(['scale', 'deployment', 'hello', '--replicas=5']);
  await cluster.until(field('deployment', '.spec.replicas'), (text) => text === '2');

  first.kill('SIGTERM');
  expect(await ended(first)).toBe(0);
  await cluster.kubectl(['scale', 'website', 'hello', '--replicas=3']);
  await start();
  await cluster.until(field('website', '.status.readyReplicas'), (text) => text === '3');

  await cluster.kubectl(['delete', 'website', 'hello']);
  await cluster.until(['get', 'deployment,service', '-l', 'website=hello', '-o', 'name'], (text) => text === '');
});

test('it may do what its installation allows, and nothing else', async () => {
  const env = { KUBECONFIG: kubeconfig };
  const can = async (...what: string[]) =>
    (await cluster.tryKubectl(['auth', 'can-i', ...what], { env })).stdout.trim();
  expect(await can('create', 'deployments')).toBe('yes');
  expect(await can('update', 'websites/status')).toBe('yes');
  expect(await can('get', 'secrets')).toBe('no');
});
