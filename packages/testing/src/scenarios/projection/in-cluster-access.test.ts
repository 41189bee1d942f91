import { EndpointSlice, Endpoints, type KubernetesObject } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Containers that reach the API with nothing but the files that are projected into them. */

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const trusted = `--cacert ${account}/ca.crt -H "Authorization: Bearer $(cat ${account}/token)"`;

/** The reader may look at Pods of `default`, the other may do everything; `nobody` has no role. */
const accounts = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader, namespace: default }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: owner, namespace: default }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: pods-get, namespace: default }
rules: [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader-gets, namespace: default }
subjects: [{ kind: ServiceAccount, name: reader, namespace: default }]
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods-get }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: owner-does-all }
subjects: [{ kind: ServiceAccount, name: owner, namespace: default }]
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
`;

async function withPods(): Promise<PodScenario> {
  const cluster = await podScenario();
  await cluster.apply(accounts);
  for (const name of ['reader', 'owner', 'nobody']) {
    await cluster.start(
      { serviceAccountName: name === 'nobody' ? 'default' : name, containers: [service({ image: 'curlimages/curl' })] },
      { name },
    );
  }
  return cluster;
}

const sh = async (cluster: PodScenario, pod: string, command: string) => {
  const { stdout, stderr, exitCode } = await cluster.exec(`default/${pod}`, ['sh', '-c', command]);
  return { stdout, stderr, exitCode };
};

const api = 'https://kubernetes.default.svc';
const code = (cluster: PodScenario, pod: string, arguments_: string) =>
  sh(cluster, pod, `curl -s -o /tmp/body -w '%{http_code}' ${trusted} ${arguments_}`).then(({ stdout }) => stdout);

describe('the API from inside a Pod', () => {
  test('using only the projected files, an account reads what its role allows and nothing else', async () => {
    const cluster = await withPods();
    expect(await code(cluster, 'reader', `${api}/api/v1/namespaces/default/pods`)).toBe('200');
    const list = JSON.parse((await sh(cluster, 'reader', 'cat /tmp/body')).stdout) as {
      kind: string;
      items: unknown[];
    };
    expect(list.kind).toBe('PodList');
    expect(list.items).toHaveLength(3);

    expect(await code(cluster, 'reader', `-X DELETE ${api}/api/v1/namespaces/default/pods/nobody`)).toBe('403');
    expect(JSON.parse((await sh(cluster, 'reader', 'cat /tmp/body')).stdout)).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'Forbidden',
      code: 403,
      message:
        'pods "nobody" is forbidden: User "system:serviceaccount:default:reader" cannot delete resource "pods" in API group "" in the namespace "default"',
    });
    expect(await code(cluster, 'nobody', `${api}/api/v1/namespaces/default/pods`)).toBe('403');
    expect(await code(cluster, 'owner', `-X DELETE ${api}/api/v1/namespaces/default/pods/nobody`)).toBe('200');
    expect(await code(cluster, 'owner', `${api}/api/v1/nodes`)).toBe('200');
  });

  test.for([
    ['kubernetes'],
    ['kubernetes.default'],
    ['kubernetes.default.svc'],
    ['kubernetes.default.svc.cluster.local'],
    ['$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT'],
    ['10.96.0.1:443'],
  ] as const)('it answers as https://%s', async ([host]) => {
    const cluster = await withPods();
    expect(await code(cluster, 'reader', `https://${host}/api/v1/namespaces/default/pods`)).toBe('200');
  });

  test('the short name works in another namespace only with `default`', async () => {
    const cluster = await podScenario();
    await cluster.apply('{ apiVersion: v1, kind: Namespace, metadata: { name: other } }');
    await cluster.settle();
    await cluster.start({ containers: [service({ image: 'curlimages/curl' })] }, { name: 'web', namespace: 'other' });
    const resolve = async (host: string) =>
      (await cluster.exec('other/web', ['curl', '-sSk', '-o', '/dev/null', `https://${host}/version`])).stderr;
    expect(await resolve('kubernetes.default')).toBe('');
    expect(await resolve('kubernetes')).toBe('curl: (6) Could not resolve host: kubernetes\n');
  });

  test('without the authority’s certificate the connection is refused by the client', async () => {
    const cluster = await withPods();
    expect(await sh(cluster, 'reader', `curl -sS ${api}/version`)).toMatchObject({
      exitCode: 60,
      stderr: 'curl: (60) SSL certificate problem: unable to get local issuer certificate\n',
    });
    expect((await sh(cluster, 'reader', `curl -sS -k ${api}/version`)).exitCode).toBe(0);
    expect((await sh(cluster, 'reader', `curl -sS http://kubernetes.default.svc:443/version`)).exitCode).not.toBe(0);
  });

  test('a token that is not the cluster’s is 401, no token is anonymous', async () => {
    const cluster = await withPods();
    const ask = (header: string) =>
      sh(cluster, 'reader', `curl -sk -o /dev/null -w '%{http_code}' ${header} ${api}/api/v1/namespaces/default/pods`);
    expect((await ask('-H "Authorization: Bearer nonsense"')).stdout).toBe('401');
    expect((await ask(`-H "Authorization: Bearer $(cat ${account}/token)x"`)).stdout).toBe('401');
    expect((await ask('')).stdout).toBe('403');
  });

  test('objects are created, changed and deleted, with the media types that Kubernetes accepts', async () => {
    const cluster = await withPods();
    const maps = `${api}/api/v1/namespaces/default/configmaps`;
    const object: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } };
    const json = `-H "Content-Type: application/json" -d '${JSON.stringify(object)}'`;
    expect(await code(cluster, 'owner', `${json} ${maps}`)).toBe('201');
    expect(await code(cluster, 'owner', `${json} ${maps}`)).toBe('409');
    expect(await code(cluster, 'owner', `-d '{}' ${maps}`)).toBe('415');
    expect(
      await code(
        cluster,
        'owner',
        `-X PATCH -H "Content-Type: application/merge-patch+json" -d '{"data":{"a":"1"}}' ${maps}/made`,
      ),
    ).toBe('200');
    expect(
      await code(
        cluster,
        'owner',
        `-X PATCH -H "Content-Type: application/apply-patch+yaml" -d 'data: { b: "2" }
apiVersion: v1
kind: ConfigMap' '${maps}/made?fieldManager=me'`,
      ),
    ).toBe('200');
    expect((await sh(cluster, 'owner', `curl -s ${trusted} ${maps}/made | grep -A3 '"data"'`)).stdout).toContain(
      '"b": "2"',
    );
    expect(await code(cluster, 'owner', `-X DELETE ${maps}/made`)).toBe('200');
    expect(await code(cluster, 'owner', `${maps}/made`)).toBe('404');
  });

  test('a watch streams changes as lines of JSON', async () => {
    const cluster = await withPods();
    await cluster.start(
      {
        serviceAccountName: 'reader',
        containers: [
          service({
            image: 'curlimages/curl',
            command: [
              'sh',
              '-c',
              `curl -sN ${trusted} "${api}/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name=nobody"`,
            ],
          }),
        ],
      },
      { name: 'watcher' },
    );
    await cluster.remove('nobody', 0);
    await cluster.settle();
    const lines = (await cluster.logs('default/watcher')).trim().split('\n');
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types[0]).toBe('ADDED');
    expect(types.at(-1)).toBe('DELETED');
  });

  test('a watch ends after timeoutSeconds', async () => {
    const cluster = await withPods();
    await cluster.start(
      {
        serviceAccountName: 'reader',
        restartPolicy: 'Never',
        containers: [
          service({
            image: 'curlimages/curl',
            command: [
              'sh',
              '-c',
              `curl -sN ${trusted} "${api}/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=30"; date +%S`,
            ],
          }),
        ],
      },
      { name: 'watcher' },
    );
    await cluster.advance('29s');
    expect(await cluster.row('watcher')).toMatchObject({ status: 'Running' });
    await cluster.advance('3s');
    expect(await cluster.row('watcher')).toMatchObject({ status: 'Completed' });
  });

  test('a watch that does not say how long it may last ends between half an hour and an hour', async () => {
    const cluster = await withPods();
    await cluster.start(
      {
        serviceAccountName: 'reader',
        restartPolicy: 'Never',
        containers: [
          service({
            image: 'curlimages/curl',
            command: ['sh', '-c', `curl -sN ${trusted} "${api}/api/v1/namespaces/default/pods?watch=1"`],
          }),
        ],
      },
      { name: 'watcher' },
    );
    await cluster.advance('29m');
    expect(await cluster.row('watcher')).toMatchObject({ status: 'Running' });
    await cluster.advance('32m');
    expect(await cluster.row('watcher')).toMatchObject({ status: 'Completed' });
  });

  test('a watch with bookmarks receives one every minute, of the watched kind', async () => {
    const cluster = await withPods();
    const query = 'watch=1&allowWatchBookmarks=true&timeoutSeconds=150&fieldSelector=metadata.name=nobody';
    await cluster.start(
      {
        serviceAccountName: 'reader',
        containers: [
          service({
            image: 'curlimages/curl',
            command: ['sh', '-c', `curl -sN ${trusted} "${api}/api/v1/namespaces/default/pods?${query}"; sleep 1000`],
          }),
        ],
      },
      { name: 'watcher' },
    );
    await cluster.advance('3m');
    const lines = (await cluster.logs('default/watcher')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['ADDED', 'BOOKMARK', 'BOOKMARK']);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: expect.any(String) } },
    });
  });

  test('everything kubectl in a container requests is served: Tables, aggregated discovery, OpenAPI, the version', async () => {
    const cluster = await withPods();
    const ask = async (path: string, accept = 'application/json') =>
      JSON.parse((await sh(cluster, 'owner', `curl -s ${trusted} -H 'Accept: ${accept}' '${api}${path}'`)).stdout);
    expect(await ask('/api/v1/namespaces/default/pods', 'application/json;as=Table;v=v1;g=meta.k8s.io')).toMatchObject({
      kind: 'Table',
      columnDefinitions: expect.arrayContaining([expect.objectContaining({ name: 'Ready' })]),
    });
    expect(await ask('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')).toMatchObject({
      kind: 'APIGroupDiscoveryList',
    });
    expect(await ask('/openapi/v3/apis/apps/v1')).toMatchObject({ openapi: expect.stringMatching(/^3\.0/) });
    expect(await ask('/version')).toMatchObject({ gitVersion: 'v1.35.0+orrery', platform: 'linux/amd64' });
  });

  test('a request that requires a protocol upgrade is rejected with Kubernetes’ message', async () => {
    const cluster = await withPods();
    const exec = `${api}/api/v1/namespaces/default/pods/nobody/exec?command=ls\\&stdout=true`;
    expect(await code(cluster, 'reader', `-X POST ${exec}`)).toBe('403');
    expect(await code(cluster, 'owner', `-X POST ${exec}`)).toBe('400');
    expect(JSON.parse((await sh(cluster, 'owner', 'cat /tmp/body')).stdout)).toMatchObject({
      kind: 'Status',
      message: 'Upgrade request required',
      reason: 'BadRequest',
    });
  });

  test('the behaviour of its containers depends only on the seed', async () => {
    const history = async () => {
      const cluster = await podScenario({ seed: 7, recorded: true });
      await cluster.apply(accounts);
      const ask = `curl -s ${trusted} -H 'Content-Type: application/json'`;
      const body = `{\\"apiVersion\\":\\"v1\\",\\"kind\\":\\"ConfigMap\\",\\"metadata\\":{\\"generateName\\":\\"made-\\"}}`;
      const script = `${ask} -N "${api}/api/v1/namespaces/default/pods?watch=1" | while read line; do
        ${ask} -d "${body}" ${api}/api/v1/namespaces/default/configmaps; done`;
      for (const name of ['one', 'two', 'three']) {
        await cluster.start(
          {
            serviceAccountName: 'owner',
            restartPolicy: 'OnFailure',
            containers: [service({ image: 'curlimages/curl', command: ['sh', '-c', script] })],
          },
          { name },
        );
      }
      await cluster.advance('2h');
      return cluster.history();
    };
    const [first, second] = [await history(), await history()];
    expect(JSON.stringify(first)).toContain('made-');
    expect(second).toEqual(first);
  });

  test('logs of another container are read', async () => {
    const cluster = await withPods();
    await cluster.start(
      { containers: [service({ command: ['sh', '-c', 'echo hello; sleep 1000'] })] },
      { name: 'speaker' },
    );
    expect(
      (await sh(cluster, 'reader', `curl -s ${trusted} ${api}/api/v1/namespaces/default/pods/speaker/log`)).stdout,
    ).toBe('hello\n');
  });

  test('discovery and version are open to every account', async () => {
    const cluster = await withPods();
    for (const path of ['/version', '/api', '/apis', '/api/v1', '/apis/apps/v1', '/healthz']) {
      expect(await code(cluster, 'nobody', `${api}${path}`)).toBe('200');
    }
    expect(await code(cluster, 'nobody', `${api}/metrics`)).toBe('403');
    expect(await code(cluster, 'owner', `${api}/nowhere`)).toBe('404');
  });

  test('a container may impersonate another user only with permission to', async () => {
    const cluster = await withPods();
    const as = '-H "Impersonate-User: system:serviceaccount:default:reader"';
    expect(await code(cluster, 'nobody', `${as} ${api}/api/v1/namespaces/default/pods`)).toBe('403');
    expect(await code(cluster, 'owner', `${as} ${api}/api/v1/namespaces/default/pods`)).toBe('200');
    expect(await code(cluster, 'owner', `${as} ${api}/api/v1/nodes`)).toBe('403');
  });

  test('the Service has the endpoints that the API server keeps', async () => {
    const cluster = await podScenario();
    const key = { namespace: 'default', name: 'kubernetes' };
    expect(await cluster.client.get(Endpoints, key)).toMatchObject({
      subsets: [{ addresses: [{ ip: '192.168.0.10' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
    });
    expect(await cluster.client.get(EndpointSlice, key)).toMatchObject({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.168.0.10'], conditions: { ready: true } }],
    });
  });
});
