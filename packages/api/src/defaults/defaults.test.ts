import { describe, expect, it } from 'vitest';
import { builtinKind, builtinKinds, type Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { deepFreeze, type KubernetesObject } from '../object.ts';
import { applyDefaults, pullPolicyFor } from './index.ts';

/** Defaults written into frozen input, which must be the whole story: a second pass finds nothing to do. */
function defaulted(kind: Kind, object: object): Record<string, unknown> {
  const once = applyDefaults(kind, deepFreeze(object) as KubernetesObject);
  expect(applyDefaults(kind, once)).toBe(once);
  return once as Record<string, unknown>;
}

const podSpec = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  terminationGracePeriodSeconds: 30,
  schedulerName: 'default-scheduler',
  securityContext: {},
};
const container = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
};

function pod(spec: object): Record<string, unknown> {
  return defaulted(kinds.Pod, { spec }).spec as Record<string, unknown>;
}

describe('a Pod', () => {
  it('gets restart, DNS, grace, scheduler, security context and service links', () => {
    expect(pod({ containers: [] })).toEqual({ containers: [], ...podSpec, enableServiceLinks: true });
  });
  it('keeps explicit values', () => {
    const stated = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, enableServiceLinks: false };
    expect(pod({ containers: [], ...stated })).toMatchObject(stated);
  });
  it('reads an empty word as absent', () => {
    expect(pod({ containers: [], restartPolicy: '' })).toMatchObject({ restartPolicy: 'Always' });
  });
  it('defaults all three lists of containers', () => {
    const bare = { name: 'c', image: 'busybox' };
    expect(pod({ containers: [bare], initContainers: [bare], ephemeralContainers: [bare] })).toMatchObject({
      containers: [{ ...bare, ...container }],
      initContainers: [{ ...bare, ...container }],
      ephemeralContainers: [{ ...bare, ...container }],
    });
  });
  it('requests what it limits, resource by resource', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } };
    expect(pod({ containers: [{ resources }], initContainers: [{ resources }] })).toMatchObject({
      containers: [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
      initContainers: [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
    });
  });
  it('writes requests, ports of the host and service links only into Pods, never into templates', () => {
    const spec = {
      hostNetwork: true,
      containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } } }],
    };
    const made = defaulted(kinds.Deployment, { spec: { template: { spec } } }) as unknown as kinds.Deployment;
    const { enableServiceLinks, containers } = made.spec.template.spec ?? { containers: [] };
    expect(enableServiceLinks).toBeUndefined();
    expect(containers[0]).toMatchObject({
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      resources: { limits: { cpu: '1' } },
    });
    expect(containers[0]?.ports?.[0]).not.toHaveProperty('hostPort');
    expect(containers[0]?.resources).not.toHaveProperty('requests');
  });
  it('keeps its pull policy when its image changes later', () => {
    expect(pod({ containers: [{ image: 'nginx:1', imagePullPolicy: 'Always' }] })).toMatchObject({
      containers: [{ image: 'nginx:1', imagePullPolicy: 'Always' }],
    });
  });
  it('has its ports on the host when it is on the host network', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 82 }];
    expect(pod({ containers: [{ ports }], hostNetwork: true })).toMatchObject({
      containers: [
        {
          ports: [
            { hostPort: 80, protocol: 'TCP' },
            { hostPort: 82, protocol: 'TCP' },
          ],
        },
      ],
    });
    expect(pod({ containers: [{ ports }] })).toMatchObject({
      containers: [{ ports: [{ containerPort: 80, protocol: 'TCP' }, {}] }],
    });
  });
  it('has probes with thresholds, zero counting as absent', () => {
    const livenessProbe = { httpGet: { port: 80 }, periodSeconds: 0, failureThreshold: 5 };
    expect(pod({ containers: [{ livenessProbe, readinessProbe: { grpc: { port: 1 } } }] })).toMatchObject({
      containers: [
        {
          livenessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 5,
          },
          readinessProbe: { grpc: { port: 1, service: '' } },
        },
      ],
    });
  });
  it('has hooks with paths and schemes', () => {
    expect(pod({ containers: [{ lifecycle: { preStop: { httpGet: { port: 80 } } } }] })).toMatchObject({
      containers: [{ lifecycle: { preStop: { httpGet: { path: '/', scheme: 'HTTP' } } } }],
    });
  });
  it('has versions and divisors in its references', () => {
    const env = [
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    ];
    expect(pod({ containers: [{ env }] })).toMatchObject({
      containers: [
        {
          env: [
            { valueFrom: { fieldRef: { apiVersion: 'v1' } } },
            { valueFrom: { resourceFieldRef: { divisor: '0' } } },
          ],
        },
      ],
    });
  });
  it('mirrors the service account under its old name', () => {
    expect(pod({ containers: [], serviceAccountName: 'a' })).toMatchObject({ serviceAccount: 'a' });
    expect(pod({ containers: [], serviceAccount: 'a' })).toMatchObject({ serviceAccountName: 'a' });
  });
  const volumes: [name: string, given: object, stored: object][] = [
    ['without a source is an emptyDir', {}, { emptyDir: {} }],
    ['emptyDir stays', { emptyDir: { medium: 'Memory' } }, { emptyDir: { medium: 'Memory' } }],
    ['secret has mode 0644', { secret: { secretName: 's' } }, { secret: { secretName: 's', defaultMode: 420 } }],
    ['configMap has mode 0644', { configMap: { name: 'c' } }, { configMap: { name: 'c', defaultMode: 420 } }],
    ['mode 0 stays', { secret: { secretName: 's', defaultMode: 0 } }, { secret: { secretName: 's', defaultMode: 0 } }],
    ['hostPath has the empty type', { hostPath: { path: '/' } }, { hostPath: { path: '/', type: '' } }],
    [
      'downwardAPI has mode and versions',
      { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      {
        downwardAPI: {
          items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels', apiVersion: 'v1' } }],
          defaultMode: 420,
        },
      },
    ],
    [
      'projected has one mode, and tokens that live for an hour',
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }, { secret: { name: 's' } }] } },
      {
        projected: {
          sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }, { secret: { name: 's' } }],
          defaultMode: 420,
        },
      },
    ],
    [
      'ephemeral has a claim of a file system',
      { ephemeral: { volumeClaimTemplate: { spec: {} } } },
      { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem' } } } },
    ],
  ];
  it.each(volumes)('volume: %s', (_name, given, stored) => {
    expect(pod({ containers: [], volumes: [{ name: 'v', ...given }] }).volumes).toEqual([{ name: 'v', ...stored }]);
  });
});

