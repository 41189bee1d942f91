import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningCluster, startCluster } from './running-cluster.fixture.ts';

/** `kubectl create token`, `kubectl auth can-i` and `kubectl auth whoami`, with real kubectl. */
let cluster: RunningCluster;

const manifest = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot }
---
apiVersion: v1
kind: Secret
metadata: { name: anchor }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
  - { apiGroups: [""], resources: [pods, pods/log], verbs: [get, list, watch] }
  - { apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [update] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: robot }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
---
apiVersion: v1
kind: Pod
metadata: { name: anchor }
spec:
  serviceAccountName: robot
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: nginx }]
`;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  await cluster.kubectl(['apply', '-f', '-'], { stdin: manifest });
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/anchor', '--timeout=30s']);
});

afterAll(async () => {
  await cluster?.stop();
});

interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly sub: string;
  readonly 'kubernetes.io': { readonly [what: string]: { readonly name: string; readonly uid: string } };
}

const token = async (args: readonly string[] = []) =>
  (await cluster.kubectl(['create', 'token', 'robot', ...args])).trim();
const claimsOf = (text: string) => JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Claims;
/** kubectl with a token instead of the administrator's certificate. */
async function withToken(text: string, args: readonly string[]) {
  const view = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    readonly clusters: readonly {
      readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
    }[];
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: view.clusters[0]?.cluster }],
    users: [{ name: 'u', user: { token: text } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const file = join(cluster.folder, 'with-token');
  await writeFile(file, JSON.stringify(config));
  return cluster.tryKubectl(['--kubeconfig', file, ...args]);
}

describe('create token', () => {
  test('issues a token for the API server that expires after an hour', async () => {
    const claims = claimsOf(await token());
    expect(claims.exp - claims.iat).toBe(3600);
    expect(claims.aud).toEqual(['https://kubernetes.default.svc.cluster.local']);
    expect(claims.sub).toBe('system:serviceaccount:default:robot');
    expect(claims['kubernetes.io']).toMatchObject({ namespace: 'default', serviceaccount: { name: 'robot' } });
  });

  test('authenticates its bearer to the API as its account', async () => {
    const text = await token();
    expect((await withToken(text, ['get', 'pods', '-o', 'name'])).stdout).toBe('pod/anchor\n');
    const refused = await withToken(text, ['get', 'secrets']);
    expect(refused.stderr).toContain(
      'secrets is forbidden: User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    expect(refused.code).toBe(1);
    const who = await withToken(text, ['auth', 'whoami', '-o', 'json']);
    expect(JSON.parse(who.stdout)).toMatchObject({
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:robot',
          uid: expect.any(String),
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        },
      },
    });
  });

  test('--duration', async () => {
    const claims = claimsOf(await token(['--duration=10m']));
    expect(claims.exp - claims.iat).toBe(600);
  });

  test('--audience may be repeated; the API server rejects such a token', async () => {
    const text = await token(['--audience=vault', '--audience=other']);
    expect(claimsOf(text).aud).toEqual(['vault', 'other']);
    const refused = await withToken(text, ['get', 'pods']);
    expect(refused.stderr).toContain('You must be logged in to the server');
  });

  test('--bound-object-kind Pod: it ends with the Pod', async () => {
    const pod = ['run', 'bound', '--image=nginx', '--overrides={"spec":{"serviceAccountName":"robot"}}'];
    await cluster.kubectl(pod);
    const uid = await cluster.kubectl(['get', 'pod', 'bound', '-o', 'jsonpath={.metadata.uid}']);
    const text = await token(['--bound-object-kind=Pod', '--bound-object-name=bound', `--bound-object-uid=${uid}`]);
    expect(claimsOf(text)['kubernetes.io'].pod).toEqual({ name: 'bound', uid });
    expect((await withToken(text, ['get', 'pods', '-o', 'name'])).stdout).toContain('pod/bound\n');
    const who = JSON.parse((await withToken(text, ['auth', 'whoami', '-o', 'json'])).stdout) as object;
    expect(who).toMatchObject({
      status: { userInfo: { extra: { 'authentication.kubernetes.io/pod-name': ['bound'] } } },
    });
    await cluster.kubectl(['delete', 'pod', 'bound', '--force', '--grace-period=0']);
    expect((await withToken(text, ['get', 'pods'])).stderr).toContain('You must be logged in to the server');
  });

  test('--bound-object-kind Secret: it ends with the Secret', async () => {
    const text = await token(['--bound-object-kind=Secret', '--bound-object-name=anchor']);
    expect(claimsOf(text)['kubernetes.io'].secret).toMatchObject({ name: 'anchor' });
    await cluster.kubectl(['delete', 'secret', 'anchor']);
    expect((await withToken(text, ['get', 'pods'])).stderr).toContain('You must be logged in to the server');
  });

  test('--bound-object-kind Node', async () => {
    const text = await token(['--bound-object-kind=Node', '--bound-object-name=node1']);
    expect(claimsOf(text)['kubernetes.io'].node).toMatchObject({ name: 'node1' });
  });

  test('-o yaml shows the request with its answer', async () => {
    const text = await cluster.kubectl(['create', 'token', 'robot', '-o', 'yaml']);
    expect(text).toContain('kind: TokenRequest\n');
    expect(text).toMatch(/ {2}expirationTimestamp: "/);
  });

  test.each<[rule: string, args: readonly string[], message: string]>([
    ['of an account that does not exist', ['nobody'], 'serviceaccounts "nobody" not found'],
    ['for less than ten minutes', ['robot', '--duration=1m'], 'may not specify a duration less than 10 minutes'],
    [
      'bound to an object that does not exist',
      ['robot', '--bound-object-kind=Pod', '--bound-object-name=no'],
      'pods "no" not found',
    ],
    [
      'bound to another object with the same name',
      ['robot', '--bound-object-kind=Pod', '--bound-object-name=anchor', '--bound-object-uid=x'],
      'the UID in the bound object reference (x) does not match the UID in record',
    ],
    [
      'bound to a kind that it cannot be bound to',
      ['robot', '--bound-object-kind=ConfigMap', '--bound-object-name=x'],
      'supported --bound-object-kind values are Node, Pod, Secret',
    ],
  ])('%s is refused', async (_rule, args, message) => {
    const { code, stderr } = await cluster.tryKubectl(['create', 'token', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });
});

describe('auth can-i', () => {
  const robot = '--as=system:serviceaccount:default:robot';
  test.each<[rule: string, args: readonly string[], answer: string]>([
    ['the administrator may do everything', ['delete', 'nodes'], 'yes\n'],
    ['the administrator, with a star', ['*', '*'], 'yes\n'],
    ['what a Role allows', ['list', 'pods', robot], 'yes\n'],
    ['what it does not', ['delete', 'pods', robot], 'no\n'],
    ['a subresource that it names', ['get', 'pods', '--subresource=log', robot], 'yes\n'],
    ['a subresource that it does not name', ['create', 'pods', '--subresource=exec', robot], 'no\n'],
    ['an object that it names', ['update', 'configmap/settings', robot], 'yes\n'],
    ['an object that it does not name', ['update', 'configmap/others', robot], 'no\n'],
    ['another namespace', ['list', 'pods', '-n', 'kube-system', robot], 'no\n'],
    ['all namespaces', ['list', 'pods', '-A', robot], 'no\n'],
    ['a path that everyone may read', ['get', '/version', robot], 'yes\n'],
    ['a path that not everyone may read', ['get', '/metrics', robot], 'no\n'],
    ['a group', ['list', 'pods', '--as=x', '--as-group=system:masters'], 'yes\n'],
  ])('%s', async (_rule, args, answer) => {
    const { stdout, code } = await cluster.tryKubectl(['auth', 'can-i', ...args]);
    expect(stdout).toBe(answer);
    expect(code).toBe(answer === 'yes\n' ? 0 : 1);
  });

  test('-q reports only through the exit code', async () => {
    expect(await cluster.tryKubectl(['auth', 'can-i', 'delete', 'pods', robot, '-q'])).toMatchObject({
      stdout: '',
      code: 1,
    });
  });

  test('checks an unknown kind anyway, with a warning', async () => {
    const { stdout, stderr } = await cluster.tryKubectl(['auth', 'can-i', 'get', 'websites']);
    expect(stdout).toBe('yes\n');
    expect(stderr).toContain("the server doesn't have a resource type 'websites'");
  });

  test('--list shows what a user may do, with resource names and paths', async () => {
    const text = await cluster.kubectl(['auth', 'can-i', '--list', robot]);
    expect(text).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs$/m);
    expect(text).toMatch(/^pods +\[\] +\[\] +\[get list watch\]$/m);
    expect(text).toMatch(/^pods\/log +\[\] +\[\] +\[get list watch\]$/m);
    expect(text).toMatch(/^configmaps +\[\] +\[settings\] +\[update\]$/m);
    expect(text).toMatch(/^selfsubjectreviews.authentication.k8s.io +\[\] +\[\] +\[create\]$/m);
    expect(text).toMatch(/^ +\[\/version\] +\[\] +\[get\]$/m);
    expect(await cluster.kubectl(['auth', 'can-i', '--list', '-n', 'kube-system', robot])).not.toMatch(/^pods /m);
    expect(await cluster.kubectl(['auth', 'can-i', '--list'])).toMatch(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);
  });
});

test('a Secret of type service-account-token holds a token that opens the API as its account, until it is deleted', async () => {
  const stdin = `
