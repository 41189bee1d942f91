import { deepFreeze, FlowSchema, PriorityLevelConfiguration, type Stored } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, type TestApi, testApi } from '../api.fixture.ts';
import { flowManagers, flowSeeds } from '../flow-control/flow-seeds.ts';
import { type ApiDoor, createApiDoor } from './api-door.ts';
import type { Peer } from './api-request.ts';
import { type BodySource, isSource } from './api-response.ts';

const seeds = deepFreeze(flowSeeds());
const maps = 'https://orrery/api/v1/namespaces/default/configmaps';
const peer = (commonName: string, ...organizations: string[]): Peer => ({
  remoteAddress: '',
  certificate: { commonName, organizations },
});
const admin = peer('admin', 'system:masters');
const jane = peer('jane');

interface Setup extends TestApi {
  readonly door: ApiDoor;
  /** Asks, and says with which status it was answered, once it is. */
  ask(path: string, who?: Peer, init?: RequestInit): Promise<Response>;
}

async function setUp(): Promise<Setup> {
  const api = await testApi({ requestLimits: { readOnly: 12, mutating: 13 } });
  await api.server.seed(seeds, flowManagers);
  await api.sim.settle();
  const { environment } = api.sim;
  const door = createApiDoor({ requestPath: api.server, environment, random: environment.random });
  const rules = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  const rbac = 'rbac.authorization.k8s.io';
  await api.admin.create({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'all' },
    rules,
  } as never);
  await api.admin.create({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'all' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'all' },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: 'system:authenticated' }],
  } as never);
  return { ...api, door, ask: (path, who = jane, init = {}) => door.fetch(new Request(path, init), who) };
}

describe('requests from outside', () => {
  it('say in their headers how they were classified, also when they are refused', async () => {
    const { ask, admin: client } = await setUp();
    const uidOf = async (kind: typeof FlowSchema | typeof PriorityLevelConfiguration, name: string) =>
      (await client.get(kind as typeof FlowSchema, name)).metadata.uid;
    for (const [who, path, schema, level, status] of [
      [jane, maps, 'global-default', 'global-default', 200],
      [jane, `${maps}/nothing`, 'global-default', 'global-default', 404],
      [admin, maps, 'exempt', 'exempt', 200],
      [jane, 'https://orrery/readyz', 'probes', 'exempt', 200],
      [jane, 'https://orrery/version', 'global-default', 'global-default', 200],
    ] as const) {
      const { headers, status: answered } = await ask(path, who);
      expect(answered).toBe(status);
      expect(headers.get('x-kubernetes-pf-flowschema-uid')).toBe(await uidOf(FlowSchema, schema));
      expect(headers.get('x-kubernetes-pf-prioritylevel-uid')).toBe(await uidOf(PriorityLevelConfiguration, level));
    }
  });

  it('occupy a seat until their response has been sent', async () => {
    const { door, ask, server, admin: client } = await setUp();
    for (let index = 0; index < 2000; index++) await client.create(configMapNamed(`map-${index}`));
    const { body } = await door.answer(new Request(maps), jane);
    if (!isSource(body)) throw new Error('a long list is streamed');
    // A list of 2,000 takes as much as one request may.
    expect(server.flowControl.state('global-default')?.occupied).toBe(1);
    await new Response(new ReadableStream(body)).text();
    expect(server.flowControl.state('global-default')?.occupied).toBe(0);
    await (await ask(`${maps}/map-1`)).text();
    await ask(`${maps}/nothing`);
    await ask(maps, jane, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } });
    await ask(maps, jane, { method: 'PUT' });
    expect(server.flowControl.state('global-default')?.occupied).toBe(0);
  });

  it('give the seat back when the client goes', async () => {
    const { ask, server, admin: client } = await setUp();
    for (let index = 0; index < 300; index++) await client.create(configMapNamed(`map-${index}`));
    const response = await ask(maps);
    await response.body?.cancel();
    expect(server.flowControl.state('global-default')?.occupied).toBe(0);
  });

  it('occupy none while they watch', async () => {
    const { door, server } = await setUp();
    const { body } = await door.answer(new Request(`${maps}?watch=true`), jane);
    if (!isSource(body)) throw new Error('a watch is streamed');
    expect(server.flowControl.state('global-default')?.occupied).toBe(1);
    const source: BodySource = body;
    source.start({ desiredSize: 1, enqueue: () => {}, close: () => {}, error: () => {} });
    expect(server.flowControl.state('global-default')?.occupied).toBe(0);
    source.cancel();
  });

  it('are refused with a text and the time to try again when they have waited for too long', async () => {
    const { sim, ask, server } = await setUp();
    // All seats that the level has or may borrow.
    const held = [];
    while (server.flowControl.state('global-default')?.waiting === 0) {
      const attributes = { verb: 'get', path: '/version' };
      held.push(
        server.enter(
          { user: { username: 'holder', groups: ['system:authenticated'] }, attributes },
          () => new AbortController().signal,
        ),
      );
    }
    Promise.allSettled(held);
    const asked = ask(`${maps}/a`);
    const exempt = await ask(maps, admin);
    expect(exempt.status).toBe(200);
    await sim.advance('15s');
    const response = await asked;
    expect([response.status, response.headers.get('retry-after'), response.headers.get('content-type')]).toEqual([
      429,
      '1',
      'text/plain; charset=utf-8',
    ]);
    expect(await response.text()).toBe('Too many requests, please try again later.\n');
    expect(response.headers.get('x-kubernetes-pf-flowschema-uid')).not.toBe('');
  });
});

