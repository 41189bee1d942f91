import { isNotFound, type KubernetesObject, Pod, ServiceAccount, type Stored } from '@orrery/api';
import { createEnvironment } from '@orrery/core';
import { Observable } from 'rxjs';
import { testApi } from '../api.fixture.ts';
import { apiServerNames, type CertificateAuthority, createCertificateAuthority } from '../certificates/index.ts';
import type { NodeApi } from '../node-api.ts';
import { delegatingRequestPath } from '../request-path.fixture.ts';
import type { RequestPath, RequestScope } from '../request-path.ts';
import { FakeNode } from './fake-node.fixture.ts';
import { type HttpsOptions, type HttpsServing, serveHttps } from './serve.ts';

/** A request as forwarded by the front door. */
interface Call {
  readonly verb: string;
  readonly scope: RequestScope;
  readonly options: unknown;
}

/**
 * The API server behind the front door, on a port of this machine. Anonymous clients, service accounts and the group `owners`
 * may do everything; its only node, `node1`, is a fake.
 */
export interface ServedApi extends HttpsServing {
  readonly authority: CertificateAuthority;
  /** The front door's calls so far. */
  readonly calls: readonly Call[];
  /** Overrides of the server's request path. */
  own: Partial<RequestPath>;
  /** Replaces the node. */
  setNode(node: NodeApi): void;
  /** The number of open watches. */
  watches(): number;
  /** Stores an object, replacing the one with its name. */
  put(object: KubernetesObject): Promise<Stored>;
  /** Creates a service account in the namespace `default` and returns a token of it. */
  token(account: string): Promise<string>;
  /** Clears all calls, Pods and overrides. */
  clear(): Promise<void>;
}

const group = 'rbac.authorization.k8s.io';
const openToEverybody = [
  {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'everything' },
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
  {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everybody' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'everything' },
    subjects: ['system:unauthenticated', 'system:serviceaccounts', 'owners'].map((name) => ({
      apiGroup: group,
      kind: 'Group',
      name,
    })),
  },
];

let authority: Promise<CertificateAuthority> | undefined;

/** Serves on a free port by default. */
export async function serveApi(options: Partial<HttpsOptions> = {}): Promise<ServedApi> {
  const environment = createEnvironment();
  authority ??= createCertificateAuthority(environment);
  const known = await authority;
  const nodes: { [name: string]: NodeApi } = { node1: new FakeNode() };
  const { server, admin } = await testApi({ nodes });
  for (const object of openToEverybody) await admin.create(object);
  const calls: Call[] = [];
  let watches = 0;
  const counted = <T>(events: Observable<T>): Observable<T> =>
    new Observable((subscriber) => {
      watches++;
      subscriber.add(() => watches--);
      return events.subscribe(subscriber);
    });
  const call = (verb: string, scope: RequestScope, options: unknown): RequestPath => {
    calls.push({ verb, scope, options });
    return delegatingRequestPath(server, served.own);
  };
  const requestPath = delegatingRequestPath(server, {
    get: (scope, given) => call('get', scope, given).get(scope, given),
    list: (scope, given) => call('list', scope, given).list(scope, given),
    watch: async (scope, given) => counted(await call('watch', scope, given).watch(scope, given)),
    create: (scope, body, given) => call('create', scope, given).create(scope, body, given),
    update: (scope, body, given) => call('update', scope, given).update(scope, body, given),
    patch: (scope, patch, given) => call('patch', scope, { ...given, patch }).patch(scope, patch, given),
    delete: (scope, given) => call('delete', scope, given).delete(scope, given),
    deleteCollection: (scope, selection, given) =>
      call('deletecollection', scope, { selection, options: given }).deleteCollection(scope, selection, given),
    node: (scope) => call('node', scope, {}).node(scope),
    proxied: (scope, verb) => call(`proxy ${verb}`, scope, {}).proxied(scope, verb),
  });
  const serving = await serveHttps({
    requestPath,
    environment,
    port: 0,
    certificates: {
      serving: await known.serving(apiServerNames),
      clientAuthority: known.authority.certificate,
    },
    ...options,
  });
  const served: ServedApi = {
    ...serving,
    authority: known,
    calls,
    own: {},
    setNode: (node) => {
      nodes.node1 = node;
    },
    watches: () => watches,
    put: (object) =>
      admin.update(object).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        return admin.create(object);
      }),
    token: async (name) => {
      const key = { namespace: 'default', name };
      await admin.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: key });
      const request = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [] as string[] },
      } as const;
      const { status } = await admin.createSubresource(ServiceAccount, key, 'token', request);
      return status?.token ?? '';
    },
    clear: async () => {
      calls.length = 0;
      served.own = {};
      for (const { metadata } of (await admin.list(Pod)).items)
        await admin.delete(Pod, `${metadata.namespace}/${metadata.name}`, { gracePeriodSeconds: 0 });
    },
  };
  return served;
}

/** A Pod that is bound to the node. */
export function pod(name: string, namespace = 'default', containers: readonly string[] = ['a']): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { nodeName: 'node1', containers: containers.map((container) => ({ name: container, image: 'none' })) },
  };
}
