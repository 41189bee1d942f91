import { builtinKind, type Kind, type KubernetesObject, Service, type Stored } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import type { AdmissionPlugin } from '../admission/index.ts';
import { refusal, type TestApi, testApi } from '../api.fixture.ts';

const IPAddress = builtinKind('networking.k8s.io/v1', 'IPAddress');

const service = (name: string, spec: object = {}, metadata: object = {}): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { ports: [{ port: 80 }], ...spec },
  }) as unknown as Service;

const nodePort = (...ports: readonly object[]): object => ({ type: 'NodePort', ports });
const key = (name: string) => ({ namespace: 'default', name });
const addresses = (api: TestApi): string[] => api.stored(IPAddress).map(({ metadata }) => metadata.name);
const portsOf = ({ spec }: Service) => (spec.ports ?? []).map((port) => port.nodePort);
const revision = (object: KubernetesObject | undefined) => object?.metadata?.resourceVersion;
const [taken, foreign] = ['provided IP is already allocated', 'the provided IP is not in the valid range'];

describe('the cluster IP of a Service', () => {
  it('is recorded by an IPAddress, which is written in the same commit', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a'));
    expect(made.spec.clusterIPs).toEqual([made.spec.clusterIP]);
    const [address] = api.stored(IPAddress) as [Stored];
    expect(address).toMatchObject({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: made.spec.clusterIP,
        uid: expect.any(String),
        creationTimestamp: '2026-01-01T00:00:00Z',
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'a' } },
    });
    expect(revision(address)).toBe(revision(made));
    expect(await api.admin.list(IPAddress)).toMatchObject({ items: [address] });
  });

  it("is recorded under the Service's generated name", async () => {
    const api = await testApi();
    const { metadata } = await api.admin.create(service('', {}, { generateName: 'web-' }));
    expect(api.stored(IPAddress)).toMatchObject([{ spec: { parentRef: { name: metadata.name } } }]);
  });

  it.each<[string, object]>([
    ['none, headless', { clusterIP: 'None' }],
    ['none, but a name outside', { type: 'ExternalName', externalName: 'example.com' }],
  ])('is %s', async (_, spec) => {
    const api = await testApi();
    await api.admin.create(service('a', spec));
    expect(addresses(api)).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['another Service has', '10.96.0.7', taken],
    ['a client has reserved', '10.96.0.8', taken],
    ['is not in the range', '10.97.0.1', foreign],
  ])('cannot be one that %s', async (_, clusterIP, why) => {
    const api = await testApi();
    await api.admin.create(service('a', { clusterIP: '10.96.0.7' }));
    await api.admin.create({
      apiVersion: IPAddress.apiVersion,
      kind: IPAddress.kind,
      metadata: { name: '10.96.0.8' },
      spec: { parentRef: { resource: 'services', name: 'x', namespace: 'default' } },
    } as KubernetesObject);
    const { code, causes } = await refusal(api.admin.create(service('b', { clusterIP })));
    expect([code, causes[0]?.field]).toEqual([422, 'spec.clusterIPs']);
    expect(causes[0]?.message).toContain(`failed to allocate IP ${clusterIP}: ${why}`);
    expect(api.store.get('services', key('b'))).toBeUndefined();
  });

  it('is allocated to only one of two that request it concurrently', async () => {
    // Both have been admitted before either is stored.
    const admitted: (() => void)[] = [];
    const gate: AdmissionPlugin = {
      name: 'Gate',
      validate: () => new Promise((resolve) => admitted.push(resolve)),
    };
    const api = await testApi({ admission: [gate] });
    const requests = ['a', 'b'].map((name) => api.admin.create(service(name, { clusterIP: '10.96.0.7' })));
    await expect.poll(() => admitted.length).toBe(2);
    for (const go of admitted) go();
    const results = await Promise.allSettled(requests);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await refusal(Promise.all(requests))).toMatchObject({ code: 422, message: expect.stringContaining(taken) });
    expect(api.store.count('services')).toBe(1);
  });

  it('is kept by updates, which then write nothing else', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a'));
    const before = api.stored(IPAddress);
    const updated = await api.admin.update({ ...made, metadata: { ...made.metadata, labels: { a: 'b' } } });
    expect(updated.spec.clusterIP).toBe(made.spec.clusterIP);
    expect(api.stored(IPAddress)).toEqual(before);
  });

  it('is released and allocated again with the type', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a'));
    const { clusterIP: _1, clusterIPs: _2, ...rest } = made.spec;
    const outside = await api.admin.update({
      ...made,
      spec: { ...rest, type: 'ExternalName', externalName: 'example.com' },
    } as Stored<Service>);
    expect(addresses(api)).toEqual([]);
    const inside = await api.admin.update<Service>({ ...outside, spec: { type: 'ClusterIP', ports: [{ port: 80 }] } });
    expect(addresses(api)).toEqual([inside.spec.clusterIP]);
  });

  it('is released in the commit that removes the Service', async () => {
    const api = await testApi();
    await api.admin.create(service('a'));
    const [held] = addresses(api) as [string];
    await api.admin.delete(Service, key('a'));
    expect(addresses(api)).toEqual([]);
    expect([api.store.changedAt('services'), api.store.changedAt('ipaddresses.networking.k8s.io')]).toEqual([2, 2]);
    expect((await api.admin.create(service('b', { clusterIP: held }))).spec.clusterIP).toBe(held);
  });

  it('is kept while the Service waits for its finalizers', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a', {}, { finalizers: ['a/b'] }));
    await api.admin.delete(Service, key('a'));
    expect(addresses(api)).toEqual([made.spec.clusterIP]);
    await api.admin.patch(Service, key('a'), { type: 'merge', patch: { metadata: { finalizers: [] } } });
    expect([addresses(api), api.store.count('services')]).toEqual([[], 0]);
  });

  it('does not block the deletion of a Service whose IPAddress is gone or belongs to another one', async () => {
    const api = await testApi();
    const [a, b] = await Promise.all(['a', 'b'].map((name) => api.admin.create(service(name))));
    await api.admin.delete(IPAddress, a?.spec.clusterIP ?? '');
    const spec = { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'other' } };
    await api.admin.patch(IPAddress, b?.spec.clusterIP ?? '', { type: 'merge', patch: { spec } });
    for (const name of ['a', 'b']) await api.admin.delete(Service, key(name));
    expect([addresses(api), api.store.count('services')]).toEqual([[b?.spec.clusterIP], 0]);
  });

  it('is not allocated by a dry run', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a'), { dryRun: true });
    expect(made.spec.clusterIP).toMatch(/^10\.96\./);
    expect([addresses(api), api.store.revision]).toEqual([[], 0]);
  });
});