apiVersion: v1
kind: Secret
metadata: { name: robot-token, annotations: { kubernetes.io/service-account.name: robot } }
type: kubernetes.io/service-account-token
`;
  await cluster.kubectl(['apply', '-f', '-'], { stdin });
  await cluster.kubectl(['wait', '--for=jsonpath={.data.token}', 'secret/robot-token', '--timeout=30s']);
  const described = await cluster.kubectl(['describe', 'secret', 'robot-token']);
  expect(described).toMatch(/^Annotations: +kubernetes\.io\/service-account\.name: robot$/m);
  expect(described).toMatch(/^ +kubernetes\.io\/service-account\.uid: [0-9a-f-]{36}$/m);
  expect(described).toMatch(/^Type: +kubernetes\.io\/service-account-token$/m);
  expect(described).toMatch(/^ca\.crt: +\d+ bytes$/m);
  expect(described).toMatch(/^namespace: +7 bytes$/m);
  const [, text = ''] = /^token: +(\S+)$/m.exec(described) ?? [];
  expect((await withToken(text, ['get', 'pods', '-o', 'name'])).stdout).toBe('pod/anchor\n');
  expect((await withToken(text, ['get', 'secrets'])).stderr).toContain(
    'User "system:serviceaccount:default:robot" cannot list resource "secrets"',
  );
  await cluster.kubectl(['delete', 'secret', 'robot-token']);
  expect((await withToken(text, ['get', 'pods'])).stderr).toContain('You must be logged in to the server');
});

describe('auth whoami', () => {
  test('the administrator', async () => {
    expect(await cluster.kubectl(['auth', 'whoami'])).toMatch(
      /^ATTRIBUTE +VALUE\nUsername +kubernetes-admin\nGroups +\[system:masters system:authenticated\]\n/,
    );
  });

  test('a user whom the administrator impersonates', async () => {
    const as = ['--as=jane', '--as-group=team', '--as-uid=7', '--as-user-extra=reason=testing'];
    const text = await cluster.kubectl(['auth', 'whoami', ...as]);
    expect(text).toMatch(/^Username +jane$/m);
    expect(text).toMatch(/^UID +7$/m);
    expect(text).toMatch(/^Groups +\[team system:authenticated\]$/m);
    expect(text).toMatch(/^Extra: reason +\[testing\]$/m);
  });

  test('nobody, without a valid token', async () => {
    const { stderr, code } = await withToken('no.such.token', ['auth', 'whoami']);
    expect(stderr).toContain('You must be logged in to the server');
    expect(code).toBe(1);
  });
});
