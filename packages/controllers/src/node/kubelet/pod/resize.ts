import { type Container, equalJson, namedItem, type Pod, type PodCondition } from '@orrery/api';
import type { ContainerConfig } from '@orrery/runtimes';
import { type AdmissionSources, amountOf, podRequests, type Refusal } from '../node/node-admission.ts';

/** Why a Pod keeps its present resources (KEP-1287 "In-Place Update of Pod Resources"). */
export interface ResizeRefusal {
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
}

/** How far the containers of a Pod are with a change of its resources. */
export interface ResizeProgress {
  /** The Pod was given other resources, and its containers are to follow. */
  readonly resizing: boolean;
  /** Why a container could not follow. */
  readonly error: string | undefined;
}

/** Whether two versions of a Pod ask for the same for each of their containers. */
export function sameResources(a: Pod, b: Pod): boolean {
  return same(a.spec.containers, b.spec.containers) && same(a.spec.initContainers ?? [], b.spec.initContainers ?? []);
}

function same(a: readonly Container[], b: readonly Container[]): boolean {
  return a.every(({ resources }, i) => resources === b[i]?.resources || equalJson(resources, b[i]?.resources));
}

/** The Pod as the node runs it: with what it was allotted, as long as it may not have what it asks for. */
export function allottedPod<P extends Pod>(pod: P, refusal: ResizeRefusal | undefined, allotted: Pod | undefined): P {
  if (refusal === undefined || allotted === undefined) return pod;
  return withResources(pod, (name) => {
    const { containers, initContainers = [] } = allotted.spec;
    return (namedItem(containers, name) ?? namedItem(initContainers, name))?.resources;
  });
}

/** The Pod with what its running containers were last given, as its status says: what a kubelet starts from that finds it running. */
export function allottedInStatus<P extends Pod>(pod: P): P {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const statuses = [...containerStatuses, ...initContainerStatuses];
  return withResources(pod, (name, own) => {
    const status = namedItem(statuses, name);
    if (status?.resources === undefined || status.state?.running === undefined) return own;
    const { limits } = status.resources;
    const requests = status.allocatedResources ?? status.resources.requests;
    if (equalJson(own?.limits, limits) && equalJson(own?.requests, requests)) return own;
    const { limits: _limits, requests: _requests, ...others } = own ?? {};
    return {
      ...others,
      ...(limits === undefined ? {} : { limits }),
      ...(requests === undefined ? {} : { requests }),
    };
  });
}

type Resources = Container['resources'];

function withResources<P extends Pod>(pod: P, resourcesOf: (name: string, own: Resources) => Resources): P {
  const sized = (container: Container): Container => {
    const resources = resourcesOf(container.name, container.resources);
    return resources === container.resources || resources === undefined ? container : { ...container, resources };
  };
  const { containers, initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(sized),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(sized) }),
    },
  };
}

/**
 * Why the node does not let the Pod have what it asks for: it never could, or others have it now. `found` is what keeps the
 * node from taking the Pod as if it were a new one.
 */
export function resizeRefusal(
  pod: Pod,
  allocatable: AdmissionSources['allocatable'],
  found: readonly Refusal[],
): ResizeRefusal | undefined {
  const requests = podRequests(pod);
  for (const resource of ['memory', 'cpu']) {
    const requested = requests.get(resource) ?? 0;
    const capacity = amountOf(resource, allocatable[resource] ?? 0);
    if (requested > capacity) {
      const message = `Node didn't have enough capacity: ${resource}, requested: ${requested}, capacity: ${capacity}`;
      return { reason: 'Infeasible', message };
    }
  }
  const [first] = found;
  return first === undefined ? undefined : { reason: 'Deferred', message: first.message };
}

/** The conditions that report a change of resources; none when all is as the Pod asks for. */
export function resizeConditions(
  refusal: ResizeRefusal | undefined,
  { resizing, error }: ResizeProgress,
): Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] {
  const conditions: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] = [];
  if (refusal !== undefined) conditions.push({ type: 'PodResizePending', status: 'True', ...refusal });
  if (resizing) {
    const why = error === undefined ? {} : { reason: 'Error', message: error };
    conditions.push({ type: 'PodResizeInProgress', status: 'True', ...why });
  }
  return conditions;
}

/** Whether a container must be made again to get other resources (`resizePolicy`). */
export function resizeRestarts(
  { resizePolicy }: Container,
  before: ContainerConfig['resources'],
  after: ContainerConfig['resources'],
): boolean {
  const changed = new Set<string>();
  if (before.memoryLimitBytes !== after.memoryLimitBytes) changed.add('memory');
  if (before.cpuShares !== after.cpuShares || before.cpuQuota !== after.cpuQuota) changed.add('cpu');
  return (resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changed.has(resourceName),
  );
}
