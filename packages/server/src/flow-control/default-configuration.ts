import type { FlowSchema, PriorityLevelConfiguration } from '@orrery/api';

type Rules = NonNullable<NonNullable<FlowSchema['spec']>['rules']>;
type Subjects = Rules[number]['subjects'];
type ResourceRules = NonNullable<Rules[number]['resourceRules']>;
type NonResourceRules = NonNullable<Rules[number]['nonResourceRules']>;
type Distinguisher = 'ByUser' | 'ByNamespace';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

/** The manager of what Kubernetes' own configuration sets. */
export const producer = 'api-priority-and-fairness-config-producer-v1';

/** Objects with this annotation, set to `true`, are kept as Kubernetes defines them. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

const metadata = (name: string) => ({ name, annotations: { [autoUpdateAnnotation]: 'true' } });

function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing?: { readonly queues: number; readonly handSize: number },
): PriorityLevelConfiguration {
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: metadata(name),
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares,
        lendablePercent,
        limitResponse:
          queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing: { ...queuing, queueLengthLimit: 50 } },
      },
    },
  };
}

function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  distinguisher: Distinguisher | undefined,
  rule: Rules[number],
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: metadata(name),
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [rule],
    },
  };
}

const groups = (...names: string[]): Subjects => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): Subjects => names.map((name) => ({ kind: 'User', user: { name } }));
const systemAccounts: Subjects = [{ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } }];
const everybody = groups('system:unauthenticated', 'system:authenticated');

const anyResource: ResourceRules = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
];
const anyPath: NonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
const anything = (subjects: Subjects): Rules[number] => ({
  subjects,
  resourceRules: anyResource,
  nonResourceRules: anyPath,
});

const namespaced = (verbs: string[], group: string, resources: string[]): ResourceRules[number] => ({
  verbs,
  apiGroups: [group],
  resources,
  namespaces: ['*'],
});

/** Always there: recreated when they are deleted, and kept as they are. */
export const mandatoryNames: ReadonlySet<string> = new Set(['exempt', 'catch-all']);

/** The priority levels that every cluster has (Kubernetes' mandatory and suggested ones). */
export const defaultPriorityLevels: readonly PriorityLevelConfiguration[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: metadata('exempt'),
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('catch-all', 5, 0),
  limited('system', 30, 33, { queues: 64, handSize: 6 }),
  limited('node-high', 40, 25, { queues: 64, handSize: 6 }),
  limited('leader-election', 10, 0, { queues: 16, handSize: 4 }),
  limited('workload-high', 40, 50, { queues: 128, handSize: 6 }),
  limited('workload-low', 100, 90, { queues: 128, handSize: 6 }),
  limited('global-default', 20, 50, { queues: 128, handSize: 6 }),
];

/** The flow schemas that every cluster has (Kubernetes' mandatory and suggested ones). */
export const defaultFlowSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, undefined, anything(groups('system:masters'))),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', anything(everybody)),
  schema('system-nodes', 'system', 500, 'ByUser', anything(groups('system:nodes'))),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [
      { ...namespaced(['*'], '', ['nodes', 'nodes/status']), clusterScope: true },
      namespaced(['*'], 'coordination.k8s.io', ['leases']),
    ],
  }),
  schema('probes', 'exempt', 2, undefined, {
    subjects: everybody,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemAccounts],
    resourceRules: [namespaced(['get', 'create', 'update'], 'coordination.k8s.io', ['leases'])],
  }),
  schema(
    'kube-controller-manager',
    'workload-high',
    800,
    'ByNamespace',
    anything(users('system:kube-controller-manager')),
  ),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', anything(users('system:kube-scheduler'))),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', anything(systemAccounts)),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', anything(groups('system:serviceaccounts'))),
  schema('global-default', 'global-default', 9900, 'ByUser', anything(everybody)),
];
