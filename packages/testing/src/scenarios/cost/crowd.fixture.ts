import {
  type Deployment,
  type KubernetesObject,
  type Node,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplateSpec,
  type ReplicaSet,
  type ResourceQuota,
  type Service,
  templateHash,
} from '@orrery/api';
import { createMemoryEngine, openObjectStore, type StorageEngine } from '@orrery/store';

/** A readiness gate: a test makes a Pod ready or not by this condition. */
export const gate = 'test.orrery.dev/open';

const made = '2026-01-01T00:00:00Z';
const podsOnOneNode = 100;
/** Pods on the one node that has a kubelet. */
const onRealNode = 5;

/** How many Pods there are, in how many Deployments, each behind a Service and under a disruption budget of its own. */
export interface CrowdSize {
  readonly pods: number;
  readonly workloads: number;
}

/**
 * A store with a crowd in the namespace `default`, which has a quota. All but a few of the Pods are on nodes that exist on paper only: nothing runs
 * there. The first few are on `node1`.
 */
export async function crowd({ pods, workloads }: CrowdSize): Promise<StorageEngine> {
  const engine = createMemoryEngine();
  const store = await openObjectStore({ engine });
  for (let i = 0; i * podsOnOneNode < pods; i++) await store.create('nodes', paperNode(`paper${i}`));
  await store.create('resourcequotas', quota);
  const each = pods / workloads;
  for (let w = 0; w < workloads; w++) {
    const { deployment, replicaSet, service, budget } = workload(`web${w}`, each, w);
    await store.create('deployments.apps', deployment);
    await store.create('replicasets.apps', replicaSet);
    await store.create('services', service);
    await store.create('poddisruptionbudgets.policy', budget);
    for (let p = 0; p < each; p++) await store.create('pods', podOf(replicaSet, w * each + p));
  }
  return engine;
}

/** Room for all of them. */
const quota: ResourceQuota = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'quota', namespace: 'default', uid: 'quota-uid', creationTimestamp: made },
  spec: { hard: { pods: '200000', 'count/deployments.apps': '200000', services: '200000' } },
};

function paperNode(name: string): Node {
  const status = 'True' as const;
  const condition = { type: 'Ready', status, reason: 'KubeletReady', message: '', lastHeartbeatTime: made };
  const amounts = { cpu: '64', memory: '256Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, creationTimestamp: made, labels: { 'kubernetes.io/hostname': name } },
    spec: { taints: [{ key: 'test.orrery.dev/paper', effect: 'NoSchedule' }] },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ ...condition, lastTransitionTime: made }],
    },
  };
}

interface Workload {
  readonly deployment: Deployment;
  readonly replicaSet: ReplicaSet;
  readonly service: Service;
  readonly budget: PodDisruptionBudget;
}

function workload(name: string, replicas: number, number: number): Workload {
  const app = { app: name };
  const meta = (of: string, more: object = {}) => ({
    name: of,
    namespace: 'default',
    uid: `${of}-uid`,
    generation: 1,
    creationTimestamp: made,
    ...more,
  });
  const template: PodTemplateSpec = {
    metadata: { labels: app },
    spec: {
      readinessGates: [{ conditionType: gate }],
      containers: [
        {
          name: 'web',
          image: 'nginx:1.27',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      // Or each container would get variables for each Service of the namespace.
      enableServiceLinks: false,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 0,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
    },
  };
  const hash = templateHash(template);
  const labels = { ...app, 'pod-template-hash': hash };
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(name),
    spec: { replicas, selector: { matchLabels: app }, template },
  };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: `${name}-uid`, controller: true };
  const replicaSet: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta(`${name}-${hash}`, { labels, ownerReferences: [owner] }),
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { ...template, metadata: { labels } },
    },
  };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(name),
    spec: {
      type: 'ClusterIP',
      clusterIP: `10.96.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`,
      ipFamilies: ['IPv4'],
      selector: app,
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
    },
  };
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta(name, { uid: `${name}-budget-uid` }),
    spec: { maxUnavailable: '10%', selector: { matchLabels: app } },
  };
  return { deployment, replicaSet, service, budget };
}

function podOf(replicaSet: ReplicaSet, number: number): KubernetesObject {
  const { name, uid = '', labels } = replicaSet.metadata;
  const isLocal = number < onRealNode;
  const open = { type: gate, status: 'True' as const, lastTransitionTime: made };
  const conditions = isLocal ? [open] : [open, { type: 'Ready', status: 'True' as const, lastTransitionTime: made }];
  const podIP = `10.${128 + Math.floor(number / 62_500)}.${Math.floor(number / 250) % 250}.${1 + (number % 250)}`;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${String(number).padStart(6, '0')}`,
      namespace: 'default',
      uid: `pod-${number}`,
      creationTimestamp: made,
      ...(labels === undefined ? {} : { labels }),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      ...(replicaSet.spec.template?.spec ?? { containers: [] }),
      nodeName: isLocal ? 'node1' : `paper${Math.floor(number / podsOnOneNode)}`,
    },
    status: isLocal
      ? { phase: 'Pending', conditions }
      : { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: made, conditions },
  };
  return pod;
}
