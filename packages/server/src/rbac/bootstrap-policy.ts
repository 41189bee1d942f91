import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '@orrery/api';

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

function paths(nonResourceURLs: readonly string[]): PolicyRule {
  return { verbs: ['get'], nonResourceURLs: [...nonResourceURLs] };
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Resources of a namespace that viewers see and editors change. Secrets, roles and tokens are listed separately. */
const workloads: readonly {
  readonly group: string;
  readonly resources: readonly string[];
  readonly status: readonly string[];
}[] = [
  {
    group: '',
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
    ],
    status: [
      'persistentvolumeclaims/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'services/status',
    ],
  },
  {
    group: 'apps',
    resources: [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
    status: [
      'controllerrevisions',
      'daemonsets/status',
      'deployments/status',
      'replicasets/status',
      'statefulsets/status',
    ],
  },
  { group: 'autoscaling', resources: ['horizontalpodautoscalers'], status: ['horizontalpodautoscalers/status'] },
  { group: 'batch', resources: ['cronjobs', 'jobs'], status: ['cronjobs/status', 'jobs/status'] },
  { group: 'networking.k8s.io', resources: ['ingresses', 'networkpolicies'], status: ['ingresses/status'] },
  { group: 'policy', resources: ['poddisruptionbudgets'], status: ['poddisruptionbudgets/status'] },
  { group: 'discovery.k8s.io', resources: ['endpointslices'], status: [] },
  { group: 'settings.k8s.io', resources: ['podpresets'], status: [] },
];

function viewRules(): PolicyRule[] {
  return [
    rule(readVerbs, '', [
      'bindings',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/status',
      'resourcequotas',
      'resourcequotas/status',
    ]),
    ...workloads.map(({ group, resources, status }) => rule(readVerbs, group, [...resources, ...status])),
  ];
}

function editRules(): PolicyRule[] {
  return [
    ...viewRules(),
    rule(['get', 'list', 'watch', ...writeVerbs], '', [
      'pods/attach',
      'pods/exec',
      'pods/portforward',
      'pods/proxy',
      'secrets',
      'services/proxy',
    ]),
    rule(['impersonate'], '', ['serviceaccounts']),
    rule(['create'], '', ['pods/eviction', 'serviceaccounts/token']),
    ...workloads.map(({ group, resources }) => rule(writeVerbs, group, resources)),
    rule([...readVerbs, ...writeVerbs], 'coordination.k8s.io', ['leases']),
  ];
}

function adminRules(): PolicyRule[] {
  return [
    ...editRules(),
    rule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
    rule([...readVerbs, ...writeVerbs], rbacGroup, ['rolebindings', 'roles']),
  ];
}

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
    clusterRole('system:aggregate-to-admin', adminRules(), aggregateTo('admin')),
    clusterRole('system:aggregate-to-edit', editRules(), aggregateTo('edit')),
    clusterRole('system:aggregate-to-view', viewRules(), aggregateTo('view')),
    clusterRole('system:basic-user', [
      rule(['create'], 'authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
      rule(['create'], 'authentication.k8s.io', ['selfsubjectreviews']),
    ]),
    clusterRoleBinding('system:basic-user', 'system:basic-user', [group('system:authenticated')]),
    clusterRole('system:discovery', [
      paths([
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ]),
    ]),
    clusterRoleBinding('system:discovery', 'system:discovery', [group('system:authenticated')]),
    clusterRole('system:public-info-viewer', [paths(['/healthz', '/livez', '/readyz', '/version', '/version/'])]),
    clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [
      group('system:authenticated'),
      group('system:unauthenticated'),
    ]),
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
