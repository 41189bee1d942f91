import { atLeast, defineRow, type Figure, type Measured } from '../row.ts';
import { type PodTemplate, SchedulerCluster } from '../scheduler-cluster.ts';

/**
 * The workloads of Kubernetes' scheduler_perf, by its names and sizes. As there, nodes and Pods are objects only. The scheduler
 * starts when the Pods exist, so its start is part of the time and their creation is not. Where scheduler_perf adds 5 Pods a
 * second that disturb the others, one Pod in a hundred is such a Pod here: as many, at the rate that it demands.
 */
export default defineRow({
  what: 'scheduler_perf: how fast Pods get a node; 5,000 nodes if not said otherwise',
  full: { nodes: 5_000, share: 1 },
  quick: { nodes: 40, share: 0.004 },
  limit: 900,
  figures: {
    plain1000: rate('3,000 plain Pods, 1,000 nodes', 5_000),
    plain5000: rate('3,000 plain Pods', 5_000),
    plainAll: rate('3,000 plain Pods, all nodes scored'),
    basic: rate('SchedulingBasic 5000Nodes_10000Pods', 5_000, 680),
    nodeAffinity: rate('SchedulingNodeAffinity 5000Nodes_10000Pods', 2_000, 220),
    preferredPodAffinity: rate('SchedulingPreferredPodAffinity 5000Nodes_5000Pods', 1_000, 90),
    podAntiAffinity: rate('SchedulingPodAntiAffinity 5000Nodes_2000Pods', 1_000, 60),
    topologySpreading: rate('TopologySpreading 5000Nodes_5000Pods', 2_000, 460),
    preemptionAsync: rate('PreemptionAsync 5000Nodes', 2_000, 570),
    preemptionBasic: rate('PreemptionBasic 5000Nodes', 2_000),
    unschedulable: rate('Unschedulable 5kNodes/100Init/10kPods', 4_000, 590),
  },
  async measure(size) {
    return {
      plain1000: await podsPerSecond(size, { nodes: 1_000, measured: pods(3_000, pod()) }),
      plain5000: await podsPerSecond(size, { measured: pods(3_000, pod()) }),
      plainAll: await podsPerSecond(size, { measured: pods(3_000, pod()), percentageOfNodesToScore: 100 }),
      basic: await podsPerSecond(size, { before: pods(1_000, pod()), measured: pods(10_000, pod()) }),
      nodeAffinity: await podsPerSecond(size, {
        zones: ['zone1'],
        before: pods(5_000, nearZones()),
        measured: pods(10_000, nearZones()),
      }),
      preferredPodAffinity: await podsPerSecond(size, {
        before: pods(5_000, preferringEachOther('one')),
        measured: pods(5_000, preferringEachOther('two')),
      }),
      podAntiAffinity: await podsPerSecond(size, {
        before: pods(1_000, avoidingEachOther('one')),
        measured: pods(2_000, avoidingEachOther('two')),
      }),
      topologySpreading: await podsPerSecond(size, {
        zones: ['moon-1', 'moon-2', 'moon-3'],
        before: pods(5_000, pod()),
        measured: pods(5_000, spreading()),
      }),
      preemptionAsync: await podsPerSecond(size, {
        before: pods(20_000, lowPriority()),
        disturbing: highPriority('3'),
        measured: pods(5_000, pod()),
      }),
      preemptionBasic: await podsPerSecond(size, {
        before: pods(20_000, lowPriority()),
        measured: pods(5_000, highPriority('3')),
      }),
      unschedulable: await podsPerSecond(size, {
        before: pods(100, pod()),
        disturbing: highPriority('9'),
        measured: pods(10_000, pod()),
      }),
    };
  },
});

function rate(what: string, goal?: number, floor?: number): Figure {
  return {
    what,
    unit: 'per s',
    ...(goal === undefined ? {} : { goal: atLeast(goal) }),
    ...(floor === undefined ? {} : { anchor: { value: floor, source: "scheduler_perf's threshold" } }),
  };
}

interface Pods {
  readonly count: number;
  readonly template: PodTemplate;
}

interface Workload {
  /** Default: as many as the size says. */
  readonly nodes?: number;
  readonly zones?: readonly string[];
  /** Are scheduled first, and not measured. */
  readonly before?: Pods;
  /** One for a hundred of those that are measured. */
  readonly disturbing?: PodTemplate;
  readonly measured: Pods;
  /** Default: as Kubernetes samples. */
  readonly percentageOfNodesToScore?: number;
}

interface Size {
  readonly nodes: number;
  /** How much of each number of Pods. */
  readonly share: number;
}

async function podsPerSecond({ nodes, share }: Size, workload: Workload): Promise<Measured> {
  const { before, disturbing, measured, percentageOfNodesToScore = 0 } = workload;
  const cluster = await SchedulerCluster.open(['one', 'two']);
  await cluster.createNodes(Math.min(nodes, workload.nodes ?? nodes), workload.zones ?? []);
  if (before !== undefined) {
    const uids = await cluster.createPods(Math.ceil(before.count * share), before.template);
    await cluster.schedule(uids);
  }
  const count = Math.ceil(measured.count * share);
  if (disturbing !== undefined) await cluster.createPods(Math.ceil(count / 100), disturbing);
  const { value, cpuSeconds = 0 } = await cluster.schedule(
    await cluster.createPods(count, measured.template),
    percentageOfNodesToScore,
  );
  await cluster.close();
  return { value: count / value, cpuSeconds };
}

const red = { color: 'red' };

function pods(count: number, template: PodTemplate): Pods {
  return { count, template };
}

function pod(more: Partial<PodTemplate> = {}, cpu = '100m'): PodTemplate {
  const requests = { cpu, memory: '500Mi' };
  const container = {
    name: 'pause',
    image: 'registry.k8s.io/pause:3.10',
    ports: [{ containerPort: 80 }],
    resources: { limits: requests, requests },
  };
  return { namespace: 'one', containers: [container], ...more };
}

function nearZones(): PodTemplate {
  const inZone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['zone1', 'zone2'] } as const;
  const nodeSelectorTerms = [{ matchExpressions: [inZone] }];
  return pod({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });
}

/** On one node, whatever the namespace. */
const together = {
  labelSelector: { matchLabels: red },
  topologyKey: 'kubernetes.io/hostname',
  namespaces: ['one', 'two'],
};

function preferringEachOther(namespace: string): PodTemplate {
  const preferred = [{ weight: 1, podAffinityTerm: together }];
  return pod({
    namespace,
    labels: red,
    affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } },
  });
}

function avoidingEachOther(namespace: string): PodTemplate {
  return pod({
    namespace,
    labels: red,
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [together] } },
  });
}

function spreading(): PodTemplate {
  const constraint = {
    maxSkew: 5,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: red },
  } as const;
  return pod({ labels: red, topologySpreadConstraints: [constraint] });
}

/** Four fill a node. */
function lowPriority(): PodTemplate {
  return pod({ terminationGracePeriodSeconds: 0 }, '900m');
}

function highPriority(cpu: string): PodTemplate {
  return pod({ priorityClassName: 'high' }, cpu);
}
