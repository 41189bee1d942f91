import { readdirSync } from 'node:fs';
import {
  builtinKind,
  builtinKinds,
  CronJob,
  DaemonSet,
  Deployment,
  defineKind,
  Job,
  type Kind,
  type KubernetesObject,
  Node,
  Pod,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  type Stored,
  schema,
} from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { testApi } from '../api.fixture.ts';
import { builtinStrategies } from './builtin-strategies.ts';
import { createStrategyRegistry } from './strategy-registry.ts';

const strategies = createStrategyRegistry(builtinStrategies);

describe('the registry', () => {
  it('has one strategy for a resource, and one file', () => {
    const names = builtinStrategies.map(({ group, kind }) => `${group}/${kind}`);
    expect(new Set(names).size).toBe(names.length);
    const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.includes('/'),
    );
    // Events are served in two groups, with one strategy.
    expect(files).toHaveLength(names.length - 1);
    const known = new Set(builtinKinds.map(({ group, kind }) => `${group}/${kind}`));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has the same behaviour for all versions of a resource, and returns the same strategy for a kind each time', () => {
    const versions = ['v1', 'v1beta1'].map((version) => builtinKind(`networking.k8s.io/${version}`, 'ServiceCIDR'));
    const made = { apiVersion: 'x', kind: 'x', metadata: { name: 'x' } };
    expect(versions.map((kind) => strategies.of(kind).prepareForCreate(made).metadata?.generation)).toEqual([1, 1]);
    expect(strategies.of(versions[0] as Kind)).toBe(strategies.of(versions[0] as Kind));
  });

  it('answers kinds that are not stored, and no others', () => {
    for (const kind of builtinKinds) {
      const stored = kind.verbs.includes('get');
      expect([kind.kind, strategies.of(kind).answer !== undefined]).toEqual([kind.kind, !stored]);
    }
  });

  it('returns no built-in strategy for a custom kind of the same group and name', () => {
    const group = 'rbac.authorization.k8s.io';
    const custom = defineKind({ group, version: 'v2', kind: 'Role', schema: schema.object({}) }) as unknown as Kind;
    expect(strategies.of(builtinKind(`${group}/v1`, 'Role')).checkAccess).toBeDefined();
    expect(strategies.of(custom)).toMatchObject({ allowCreateOnUpdate: false, allowUnconditionalUpdate: false });
    expect(strategies.of(custom).checkAccess).toBeUndefined();
  });
});

describe('disabled fields of Pods', () => {
  const podSpec = (...sources: object[]) => ({ containers: [], volumes: [{ name: 'v', projected: { sources } }] });
  const off = podSpec({ podCertificate: { signerName: 'a.b/c', keyType: 'ED25519' } });
  const object = (content: object) => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...content }) as Stored;
  const inTemplate = (spec: object) => object({ spec: { template: { spec } } });

  it.each<[Kind, (spec: object) => Stored]>([
    [Pod as Kind, (spec) => object({ spec })],
    [PodTemplate as Kind, (spec) => object({ template: { spec } })],
    [ReplicationController as Kind, inTemplate],
    [ReplicaSet as Kind, inTemplate],
    [Deployment as Kind, inTemplate],
    [StatefulSet as Kind, inTemplate],
    [DaemonSet as Kind, inTemplate],
    [Job as Kind, (spec) => object({ spec: { manualSelector: true, template: { spec } } })],
    [CronJob as Kind, (spec) => object({ spec: { jobTemplate: { spec: { template: { spec } } } } })],
  ])('$kind drops them, when it is made and when it is changed', (kind, of) => {
    const { prepareForCreate, prepareForUpdate } = strategies.of(kind);
    const content = ({ metadata: _1, status: _2, ...rest }: KubernetesObject & { status?: unknown }) => rest;
    const expected = content(of(podSpec({})));
    expect(content(prepareForCreate(of(off)))).toEqual(expected);
    expect(content(prepareForUpdate(of(off), of(podSpec())))).toEqual(expected);
  });

  it('are kept in an object without Pods', () => {
    expect(strategies.of(Node as Kind).prepareForCreate(object({ spec: off }))).toMatchObject({ spec: off });
  });
});

describe('warnings', () => {
  const statefulSet = (revisionHistoryLimit: number): KubernetesObject =>
    ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        revisionHistoryLimit,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
      },
    }) as KubernetesObject;
  const text =
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

  it('of a strategy reach the client, on create and on update', async () => {
    const { server, scope, warnings } = await testApi();
    const at = scope(StatefulSet as Kind, 'db');
    await server.create(at, statefulSet(-1), { dryRun: true });
    expect(warnings.splice(0)).toEqual([text]);
    const { object } = await server.create(at, statefulSet(2), {});
    expect(warnings).toEqual([]);
    await server.update(at, { ...object, spec: (statefulSet(-1) as { spec?: object }).spec }, {});
    expect(warnings).toEqual([text]);
  });

  it('are not sent for a refused write, nor for a write of another part', async () => {
    const { server, scope, warnings } = await testApi();
    const at = scope(StatefulSet as Kind, 'db');
    await server.create(at, statefulSet(-1), {});
    warnings.splice(0);
    const invalid = { ...statefulSet(-1), metadata: { name: 'Db', namespace: 'default' } };
    await expect(server.create(scope(StatefulSet as Kind, 'Db'), invalid, {})).rejects.toMatchObject({ code: 422 });
    const status = { type: 'merge', body: { status: { replicas: 1 } } } as const;
    await server.patch({ ...at, subresource: 'status' }, status, {});
    expect(warnings).toEqual([]);
  });
});
