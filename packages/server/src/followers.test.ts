import { ConfigMap, type Kind, type KubernetesObject, Pod, type Scale, type Service } from '@orrery/api';
import { createSimulation, type Simulation } from '@orrery/core';
import { createLaggingEngine, type LaggingView } from '@orrery/store/fixtures';
import { beforeEach, describe, expect, it } from 'vitest';
import { configMapNamed, deployment, podNamed, refusal, type TestApi, testApi } from './api.fixture.ts';

/** Two API servers over one storage, like two processes: one sees the other's writes when they are delivered. */
let sim: Simulation;
let one: TestApi;
let other: TestApi;
let lag: LaggingView;

beforeEach(async () => {
  sim = createSimulation();
  const shared = createLaggingEngine();
  lag = shared.view();
  one = await testApi({ environment: sim.environment, engine: shared.view({ lag: 'none' }).engine });
  other = await testApi({ environment: sim.environment, engine: lag.engine });
});

const key = (name: string) => ({ namespace: 'default', name });
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await undefined;
};

/** Sends a request to the lagging server before it has seen the other's writes, and returns the response. */
async function answer<T>(request: () => Promise<T>): Promise<T> {
  expect(lag.held).toBeGreaterThan(0);
  const asked = request();
  let done = false;
  const outcome = asked.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await settled();
  expect(done).toBe(false);
  lag.deliver();
  // Its own writes are held as well.
  while (!done) {
    await settled();
    lag.deliver();
  }
  await outcome;
  return asked;
}

