import { builtinKind, type Kind, type KubernetesObject, Secret, ServiceAccount, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Secrets of type `kubernetes.io/service-account-token` (Kubernetes "Manually create an API token for a ServiceAccount"). */

const TokenReview: Kind = builtinKind('authentication.k8s.io/v1', 'TokenReview');
const place = { namespace: 'default', name: 'robot-token' };

const robot = '{ apiVersion: v1, kind: ServiceAccount, metadata: { name: robot, namespace: default } }';
const tokenSecret = (account = 'robot', annotations = '') => `
apiVersion: v1
kind: Secret
metadata:
  name: robot-token
  namespace: default
  annotations: { kubernetes.io/service-account.name: ${account}${annotations} }
type: kubernetes.io/service-account-token
`;

async function withToken(): Promise<{ cluster: PodScenario; secret: Stored<Secret>; token: string }> {
  const cluster = await podScenario();
  await cluster.apply(`${robot}\n---${tokenSecret()}`);
  await cluster.settle();
  const secret = await cluster.client.get(Secret, place);
  return { cluster, secret, token: atob(secret.data?.token ?? '') };
}

interface Review {
  readonly authenticated: boolean;
  readonly error?: string;
  readonly user: object;
}
async function review(cluster: PodScenario, token: string, audiences: readonly string[] = []): Promise<Review> {
  const apiVersion = 'authentication.k8s.io/v1';
  const body = { apiVersion, kind: TokenReview.kind, spec: { token, audiences } } as KubernetesObject;
  return ((await cluster.client.create(body)) as KubernetesObject & { status: Review }).status;
}
const exists = (cluster: PodScenario) =>
  cluster.client.get(Secret, place).then(
    () => true,
    () => false,
  );

describe('the Secret', () => {
  test('is filled with token, ca.crt and namespace, and names its account with its uid', async () => {
    const { cluster, secret, token } = await withToken();
    const account = await cluster.client.get(ServiceAccount, { namespace: 'default', name: 'robot' });
    expect(Object.keys(secret.data ?? {}).sort()).toEqual(['ca.crt', 'namespace', 'token']);
    expect(atob(secret.data?.['ca.crt'] ?? '')).toContain('-----BEGIN CERTIFICATE-----');
    expect(atob(secret.data?.namespace ?? '')).toBe('default');
    expect(secret.metadata.annotations).toMatchObject({
      'kubernetes.io/service-account.name': 'robot',
      'kubernetes.io/service-account.uid': account.metadata.uid,
    });
    const [, claims = ''] = token.split('.');
    expect(JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')))).toEqual({
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:default:robot',
      'kubernetes.io/serviceaccount/namespace': 'default',
      'kubernetes.io/serviceaccount/secret.name': 'robot-token',
      'kubernetes.io/serviceaccount/service-account.name': 'robot',
      'kubernetes.io/serviceaccount/service-account.uid': account.metadata.uid,
    });
  });

  test('is refilled when its keys are removed', async () => {
    const { cluster, secret } = await withToken();
    await cluster.client.update<Secret>({ ...secret, data: { mine: 'eA==' } });
    await cluster.settle();
    const { data } = await cluster.client.get(Secret, place);
    expect(Object.keys(data ?? {}).sort()).toEqual(['ca.crt', 'mine', 'namespace', 'token']);
  });

  test.for([
    ['whose account does not exist', tokenSecret('nobody')],
    ['that another account of the name had', tokenSecret('robot', ', kubernetes.io/service-account.uid: other')],
  ])('one %s is deleted', async ([, manifest = '']) => {
    const cluster = await podScenario();
    await cluster.apply(`${robot}\n---${manifest}`);
    await cluster.settle();
    expect(await exists(cluster)).toBe(false);
  });

  test('is deleted with its account, and when the account is replaced', async () => {
    const { cluster } = await withToken();
    await cluster.client.delete(ServiceAccount, { namespace: 'default', name: 'robot' });
    await cluster.apply(robot);
    await cluster.settle();
    expect(await exists(cluster)).toBe(false);
  });

  test('that is deleted is removed from its account’s list, other entries are kept', async () => {
    const { cluster } = await withToken();
    const key = { namespace: 'default', name: 'robot' };
    const account = await cluster.client.get(ServiceAccount, key);
    await cluster.client.update<ServiceAccount>({ ...account, secrets: [{ name: 'robot-token' }, { name: 'later' }] });
    await cluster.client.delete(Secret, place);
    await cluster.settle();
    expect((await cluster.client.get(ServiceAccount, key)).secrets).toEqual([{ name: 'later' }]);
  });

  test('no account gets one automatically', async () => {
    const { cluster } = await withToken();
    const { items } = await cluster.client.list(Secret);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['robot-token']);
  });
});

