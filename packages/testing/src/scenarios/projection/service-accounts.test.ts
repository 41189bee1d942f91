import {
  builtinKind,
  ConfigMap,
  type Kind,
  type KubernetesObject,
  Namespace,
  Pod,
  Secret,
  ServiceAccount,
} from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, script, service } from '../pod-scenario.fixture.ts';

/** Accounts of Pods and their tokens (Kubernetes "Configure Service Accounts for Pods", "Managing Service Accounts"). */

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const TokenReview: Kind = builtinKind('authentication.k8s.io/v1', 'TokenReview');

const sh = async (cluster: PodScenario, command: string, pod = 'default/web', container?: string) => {
  const { stdout, stderr } = await cluster.exec(
    pod,
    ['sh', '-c', command],
    container === undefined ? {} : { container },
  );
  return stdout + stderr;
};
const tokenOf = (cluster: PodScenario, pod?: string) => sh(cluster, `cat ${account}/token`, pod);

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly 'kubernetes.io': { readonly [claim: string]: unknown };
}
const claimsOf = (token: string) =>
  JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as Claims;

interface Review {
  readonly authenticated: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user: { readonly username?: string; readonly groups?: readonly string[]; readonly extra?: object };
}
async function review(cluster: PodScenario, token: string, audiences?: readonly string[]): Promise<Review> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: TokenReview.kind,
    spec: { token, ...(audiences === undefined ? {} : { audiences }) },
  } as KubernetesObject;
  return ((await cluster.client.create(body)) as KubernetesObject & { status: Review }).status;
}
async function request(cluster: PodScenario, name: string, spec: object = {}) {
  const { status } = await cluster.client.createSubresource(ServiceAccount, { namespace: 'default', name }, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], ...spec },
  });
  const { token = '', expirationTimestamp = '' } = status ?? {};
  return { status: { token, expirationTimestamp } };
}

describe('accounts', () => {
  test('every namespace has a default one, recreated when it is deleted', async () => {
    const cluster = await podScenario();
    await cluster.apply('{ apiVersion: v1, kind: Namespace, metadata: { name: fresh } }');
    await cluster.settle();
    for (const { metadata } of (await cluster.client.list(Namespace)).items) {
      await expect(
        cluster.client.get(ServiceAccount, { namespace: metadata.name, name: 'default' }),
      ).resolves.toBeDefined();
      const authority = await cluster.client.get(ConfigMap, { namespace: metadata.name, name: 'kube-root-ca.crt' });
      expect(authority.data?.['ca.crt']).toContain('-----BEGIN CERTIFICATE-----');
    }
    await cluster.client.delete(ServiceAccount, { namespace: 'fresh', name: 'default' });
    await cluster.settle();
    await expect(cluster.client.get(ServiceAccount, { namespace: 'fresh', name: 'default' })).resolves.toBeDefined();
  });

  test('a Pod created together with its namespace waits for the default account', async () => {
    const cluster = await podScenario();
    await cluster.apply(`
apiVersion: v1
kind: Namespace
metadata: { name: fresh }
---
apiVersion: v1
kind: Pod
metadata: { name: early, namespace: fresh }
spec: { containers: [{ name: main, image: nginx }] }
`);
    const { spec } = await cluster.client.get(Pod, { namespace: 'fresh', name: 'early' });
    expect(spec.serviceAccountName).toBe('default');
  });

  test('a Pod whose account does not exist is rejected', async () => {
    const cluster = await podScenario();
    await expect(cluster.start({ serviceAccountName: 'nobody', containers: [service()] })).rejects.toThrow(
      'pods "web" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    );
  });

  test('the volume: three files, in every container, read-only, at the fixed path', async () => {
    const cluster = await podScenario();
    await cluster.start({
      initContainers: [{ name: 'first', image: 'busybox', command: ['sh', '-c', `ls ${account}`] }],
      containers: [service(), service({ name: 'second' })],
    });
    await cluster.advance('3s');
    const { spec } = await cluster.pod();
    const [volume] = spec.volumes ?? [];
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume?.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    });
    expect(await cluster.logs('default/web', { container: 'first' })).toBe('ca.crt\nnamespace\ntoken\n');
    for (const container of ['main', 'second']) {
      expect(await sh(cluster, `ls ${account}; cat ${account}/namespace`, 'default/web', container)).toBe(
        'ca.crt\nnamespace\ntoken\ndefault',
      );
      expect(await sh(cluster, `echo x > ${account}/namespace`, 'default/web', container)).toContain(
        'Read-only file system',
      );
    }
  });

  test.for([
    [undefined, undefined, true],
    [true, undefined, true],
    [false, undefined, false],
    [undefined, true, true],
    [undefined, false, false],
    [true, false, true],
    [false, true, false],
  ] as const)('automount: Pod %s, account %s: mounted %s', async ([pod, own, expected]) => {
    const cluster = await podScenario();
    await cluster.client.create<ServiceAccount>({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: 'robot' },
      ...(own === undefined ? {} : { automountServiceAccountToken: own }),
    });
    await cluster.start({
      serviceAccountName: 'robot',
      ...(pod === undefined ? {} : { automountServiceAccountToken: pod }),
      containers: [service()],
    });
    await cluster.advance('1s');
    expect(await sh(cluster, `test -e ${account}/token && echo yes || echo no`)).toBe(expected ? 'yes\n' : 'no\n');
  });

  test('pull secrets are copied from the account, unless the Pod has its own', async () => {
    const cluster = await podScenario();
    await cluster.client.create<ServiceAccount>({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: 'robot' },
      imagePullSecrets: [{ name: 'registry' }],
    });
    await cluster.start({ serviceAccountName: 'robot', containers: [service()] });
    expect((await cluster.pod()).spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
    await cluster.start(
      { serviceAccountName: 'robot', imagePullSecrets: [{ name: 'mine' }], containers: [service()] },
      { name: 'own' },
    );
    expect((await cluster.pod('own')).spec.imagePullSecrets).toEqual([{ name: 'mine' }]);
  });

  test('an account that enforces its mountable Secrets', async () => {
    const cluster = await podScenario();
    await cluster.client.create<ServiceAccount>({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        namespace: 'default',
        name: 'strict',
        annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
      },
      secrets: [{ name: 'mine' }],
    });
    const start = (name: string, secretName: string) =>
      cluster.start(
        {
          serviceAccountName: 'strict',
          containers: [service()],
          volumes: [{ name: 's', secret: { secretName, optional: true } }],
        },
        { name },
      );
    await expect(start('a', 'mine')).resolves.toBeDefined();
    await expect(start('b', 'other')).rejects.toThrow(
      'volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    );
  });
});