describe('a server that lags behind', () => {
  it('reads earlier writes of any server', async () => {
    const made = await one.admin.create(configMapNamed('c'));
    expect(await answer(() => other.admin.get(ConfigMap, key('c')))).toEqual(made);
    await one.admin.delete(ConfigMap, key('c'));
    expect(await answer(() => refusal(other.admin.get(ConfigMap, key('c'))))).toMatchObject({ code: 404 });
  });

  it('lists and watches earlier writes', async () => {
    const made = await one.admin.create(configMapNamed('c'));
    expect(await answer(() => other.admin.list(ConfigMap))).toEqual({
      items: [made],
      metadata: { resourceVersion: made.metadata.resourceVersion },
    });
    await one.admin.create(configMapNamed('d'));
    const seen: string[] = [];
    const watch = other.admin
      .watch(ConfigMap, { sendInitialEvents: true })
      .subscribe((event) => seen.push(event.type === 'BOOKMARK' ? event.type : event.object.metadata.name));
    await settled();
    expect(seen).toEqual([]);
    lag.deliver();
    await settled();
    expect(seen).toEqual(['c', 'd']);
    await one.admin.create(configMapNamed('e'));
    lag.deliver();
    expect(seen).toEqual(['c', 'd', 'e']);
    watch.unsubscribe();
  });

  it('serves reads of any age at once', async () => {
    await one.admin.create(configMapNamed('c'));
    expect((await other.admin.list(ConfigMap, { resourceVersion: '0' })).items).toEqual([]);
    expect(await refusal(other.admin.get(ConfigMap, key('c'), { resourceVersion: '0' }))).toMatchObject({ code: 404 });
    expect(lag.held).toBe(1);
  });

  it('waits for a revision that a client got from the other server', async () => {
    const { metadata } = await one.admin.create(configMapNamed('c'));
    const { resourceVersion } = metadata;
    expect((await answer(() => other.admin.get(ConfigMap, key('c'), { resourceVersion }))).metadata.name).toBe('c');
    await one.admin.create(configMapNamed('d'));
    const page = await one.admin.list(ConfigMap, { limit: 1 });
    const rest = await answer(() => other.admin.list(ConfigMap, { continue: page.metadata.continue ?? '' }));
    expect(rest.items.map(({ metadata: { name } }) => name)).toEqual(['d']);
  });

  it('fails after 3 seconds, with a hint to retry', async () => {
    await one.admin.create(configMapNamed('c'));
    for (const request of [
      () => other.admin.get(ConfigMap, key('c')),
      () => other.admin.list(ConfigMap),
      () => other.admin.update(configMapNamed('c')),
      () => other.admin.delete(ConfigMap, key('c')),
    ]) {
      const refused = refusal(request());
      await sim.advance('3s');
      expect(await refused).toMatchObject({
        code: 504,
        reason: 'Timeout',
        message: 'Timeout: Too large resource version: 1, current: 0',
        status: { details: { retryAfterSeconds: 1 } },
      });
    }
  });

  it("starts from the other's writes: update, patch, apply, status, scale, delete", async () => {
    const made = await one.admin.create(deployment());
    const updated = await answer(() => other.admin.update({ ...made, spec: { ...made.spec, replicas: 2 } }));
    expect(updated.metadata.generation).toBe(2);
    await one.admin.update({ ...updated, metadata: { ...updated.metadata, labels: { a: 'b' } } });
    const kind = 'Deployment';
    const scope = other.scope(other.server.kinds.byKind('apps/v1', kind) as Kind, 'web');
    const replicas = { spec: { replicas: 3 } };
    const patched = await answer(() => other.server.patch(scope, { type: 'merge', body: replicas }, {}));
    expect(patched.object).toMatchObject({ metadata: { generation: 3, labels: { a: 'b' } }, spec: { replicas: 3 } });
    await one.server.patch(scope, { type: 'merge', body: { metadata: { labels: { c: 'd' } } } }, {});
    const scaled = await answer(() =>
      other.server.patch({ ...scope, subresource: 'scale' }, { type: 'merge', body: { spec: { replicas: 4 } } }, {}),
    );
    expect((scaled.object as Scale).spec?.replicas).toBe(4);
    await one.server.patch(scope, { type: 'merge', body: { metadata: { labels: { e: 'f' } } } }, {});
    const status = { type: 'merge', body: { status: { replicas: 4 } } } as const;
    const reported = await answer(() => other.server.patch({ ...scope, subresource: 'status' }, status, {}));
    expect(reported.object).toMatchObject({
      metadata: { labels: { a: 'b', c: 'd', e: 'f' } },
      status: { replicas: 4 },
    });
    await one.server.patch(scope, { type: 'merge', body: { metadata: { labels: { g: 'h' } } } }, {});
    const applied = await answer(() =>
      other.server.patch(
        scope,
        { type: 'apply', body: { apiVersion: 'apps/v1', kind, metadata: { labels: { i: 'j' } } }, force: true },
        { fieldManager: 'me' },
      ),
    );
    expect(applied).toMatchObject({ created: false, object: { metadata: { labels: { g: 'h', i: 'j' } } } });
    await one.server.patch(scope, { type: 'merge', body: { metadata: { labels: { k: 'l' } } } }, {});
    await answer(() => other.server.delete(scope, {}));
    expect(await refusal(one.server.get(scope, {}))).toMatchObject({ code: 404 });
  });

  it('refuses a write of an object that was changed elsewhere since it was read', async () => {
    const made = await one.admin.create(configMapNamed('c'));
    await one.admin.update(configMapNamed('c', '2'));
    const stale = { ...made, data: { value: '3' } } as KubernetesObject;
    expect(await answer(() => refusal(other.admin.update(stale)))).toMatchObject({ code: 409, reason: 'Conflict' });
  });

  it('creates nothing twice, and recreates what was deleted elsewhere', async () => {
    await one.admin.create(configMapNamed('c'));
    expect(await answer(() => refusal(other.admin.create(configMapNamed('c'))))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
    await one.admin.delete(ConfigMap, key('c'));
    const made = await answer(() => other.admin.create(configMapNamed('c', '2')));
    expect(await one.admin.get(ConfigMap, key('c'))).toEqual(made);
  });

  it('binds a Pod once, on whichever server', async () => {
    await one.admin.create(podNamed('p'));
    const bind = (api: TestApi, node: string) =>
      api.admin.createSubresource(Pod, key('p'), 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'p' },
        target: { kind: 'Node', name: node },
      });
    await answer(() => bind(other, 'n1'));
    expect(await refusal(bind(one, 'n2'))).toMatchObject({
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
    });
  });

  it('never allocates an address twice, even if it has not seen the other allocation', async () => {
    const service = (name: string, spec: object = {}) =>
      ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default' },
        spec: { ports: [{ port: 80 }], ...spec },
      }) as unknown as Service;
    const { spec } = await one.admin.create(service('a'));
    const taken = (more: object) => answer(() => refusal(other.admin.create(service('b', more))));
    expect(await taken({ clusterIP: spec.clusterIP })).toMatchObject({
      code: 422,
      message: expect.stringContaining(`failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`),
    });
    const { ports } = (await one.admin.create(service('c', { type: 'NodePort' }))).spec;
    const { nodePort } = ports?.[0] ?? {};
    expect(await taken({ type: 'NodePort', ports: [{ port: 80, nodePort }] })).toMatchObject({
      code: 422,
      causes: [
        { field: 'spec.ports[0].nodePort', message: `Invalid value: ${nodePort}: provided port is already allocated` },
      ],
    });
  });
});
