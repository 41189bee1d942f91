import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '@orrery/api';

import { defaultRoles } from './default-roles.ts';
import { nodeRules } from './node-authorizer.ts';

const rbacGroup = 'rbac.authorization.k8s.io';
const bootstrapMeta = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
};

const readVerbs = ['get', 'list', 'watch'];
const writeVerbs = ['create', 'delete', 'deletecollection', 'patch', 'update'];

function rule(
  verbs: readonly string[],
  apiGroup: string,
  resources: readonly string[],
  resourceNames: readonly string[] = [],
): PolicyRule {
  return {
    verbs: [...verbs],
    apiGroups: [apiGroup],
    resources: [...resources],
    ...(resourceNames.length > 0 ? { resourceNames: [...resourceNames] } : {}),
  };
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const schedulerRules: readonly PolicyRule[] = [
  rule([...readVerbs, 'create', 'update', 'patch'], '', ['events']),
  rule([...readVerbs, 'create', 'update', 'patch'], 'events.k8s.io', ['events']),
  rule([...readVerbs, 'create', 'update', 'patch'], 'coordination.k8s.io', ['leases']),
  rule([...readVerbs, 'delete'], '', ['pods']),
  rule(['create'], '', ['bindings', 'pods/binding']),
  rule(['patch', 'update'], '', ['pods/status']),
  rule(readVerbs, '', [
    'namespaces',
    'nodes',
    'persistentvolumeclaims',
    'persistentvolumes',
    'replicationcontrollers',
    'services',
  ]),
  rule(readVerbs, 'apps', ['replicasets', 'statefulsets']),
  rule(readVerbs, 'policy', ['poddisruptionbudgets']),
  rule(readVerbs, 'storage.k8s.io', [
    'csidrivers',
    'csinodes',
    'storageclasses',
    'csistoragecapacities',
    'volumeattachments',
  ]),
  rule(readVerbs, 'scheduling.k8s.io', ['priorityclasses']),
];

const eventRules: readonly PolicyRule[] = [rule(['create', 'patch', 'update'], '', ['events'])];

/** The rules of each built-in controller, as the service account `kube-system/NAME-controller`. */
const controllerRules: { readonly [name: string]: readonly PolicyRule[] } = {
  'deployment-controller': [
    rule([...readVerbs, 'update'], 'apps', ['deployments']),
    rule(['update'], 'apps', ['deployments/status', 'deployments/finalizers']),
    rule([...readVerbs, 'create', 'delete', 'patch', 'update'], 'apps', ['replicasets']),
    rule([...readVerbs, 'update'], '', ['pods']),
  ],
  'replicaset-controller': [
    rule([...readVerbs, 'update'], 'apps', ['replicasets']),
    rule(['update'], 'apps', ['replicasets/status', 'replicasets/finalizers']),
    rule([...readVerbs, 'create', 'delete', 'patch'], '', ['pods']),
  ],
  'replication-controller': [
    rule([...readVerbs, 'update'], '', ['replicationcontrollers']),
    rule(['update'], '', ['replicationcontrollers/finalizers', 'replicationcontrollers/status']),
    rule([...readVerbs, 'create', 'delete', 'patch'], '', ['pods']),
  ],
  'job-controller': [
    rule([...readVerbs, 'patch', 'update'], 'batch', ['jobs']),
    rule(['update'], 'batch', ['jobs/finalizers', 'jobs/status']),
    rule([...readVerbs, 'create', 'delete', 'patch'], '', ['pods']),
  ],
  'cronjob-controller': [
    rule([...readVerbs, 'create', 'delete', 'patch', 'update'], 'batch', ['jobs']),
    rule([...readVerbs, 'update'], 'batch', ['cronjobs']),
    rule(['update'], 'batch', ['cronjobs/finalizers', 'cronjobs/status']),
    rule(['delete', 'list'], '', ['pods']),
  ],
  'ttl-after-finished-controller': [rule([...readVerbs, 'delete'], 'batch', ['jobs'])],
  'daemonset-controller': [
    rule(readVerbs, 'apps', ['daemonsets']),
    rule(['update'], 'apps', ['daemonsets/status', 'daemonsets/finalizers']),
    rule(readVerbs, '', ['nodes']),
    rule([...readVerbs, 'create', 'delete', 'patch'], '', ['pods']),
    rule([...readVerbs, 'create', 'delete', 'patch', 'update'], 'apps', ['controllerrevisions']),
  ],
  'statefulset-controller': [
    rule(readVerbs, 'apps', ['statefulsets']),
    rule(['update'], 'apps', ['statefulsets/status', 'statefulsets/finalizers']),
    rule([...readVerbs, 'create', 'delete', 'patch', 'update'], '', ['pods']),
    rule([...readVerbs, 'create', 'delete', 'patch', 'update'], 'apps', ['controllerrevisions']),
    rule([...readVerbs, 'create', 'update'], '', ['persistentvolumeclaims']),
  ],
  'generic-garbage-collector': [
    { verbs: ['get', 'list', 'watch', 'patch', 'update', 'delete'], apiGroups: ['*'], resources: ['*'] },
  ],
  'namespace-controller': [
    rule([...readVerbs, 'delete', 'update'], '', ['namespaces']),
    rule(['update'], '', ['namespaces/finalize', 'namespaces/status']),
    { verbs: ['get', 'list', 'watch', 'delete', 'deletecollection'], apiGroups: ['*'], resources: ['*'] },
  ],
  'service-account-controller': [
    rule([...readVerbs], '', ['namespaces']),
    rule([...readVerbs, 'create'], '', ['serviceaccounts']),
  ],
  'tokens-controller': [
    rule([...readVerbs, 'update'], '', ['serviceaccounts']),
    rule([...readVerbs, 'update', 'delete'], '', ['secrets']),
  ],
  'root-ca-cert-publisher': [
    rule(readVerbs, '', ['namespaces']),
    rule([...readVerbs, 'create', 'update'], '', ['configmaps']),
  ],
  'endpointslice-controller': [
    rule(readVerbs, '', ['services', 'pods', 'nodes']),
    rule([...readVerbs, 'create', 'delete', 'update'], 'discovery.k8s.io', ['endpointslices']),
  ],
  'endpoint-controller': [
    rule(readVerbs, '', ['services', 'pods']),
    rule([...readVerbs, 'create', 'delete', 'update'], '', ['endpoints']),
  ],
  'node-controller': [
    rule([...readVerbs, 'delete', 'patch', 'update'], '', ['nodes']),
    rule(['patch', 'update'], '', ['nodes/status', 'pods/status']),
    rule([...readVerbs, 'delete'], '', ['pods']),
    rule(readVerbs, 'coordination.k8s.io', ['leases']),
  ],
  'taint-eviction-controller': [
    rule([...readVerbs, 'delete'], '', ['pods']),
    rule(['patch'], '', ['pods/status']),
    rule(readVerbs, '', ['nodes']),
  ],
  'pod-garbage-collector': [
    rule([...readVerbs, 'delete'], '', ['pods']),
    rule(['patch', 'update'], '', ['pods/status']),
    rule(readVerbs, '', ['nodes']),
  ],
  'disruption-controller': [
    rule([...readVerbs], 'policy', ['poddisruptionbudgets']),
    rule(['update'], 'policy', ['poddisruptionbudgets/status']),
    rule(readVerbs, '', ['pods', 'replicationcontrollers']),
    rule(['patch', 'update'], '', ['pods/status']),
    rule(readVerbs, 'apps', ['deployments', 'replicasets', 'statefulsets']),
    rule(['get'], '*', ['*/scale']),
  ],
  'resourcequota-controller': [
    rule(['list', 'watch'], '*', ['*']),
    rule([...readVerbs], '', ['resourcequotas']),
    rule(['update'], '', ['resourcequotas/status']),
  ],
  'node-power': [rule(readVerbs, '', ['nodes'])],
  'node-ipam-controller': [rule(readVerbs, '', ['nodes'])],
  'service-proxy': [
    rule(readVerbs, '', ['services', 'pods', 'nodes']),
    rule(readVerbs, 'discovery.k8s.io', ['endpointslices']),
  ],
};

function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  labels: { readonly [key: string]: string } = {},
): ClusterRole {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...bootstrapMeta.labels, ...labels }, annotations: { ...bootstrapMeta.annotations } },
    rules: [...rules],
  };
}

