import {
  type Deployment,
  Deployment as DeploymentKind,
  type Kind,
  type KubernetesObject,
  type Stored,
} from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { configMapNamed, refusal, testApi, Website } from '../api.fixture.ts';

const key = { namespace: 'default', name: 'web' };
const kind = DeploymentKind as Kind;

async function withDeployment() {
  const api = await testApi({ kinds: [Website] });
  const made = await api.admin.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: {
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
      },
      template: {
        metadata: { labels: { app: 'web', tier: 'a' } },
        spec: { containers: [{ name: 'main', image: 'nginx' }] },
      },
    },
  } as Deployment);
  await api.admin.updateStatus({ ...made, status: { replicas: 1 } });
  return { ...api, made };
}

const scale = (replicas: unknown, metadata: object = {}): KubernetesObject =>
  ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'web', ...metadata },
    spec: { replicas },
  }) as KubernetesObject;

describe('scale', () => {
  it('shows the counts, and the selector as text', async () => {
    const { admin, made } = await withDeployment();
    expect(await admin.getSubresource(kind, key, 'scale')).toEqual({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: {
        name: 'web',
        namespace: 'default',
        uid: made.metadata.uid,
        resourceVersion: '2',
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=web,tier in (a,b)' },
    });
  });

  it('sets the replicas, increments the generation, and records the manager separately', async () => {
    const { admin } = await withDeployment();
    const answer = await admin.updateSubresource(kind, key, 'scale', scale(5), { fieldManager: 'scaler' });
    expect(answer).toMatchObject({ kind: 'Scale', spec: { replicas: 5 }, metadata: { resourceVersion: '3' } });
    const now = await admin.get(DeploymentKind, key);
    expect(now).toMatchObject({ spec: { replicas: 5 }, metadata: { generation: 2 } });
    expect(now.metadata.managedFields?.find(({ manager }) => manager === 'scaler')).toMatchObject({
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
  });

  it('to the same replicas writes nothing', async () => {
    const { admin, store } = await withDeployment();
    await admin.updateSubresource(kind, key, 'scale', scale(2));
    expect(store.revision).toBe(2);
  });

  it.each<[string, KubernetesObject, number]>([
    ['another uid', scale(3, { uid: 'other' }), 409],
    ['another revision', scale(3, { resourceVersion: '1' }), 409],
    ['another name', scale(3, { name: 'x' }), 400],
    ['negative replicas', scale(-1), 422],
    ['replicas that are not a number', scale('many'), 400],
    ['another kind', { ...scale(3), kind: 'Deployment' }, 400],
  ])('is refused for %s', async (_, body, code) => {
    const { admin, store } = await withDeployment();
    expect((await refusal(admin.updateSubresource(kind, key, 'scale', body))).code).toBe(code);
    expect(store.revision).toBe(2);
  });

  it('is patched like any object', async () => {
    const { server, scope, admin } = await withDeployment();
    const at = scope(kind, 'web', { subresource: 'scale' });
    for (const patch of [
      { type: 'merge', body: { spec: { replicas: 3 } } },
      { type: 'json', body: [{ op: 'replace', path: '/spec/replicas', value: 4 }] },
      { type: 'strategic', body: { spec: { replicas: 5 } } },
    ] as const)
      await server.patch(at, patch, {});
    expect((await admin.get(DeploymentKind, key)).spec.replicas).toBe(5);
    const old = { type: 'merge', body: { metadata: { resourceVersion: '1' }, spec: { replicas: 9 } } } as const;
    expect((await refusal(server.patch(at, old, {}))).code).toBe(409);
  });

  it('of a custom kind uses the paths of its definition', async () => {
    const { admin } = await withDeployment();
    const made = await admin.create({
      apiVersion: 'demo.orrery.dev/v1',
      kind: 'Website',
      metadata: { name: 'web', namespace: 'default' },
      spec: { title: 't', servers: 2 },
    } as KubernetesObject);
    await admin.updateStatus({ ...made, status: { ready: 1, selector: 'app=site' } } as unknown as Stored);
    expect(await admin.getSubresource(Website, key, 'scale')).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 1, selector: 'app=site' },
    });
    await admin.updateSubresource(Website, key, 'scale', scale(7));
    expect(await admin.get(Website, key)).toMatchObject({ spec: { title: 't', servers: 7 } });
  });

  it('of a custom object without a count is an internal error', async () => {
    const { admin } = await withDeployment();
    const website = {
      apiVersion: 'demo.orrery.dev/v1',
      kind: 'Website',
      metadata: { name: 'web' },
      spec: { title: 't' },
    };
    await admin.create(website as KubernetesObject);
    expect((await refusal(admin.getSubresource(Website, key, 'scale'))).message).toContain(
      'the spec replicas field ".spec.servers" does not exist',
    );
  });

  it('is 404 for kinds without it', async () => {
    const { admin } = await withDeployment();
    const made = await admin.create(configMapNamed('c'));
    const request = admin.getSubresource({ ...kind, kind: 'ConfigMap', subresources: {} }, made.metadata.name, 'scale');
    expect((await refusal(request)).code).toBe(404);
  });
});
