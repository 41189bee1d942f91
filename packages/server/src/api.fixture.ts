import {
  type Deployment,
  defineKind,
  type Kind,
  KindRegistry,
  type KubernetesObject,
  type Pod,
  StatusError,
  type Stored,
  schema,
} from '@orrery/api';
import { type Client, createSimulation, type Environment, type Simulation, type UserInfo } from '@orrery/core';
import {
  createMemoryEngine,
  type IndexValues,
  type ObjectStore,
  openObjectStore,
  type StorageEngine,
} from '@orrery/store';
import { AdmissionChain } from './admission/admission-chain.ts';
import type { AdmissionPlugin } from './admission/admission-plugin.ts';
import { type ApiServer, createApiServer } from './api-server.ts';
import { collectionOf } from './collections.ts';
import type { RequestLimits } from './flow-control/level-limits.ts';
import type { NodeApi } from './node-api.ts';
import { createRbacAuthorizer, rbacIndexes } from './rbac/rbac-authorizer.ts';
import type { RequestScope } from './request-path.ts';
import { createSimulatedTokenAuthority } from './tokens/simulated-authority.ts';

/** A request path over an empty store, in virtual time, without a cluster around it. */
export interface TestApi {
  readonly sim: Simulation;
  readonly store: ObjectStore;
  readonly server: ApiServer;
  /** May do everything. */
  readonly admin: Client;
  /** The stored objects of a kind, in key order. */
  stored(kind: Kind): readonly Stored[];
  /** The scope of a request as the admin. Warnings are collected. */
  scope(kind: Kind, name: string, more?: Partial<RequestScope>): RequestScope;
  readonly warnings: string[];
}

export interface TestApiOptions {
  readonly admission?: readonly AdmissionPlugin[];
  readonly kinds?: readonly Kind[];
  readonly historySize?: number;
  /** The storage engine. Default: a new memory engine. */
  readonly engine?: StorageEngine;
  /** The server's environment. Default: a new simulation's. */
  readonly environment?: Environment;
  readonly nodes?: { readonly [name: string]: NodeApi };
  readonly requestLimits?: RequestLimits;
}

export const adminUser: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

export async function testApi(options: TestApiOptions = {}): Promise<TestApi> {
  const sim = createSimulation();
  const nodeName: IndexValues = (object) => [(object as Stored<Pod>).spec.nodeName ?? ''];
  const store = await openObjectStore({
    engine: options.engine ?? createMemoryEngine(),
    indexes: { pods: { 'spec.nodeName': nodeName }, ...rbacIndexes },
    ...(options.historySize === undefined ? {} : { historySize: options.historySize }),
  });
  const kinds = new KindRegistry();
  for (const kind of options.kinds ?? []) kinds.add(kind);
  const server = createApiServer({
    store,
    kinds,
    environment: options.environment ?? sim.environment,
    admission: new AdmissionChain(options.admission ?? []),
    authorizers: [createRbacAuthorizer(store)],
    tokens: createSimulatedTokenAuthority('test'),
    nodes: { find: (name) => options.nodes?.[name] },
    ...(options.requestLimits === undefined ? {} : { requestLimits: options.requestLimits }),
  });
  const warnings: string[] = [];
  return {
    sim,
    store,
    server,
    warnings,
    admin: server.client(adminUser),
    stored: (kind) => store.list(collectionOf(kind)).items,
    scope: (kind, name, more = {}) => ({
      user: adminUser,
      kind,
      namespace: kind.namespaced ? 'default' : '',
      name,
      subresource: '',
      warn: (text) => warnings.push(text),
      ...more,
    }),
  };
}

/** The refusal of a request: code, reason, message and causes. */
export async function refusal(request: Promise<unknown>): Promise<{
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly status: StatusError['status'];
}> {
  const error = await request.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof StatusError)) throw new Error('the request was not refused with a Status', { cause: error });
  const { status, code, reason, message } = error;
  return { code, reason, message, causes: status.details?.causes ?? [], status };
}

/** A minimal valid Pod. */
export function podNamed(name: string, more: object = {}, spec: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...more },
    spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec },
  } as Pod;
}

/** A ConfigMap with one entry. */
export function configMapNamed(name: string, value = '1', more: object = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...more },
    data: { value },
  } as KubernetesObject;
}

/** A custom kind, with a status and with replica counts at custom paths. */
export const Website = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Website',
  schema: schema.object({
    spec: schema.object({ title: schema.string(), servers: schema.integer().optional() }),
    status: schema.object({
      url: schema.string().optional(),
      ready: schema.integer().optional(),
      selector: schema.string().optional(),
    }),
  }),
  subresources: {
    status: true,
    scale: {
      specReplicasPath: '.spec.servers',
      statusReplicasPath: '.status.ready',
      labelSelectorPath: '.status.selector',
    },
  },
}) as unknown as Kind;

/** A valid Deployment `web`. `more` is added to its metadata. */
export const deployment = (replicas = 1, more: object = {}): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...more },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'nginx' }] } },
    },
  }) as Deployment;

/** A valid Website `w`, with the fields of `more`. */
export const website = (more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'demo.orrery.dev/v1',
    kind: 'Website',
    metadata: { name: 'w', namespace: 'default' },
    spec: { title: 'a' },
    ...more,
  }) as KubernetesObject;
