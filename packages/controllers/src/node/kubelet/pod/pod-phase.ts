import { type ContainerStatus, namedItem, type Pod, type PodStatus, restartsAfter } from '@orrery/api';
import { isSidecar } from '../containers/pod-containers.ts';

/** `status.phase` (Kubernetes "Pod Lifecycle"). */
export type PodPhase = NonNullable<PodStatus['phase']>;

type Statuses = Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'>;

/** Whether a phase is one that a Pod never leaves. */
export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/**
 * A Pod's phase from its containers' statuses (the kubelet's getPhase). `stopped` says that all containers were stopped for
 * good by the Pod's termination.
 */
export function podPhase(pod: Pod, statuses: Statuses, stopped: boolean): PodPhase {
  const init = countInit(pod, statuses);
  if (init.failed > 0) return 'Failed';

  let waiting = init.waiting;
  let running = init.running;
  let unknown = init.unknown;
  let ended = 0;
  let succeeded = 0;
  let restarting = 0;
  let started = false;
  for (const container of pod.spec.containers) {
    const status = named(statuses.containerStatuses, container.name);
    const end = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (status === undefined) unknown++;
    else if (status.state?.running) running++;
    else if (end !== undefined) {
      ended++;
      if (end.exitCode === 0) succeeded++;
      if (restartsAfter(container, pod.spec.restartPolicy, end.exitCode)) restarting++;
    } else if (status.state?.waiting) waiting++;
    else unknown++;
    started ||= hasStarted(status);
  }
  if (init.pending > 0 || (init.pendingSidecars > 0 && !started)) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running === 0 && ended > 0 && unknown === 0) {
    if (stopped) return ended === succeeded ? 'Succeeded' : 'Failed';
    if (restarting > 0) return 'Running';
    return ended === succeeded ? 'Succeeded' : 'Failed';
  }
  return 'Pending';
}

function countInit(pod: Pod, statuses: Statuses) {
  const count = { pending: 0, failed: 0, pendingSidecars: 0, waiting: 0, running: 0, unknown: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    const status = named(statuses.initContainerStatuses, container.name);
    const last = status?.lastState?.terminated;
    if (isSidecar(container)) {
      if (status === undefined) count.unknown++;
      else if (status.state?.running) {
        if (status.started !== true) count.pendingSidecars++;
        count.running++;
      } else if (status.state?.terminated || (status.state?.waiting && last)) continue;
      else {
        count.pendingSidecars++;
        if (status.state?.waiting) count.waiting++;
        else count.unknown++;
      }
      continue;
    }
    const end = status?.state?.terminated ?? (status?.state?.waiting ? last : undefined);
    if (end === undefined) count.pending++;
    else if (end.exitCode !== 0 && !restartsAfter(container, pod.spec.restartPolicy, end.exitCode)) count.failed++;
  }
  return count;
}

/** Whether a container runs or has run in this Pod. */
export function hasStarted(status: ContainerStatus | undefined): boolean {
  return (
    status?.state?.running !== undefined ||
    status?.state?.terminated !== undefined ||
    status?.lastState?.terminated !== undefined
  );
}

function named(statuses: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined {
  return namedItem(statuses, name);
}
