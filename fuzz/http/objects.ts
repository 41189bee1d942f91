import { type Kind, KindRegistry } from '@orrery/api';
import fc from 'fast-check';

/** Kinds whose objects are made up. */
export const kinds: readonly Kind[] = [...new KindRegistry()];

/** Names of the objects that cases make. */
export const names: readonly string[] = ['a', 'b', 'c'];
const labels = { app: 'a' };
const container = { name: 'a', image: 'busybox', command: ['sleep', '1'] };
const template = { metadata: { labels }, spec: { containers: [container] } };
const jobTemplate = { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [container] } };
const selector = { matchLabels: labels };

/** Specs that are valid, to be changed for the worse; other kinds get made-up ones. */
const valid: { readonly [kind: string]: object } = {
  Pod: { spec: { containers: [container], volumes: [{ name: 'v', emptyDir: {} }] } },
  Deployment: { spec: { replicas: 1, selector, template } },
  ReplicaSet: { spec: { replicas: 1, selector, template } },
  StatefulSet: { spec: { serviceName: 'a', replicas: 1, selector, template } },
  DaemonSet: { spec: { selector, template } },
  ReplicationController: { spec: { replicas: 1, selector: labels, template } },
  Job: { spec: { template: jobTemplate } },
  CronJob: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  Service: { spec: { selector: labels, ports: [{ port: 80 }] } },
  Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80, name: 'a' }] },
  ConfigMap: { data: { a: 'b' } },
  Secret: { stringData: { a: 'b' } },
  Namespace: { spec: {} },
  APIService: {
    spec: {
      group: 'a.b',
      version: 'v1',
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { namespace: 'fuzz', name: 'a' },
    },
  },
  FlowSchema: {
    spec: {
      matchingPrecedence: 9000,
      priorityLevelConfiguration: { name: 'a' },
      rules: [
        {
          subjects: [{ kind: 'Group', group: { name: 'a' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
        },
      ],
    },
  },
  PriorityLevelConfiguration: {
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } },
  },
  ClusterRoleBinding: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' },
    subjects: [{ kind: 'User', name: 'a', apiGroup: 'rbac.authorization.k8s.io' }],
  },
  Node: { spec: {} },
  Role: { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
  ClusterRole: { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
  RoleBinding: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
    subjects: [{ kind: 'User', name: 'a', apiGroup: 'rbac.authorization.k8s.io' }],
  },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' } },
  },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector } },
  NetworkPolicy: { spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] } },
  Ingress: {
    spec: {
      rules: [
        {
          host: 'a.b',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'a', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  PersistentVolumeClaim: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  ResourceQuota: { spec: { hard: { pods: '10' } } },
  LimitRange: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
  PodPreset: { spec: { selector, env: [{ name: 'a', value: 'b' }] } },
  TokenReview: { spec: { token: 'a' } },
  SubjectAccessReview: { spec: { user: 'a', resourceAttributes: { verb: 'get', resource: 'pods' } } },
  SelfSubjectAccessReview: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
  SelfSubjectRulesReview: { spec: { namespace: 'a' } },
  Lease: { spec: { holderIdentity: 'a' } },
  PriorityClass: { value: 1 },
  TokenRequest: { spec: { audiences: ['a'] } },
  Scale: { spec: { replicas: 1 } },
  Binding: { target: { kind: 'Node', name: 'node1' } },
  Eviction: {},
};

/** What clients send where something else belongs. */
export const weird: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    true,
    [],
    {},
    [null],
    [[]],
    [{}],
    { a: null },
    '\u0000',
    '\ud800',
  ),
  fc.constantFrom<unknown>(
    'x'.repeat(300),
    '*',
    '/',
    '..',
    '$(a)',
    '%',
    '1h',
    '100m',
    '0x10',
    '2020-01-01T00:00:00Z',
    '::',
    '10.0.0.0/99',
  ),
  fc.string({ maxLength: 5 }),
  fc.integer(),
  fc.constantFrom<unknown>({ __proto__: 1 }, { constructor: {} }, { toString: null }, ['a', 'a'], {
    a: { b: { c: [] } },
  }),
);

/** A change of an object: a part of it is replaced or left out. */
const change = fc.record({ at: fc.nat(200), value: fc.oneof(weird, fc.constant(undefined)) });

/** The object with the n-th of its parts replaced. */
export function changed(root: unknown, { at, value }: { readonly at: number; readonly value?: unknown }): unknown {
  const copy: unknown = structuredClone(root);
  const places: (readonly [parent: { [key: string]: unknown }, key: string])[] = [];
  const walk = (parent: unknown): void => {
    if (typeof parent !== 'object' || parent === null) return;
    for (const key of Object.keys(parent)) {
      places.push([parent as { [key: string]: unknown }, key]);
      walk((parent as { [key: string]: unknown })[key]);
    }
  };
  walk(copy);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return value;
  if (value === undefined) delete place[0][place[1]];
  else place[0][place[1]] = value;
  return copy;
}

/** An object of a kind, or something like it. */
export function objectOf(kind: Pick<Kind, 'kind' | 'apiVersion'> & Partial<Kind>): fc.Arbitrary<unknown> {
  const base = valid[kind.kind];
  const body = base === undefined ? madeUp(kind) : fc.constant(base);
  return fc
    .tuple(body, fc.constantFrom(...names), fc.oneof(fc.constant([]), fc.array(change, { maxLength: 4 })))
    .map(([fields, name, changes]) =>
      changes.reduce<unknown>(changed, {
        apiVersion: kind.apiVersion,
        kind: kind.kind,
        metadata: { name, labels },
        ...(fields as object),
      }),
    );
}

function madeUp({ type, types }: Partial<Kind>): fc.Arbitrary<unknown> {
  const fields = types?.get(type ?? '')?.fields ?? {};
  const known = Object.keys(fields).filter((name) => !['apiVersion', 'kind', 'metadata'].includes(name));
  return fc
    .subarray(known)
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, ofType(types, fields[name]?.type ?? '', 3)]))),
    );
}

function ofType(types: Kind['types'] | undefined, type: string, depth: number): fc.Arbitrary<unknown> {
  if (type.endsWith('[]')) return fc.array(ofType(types, type.slice(0, -2), depth - 1), { maxLength: 2 });
  if (type.startsWith('map<'))
    return fc.dictionary(fc.constantFrom('a', 'b'), ofType(types, type.slice(4, -1), depth - 1), { maxKeys: 2 });
  if (type === 'string' || type === 'bytes') return fc.constantFrom('a', '', 'YQ==', '10.0.0.1', '1Gi', '/');
  if (type === 'boolean') return fc.boolean();
  if (type.startsWith('int') || type === 'number') return fc.constantFrom(0, 1, -1, 2 ** 31);
  const info = types?.get(type);
  if (info?.fields === undefined || depth <= 0) return weird;
  const { fields } = info;
  return fc
    .subarray(Object.keys(fields), { maxLength: Math.min(4, Object.keys(fields).length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, ofType(types, fields[name]?.type ?? '', depth - 1)]))),
    );
}