describe('tokens of Pods', () => {
  test('say who, for whom, bound to what, and until when', async () => {
    const cluster = await podScenario();
    const { metadata } = await cluster.start({ containers: [service()] });
    await cluster.advance('1s');
    const claims = claimsOf(await tokenOf(cluster));
    expect(claims).toMatchObject({
      iss: 'https://kubernetes.default.svc.cluster.local',
      sub: 'system:serviceaccount:default:default',
      aud: ['https://kubernetes.default.svc.cluster.local'],
      'kubernetes.io': {
        namespace: 'default',
        serviceaccount: { name: 'default' },
        pod: { name: 'web', uid: metadata.uid },
        node: { name: 'node1' },
        warnafter: claims.iat + 3607,
      },
    });
    // The automatic token is valid for a year, so that an application that reads it only once keeps working; it is still rotated.
    expect(claims.exp - claims.iat).toBe(31_536_000);
    expect(claims.nbf).toBe(claims.iat);
  });

  test('are replaced at 80 % of their life, in place', async () => {
    const cluster = await podScenario();
    await cluster.start({ containers: [script('sleep 1000000')] });
    const first = await tokenOf(cluster);
    await cluster.advance('47m');
    expect(await tokenOf(cluster)).toBe(first);
    await cluster.advance('2m');
    const second = await tokenOf(cluster);
    expect(second).not.toBe(first);
    expect((await review(cluster, second)).authenticated).toBe(true);
    // The old one was issued for longer, and its Pod is still there.
    expect((await review(cluster, first)).authenticated).toBe(true);
  });

  test('are replaced after a day however long they last', async () => {
    const cluster = await podScenario();
    await cluster.start({
      containers: [script('sleep 1000000', { volumeMounts: [{ name: 't', mountPath: '/t' }] })],
      volumes: [
        {
          name: 't',
          projected: {
            sources: [{ serviceAccountToken: { path: 'vault', audience: 'vault', expirationSeconds: 864_000 } }],
          },
        },
      ],
    });
    const first = await sh(cluster, 'cat /t/vault');
    expect(claimsOf(first).exp - claimsOf(first).iat).toBe(864_000);
    await cluster.advance('23h');
    expect(await sh(cluster, 'cat /t/vault')).toBe(first);
    await cluster.advance('61m');
    expect(await sh(cluster, 'cat /t/vault')).not.toBe(first);
  });

  test('end with their Pod, a minute after it', async () => {
    const cluster = await podScenario();
    await cluster.start({ containers: [service()] });
    const token = await tokenOf(cluster);
    expect((await review(cluster, token)).authenticated).toBe(true);
    await cluster.remove('web', 0);
    await cluster.settle();
    expect(await review(cluster, token)).toEqual({
      authenticated: false,
      user: {},
      error: '[invalid bearer token, service account token has been invalidated]',
    });
  });

  test('end with their account, and are not revived by one of the same name', async () => {
    const cluster = await podScenario();
    await cluster.start({ containers: [service()] });
    const token = await tokenOf(cluster);
    await cluster.client.delete(ServiceAccount, { namespace: 'default', name: 'default' });
    await cluster.settle();
    expect((await review(cluster, token)).authenticated).toBe(false);
  });
});

