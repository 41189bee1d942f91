import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, type RunningCluster, said, startCluster } from './running-cluster.fixture.ts';

/** Real kubectl 1.35 against a whole cluster, command by command. */
let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '2']);
});

afterAll(async () => {
  await cluster?.stop();
});

const shell = (name: string, script: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: shell
      image: busybox
      command: ["sh", "-c", ${JSON.stringify(script)}]
`;

const applied = (manifest: string) => cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
const running = (name: string) => cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s']);

describe('creating', () => {
  test('apply creates, then leaves unchanged, then configures', async () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: first }\ndata: { a: "1" }\n';
    expect(await applied(manifest)).toBe('configmap/first created\n');
    expect(await applied(manifest)).toBe('configmap/first unchanged\n');
    expect(await applied(manifest.replace('"1"', '"2"'))).toBe('configmap/first configured\n');
  });

  test('create -f rejects an existing object', async () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: once }\n';
    expect(await cluster.kubectl(['create', '-f', '-'], { stdin: manifest })).toBe('configmap/once created\n');
    const again = await cluster.tryKubectl(['create', '-f', '-'], { stdin: manifest });
    expect(again.stderr).toContain('(AlreadyExists): error when creating "STDIN": configmaps "once" already exists');
    expect(again.code).toBe(1);
  });

  test('create deployment, rollout status, scale, and the Pods that follow', async () => {
    expect(await cluster.kubectl(['create', 'deployment', 'web', '--image=nginx', '--replicas=2'])).toBe(
      'deployment.apps/web created\n',
    );
    expect(await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s'])).toContain(
      'deployment "web" successfully rolled out',
    );
    expect(await cluster.kubectl(['scale', 'deployment/web', '--replicas=3'])).toBe('deployment.apps/web scaled\n');
    await cluster.until(
      ['get', 'pods', '-l', 'app=web', '--no-headers'],
      (out) =>
        out
          .trim()
          .split('\n')
          .filter((line) => line.includes('1/1')).length === 3,
    );
    await cluster.kubectl(['set', 'image', 'deployment/web', 'nginx=nginx:1.27']);
    expect(await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s'])).toContain(
      'successfully rolled out',
    );
    expect(await cluster.kubectl(['rollout', 'history', 'deployment/web'])).toMatch(/1 .*\n2 /);
    await cluster.kubectl(['rollout', 'undo', 'deployment/web']);
    await cluster.kubectl(['rollout', 'restart', 'deployment/web']);
    expect(await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s'])).toContain(
      'successfully rolled out',
    );
  });

  test('create secret generic from literals and files', async () => {
    const file = join(cluster.folder, 'password.txt');
    await writeFile(file, 'c1oudc0w!');
    expect(
      await cluster.kubectl([
        'create',
        'secret',
        'generic',
        'login',
        '--from-literal=user=admin',
        `--from-file=${file}`,
      ]),
    ).toBe('secret/login created\n');
    const data = JSON.parse(await cluster.kubectl(['get', 'secret', 'login', '-o', 'jsonpath={.data}'])) as {
      [key: string]: string;
    };
    expect(Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)]))).toEqual({
      user: 'admin',
      'password.txt': 'c1oudc0w!',
    });
  });

  test('create configmap, namespace, serviceaccount', async () => {
    expect(await cluster.kubectl(['create', 'configmap', 'settings', '--from-literal=a=b'])).toBe(
      'configmap/settings created\n',
    );
    expect(await cluster.kubectl(['create', 'namespace', 'team'])).toBe('namespace/team created\n');
    await cluster.until(
      ['get', 'serviceaccount', 'default', '-n', 'team', '-o', 'name'],
      (out) => out === 'serviceaccount/default\n',
    );
    expect(await cluster.kubectl(['create', 'serviceaccount', 'robot', '-n', 'team'])).toBe(
      'serviceaccount/robot created\n',
    );
    expect((await cluster.kubectl(['create', 'token', 'robot', '-n', 'team'])).split('.')).toHaveLength(3);
    expect(await cluster.kubectl(['get', 'configmap', '-n', 'team', '-o', 'name'])).toBe(
      'configmap/kube-root-ca.crt\n',
    );
  });
});

describe('looking', () => {
  beforeAll(async () => {
    await applied(shell('looked-at', 'echo hello; sleep 3600'));
    await running('looked-at');
  });

  test('get as a table, wide, yaml, json, name and jsonpath', async () => {
    expect(await cluster.kubectl(['get', 'pod', 'looked-at'])).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE\nlooked-at +1\/1 +Running +0 +\d+s\n$/,
    );
    expect(await cluster.kubectl(['get', 'pod', 'looked-at', '-o', 'wide'])).toMatch(
      /IP +NODE +NOMINATED NODE +READINESS GATES\n.* 10\.224\.\d+\.\d+ +node\d +<none> +<none>\n$/,
    );
    expect(await cluster.kubectl(['get', 'pod', 'looked-at', '-o', 'yaml'])).toMatch(/^apiVersion: v1\nkind: Pod\n/);
    expect(JSON.parse(await cluster.kubectl(['get', 'pod', 'looked-at', '-o', 'json'])).status.phase).toBe('Running');
    expect(await cluster.kubectl(['get', 'pod', 'looked-at', '-o', 'name'])).toBe('pod/looked-at\n');
    expect(await cluster.kubectl(['get', 'pod', 'looked-at', '-o', 'jsonpath={.spec.containers[*].image}'])).toBe(
      'busybox',
    );
  });

  test('get with label and field selectors, and in all namespaces', async () => {
    expect(await cluster.kubectl(['get', 'pods', '-l', 'app in (looked-at)', '-o', 'name'])).toBe('pod/looked-at\n');
    expect(
      await cluster.kubectl([
        'get',
        'pods',
        '--field-selector',
        'metadata.name=looked-at,status.phase=Running',
        '-o',
        'name',
      ]),
    ).toBe('pod/looked-at\n');
    expect(await cluster.kubectl(['get', 'namespaces', '-o', 'name'])).toContain('namespace/kube-system\n');
    expect(await cluster.kubectl(['get', 'serviceaccounts', '-A'])).toMatch(/^NAMESPACE +NAME/);
    expect((await cluster.tryKubectl(['get', 'pods', '-n', 'nowhere'])).stderr).toBe(
      'No resources found in nowhere namespace.\n',
    );
  });

  test('get -w shows changes as they happen', async () => {
    const listing = cluster.startKubectl(['get', 'pods', '-w', '--output-watch-events', '-l', 'app=coming']);
    await applied(shell('coming', 'sleep 3600'));
    await said(listing, /ADDED +coming[\s\S]*MODIFIED +coming +1\/1 +Running/);
    listing.kill();
    await ended(listing);
  });

  test('describe shows the Pod and its events', async () => {
    const text = await cluster.kubectl(['describe', 'pod', 'looked-at']);
    expect(text).toMatch(/Scheduled.*default-scheduler.*Successfully assigned default\/looked-at to node\d/);
    expect(text).toMatch(/Started.*kubelet.*(Started container shell|Container started)/);
    expect(await cluster.kubectl(['describe', 'node', 'node1'])).toContain('Non-terminated Pods:');
  });

  test('events, api-resources, version, explain', async () => {
    expect(await cluster.kubectl(['events', '--for', 'pod/looked-at'])).toContain('Scheduled');
    expect(await cluster.kubectl(['api-resources'])).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
    expect(await cluster.kubectl(['version'])).toContain('Server Version: v1.35');
    expect(await cluster.kubectl(['explain', 'podpreset.spec'])).toContain('volumeMounts');
  });

  test('wait for a condition and for a deletion', async () => {
    await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Running', 'pod/looked-at', '--timeout=10s']);
    await applied(shell('short-lived', 'sleep 3600'));
    const waiting = cluster.kubectl(['wait', '--for=delete', 'pod/short-lived', '--timeout=30s']);
    await cluster.kubectl(['delete', 'pod', 'short-lived', '--wait=false']);
    await waiting;
  });
});

describe('changing', () => {
  beforeAll(async () => {
    await applied('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: changing }\ndata: { a: "1", b: "2" }\n');
  });
  const data = async () =>
    JSON.parse(await cluster.kubectl(['get', 'configmap', 'changing', '-o', 'jsonpath={.data}']));

  test('label and annotate', async () => {
    expect(await cluster.kubectl(['label', 'configmap', 'changing', 'tier=one'])).toBe('configmap/changing labeled\n');
    expect((await cluster.tryKubectl(['label', 'configmap', 'changing', 'tier=two'])).stderr).toContain(
      "'tier' already has a value (one), and --overwrite is false",
    );
    expect(await cluster.kubectl(['annotate', 'configmap', 'changing', 'note=x'])).toBe(
      'configmap/changing annotated\n',
    );
  });

  test('patch: strategic, merge and json', async () => {
    await cluster.kubectl(['patch', 'configmap', 'changing', '-p', '{"data":{"a":"10"}}']);
    await cluster.kubectl(['patch', 'configmap', 'changing', '--type=merge', '-p', '{"data":{"b":null}}']);
    await cluster.kubectl([
      'patch',
      'configmap',
      'changing',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/c","value":"3"}]',
    ]);
    expect(await data()).toEqual({ a: '10', c: '3' });
  });

  test('edit applies the edited file', async () => {
    const editor = join(cluster.folder, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i "s/a: \\"10\\"/a: \\"11\\"/" "$1"\n', { mode: 0o755 });
    const edited = cluster.startKubectl(['edit', 'configmap', 'changing'], { KUBE_EDITOR: editor });
    expect(await ended(edited)).toBe(0);
    expect(await data()).toMatchObject({ a: '11' });
  });

  test('diff, server-side apply and its conflicts', async () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: owned }\ndata: { a: "1" }\n';
    expect(await cluster.kubectl(['apply', '--server-side', '-f', '-'], { stdin: manifest })).toBe(
      'configmap/owned serverside-applied\n',
    );
    const other = await cluster.tryKubectl(['apply', '--server-side', '--field-manager=other', '-f', '-'], {
      stdin: manifest.replace('"1"', '"2"'),
    });
    expect(other.stderr).toContain('conflict with "kubectl"');
    expect((await cluster.tryKubectl(['diff', '-f', '-'], { stdin: manifest.replace('"1"', '"3"') })).code).toBe(1);
  });
});

describe('containers', () => {
  beforeAll(async () => {
    await applied(shell('worker', 'n=0; while true; do n=$((n+1)); echo line $n; sleep 1; done'));
    await running('worker');
  });

  test('logs: all, tail, follow, and of the previous container', async () => {
    await cluster.until(['logs', 'worker'], (out) => out.startsWith('line 1\nline 2\n'));
    expect((await cluster.kubectl(['logs', 'worker', '-c', 'shell', '--tail=1'])).split('\n')).toHaveLength(2);
    const following = cluster.startKubectl(['logs', '-f', 'worker', '--tail=1']);
    await said(following, /line \d+\nline \d+\nline \d+\n/);
    following.kill();
    await ended(following);
    await applied(shell('crashing', 'echo once; exit 3'));
    expect(await cluster.until(['logs', 'crashing', '--previous'], (out) => out === 'once\n')).toBe('once\n');
    await cluster.kubectl(['delete', 'pod', 'crashing']);
  });

  test('exec returns stdout, stderr and the exit code', async () => {
    expect(await cluster.kubectl(['exec', 'worker', '--', 'echo', 'hi'])).toBe('hi\n');
    const failed = await cluster.tryKubectl(['exec', 'worker', '--', 'sh', '-c', 'echo no >&2; exit 7']);
    expect(failed.stderr).toContain('no\n');
    expect(failed.code).toBe(7);
    expect(await cluster.kubectl(['exec', '-i', 'worker', '--', 'sh'], { stdin: 'cd /tmp\nx=5\npwd\necho $x\n' })).toBe(
      '/tmp\n5\n',
    );
  });

  test('a Pod that ends, and deleting', async () => {
    await applied(shell('ending', 'true').replace('spec:', 'spec:\n  restartPolicy: Never'));
    await cluster.until(['get', 'pod', 'ending', '--no-headers'], (out) => out.includes('Completed'));
    expect(await cluster.kubectl(['delete', 'pod', 'ending'])).toBe('pod "ending" deleted from default namespace\n');
    expect((await cluster.tryKubectl(['get', 'pod', 'ending'])).stderr).toBe(
      'Error from server (NotFound): pods "ending" not found\n',
    );
  });

  test('an image that no registry has', async () => {
    await applied(shell('lost', 'true').replace('image: busybox', 'image: registry.example.com/no/such:1'));
    await cluster.until(['get', 'pod', 'lost', '--no-headers'], (out) => /ErrImagePull|ImagePullBackOff/.test(out));
  });
});

describe('reports errors', () => {
  const cases: readonly [name: string, manifest: string, message: string][] = [
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Pot\nmetadata: { name: x }\n',
      'no matches for kind "Pot" in version "v1"',
    ],
    [
      'an unknown field',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [{ name: a, image: b, imag: c }] }\n',
      'unknown field "spec.containers[0].imag"',
    ],
    [
      'a mistyped field',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [{ name: a, image: b, ports: [{ containerPort: "80" }] }] }\n',
      'cannot unmarshal string into Go struct field',
    ],
    [
      'an invalid name',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: A_b }\nspec: { containers: [{ name: a, image: b }] }\n',
      'a lowercase RFC 1123 subdomain must consist of',
    ],
    [
      'a missing field',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [{ name: a }] }\n',
      'spec.containers[0].image: Required value',
    ],
  ];
  test.each(cases)('%s', async (_name, manifest, message) => {
    const refused = await cluster.tryKubectl(['apply', '-f', '-'], { stdin: manifest });
    expect(refused.stderr).toContain(message);
    expect(refused.code).toBe(1);
  });
});

describe('namespaces', () => {
  test('deleting one empties it', async () => {
    await cluster.kubectl(['create', 'namespace', 'going']);
    await cluster.until(['get', 'serviceaccount', 'default', '-n', 'going', '-o', 'name'], (out) => out !== '');
    await cluster.kubectl(['run', 'guest', '-n', 'going', '--image=nginx']);
    await cluster.kubectl(['delete', 'namespace', 'going', '--timeout=90s']);
    expect((await cluster.tryKubectl(['get', 'namespace', 'going'])).stderr).toContain('not found');
  });
});

describe('helm', () => {
  test('installs, upgrades and removes a chart', async () => {
    const chart = join(cluster.folder, 'chart');
    expect((await cluster.helm(['create', chart])).code).toBe(0);
    const installed = await cluster.helm([
      'install',
      'shop',
      chart,
      '--set',
      'image.tag=1.27',
      '--wait',
      '--timeout',
      '60s',
    ]);
    expect(installed.stdout + installed.stderr).toContain('STATUS: deployed');
    const upgraded = await cluster.helm([
      'upgrade',
      'shop',
      chart,
      '--set',
      'replicaCount=2',
      '--set',
      'image.tag=1.27',
      '--wait',
      '--timeout',
      '60s',
    ]);
    expect(upgraded.stdout + upgraded.stderr).toContain('REVISION: 2');
    expect((await cluster.helm(['uninstall', 'shop', '--wait'])).stdout).toContain('release "shop" uninstalled');
  });
});
