import { ConfigMap, type Deployment, type Kind, type KubernetesObject, Pod, Service } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, refusal, type TestApi, testApi, Website } from './api.fixture.ts';
import type { PatchBody } from './request-path.ts';

const patchMap = (api: TestApi, patch: PatchBody, options = {}) =>
  api.server.patch(api.scope(ConfigMap as Kind, 'c'), patch, options);

describe('a patch', () => {
  it.each<[string, PatchBody]>([
    ['JSON', { type: 'json', body: [{ op: 'add', path: '/data/new', value: '1' }] }],
    ['merge', { type: 'merge', body: { data: { new: '1' } } }],
    ['strategic merge', { type: 'strategic', body: { data: { new: '1' } } }],
  ])('by %s changes what it names', async (_, patch) => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    const { object, created } = await patchMap(api, patch);
    expect(created).toBe(false);
    expect(object).toMatchObject({ data: { value: '1', new: '1' } });
  });

  it('merges lists by their keys if it is strategic', async () => {
    const { admin } = await testApi();
    await admin.create(podNamed('p'));
    const patched = await admin.patch(Pod, 'default/p', {
      type: 'strategic',
      patch: { spec: { containers: [{ name: 'main', image: 'nginx:2' }] } },
    });
    expect(patched.spec.containers).toMatchObject([{ name: 'main', image: 'nginx:2', imagePullPolicy: 'Always' }]);
  });

  it('that is strategic is 415 for a custom kind', async () => {
    const { admin, server, scope } = await testApi({ kinds: [Website] });
    const website = {
      apiVersion: 'demo.orrery.dev/v1',
      kind: 'Website',
      metadata: { name: 'w' },
      spec: { title: 'a' },
    };
    await admin.create(website as KubernetesObject);
    const request = server.patch(scope(Website, 'w'), { type: 'strategic', body: { spec: { title: 'b' } } }, {});
    expect(await refusal(request)).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
  });

  it.each<[string, PatchBody, number]>([
    ['a revision that is not the stored one', { type: 'merge', body: { metadata: { resourceVersion: '9' } } }, 409],
    [
      'a revision that is not the stored one, as JSON patch',
      { type: 'json', body: [{ op: 'replace', path: '/metadata/resourceVersion', value: '9' }] },
      409,
    ],
    ['another uid', { type: 'merge', body: { metadata: { uid: 'other' } } }, 409],
    ['another name', { type: 'merge', body: { metadata: { name: 'other' } } }, 422],
    ['a test that does not hold', { type: 'json', body: [{ op: 'test', path: '/data/value', value: '2' }] }, 422],
    ['a missing path', { type: 'json', body: [{ op: 'remove', path: '/data/none' }] }, 422],
    ['no list of operations', { type: 'json', body: { op: 'add' } }, 400],
    ['a field of the wrong type', { type: 'merge', body: { data: { value: 1 } } }, 400],
    ['an invalid result', { type: 'merge', body: { metadata: { labels: { a: '!' } } } }, 422],
  ])('with %s is refused', async (_, patch, code) => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    expect((await refusal(patchMap(api, patch))).code).toBe(code);
    expect(api.store.revision).toBe(1);
  });

  it('with the stored revision is a write like any other', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    await patchMap(api, { type: 'merge', body: { metadata: { resourceVersion: '1' }, data: { value: '2' } } });
    expect(api.store.revision).toBe(2);
  });

  it('is retried on the newer object when another writer was faster', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    const adds = Array.from({ length: 10 }, (_, n) => patchMap(api, { type: 'merge', body: { data: { [n]: '1' } } }));
    await Promise.all(adds);
    expect(Object.keys((await api.admin.get(ConfigMap, 'default/c')).data ?? {})).toHaveLength(11);
  });

  it('of a missing object is 404', async () => {
    expect((await refusal(patchMap(await testApi(), { type: 'merge', body: {} }))).code).toBe(404);
  });

  it('warns about unknown fields, refuses them, or ignores them', async () => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    const patch: PatchBody = { type: 'merge', body: { color: 'red' } };
    await patchMap(api, patch);
    expect(api.warnings).toEqual(['unknown field "color"']);
    expect((await refusal(patchMap(api, patch, { fieldValidation: 'Strict' }))).message).toContain(
      'strict decoding error: unknown field "color"',
    );
    await patchMap(api, patch, { fieldValidation: 'Ignore' });
    expect(api.warnings).toHaveLength(1);
  });
});

const applied = (data: object, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default', ...more },
    data,
  }) as KubernetesObject;

