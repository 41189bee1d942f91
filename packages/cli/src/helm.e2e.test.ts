import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** The life of a release: a chart with hooks and a test, installed, upgraded, rolled back and removed by Helm 4. */
let cluster: RunningCluster;
let chart: string;

const pod = (name: string, hook: string, script: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: { helm.sh/hook: ${hook}, helm.sh/hook-delete-policy: before-hook-creation }
spec:
  restartPolicy: Never
  containers: [{ name: main, image: busybox, command: [sh, -c, "${script}"] }]
`;

const site = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [{ name: web, image: {{ .Values.image }}, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }
`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  chart = join(cluster.folder, 'site');
  await mkdir(join(chart, 'templates'), { recursive: true });
  const files = {
    'Chart.yaml': 'apiVersion: v2\nname: site\nversion: 0.1.0\n',
    'values.yaml': 'replicas: 1\nimage: nginx\n',
    'templates/site.yaml': site,
    'templates/before.yaml': pod('before', 'pre-install', 'echo before'),
    'templates/after.yaml': pod('after', 'post-install', 'echo after'),
    'templates/test.yaml': pod('tried', 'test', 'wget -qO- http://{{ .Release.Name }} | grep Welcome'),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(chart, name), text);
});

afterAll(async () => {
  await cluster?.stop();
});

async function helm(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.helm(args);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  return stdout;
}

const replicas = () => cluster.kubectl(['get', 'deployment', 'shop', '-o', 'jsonpath={.status.readyReplicas}']);

test('install runs the hooks before and after, and waits until all is ready', async () => {
  expect(await helm('install', 'shop', chart, '--wait', '--timeout', '60s')).toContain('STATUS: deployed');
  expect(await replicas()).toBe('1');
  expect(await cluster.kubectl(['get', 'pods', 'before', 'after', '-o', 'jsonpath={.items[*].status.phase}'])).toBe(
    'Succeeded Succeeded',
  );
});

test('the test of the chart reaches the site through its Service', async () => {
  expect(await helm('test', 'shop', '--timeout', '60s')).toMatch(/TEST SUITE: +tried[\s\S]*Phase: +Succeeded/);
});

test('upgrade, an upgrade that fails and is rolled back, history and rollback', async () => {
  await helm('upgrade', 'shop', chart, '--set', 'replicas=2', '--wait', '--timeout', '60s');
  expect(await replicas()).toBe('2');
  const failed = await cluster.helm([
    ...['upgrade', 'shop', chart, '--set', 'image=nowhere/nothing:1', '--rollback-on-failure', '--timeout', '3s'],
  ]);
  expect(failed.code).toBe(1);
  expect(await helm('history', 'shop')).toMatch(
    /2 .*(superseded|deployed)[\s\S]*3 .*failed[\s\S]*4 .*deployed .*Rollback to 2/,
  );
  await helm('rollback', 'shop', '1', '--wait', '--timeout', '60s');
  expect(await replicas()).toBe('1');
});

test('uninstall --keep-history removes the release’s objects and keeps its history', async () => {
  expect(await helm('uninstall', 'shop', '--keep-history', '--wait')).toContain('release "shop" uninstalled');
  expect((await cluster.tryKubectl(['get', 'deployment', 'shop'])).code).toBe(1);
  expect(await helm('status', 'shop')).toContain('STATUS: uninstalled');
});

test('the output of template can be applied', async () => {
  const manifest = await helm('template', 'plain', chart, '--no-hooks');
  expect(await cluster.kubectl(['apply', '-f', '-'], { stdin: manifest })).toBe(
    'service/plain created\ndeployment.apps/plain created\n',
  );
});
