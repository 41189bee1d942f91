import { describe, expect, it } from 'vitest';
import { builtinKinds } from '../../kind.ts';
import * as kinds from '../../kinds.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../validate.ts';
import { createFaults, stored, updateFaults } from './faults.fixture.ts';

const podSpec = { containers: [{ name: 'c', image: 'busybox' }] };
const selector = { matchLabels: { app: 'web' } };
const template = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: podSpec };
const _workload = { selector, template };
const _never = { ...template, spec: { ...podSpec, restartPolicy: 'Never' } };
const _mismatch =
  'spec.template.metadata.labels: Invalid value: {"app":"web","tier":"x"}: `selector` does not match template `labels`';

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('a Service', () => {
  const service = (spec: object, metadata: object = {}) =>
    createFaults(kinds.Service, { spec: { ports: [{ port: 80 }], ...spec } }, metadata);
  table([
    ['a plain one passes', () => service({ selector: { a: 'b' } }), []],
    [
      'a name begins with a letter',
      () => service({}, { name: '1a' }),
      ['metadata.name: Invalid value: "1a": a DNS-1035 label must consist of'],
    ],
    ['ports are required', () => service({ ports: [] }), ['spec.ports: Required value']],
    ['a headless one needs none', () => service({ ports: [], clusterIP: 'None' }), []],
    [
      'several ports have names',
      () => service({ ports: [{ port: 1, name: 'a' }, { port: 2 }] }),
      ['spec.ports[1].name: Required value'],
    ],
    [
      'names of ports are unique',
      () =>
        service({
          ports: [
            { port: 1, name: 'a' },
            { port: 2, name: 'a' },
          ],
        }),
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      'a port has its range',
      () => service({ ports: [{ port: 0, targetPort: 1 }] }),
      ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'a target is a port or its name',
      () => service({ ports: [{ port: 1, targetPort: 'A' }] }),
      ['spec.ports[0].targetPort: Invalid value: "A": must contain only', 'must contain at least one letter'],
    ],
    ['a type is one of four', () => service({ type: 'Ingress' }), ['spec.type: Unsupported value: "Ingress"']],
    ['a name outside is stated', () => service({ type: 'ExternalName' }), ['spec.externalName: Required value']],
    [
      'node ports are of node port services',
      () => service({ ports: [{ port: 1, nodePort: 30000 }] }),
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'affinity is one of two',
      () => service({ sessionAffinity: 'x' }),
      ['spec.sessionAffinity: Unsupported value: "x"'],
    ],
    [
      'an address stays',
      () =>
        updateFaults(
          kinds.Service,
          { spec: { ports: [{ port: 1 }], clusterIP: '10.0.0.2' } },
          { spec: { ports: [{ port: 1 }], clusterIP: '10.0.0.1' } },
        ),
      ['spec.clusterIPs[0]: Invalid value: []: may not change once set'],
    ],
  ]);
});