describe('apply', () => {
  it('creates a missing object: 201', async () => {
    const { server, scope } = await testApi();
    const body: PatchBody = { type: 'apply', body: applied({ a: '1' }), force: false };
    const options = { fieldManager: 'me' };
    expect(await server.patch(scope(ConfigMap as Kind, 'c'), body, options)).toMatchObject({ created: true });
    expect(await server.patch(scope(ConfigMap as Kind, 'c'), body, options)).toMatchObject({ created: false });
  });

  it('of the same again writes nothing', async () => {
    const { admin, store, sim } = await testApi();
    await admin.apply(applied({ a: '1' }), { fieldManager: 'me' });
    await sim.advance('1h');
    await admin.apply(applied({ a: '1' }), { fieldManager: 'me' });
    expect(store.revision).toBe(1);
  });

  it('removes fields that the manager applied before and no longer does', async () => {
    const { admin } = await testApi();
    await admin.apply(applied({ a: '1', b: '1' }), { fieldManager: 'me' });
    await admin.patch(ConfigMap, 'default/c', { type: 'merge', patch: { data: { other: '1' } } });
    expect(await admin.apply(applied({ a: '2' }), { fieldManager: 'me' })).toMatchObject({
      data: { a: '2', other: '1' },
    });
    expect((await admin.get(ConfigMap, 'default/c')).data).toEqual({ a: '2', other: '1' });
  });

  it("of another manager's field is a conflict, unless it is forced", async () => {
    const { admin } = await testApi();
    await admin.apply(applied({ a: '1' }), { fieldManager: 'me' });
    const refused = await refusal(admin.apply(applied({ a: '2' }), { fieldManager: 'you' }));
    expect(refused).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "me": .data.a',
      causes: [{ reason: 'FieldManagerConflict', field: '.data.a', message: 'conflict with "me"' }],
    });
    const forced = await admin.apply(applied({ a: '2' }), { fieldManager: 'you', force: true });
    expect(forced).toMatchObject({ data: { a: '2' } });
  });

  it('adds the defaults of its kind, and owns only the applied fields', async () => {
    const { admin } = await testApi();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    const made = await admin.apply(service as unknown as Service, { fieldManager: 'me' });
    expect(made.spec).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] });
    const [mine] = (await admin.get(Service, 'default/s')).metadata.managedFields ?? [];
    expect(mine).toMatchObject({ manager: 'me', operation: 'Apply' });
    expect(JSON.stringify(mine?.fieldsV1)).not.toContain('f:type');
  });

  it('of a status leaves the spec alone', async () => {
    const { admin } = await testApi();
    const spec = {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
    };
    const identity = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'default' } };
    await admin.apply({ ...identity, spec } as unknown as Deployment, { fieldManager: 'me' });
    const status = { ...identity, status: { replicas: 3 } } as unknown as Deployment;
    const updated = await admin.apply(status, { fieldManager: 'controller', subresource: 'status' });
    expect(updated).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 3 }, metadata: { generation: 1 } });
  });

  it.each<[string, KubernetesObject, object, number, RegExp]>([
    ['no manager', applied({}), {}, 422, /fieldManager: Required value: is required for apply patch/],
    [
      'managed fields',
      applied({}, { managedFields: [{ manager: 'x' }] }),
      { fieldManager: 'me' },
      400,
      /^metadata\.managedFields must be nil$/,
    ],
    ['another name', applied({}, { name: 'd' }), { fieldManager: 'me' }, 400, /does not match the name on the URL/],
    [
      'an old revision',
      applied({}, { resourceVersion: '9' }),
      { fieldManager: 'me' },
      409,
      /the object has been modified/,
    ],
    ['another uid', applied({}, { uid: 'x' }), { fieldManager: 'me' }, 409, /Precondition failed: UID/],
  ])('with %s is refused', async (_, body, options, code, message) => {
    const { admin, server, scope } = await testApi();
    await admin.create(configMapNamed('c'));
    const request = server.patch(scope(ConfigMap as Kind, 'c'), { type: 'apply', body, force: false }, options);
    const refused = await refusal(request);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  it('with a resourceVersion does not create', async () => {
    const { admin } = await testApi();
    const request = admin.apply(applied({}, { resourceVersion: '9' }), { fieldManager: 'me' });
    expect((await refusal(request)).code).toBe(409);
  });

  it('creates only for users who may create', async () => {
    const { admin, server } = await testApi();
    const identity = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'patcher' } };
    const rules = [{ verbs: ['patch'], apiGroups: [''], resources: ['configmaps'] }];
    await admin.create({ ...identity, kind: 'ClusterRole', rules } as KubernetesObject);
    await admin.create({
      ...identity,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patcher' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
    } as KubernetesObject);
    const jane = server.client({ username: 'jane', groups: [] });
    const request = jane.apply(applied({ a: '1' }), { fieldManager: 'me' });
    expect(await refusal(request)).toMatchObject({ code: 403, message: expect.stringContaining('cannot create') });
    await admin.create(configMapNamed('c'));
    await jane.apply(applied({ a: '1' }), { fieldManager: 'me' });
  });

  it('that races with another creates once and is not lost', async () => {
    const { admin } = await testApi();
    await Promise.all(
      ['a', 'b', 'c'].map((name) => admin.apply(applied({ [name]: '1' }), { fieldManager: `manager-${name}` })),
    );
    expect((await admin.get(ConfigMap, 'default/c')).data).toEqual({ a: '1', b: '1', c: '1' });
  });
});