function aggregateTo(name: string): { readonly [label: string]: string } {
  return { [`${rbacGroup}/aggregate-to-${name}`]: 'true' };
}

/** A role that aggregates the rules of labelled roles, so that custom kinds can add rules for existing users. */
function aggregatedRole(name: string, labels: { readonly [key: string]: string } = {}): ClusterRole {
  const selected = { ...aggregateTo(name) };
  return {
    ...clusterRole(name, [], labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: selected }] },
  };
}

type Subject = NonNullable<ClusterRoleBinding['subjects']>[number];

function clusterRoleBinding(name: string, role: string, subjects: readonly Subject[]): ClusterRoleBinding {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: { ...bootstrapMeta.labels }, annotations: { ...bootstrapMeta.annotations } },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
    subjects: [...subjects],
  };
}

const group = (name: string): Subject => ({ apiGroup: rbacGroup, kind: 'Group', name });
const user = (name: string): Subject => ({ apiGroup: rbacGroup, kind: 'User', name });

/** Kubernetes' default roles and bindings ("Using RBAC Authorization", Default roles), for the subjects that Orrery has. */
export function bootstrapPolicy(): readonly (ClusterRole | ClusterRoleBinding | Role | RoleBinding)[] {
  const controllers = Object.entries(controllerRules).flatMap(([name, rules]) => [
    clusterRole(`system:controller:${name}`, [...rules, ...eventRules]),
    clusterRoleBinding(`system:controller:${name}`, `system:controller:${name}`, [
      { kind: 'ServiceAccount', name, namespace: 'kube-system' },
    ]),
  ]);
  return [
    clusterRole('cluster-admin', everything),
    clusterRoleBinding('cluster-admin', 'cluster-admin', [group('system:masters')]),
    aggregatedRole('admin'),
    aggregatedRole('edit', aggregateTo('admin')),
    aggregatedRole('view', aggregateTo('edit')),
    ...Object.entries(defaultRoles).map(([name, { aggregatesTo, rules }]) =>
      clusterRole(name, rules, aggregatesTo === undefined ? {} : aggregateTo(aggregatesTo)),
    ),
    // PodPresets are no part of Kubernetes any more; who may use Pods may use them.
    clusterRole('orrery:aggregate-to-edit', [rule(writeVerbs, 'settings.k8s.io', ['podpresets'])], aggregateTo('edit')),
    clusterRole('orrery:aggregate-to-view', [rule(readVerbs, 'settings.k8s.io', ['podpresets'])], aggregateTo('view')),
    clusterRoleBinding('system:basic-user', 'system:basic-user', [group('system:authenticated')]),
    clusterRoleBinding('system:discovery', 'system:discovery', [group('system:authenticated')]),
    clusterRoleBinding('system:monitoring', 'system:monitoring', [group('system:monitoring')]),
    clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [
      group('system:authenticated'),
      group('system:unauthenticated'),
    ]),
    clusterRoleBinding('system:kube-dns', 'system:kube-dns', [
      { kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' },
    ]),
    clusterRoleBinding('system:node-proxier', 'system:node-proxier', [user('system:kube-proxy')]),
    clusterRoleBinding('system:service-account-issuer-discovery', 'system:service-account-issuer-discovery', [
      group('system:serviceaccounts'),
    ]),
    clusterRoleBinding('system:volume-scheduler', 'system:volume-scheduler', [user('system:kube-scheduler')]),
    clusterRole('system:node', nodeRules),
    // No subject is bound to it: the Node authorizer grants kubelets these rules, limited to the objects that they need.
    clusterRoleBinding('system:node', 'system:node', []),
    clusterRole('system:kube-scheduler', schedulerRules),
    clusterRoleBinding('system:kube-scheduler', 'system:kube-scheduler', [user('system:kube-scheduler')]),
    clusterRole('system:kube-controller-manager', [rule(readVerbs, '*', ['*'])]),
    clusterRoleBinding('system:kube-controller-manager', 'system:kube-controller-manager', [
      user('system:kube-controller-manager'),
    ]),
    ...controllers,
  ];
}
