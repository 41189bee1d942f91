import type { KubernetesObject } from '@orrery/api';

/** Whether an object has reached its desired state, and if not, what it waits for. */
export interface Readiness {
  readonly ready: boolean;
  /** In a few words; `''` when ready. */
  readonly reason: string;
}

/** An annotation that excludes an object from `--wait`, with the value `"false"`. */
export const waitAnnotation = 'orrery.dev/wait';

const ready: Readiness = { ready: true, reason: '' };
const waiting = (reason: string): Readiness => ({ ready: false, reason });

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Status {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly desiredNumberScheduled?: number;
  readonly numberReady?: number;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

/**
 * Returns the readiness of an object, for `orrery up --wait` and the progress display. Pure.
 * @param controlled whether a controller writes the status of this kind: until it has, the object is not ready
 */
export function readiness(object: KubernetesObject, controlled = false): Readiness {
  if (object.metadata?.deletionTimestamp !== undefined) return waiting('being deleted');
  const { spec = {}, status = {} } = object as { spec?: { replicas?: number }; status?: Status };
  const { generation } = object.metadata ?? {};
  if (status.observedGeneration !== undefined && generation !== undefined && status.observedGeneration < generation) {
    return waiting('not yet observed by its controller');
  }
  switch (`${object.apiVersion}/${object.kind}`) {
    case 'v1/Pod':
      return pod(status);
    case 'apps/v1/Deployment':
      return replicas(
        spec.replicas ?? 1,
        status,
        status.updatedReplicas ?? 0,
        status.availableReplicas ?? 0,
        'available',
      );
    case 'apps/v1/ReplicaSet':
    case 'v1/ReplicationController':
      return replicas(spec.replicas ?? 1, status, status.replicas ?? 0, status.availableReplicas ?? 0, 'available');
    case 'apps/v1/StatefulSet':
      return replicas(
        spec.replicas ?? 1,
        status,
        status.updatedReplicas ?? status.replicas ?? 0,
        status.readyReplicas ?? 0,
        'ready',
      );
    case 'apps/v1/DaemonSet':
      return replicas(
        status.desiredNumberScheduled ?? 0,
        status,
        status.desiredNumberScheduled ?? 0,
        status.numberReady ?? 0,
        'ready',
      );
    case 'batch/v1/Job':
      return job(status);
    case 'v1/PersistentVolumeClaim':
      return status.phase === 'Bound' ? ready : waiting(status.phase ?? 'Pending');
    case 'v1/Namespace':
      return status.phase === 'Active' ? ready : waiting(status.phase ?? 'not yet active');
    default:
      if (controlled && Object.keys(status).length === 0) return waiting('not yet observed by its controller');
      return byCondition(status);
  }
}

function pod(status: Status): Readiness {
  if (status.phase === 'Succeeded') return ready;
  if (status.phase === 'Failed')
    return waiting(`failed: ${status.reason ?? status.message ?? 'a container ended with an error'}`);
  const conditions = status.conditions ?? [];
  if (conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')) return ready;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return waiting(`${scheduled.reason}: ${scheduled.message ?? ''}`);
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const { reason, message } = container.state?.waiting ?? {};
    if (reason !== undefined && reason !== 'PodInitializing')
      return waiting(`${container.name}: ${reason}${message === undefined ? '' : `: ${message}`}`);
  }
  const unready = (status.containerStatuses ?? [])
    .filter((container) => container.ready !== true)
    .map(({ name }) => name);
  // A Pod with some containers completed and others running never becomes Ready, although nothing is wrong with it.
  return waiting(unready.length > 0 ? `not ready: ${unready.join(', ')}` : (status.phase ?? 'Pending'));
}

function replicas(wanted: number, status: Status, updated: number, good: number, word: string): Readiness {
  if (status.observedGeneration === undefined) return waiting('not yet observed by its controller');
  if (updated < wanted) return waiting(`${updated} of ${wanted} updated`);
  if (good < wanted) return waiting(`${good} of ${wanted} ${word}`);
  return ready;
}

function job(status: Status): Readiness {
  const ended = (status.conditions ?? []).find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
  if (ended?.type === 'Complete') return ready;
  return waiting(ended === undefined ? 'running' : `failed: ${ended.reason ?? ''}`);
}

/** Any other kind is ready by its condition `Ready` or `Available`; without one, it is ready when it exists. */
function byCondition(status: Status): Readiness {
  const conditions = status.conditions ?? [];
  const condition =
    conditions.find(({ type }) => type === 'Ready') ?? conditions.find(({ type }) => type === 'Available');
  if (condition === undefined || condition.status === 'True') return ready;
  return waiting(condition.message ?? condition.reason ?? 'not ready');
}