describe('the configuration of fairness', () => {
  it('comes with the conditions and owners that Kubernetes writes', async () => {
    const { admin: client } = await setUp();
    const schema = await client.get(FlowSchema, 'global-default');
    expect(schema.status?.conditions).toEqual([
      {
        type: 'Dangling',
        status: 'False',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        reason: 'Found',
        message:
          'This FlowSchema references the PriorityLevelConfiguration object named "global-default" and it exists',
      },
    ]);
    expect(
      schema.metadata.managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource]),
    ).toEqual([
      ['api-priority-and-fairness-config-consumer-v1', 'Apply', 'status'],
      ['api-priority-and-fairness-config-producer-v1', 'Update', undefined],
    ]);
    // No loop had to write anything.
    expect(schema.metadata.generation).toBe(1);
  });

  it('reports a schema whose level is missing, and follows when it comes', async () => {
    const { sim, admin: client, server } = await setUp();
    await client.create({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'mine' },
      spec: {
        priorityLevelConfiguration: { name: 'mine' },
        matchingPrecedence: 10,
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'jane' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    } as FlowSchema);
    await sim.settle();
    const dangling = async () => (await client.get(FlowSchema, 'mine')).status?.conditions?.[0]?.status;
    expect(await dangling()).toBe('True');
    await client.create({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'mine' },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } },
    } as PriorityLevelConfiguration);
    await sim.settle();
    expect(await dangling()).toBe('False');
    expect(server.flowControl.state('mine')).toEqual({ occupied: 0, waiting: 0 });
    await client.delete(PriorityLevelConfiguration, 'mine');
    await sim.settle();
    expect(await dangling()).toBe('True');
    expect(server.flowControl.state('mine')).toBeUndefined();
  });

  it("keeps Kubernetes' own objects: what is mandatory always, the others as long as they are not taken over", async () => {
    const { sim, admin: client } = await setUp();
    await client.delete(FlowSchema, 'catch-all');
    await client.delete(PriorityLevelConfiguration, 'system');
    const change = async (name: string, annotation: string) => {
      const level = await client.get(PriorityLevelConfiguration, name);
      const annotations = { 'apf.kubernetes.io/autoupdate-spec': annotation };
      const limited = { ...level.spec.limited, nominalConcurrencyShares: 77 };
      await client.update({
        ...level,
        metadata: { ...level.metadata, annotations },
        spec: { ...level.spec, limited },
      } as Stored<PriorityLevelConfiguration>);
    };
    await change('catch-all', 'false');
    await change('workload-low', 'true');
    await change('workload-high', 'false');
    await sim.settle();
    await client.get(FlowSchema, 'catch-all');
    const shares = async (name: string) =>
      (await client.get(PriorityLevelConfiguration, name)).spec.limited?.nominalConcurrencyShares;
    expect([
      await shares('system'),
      await shares('catch-all'),
      await shares('workload-low'),
      await shares('workload-high'),
    ]).toEqual([30, 5, 100, 77]);
  });
});
