import { type ContainerStatus, namedItem, type Pod, type PodStatus } from '@orrery/api';
import { lostState } from '../containers/container-statuses.ts';
import { isSidecar } from '../containers/pod-containers.ts';
import { hasStarted } from './pod-phase.ts';

type Lists = Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses' | 'ephemeralContainerStatuses'>;

/**
 * The statuses of a Pod that was stopped for good (the status manager's TerminatePod): what is not known to have ended counts
 * as failed, once the Pod has got so far that it should have run.
 */
export function stoppedStatuses(pod: Pod, lists: Lists): Lists {
  const { initContainerStatuses: init, containerStatuses: regular } = lists;
  const lastStarted = (init ?? []).findLastIndex(hasStarted);
  return {
    ...lists,
    ...(init === undefined
      ? {}
      : { initContainerStatuses: init.map((status, index) => (index <= lastStarted ? ended(status) : status)) }),
    ...(regular === undefined || !hasInitialized(pod, lists) ? {} : { containerStatuses: regular.map(ended) }),
  };
}

function ended(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated !== undefined) return status;
  return { ...status, ready: false, started: false, state: lostState };
}

/** Whether regular containers had their turn. */
function hasInitialized(pod: Pod, { initContainerStatuses: init, containerStatuses: regular }: Lists): boolean {
  const containers = pod.spec.initContainers ?? [];
  if (containers.length === 0 || regular?.some(hasStarted)) return true;
  const last = containers.at(-1);
  const status = namedItem(init, last?.name);
  if (last === undefined || status === undefined) return false;
  return isSidecar(last) ? status.started === true : status.state?.terminated?.exitCode === 0;
}