describe('TokenReview', () => {
  test('identifies its bearer', async () => {
    const cluster = await podScenario();
    const { metadata } = await cluster.start({ containers: [service()] });
    expect(await review(cluster, await tokenOf(cluster))).toMatchObject({
      authenticated: true,
      audiences: ['https://kubernetes.default.svc.cluster.local'],
      user: {
        username: 'system:serviceaccount:default:default',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/pod-name': ['web'],
          'authentication.kubernetes.io/pod-uid': [metadata.uid],
          'authentication.kubernetes.io/node-name': ['node1'],
        },
      },
    });
  });

  test('a token is good for its audiences only', async () => {
    const cluster = await podScenario();
    const { status } = await request(cluster, 'default', { audiences: ['vault', 'safe'] });
    expect(await review(cluster, status.token, ['vault', 'other'])).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
    });
    expect((await review(cluster, status.token)).authenticated).toBe(false);
  });

  test('a string that is not a token authenticates no one', async () => {
    const cluster = await podScenario();
    expect(await review(cluster, 'nonsense')).toMatchObject({
      authenticated: false,
      error: expect.stringContaining('invalid bearer token'),
    });
    const { status } = await request(cluster, 'default');
    const [head, body, signature] = status.token.split('.');
    expect((await review(cluster, `${head}.${body}.x${signature}`)).authenticated).toBe(false);
  });
});

describe('TokenRequest', () => {
  test('lasts for the requested duration, an hour by default', async () => {
    const cluster = await podScenario();
    const { status } = await request(cluster, 'default');
    expect(Date.parse(status.expirationTimestamp) - cluster.now()).toBe(3_600_000);
    expect((await review(cluster, status.token)).authenticated).toBe(true);
    await cluster.advance('59m');
    expect((await review(cluster, status.token)).authenticated).toBe(true);
    await cluster.advance('61s');
    expect(await review(cluster, status.token)).toMatchObject({
      authenticated: false,
      error: '[invalid bearer token, service account token has expired]',
    });
  });

  test.for<readonly [string, string, object, string]>([
    ['of an account that does not exist', 'nobody', {}, 'serviceaccounts "nobody" not found'],
    [
      'for less than ten minutes',
      'default',
      { expirationSeconds: 599 },
      'may not specify a duration less than 10 minutes',
    ],
    [
      'for longer than 2^32 seconds',
      'default',
      { expirationSeconds: 4_294_967_297 },
      'may not specify a duration larger than 2^32 seconds',
    ],
    [
      'bound to a Pod that does not exist',
      'default',
      { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } },
      'pods "none" not found',
    ],
    [
      'bound to a Pod of another account',
      'robot',
      { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web' } },
      'cannot bind token for serviceaccount "robot" to pod running with serviceaccount "default"',
    ],
    [
      'bound to another Pod of that name',
      'default',
      { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'x' } },
      'the UID in the bound object reference (x) does not match the UID in record',
    ],
    [
      'bound to something else',
      'default',
      { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } },
      'cannot bind token to object of type',
    ],
  ])('%s is refused', async ([, name, spec, message]) => {
    const cluster = await podScenario();
    await cluster.apply('{ apiVersion: v1, kind: ServiceAccount, metadata: { name: robot, namespace: default } }');
    await cluster.start({ containers: [service()] });
    await expect(request(cluster, name, spec)).rejects.toThrow(message);
  });

  test('bound to a Secret, it ends with it', async () => {
    const cluster = await podScenario();
    await cluster.apply('{ apiVersion: v1, kind: Secret, metadata: { name: anchor, namespace: default } }');
    const { status } = await request(cluster, 'default', {
      boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'anchor' },
    });
    expect(claimsOf(status.token)['kubernetes.io'].secret).toMatchObject({ name: 'anchor' });
    expect((await review(cluster, status.token)).authenticated).toBe(true);
    await cluster.client.delete(Secret, { namespace: 'default', name: 'anchor' });
    expect((await review(cluster, status.token)).authenticated).toBe(false);
  });
});
