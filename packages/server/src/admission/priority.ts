import { isNotFound, type Pod, PriorityClass } from '@orrery/api';
import type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
import { isPodRequest, podOf, refusal } from './pod-request.ts';

type PreemptionPolicy = NonNullable<PriorityClass['preemptionPolicy']>;

/** The PriorityClasses that every new cluster has (Kubernetes "Pod Priority and Preemption"). */
export const systemPriorityClasses: readonly PriorityClass[] = [
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    globalDefault: false,
    description: 'For Pods that their node cannot do without.',
    preemptionPolicy: 'PreemptLowerPriority',
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    globalDefault: false,
    description: 'For Pods that the cluster cannot do without, though a single node can.',
    preemptionPolicy: 'PreemptLowerPriority',
  },
];

/** Turns a Pod's `priorityClassName` into its priority (Kubernetes "Admission Controllers", Priority). */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  matches: (request) =>
    (isPodRequest(request) || isPriorityClass(request)) &&
    (request.operation === 'CREATE' || request.operation === 'UPDATE'),
  mutate: (request, context) => (isPodRequest(request) ? admitPod(request, context) : undefined),
  validate: (request, context) => (isPriorityClass(request) ? checkDefault(request, context) : undefined),
};

async function admitPod(request: AdmissionRequest, context: AdmissionContext): Promise<Pod | undefined> {
  const pod = podOf(request);
  if (request.operation === 'UPDATE') return keptPriority(pod, request.oldObject as Pod | undefined);
  const computed = await priorityOf(pod, request, context);
  const { priority: asked, preemptionPolicy } = pod.spec;
  if (asked !== undefined && asked !== computed.value) {
    throw refusal(
      request,
      `the integer value of priority (${asked}) must not be provided in pod spec; priority admission controller computed ${computed.value} from the given PriorityClass name`,
    );
  }
  if (preemptionPolicy !== undefined && preemptionPolicy !== computed.preemptionPolicy) {
    throw refusal(
      request,
      `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${computed.preemptionPolicy} from the given PriorityClass name`,
    );
  }
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(computed.className === '' ? {} : { priorityClassName: computed.className }),
      priority: computed.value,
      preemptionPolicy: computed.preemptionPolicy,
    },
  };
}

/** An update that omits the priority keeps the Pod's. */
function keptPriority(pod: Pod, old: Pod | undefined): Pod | undefined {
  if (old?.spec.priority === undefined || pod.spec.priority !== undefined) return undefined;
  const { priority, preemptionPolicy } = old.spec;
  return {
    ...pod,
    spec: { ...pod.spec, priority, ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }) },
  };
}

interface Computed {
  readonly className: string;
  readonly value: number;
  readonly preemptionPolicy: PreemptionPolicy;
}

async function priorityOf(pod: Pod, request: AdmissionRequest, { client }: AdmissionContext): Promise<Computed> {
  const name = pod.spec.priorityClassName ?? '';
  if (name === '') {
    const { items } = await client.list(PriorityClass);
    return computedFrom(defaultClass(items));
  }
  const system = systemPriorityClasses.find(({ metadata }) => metadata.name === name);
  if (system !== undefined) return computedFrom(system);
  try {
    return computedFrom(await client.get(PriorityClass, name));
  } catch (error) {
    throw isNotFound(error) ? refusal(request, `no PriorityClass with name ${name} was found`) : error;
  }
}

/** The class of Pods that name none: the global default, or the lowest one if there are several. */
export function defaultClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  let chosen: PriorityClass | undefined;
  for (const candidate of classes) {
    if (candidate.globalDefault === true && (chosen === undefined || classValue(candidate) < classValue(chosen))) {
      chosen = candidate;
    }
  }
  return chosen;
}

function computedFrom(source: PriorityClass | undefined): Computed {
  return {
    className: source?.metadata.name ?? '',
    value: source?.value ?? 0,
    preemptionPolicy: source?.preemptionPolicy ?? 'PreemptLowerPriority',
  };
}

async function checkDefault(request: AdmissionRequest, { client }: AdmissionContext): Promise<void> {
  const candidate = request.object as PriorityClass | undefined;
  if (candidate?.globalDefault !== true) return;
  const { items } = await client.list(PriorityClass);
  const other = defaultClass(items.filter(({ metadata }) => metadata.name !== candidate.metadata.name));
  if (other === undefined) return;
  throw refusal(
    request,
    `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
  );
}

function isPriorityClass({ kind, subresource }: AdmissionRequest): boolean {
  return subresource === '' && kind.group === PriorityClass.group && kind.resource === PriorityClass.resource;
}

function classValue({ value }: PriorityClass): number {
  return value ?? 0;
}