it.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['registry:5000/team/nginx', 'Always'],
  ['nginx:latest@sha256:1234', 'Always'],
  ['nginx:1.27', 'IfNotPresent'],
  ['registry:5000/nginx:1.27', 'IfNotPresent'],
  ['nginx@sha256:1234', 'IfNotPresent'],
  ['', 'IfNotPresent'],
])('the image %j is pulled %s', (image, policy) => {
  expect(pullPolicyFor(image)).toBe(policy);
});

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [] } };
const templated = { metadata: { labels: { a: 'b' } }, spec: { containers: [], ...podSpec } };
const rbac = 'rbac.authorization.k8s.io';

const others: [name: string, kind: Kind, given: object, stored: object][] = [
  [
    'a Deployment rolls 25% at a time',
    kinds.Deployment,
    { spec: { template } },
    {
      spec: {
        template: templated,
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      },
    },
  ],
  [
    'a Deployment that is recreated does not roll',
    kinds.Deployment,
    { spec: { template, replicas: 0, strategy: { type: 'Recreate' } } },
    {
      spec: {
        template: templated,
        replicas: 0,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: 'Recreate' },
      },
    },
  ],
  [
    'a ReplicaSet has one replica',
    kinds.ReplicaSet,
    { spec: { template } },
    { spec: { template: templated, replicas: 1 } },
  ],
  [
    'a DaemonSet replaces one Pod at a time',
    kinds.DaemonSet,
    { spec: { template } },
    {
      spec: {
        template: templated,
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      },
    },
  ],
  [
    'a StatefulSet is ordered and keeps its claims',
    kinds.StatefulSet,
    { spec: { template, volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: {} }] } },
    {
      spec: {
        template: templated,
        replicas: 1,
        revisionHistoryLimit: 10,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'd' },
            spec: { volumeMode: 'Filesystem' },
            status: { phase: 'Pending' },
          },
        ],
      },
    },
  ],
  [
    'a ReplicationController derives selector and labels from its template',
    kinds.ReplicationController,
    { metadata: {}, spec: { template } },
    { metadata: { labels: { a: 'b' } }, spec: { template: templated, replicas: 1, selector: { a: 'b' } } },
  ],
  [
    'a Job without either count runs once',
    kinds.Job,
    { metadata: {}, spec: { template } },
    {
      metadata: { labels: { a: 'b' } },
      spec: {
        template: templated,
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    },
  ],
  [
    'a Job with parallelism alone is a work queue; limits per index replace the whole limit',
    kinds.Job,
    { spec: { template, parallelism: 3, backoffLimitPerIndex: 1, podFailurePolicy: { rules: [] } } },
    {
      spec: {
        template: templated,
        parallelism: 3,
        backoffLimitPerIndex: 1,
        backoffLimit: 2147483647,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podFailurePolicy: { rules: [] },
        podReplacementPolicy: 'Failed',
      },
    },
  ],
  [
    'a CronJob allows overlap and keeps three and one',
    kinds.CronJob,
    { spec: { jobTemplate: { spec: { template } } } },
    {
      spec: {
        jobTemplate: { spec: { template: templated } },
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
    },
  ],
  [
    'a Service is inside the cluster, over TCP, to the same port',
    kinds.Service,
    { spec: { ports: [{ port: 80 }] } },
    {
      spec: {
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
      },
    },
  ],
  [
    'a Service for clients outside has an external traffic policy, and one of a load balancer node ports',
    kinds.Service,
    { spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' } },
    {
      spec: {
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
        internalTrafficPolicy: 'Cluster',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
      },
    },
  ],
  [
    'a Service that is a name has no traffic policy',
    kinds.Service,
    { spec: { type: 'ExternalName', externalName: 'a.b' } },
    { spec: { type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' } },
  ],
  ['a Secret is opaque', kinds.Secret, {}, { type: 'Opaque' }],
  ['a ConfigMap has no defaults', kinds.ConfigMap, { data: { a: 'b' } }, { data: { a: 'b' } }],
  [
    'a Namespace is active and labelled with its name',
    kinds.Namespace,
    { metadata: { name: 'n' } },
    { metadata: { name: 'n', labels: { 'kubernetes.io/metadata.name': 'n' } }, status: { phase: 'Active' } },
  ],
  [
    'a Node’s allocatable defaults to its capacity',
    kinds.Node,
    { status: { capacity: { cpu: '4' } } },
    { spec: {}, status: { capacity: { cpu: '4' }, allocatable: { cpu: '4' } } },
  ],
  [
    'a PersistentVolumeClaim asks for a file system',
    kinds.PersistentVolumeClaim,
    { spec: {} },
    { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
  ],
  [
    'a PersistentVolume is retained',
    kinds.PersistentVolume,
    { spec: { hostPath: { path: '/' } } },
    {
      spec: {
        hostPath: { path: '/', type: '' },
        persistentVolumeReclaimPolicy: 'Retain',
        volumeMode: 'Filesystem',
      },
      status: { phase: 'Pending' },
    },
  ],
  [
    'Endpoints are TCP',
    kinds.Endpoints,
    { subsets: [{ ports: [{ port: 80 }] }] },
    { subsets: [{ ports: [{ port: 80, protocol: 'TCP' }] }] },
  ],
  [
    'an EndpointSlice names its ports, if only with nothing',
    kinds.EndpointSlice,
    { ports: [{ port: 80 }] },
    { ports: [{ port: 80, name: '', protocol: 'TCP' }] },
  ],
  [
    'a LimitRange fills in limits from maxima and requests from limits, then minima',
    kinds.LimitRange,
    { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] } },
    {
      spec: {
        limits: [
          {
            type: 'Container',
            max: { cpu: '2' },
            min: { cpu: '1', memory: '1Mi' },
            default: { cpu: '2' },
            defaultRequest: { cpu: '2', memory: '1Mi' },
          },
        ],
      },
    },
  ],
  [
    'a RoleBinding defaults to the RBAC group, except for service accounts',
    kinds.RoleBinding,
    {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    },
    {
      roleRef: { kind: 'Role', name: 'r', apiGroup: rbac },
      subjects: [
        { kind: 'User', name: 'u', apiGroup: rbac },
        { kind: 'ServiceAccount', name: 's' },
      ],
    },
  ],
  [
    'a ClusterRoleBinding does so too',
    kinds.ClusterRoleBinding,
    { roleRef: { kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'Group', name: 'g' }] },
    {
      roleRef: { kind: 'ClusterRole', name: 'r', apiGroup: rbac },
      subjects: [{ kind: 'Group', name: 'g', apiGroup: rbac }],
    },
  ],
  [
    'a PriorityClass preempts',
    kinds.PriorityClass,
    { value: 1 },
    { value: 1, preemptionPolicy: 'PreemptLowerPriority' },
  ],
  [
    'a PodPreset is defaulted as a Pod is, so that both can be compared',
    kinds.PodPreset,
    {
      spec: {
        volumes: [
          { name: 'v' },
          { name: 's', secret: { secretName: 's' } },
          { name: 'c', configMap: { name: 'c' } },
          { name: 'd', downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
          { name: 'p', projected: { sources: [] } },
          { name: 'h', hostPath: { path: '/h' } },
        ],
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      },
    },
    {
      spec: {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 's', secret: { secretName: 's', defaultMode: 420 } },
          { name: 'c', configMap: { name: 'c', defaultMode: 420 } },
          {
            name: 'd',
            downwardAPI: {
              items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } }],
              defaultMode: 420,
            },
          },
          { name: 'p', projected: { sources: [], defaultMode: 420 } },
          { name: 'h', hostPath: { path: '/h', type: '' } },
        ],
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }],
      },
    },
  ],
  [
    'an autoscaler aims at 80% of CPU',
    builtinKind('autoscaling/v2', 'HorizontalPodAutoscaler'),
    { spec: { maxReplicas: 3 } },
    {
      spec: {
        maxReplicas: 3,
        minReplicas: 1,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    },
  ],
  [
    'a NetworkPolicy is for what comes in, and for what goes out if it says so',
    builtinKind('networking.k8s.io/v1', 'NetworkPolicy'),
    { spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] } },
    {
      spec: {
        podSelector: {},
        egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
        policyTypes: ['Ingress', 'Egress'],
      },
    },
  ],
  [
    'a StorageClass defaults to Delete and Immediate',
    builtinKind('storage.k8s.io/v1', 'StorageClass'),
    { provisioner: 'p' },
    { provisioner: 'p', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
  ],
];

it.each(others)('%s', (_name, kind, given, stored) => {
  expect(defaulted(kind, given)).toEqual(stored);
});

it.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
  'an empty %s is defaulted without fault',
  (_name, kind) => {
    defaulted(kind, {});
    defaulted(kind, { metadata: { name: 'x' }, spec: {}, status: {} });
  },
);
