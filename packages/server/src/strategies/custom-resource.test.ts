import {
  builtinKinds,
  defineKind,
  type Kind,
  type KubernetesObject,
  type Namespace,
  StatusError,
  schema,
} from '@orrery/api';
import type { WriteOptions } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { builtinAdmission } from '../admission/builtin.ts';
import { adminUser, type TestApi, testApi } from '../api.fixture.ts';
import type { RequestScope } from '../request-path.ts';

const group = 'demo.orrery.dev';

/** A kind with an unused name: every custom kind must be treated like it. */
const plain = { kind: 'Thing', resource: 'things' };

/** Names that Kubernetes already uses, in other groups. */
const taken = [
  ...new Map(builtinKinds.map(({ kind, resource }) => [kind, { kind, resource }])).values(),
  { kind: 'Status', resource: 'statuses' },
  { kind: 'Table', resource: 'tables' },
  { kind: 'Scale', resource: 'scales' },
  { kind: 'Eviction', resource: 'evictions' },
  { kind: 'TokenRequest', resource: 'tokenrequests' },
  { kind: 'DeleteOptions', resource: 'deleteoptions' },
];

interface Names {
  readonly kind: string;
  readonly resource: string;
}

function kindOf({ kind, resource }: Names, version: string, scope: 'Namespaced' | 'Cluster'): Kind {
  return defineKind({
    group,
    version,
    kind,
    plural: resource,
    scope,
    schema: schema.object({
      spec: schema.object({
        replicas: schema.integer().optional(),
        finalizers: schema.array(schema.string()).optional(),
        type: schema.string().optional(),
      }),
      // Fields with special treatment in built-in kinds.
      data: schema.map(schema.string()).optional(),
      stringData: schema.map(schema.string()).optional(),
      message: schema.string().optional(),
      source: schema.string().optional(),
      status: schema.object({
        phase: schema.string().optional(),
        replicas: schema.integer().optional(),
        observedGeneration: schema.integer().optional(),
      }),
    }),
    subresources: {
      status: true,
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    },
  }) as unknown as Kind;
}

/** The API server's responses to all requests about a kind, as text with the kind's names replaced by those of {@link plain}. */
async function answersFor(names: Names, scope: 'Namespaced' | 'Cluster'): Promise<readonly string[]> {
  const kind = kindOf(names, 'v1', scope);
  const newer = kindOf(names, 'v2', scope);
  const api = await testApi({ kinds: [kind, newer], admission: builtinAdmission() });
  await api.admin.create<Namespace>({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec: {} });
  const out: string[] = [];
  const ask = async (what: string, answer: Promise<unknown>): Promise<void> => {
    const said = await answer.catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      return error.status;
    });
    out.push(`${what}: ${inPlainWords(JSON.stringify(said) ?? 'undefined', names)}`);
  };
  await askAll(api, kind, newer, ask);
  return out;
}