describe('RBAC', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  const ref = { kind: 'Role', name: 'r' };
  const binding = (content: object) => createFaults(kinds.RoleBinding, { roleRef: ref, ...content });
  table([
    ['a name is a path segment', () => createFaults(kinds.ClusterRole, { rules: [rule] }, { name: 'system:node' }), []],
    [
      'a name has no slash',
      () => createFaults(kinds.Role, { rules: [rule] }, { name: 'a/b' }),
      ['metadata.name: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      'a rule has verbs',
      () => createFaults(kinds.Role, { rules: [{ ...rule, verbs: [] }] }),
      ['rules[0].verbs: Required value: verbs must contain at least one value'],
    ],
    [
      'a rule has groups and resources',
      () => createFaults(kinds.Role, { rules: [{ verbs: ['get'] }] }),
      [
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      'a role of a namespace is about its resources',
      () => createFaults(kinds.Role, { rules: [{ verbs: ['get'], nonResourceURLs: ['/'] }] }),
      ['namespaced rules cannot apply to non-resource URLs'],
    ],
    [
      'a cluster role may be about paths',
      () => createFaults(kinds.ClusterRole, { rules: [{ verbs: ['get'], nonResourceURLs: ['/'] }] }),
      [],
    ],
    [
      'a rule is about resources or paths',
      () => createFaults(kinds.ClusterRole, { rules: [{ ...rule, nonResourceURLs: ['/'] }] }),
      ['rules cannot apply to both regular resources and non-resource URLs'],
    ],
    [
      'a binding is to a role',
      () => binding({ roleRef: { kind: 'Pod', name: 'r' } }),
      ['roleRef.kind: Unsupported value: "Pod": supported values: "ClusterRole", "Role"'],
    ],
    [
      'a cluster binding is to a cluster role',
      () => createFaults(kinds.ClusterRoleBinding, { roleRef: ref }),
      ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ],
    [
      'a subject is known',
      () => binding({ subjects: [{ kind: 'Robot', name: 'r' }] }),
      ['subjects[0].kind: Unsupported value: "Robot"'],
    ],
    [
      'a service account has a namespace',
      () => binding({ subjects: [{ kind: 'ServiceAccount', name: 'a' }] }),
      ['subjects[0].namespace: Required value'],
    ],
    [
      'the roleRef of a binding is immutable',
      () => updateFaults(kinds.RoleBinding, { roleRef: { ...ref, name: 's' } }, { roleRef: ref }),
      [
        'roleRef: Invalid value: {"kind":"Role","name":"s","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
      ],
    ],
  ]);
});

describe('a PodPreset', () => {
  const preset = (spec: object) => createFaults(kinds.PodPreset, { spec });
  table([
    ['an empty selector is valid', () => preset({ selector: {}, env: [{ name: 'A', value: 'b' }] }), []],
    [
      'it adds something',
      () => preset({}),
      ['spec.volumes/env/envFrom/volumeMounts: Required value: must specify at least one'],
    ],
    [
      'its name may be a subdomain',
      () => createFaults(kinds.PodPreset, { spec: { env: [{ name: 'A' }] } }, { name: 'a.b' }),
      [],
    ],
    [
      'its name is a subdomain',
      () => createFaults(kinds.PodPreset, { spec: { env: [{ name: 'A' }] } }, { name: 'A_b' }),
      ['metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain'],
    ],
    [
      'it has a namespace',
      () => createFaults(kinds.PodPreset, { spec: { env: [{ name: 'A' }] } }, { namespace: '' }),
      ['metadata.namespace: Required value'],
    ],
    [
      'In and NotIn need a value',
      () =>
        preset({ env: [{ name: 'A' }], selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] } }),
      ['spec.selector.matchExpressions[0].values: Required value'],
    ],
    [
      'Exists and DoesNotExist take none',
      () =>
        preset({
          env: [{ name: 'A' }],
          selector: {
            matchExpressions: [
              { key: 'a', operator: 'Exists', values: ['x'] },
              { key: 'a', operator: 'DoesNotExist', values: ['x'] },
            ],
          },
        }),
      ['spec.selector.matchExpressions[0].values: Forbidden', 'spec.selector.matchExpressions[1].values: Forbidden'],
    ],
    [
      'its selector is well formed',
      () => preset({ selector: { matchExpressions: [{ key: 'a', operator: 'In' }] }, env: [{ name: 'A' }] }),
      ['spec.selector.matchExpressions[0].values: Required value'],
    ],
    [
      'its volumes are volumes',
      () => preset({ volumes: [{ name: 'v', secret: {} }] }),
      ['spec.volumes[0].secret.secretName: Required value'],
    ],
    [
      'its variables are variables',
      () => preset({ env: [{ name: '' }], envFrom: [{}] }),
      ['spec.env[0].name: Required value', 'spec.envFrom: Invalid value'],
    ],
    [
      'mounts refer to volumes of the Pod',
      () => preset({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      ['spec.volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'its mount paths are unique',
      () =>
        preset({
          volumes: [{ name: 'v' }],
          volumeMounts: [
            { name: 'v', mountPath: '/v' },
            { name: 'v', mountPath: '/v' },
          ],
        }),
      ['spec.volumeMounts[1].mountPath: Invalid value: "/v": must be unique'],
    ],
    [
      'it may be updated, by the same rules',
      () => updateFaults(kinds.PodPreset, { spec: {} }, { spec: { env: [{ name: 'A' }] } }),
      ['must specify at least one'],
    ],
  ]);
});

describe('kinds of the cluster', () => {
  const limits = (item: object) =>
    createFaults(kinds.LimitRange, { spec: { limits: [{ type: 'Container', ...item }] } });
  const crd = (spec: object, name = 'sites.a.b') =>
    createFaults(
      kinds.CustomResourceDefinition,
      {
        spec: {
          group: 'a.b',
          scope: 'Namespaced',
          names: { plural: 'sites', kind: 'Site' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
          ...spec,
        },
      },
      { name },
    );
  table([
    [
      'a namespace is a DNS label',
      () => createFaults(kinds.Namespace, {}, { name: 'a.b' }),
      ['metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label'],
    ],
    [
      'a cluster object has no namespace',
      () => createFaults(kinds.Namespace, {}, { namespace: 'n' }),
      ['metadata.namespace: Forbidden: not allowed on this type'],
    ],
    [
      'a taint has an effect',
      () => createFaults(kinds.Node, { spec: { taints: [{ key: 'a', effect: 'x' }] } }),
      ['spec.taints[0].effect: Unsupported value: "x"'],
    ],
    [
      'taints are unique',
      () =>
        createFaults(kinds.Node, {
          spec: {
            taints: [
              { key: 'a', effect: 'NoSchedule' },
              { key: 'a', value: 'b', effect: 'NoSchedule' },
            ],
          },
        }),
      ['spec.taints[1]: Duplicate value'],
    ],
    [
      'a range of Pods is one',
      () => createFaults(kinds.Node, { spec: { podCIDR: '10.256.0.0/24' } }),
      ['spec.podCIDRs[0]: Invalid value: "10.256.0.0/24": must be a valid CIDR value'],
    ],
    [
      'a node may have a range of each family',
      () => createFaults(kinds.Node, { spec: { podCIDRs: ['10.244.0.0/24', 'fd00::/64'] } }),
      [],
    ],
    [
      'a node has no two ranges of one family',
      () => createFaults(kinds.Node, { spec: { podCIDRs: ['10.244.0.0/24', '10.244.1.0/24'] } }),
      ['spec.podCIDRs: Invalid value: ["10.244.0.0/24","10.244.1.0/24"]: may specify no more than one CIDR'],
    ],
    [
      'a lease lasts',
      () => createFaults(kinds.Lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }),
      [
        'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
        'spec.leaseTransitions: Invalid value: -1',
      ],
    ],
    [
      'a budget has one bound',
      () => createFaults(kinds.PodDisruptionBudget, { spec: { minAvailable: 1, maxUnavailable: 1 } }),
      ['minAvailable and maxUnavailable cannot be both set'],
    ],
    [
      'a budget is at most all',
      () => createFaults(kinds.PodDisruptionBudget, { spec: { minAvailable: '101%' } }),
      ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      "system priorities are the system's",
      () => createFaults(kinds.PriorityClass, { value: 1 }, { name: 'system-mine' }),
      ["metadata.name: Forbidden: priority class names with 'system-' prefix are reserved"],
    ],
    [
      'a priority of users is at most a billion',
      () => createFaults(kinds.PriorityClass, { value: 1_000_000_001 }),
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [
      'a priority never changes',
      () => updateFaults(kinds.PriorityClass, { value: 1 }, { value: 2 }),
      ['value: Forbidden: may not be changed in an update.'],
    ],
    [
      'a quota is of known resources',
      () =>
        createFaults(kinds.ResourceQuota, {
          spec: { hard: { pods: 5, 'requests.cpu': 1, 'count/jobs.batch': 3, cups: 1 } },
        }),
      ['spec.hard[cups]: Invalid value: "cups": must be a standard resource type or fully qualified'],
    ],
    [
      'a quota counts whole Pods',
      () => createFaults(kinds.ResourceQuota, { spec: { hard: { pods: '500m' } } }),
      ['spec.hard[pods]: Invalid value: "500m": must be an integer'],
    ],
    [
      'a limit is between minimum and maximum',
      () => limits({ min: { cpu: 2 }, max: { cpu: 1 } }),
      [
        'limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'limits[0].defaultRequest[cpu]',
        'limits[0].default[cpu]',
      ],
    ],
    [
      'a claim asks for storage',
      () => createFaults(kinds.PersistentVolumeClaim, { spec: {} }),
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'a volume has a source and a size',
      () => createFaults(kinds.PersistentVolume, { spec: { accessModes: ['ReadWriteOnce'] } }),
      ['spec.capacity: Required value', 'spec: Required value: must specify a volume type'],
    ],
    [
      'a binding is to a node',
      () => createFaults(kinds.Binding, { target: { kind: 'Pod' } }),
      ['target.kind: Unsupported value: "Pod"', 'target.name: Required value'],
    ],
    ['a definition passes', () => crd({}), []],
    [
      'a definition is named after its resource',
      () => crd({}, 'site.a.b'),
      ['metadata.name: Invalid value: "site.a.b": must be spec.names.plural+"."+spec.group'],
    ],
    [
      'a definition stores one version',
      () =>
        crd({
          versions: [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } }],
        }),
      ['must have exactly one version marked as storage version'],
    ],
    [
      'a definition has a schema',
      () => crd({ versions: [{ name: 'v1', served: true, storage: true }] }),
      ['spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
    ],
  ]);
});

it.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
  'an empty %s is validated without fault',
  (_name, kind) => {
    const empty = stored(kind, {});
    validateCreate(kind, empty);
    validateUpdate(kind, stored(kind, {}), empty);
    validateStatusUpdate(kind, stored(kind, {}), empty);
  },
);
