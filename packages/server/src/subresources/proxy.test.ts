import { type Endpoints, failures, type Kind, Node, Pod, Service } from '@orrery/api';
import { EMPTY } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { podNamed, refusal, type TestApi, testApi } from '../api.fixture.ts';
import type { NodeApi } from '../node-api.ts';
import { type PortBackend, proxyName } from './proxy.ts';

describe('the name of a proxy request', () => {
  it.each([
    ['web', { scheme: '', name: 'web', port: '' }],
    ['web:8080', { scheme: '', name: 'web', port: '8080' }],
    ['web:http', { scheme: '', name: 'web', port: 'http' }],
    ['https:web:443', { scheme: 'https', name: 'web', port: '443' }],
    ['http:web:', { scheme: 'http', name: 'web', port: '' }],
    ['ftp:web:21', undefined],
    ['a:b:c:d', undefined],
    [':80', undefined],
  ])('%s', (id, expected) => {
    expect(proxyName(id)).toEqual(expected);
  });
});

const asked: (readonly [pod: string, port: number])[] = [];

const node: Pick<NodeApi, 'portForward'> = {
  portForward: async ({ pod }, port) => {
    asked.push([pod, port]);
    if (port === 81) throw new Error('no listener');
    if (port === 82) throw failures.unexpected('pod not found');
    return {
      data: EMPTY,
      sink: { write: () => undefined, end: () => undefined },
      hold: () => undefined,
      close: () => undefined,
    };
  },
};

async function withPod(): Promise<TestApi> {
  const api = await testApi({ nodes: { n1: node as NodeApi } });
  const container = { name: 'a', image: 'b', ports: [{ containerPort: 8080 }] };
  const made = await api.admin.create(podNamed('p', {}, { nodeName: 'n1', containers: [container] }));
  await api.admin.updateStatus({ ...made, status: { ...made.status, podIP: '10.0.0.7' } });
  return api;
}

const proxied = ({ server, scope }: TestApi, kind: Kind, name: string) =>
  server.proxied(scope(kind, name, { subresource: 'proxy' }), 'get');

describe('a Pod', () => {
  it.each([
    ['p', 'http', '10.0.0.7:8080'],
    ['p:90', 'http', '10.0.0.7:90'],
    ['https:p:', 'https', '10.0.0.7:8080'],
  ])('%s is reached at its first declared port, or at the given one', async (name, scheme, address) => {
    expect(await proxied(await withPod(), Pod as Kind, name)).toMatchObject({ type: 'port', scheme, address });
  });

  it.each([
    ['p:81', 'error trying to reach service: dial tcp 10.0.0.7:81: connect: connection refused'],
    ['p:82', 'error trying to reach service: dial tcp 10.0.0.7:82: connect: no route to host'],
    ['p:http', 'error trying to reach service: dial tcp: lookup tcp/http: unknown port'],
  ])('%s does not answer: ServiceUnavailable', async (name, message) => {
    const backend = (await proxied(await withPod(), Pod as Kind, name)) as PortBackend;
    expect(await refusal(backend.connect())).toMatchObject({ code: 503, reason: 'ServiceUnavailable', message });
  });

  it('without an address is a bad request', async () => {
    const api = await testApi();
    await api.admin.create(podNamed('p'));
    expect(await refusal(proxied(api, Pod as Kind, 'p'))).toMatchObject({ code: 400, message: 'address not allowed' });
  });

  it('that is missing is not found, and an invalid name is a bad request', async () => {
    const api = await testApi();
    expect(await refusal(proxied(api, Pod as Kind, 'x:80'))).toMatchObject({ message: 'pods "x" not found' });
    expect(await refusal(proxied(api, Pod as Kind, 'ftp:x:80'))).toMatchObject({
      code: 400,
      message: 'invalid pod request "ftp:x:80"',
    });
  });
});

describe('a Service', () => {
  const ready = { ip: '10.0.0.7', targetRef: { kind: 'Pod', namespace: 'default', name: 'p' } };

  async function withService(addresses: readonly object[]): Promise<TestApi> {
    const api = await withPod();
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 90, targetPort: 9090 },
    ];
    await api.admin.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default' },
      spec: { ports, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], type: 'ClusterIP' },
    } as unknown as Service);
    const subset = {
      addresses,
      ports: [
        { name: 'http', port: 8080 },
        { name: 'admin', port: 9090 },
      ],
    };
    await api.admin.create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 's', namespace: 'default' },
      subsets: addresses.length === 0 ? [] : [subset],
    } as unknown as Endpoints);
    return api;
  }

  it.each([
    ['s:80', '10.0.0.7:8080'],
    ['s:http', '10.0.0.7:8080'],
    ['http:s:90', '10.0.0.7:9090'],
  ])('%s is reached at a ready Pod, by the number or name of its port', async (name, address) => {
    expect(await proxied(await withService([ready]), Service as Kind, name)).toMatchObject({ address });
  });

  it.each<[name: string, addresses: readonly object[], message: string]>([
    ['s', [ready], 'no endpoints available for service "s"'],
    ['s:80', [], 'no endpoints available for service "s"'],
    ['s:81', [ready], 'no service port 81 found for service "s"'],
    ['s:80', [{ ip: '10.0.0.7' }], 'no endpoints available for service "s:80"'],
    ['s:80', [{ ...ready, ip: '10.0.0.8' }], 'no endpoints available for service "s:80"'],
  ])('%s is unavailable without a Pod that is ready (%#)', async (name, addresses, message) => {
    const refused = await refusal(proxied(await withService(addresses), Service as Kind, name));
    expect(refused).toMatchObject({ code: 503, reason: 'ServiceUnavailable', message });
  });
});

describe('a Node', () => {
  it('answers as its kubelet, with the Pods that are bound to it', async () => {
    const api = await withPod();
    await api.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as Node);
    const backend = await proxied(api, Node as Kind, 'n1:10250');
    expect(backend.type === 'kubelet' && backend.pods().map(({ metadata }) => metadata.name)).toEqual(['p']);
    expect(await refusal(proxied(api, Node as Kind, 'n1:99'))).toMatchObject({
      code: 503,
      message: 'error trying to reach service: dial tcp n1:99: connect: connection refused',
    });
  });
});

it('needs the verb of its method on the subresource, by the name in the URL', async () => {
  const api = await withPod();
  const scope = api.scope(Pod as Kind, 'http:p:80', { subresource: 'proxy', user: { username: 'ann', groups: [] } });
  expect(await refusal(api.server.proxied(scope, 'create'))).toMatchObject({
    code: 403,
    message:
      'pods "http:p:80" is forbidden: User "ann" cannot create resource "pods/proxy" in API group "" in the namespace "default"',
  });
});