async function askAll(
  api: TestApi,
  kind: Kind,
  newer: Kind,
  ask: (what: string, answer: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { server, admin } = api;
  const key = { namespace: kind.namespaced ? 'default' : '', name: 'x' };
  const scope = (more: Partial<RequestScope> = {}) => api.scope(kind, 'x', more);
  const object = (more: object = {}, metadata: object = {}): KubernetesObject =>
    ({
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name: 'x', ...(kind.namespaced ? { namespace: 'default' } : {}), ...metadata },
      spec: { replicas: 1, finalizers: [], type: 'NodePort' },
      data: { a: 'YQ==' },
      stringData: { b: 'b' },
      message: 'm',
      source: 's',
      ...more,
    }) as KubernetesObject;
  const merge = (patch: object, more: Partial<RequestScope> = {}, options: WriteOptions = {}) =>
    server.patch(scope(more), { type: 'merge', body: patch }, options);

  await ask('replace nothing', server.update(scope(), object(), {}));
  await ask(
    'create with a status',
    server.create(scope(), object({ status: { phase: 'Mine' } }, { generation: 7 }), {}),
  );
  await ask('create again', server.create(scope(), object(), {}));
  await ask('annotate', merge({ metadata: { annotations: { a: 'b' } } }));
  await ask('label', merge({ metadata: { labels: { a: 'b' } } }));
  await ask('change the spec', merge({ spec: { replicas: 2 } }));
  await ask('change a field beside the spec', merge({ message: 'other' }));
  await ask('replace without a revision', server.update(scope(), object(), {}));
  await ask('strategic merge', server.patch(scope(), { type: 'strategic', body: {} }, {}));
  await ask(
    'status',
    merge(
      { metadata: { labels: { c: 'd' } }, spec: { replicas: 9 }, status: { replicas: 2 } },
      { subresource: 'status' },
    ),
  );
  await ask('scale', merge({ spec: { replicas: 3 } }, { subresource: 'scale' }));
  await ask('read the scale', server.get(scope({ subresource: 'scale' }), {}));
  await ask('read another version', server.get({ ...scope(), kind: newer }, {}));
  await ask('list another version', server.list({ ...scope(), kind: newer, name: '' }, {}));
  await ask(
    'apply',
    server.patch(
      scope(),
      { type: 'apply', body: object({ spec: { type: 'Other' } }), force: true },
      { fieldManager: 'me' },
    ),
  );
  for (const subresource of [
    'binding',
    'eviction',
    'token',
    'finalize',
    'resize',
    'ephemeralcontainers',
    'approval',
    'log',
  ]) {
    await ask(`read ${subresource}`, server.get(scope({ subresource }), {}));
    await ask(`create ${subresource}`, server.create(scope({ subresource }), object(), {}));
    await ask(`update ${subresource}`, server.update(scope({ subresource }), object(), {}));
    await ask(`patch ${subresource}`, merge({}, { subresource }));
  }
  await ask('connect', server.node(scope({ subresource: 'exec' })));
  await ask('proxy', server.proxied(scope({ subresource: 'proxy' }), 'get'));
  await ask(
    'an hour later',
    api.sim.advance('2h').then(() => server.list(scope({ name: '' }), {})),
  );
  await ask('add a finalizer', merge({ metadata: { finalizers: ['a/b'] } }));
  await ask('delete gently', server.delete(scope(), { gracePeriodSeconds: 30 }));
  await ask('delete as a client', admin.delete(kind, key));
  await ask('remove the finalizer', merge({ metadata: { finalizers: [] } }));
  await ask('read what is gone', server.get(scope(), {}));
  await ask(
    'apply what is gone',
    server.patch(scope(), { type: 'apply', body: object(), force: false }, { fieldManager: 'me' }),
  );
  await ask('delete in the foreground', server.delete(scope(), { propagationPolicy: 'Foreground' }));
  await ask('end that', merge({ metadata: { finalizers: [] } }));
  await ask('a dry run', server.create(scope(), object(), { dryRun: true }));
  await ask('generate a name', server.create(scope({ name: '' }), object({}, { name: '', generateName: 'x-' }), {}));
  await ask('delete all', server.deleteCollection(scope({ name: '' }), {}, {}));
  await ask('elsewhere', server.create(scope({ namespace: 'elsewhere' }), object({}, { namespace: 'elsewhere' }), {}));
  for (const name of ['default', 'kube-system', 'Upper', 'a_b', 'a.b', '10.0.0.1', 'system:x', 'x'.repeat(60)])
    await ask(`named ${name}`, server.create(scope({ name }), object({}, { name }), {}));
  await ask('delete what is called default', server.delete(scope({ name: 'default' }), {}));
  for (const user of [{ username: 'system:node:n1', groups: ['system:nodes', 'system:masters'] }, adminUser]) {
    await ask(`create as ${user.username}`, server.create(scope({ user }), object(), {}));
    await ask(`change as ${user.username}`, merge({ spec: { replicas: 8 } }, { user }));
    await ask(`delete as ${user.username}`, server.delete(scope({ user }), {}));
  }
  await ask('warnings', Promise.resolve(api.warnings));
}

function inPlainWords(text: string, { kind, resource }: Names): string {
  return text
    .replaceAll(`"apiVersion":"${group}/v1","kind":"${kind}"`, `"apiVersion":"${group}/v1","kind":"${plain.kind}"`)
    .replaceAll(`"apiVersion":"${group}/v2","kind":"${kind}"`, `"apiVersion":"${group}/v2","kind":"${plain.kind}"`)
    .replaceAll(`"group":"${group}","kind":"${kind}"`, `"group":"${group}","kind":"${plain.kind}"`)
    .replaceAll(`"group":"${group}","kind":"${resource}"`, `"group":"${group}","kind":"${plain.resource}"`)
    .replaceAll(`${kind}.${group}`, `${plain.kind}.${group}`)
    .replaceAll(`${resource}.${group}`, `${plain.resource}.${group}`);
}

describe.each(['Namespaced', 'Cluster'] as const)('a custom kind (%s) with the name of a built-in one', (scope) => {
  it.each(taken)('$kind is treated like any custom kind', async (names) => {
    expect(await answersFor(names, scope)).toEqual(await answersFor(plain, scope));
  });
});