describe('its token', () => {
  test('identifies its bearer and does not expire after an hour', async () => {
    const { cluster, token } = await withToken();
    await cluster.advance('2d');
    const account = await cluster.client.get(ServiceAccount, { namespace: 'default', name: 'robot' });
    expect(await review(cluster, token)).toEqual({
      authenticated: true,
      audiences: ['https://kubernetes.default.svc.cluster.local'],
      user: {
        username: 'system:serviceaccount:default:robot',
        uid: account.metadata.uid,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    });
  });

  test('records the date of its last use on its Secret, once a day', async () => {
    const { cluster, secret, token } = await withToken();
    const used = async () => {
      const { labels, resourceVersion } = (await cluster.client.get(Secret, place)).metadata;
      return { day: labels?.['kubernetes.io/legacy-token-last-used'], resourceVersion };
    };
    expect(await used()).toEqual({ day: undefined, resourceVersion: secret.metadata.resourceVersion });
    await review(cluster, token);
    const first = await used();
    expect(first.day).toBe('2026-01-01');
    await review(cluster, token);
    expect(await used()).toEqual(first);
    await cluster.advance('1d');
    await review(cluster, token);
    expect((await used()).day).toBe('2026-01-02');
  });

  test('is good for the API server alone', async () => {
    const { cluster, token } = await withToken();
    expect((await review(cluster, token, ['vault'])).authenticated).toBe(false);
  });

  test('ends with its Secret', async () => {
    const { cluster, token } = await withToken();
    await cluster.client.delete(Secret, place);
    const invalidated = '[invalid bearer token, service account token has been invalidated]';
    expect(await review(cluster, token)).toEqual({ authenticated: false, user: {}, error: invalidated });
  });

  test('ends when the Secret holds another one', async () => {
    const { cluster, secret, token } = await withToken();
    await cluster.client.update<Secret>({ ...secret, data: { ...secret.data, token: btoa('mine') } });
    expect(await review(cluster, token)).toMatchObject({
      authenticated: false,
      error: "[invalid bearer token, service account token does not match server's copy]",
    });
  });

  test('ends with its account', async () => {
    const { cluster, token } = await withToken();
    await cluster.client.delete(ServiceAccount, { namespace: 'default', name: 'robot' });
    expect((await review(cluster, token)).authenticated).toBe(false);
  });

  test('lets a container that mounts it ask the API as that account, and no further than its role', async () => {
    const { cluster } = await withToken();
    await cluster.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: robot, namespace: default }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: robot, namespace: default }]
`);
    await cluster.start({
      automountServiceAccountToken: false,
      containers: [service({ image: 'curlimages/curl', volumeMounts: [{ name: 't', mountPath: '/t' }] })],
      volumes: [{ name: 't', secret: { secretName: 'robot-token' } }],
    });
    await cluster.advance('2s');
    const ask = async (path: string) => {
      const command = `curl -s -o /dev/null -w '%{http_code}' --cacert /t/ca.crt -H "Authorization: Bearer $(cat /t/token)" https://kubernetes.default.svc/api/v1/namespaces/$(cat /t/namespace)/${path}`;
      return (await cluster.exec('default/web', ['sh', '-c', command])).stdout;
    };
    expect(await ask('pods')).toBe('200');
    expect(await ask('secrets')).toBe('403');
  });
});