describe('the node ports of a Service', () => {
  it('are allocated for ports without one, and are all different', async () => {
    const api = await testApi();
    const made = await api.admin.create(
      service('a', nodePort({ name: 'a', port: 1 }, { name: 'b', port: 2, nodePort: 30_080 }, { name: 'c', port: 3 })),
    );
    const [first, second, third] = portsOf(made) as [number, number, number];
    expect(second).toBe(30_080);
    expect(new Set([first, second, third]).size).toBe(3);
    for (const port of [first, third]) expect(port >= 30_000 && port <= 32_767).toBe(true);
  });

  it.each<[string, readonly object[], number, string]>([
    [
      'another Service has',
      [{ port: 1, nodePort: 30_080 }],
      0,
      'Invalid value: 30080: provided port is already allocated',
    ],
    [
      'the Service has already, for the same protocol',
      [
        { name: 'a', port: 1, nodePort: 30_777 },
        { name: 'b', port: 2, nodePort: 30_777 },
      ],
      1,
      'Invalid value: 30777: provided port is already allocated',
    ],
    [
      'is not in the range',
      [{ port: 1, nodePort: 80 }],
      0,
      'Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
  ])('cannot be one that %s', async (_, ports, index, message) => {
    const api = await testApi();
    await api.admin.create(service('first', nodePort({ port: 1, nodePort: 30_080 })));
    expect(await refusal(api.admin.create(service('b', nodePort(...ports))))).toMatchObject({
      code: 422,
      causes: [{ field: `spec.ports[${index}].nodePort`, message }],
    });
  });

  it('can be shared by two protocols', async () => {
    const api = await testApi();
    const ports = ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 53,
      protocol,
      nodePort: 30_053,
    }));
    expect(portsOf(await api.admin.create(service('dns', nodePort(...ports))))).toEqual([30_053, 30_053]);
  });

  it('are kept by updates, and released with their port or with the Service', async () => {
    const api = await testApi();
    const [one, two] = [
      { name: 'a', port: 1, nodePort: 30_001 },
      { name: 'b', port: 2, nodePort: 32_767 },
    ];
    const made = await api.admin.create(service('a', nodePort(one, two)));
    const labelled = await api.admin.update({ ...made, metadata: { ...made.metadata, labels: { a: 'b' } } });
    expect(portsOf(labelled)).toEqual([30_001, 32_767]);
    const other = (nodePort: number) => service('other', { type: 'NodePort', ports: [{ port: 1, nodePort }] });
    const refused = async (port: number) => (await refusal(api.admin.create(other(port), { dryRun: true }))).code;
    const free = async (port: number) => portsOf(await api.admin.create(other(port), { dryRun: true }))[0];
    expect([await refused(30_001), await refused(32_767), await free(30_002)]).toEqual([422, 422, 30_002]);
    await api.admin.patch(Service, key('a'), { type: 'merge', patch: { spec: { ports: [one] } } });
    expect([await refused(30_001), await free(32_767)]).toEqual([422, 32_767]);
    await api.admin.delete(Service, key('a'));
    expect(await free(30_001)).toBe(30_001);
  });

  it('of many Services created concurrently are all different', async () => {
    const api = await testApi();
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => api.admin.create(service(`s${n}`, nodePort({ port: 1 })))),
    );
    expect(new Set(made.flatMap(portsOf)).size).toBe(20);
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(20);
  });

  it('are written with the Service and its address in one commit, and are hidden from clients', async () => {
    const api = await testApi();
    const made = await api.admin.create(service('a', nodePort({ port: 1, nodePort: 30_009 })));
    const ports = api.store.get('rangeallocations', { namespace: '', name: 'servicenodeports' });
    expect(ports).toMatchObject({ kind: 'RangeAllocation', range: '30000-32767' });
    expect([ports, ...api.stored(IPAddress)].map(revision)).toEqual([revision(made), revision(made)]);
    expect(api.server.kinds.byResource('', 'v1', 'rangeallocations') as Kind | undefined).toBeUndefined();
  });
});
