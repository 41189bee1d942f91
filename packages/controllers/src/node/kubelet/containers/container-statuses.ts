import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  namedItem,
  type Pod,
  type PodStatus,
  timestamp,
} from '@orrery/api';
import type { ContainerStatus as Instance } from '@orrery/runtimes';
import { shouldStart } from '../pod/restart-policy.ts';
import { latest, type ObservedPod } from './observed.ts';
import { type ContainerRole, type PodContainer, podContainers } from './pod-containers.ts';

/** Why a container could not be started, as `state.waiting` shows it. */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}

/** What a container's status needs beside the Pod and the runtime's view. */
export interface StatusSources {
  /** Name of the runtime: the scheme of `containerID`. */
  readonly runtimeName: string;
  /** The status that was written last. */
  readonly old: PodStatus | undefined;
  /** The last failed start of a container, until it succeeds. */
  startFailure(container: string): StartFailure | undefined;
  /** Whether the running instance has started: its startup probe, if any, has succeeded. */
  started(containerId: string): boolean;
  /** What the readiness probe says; true without one. */
  ready(containerId: string): boolean;
  /** What a container still has until it has what its spec says; undefined then. */
  outdated?(container: string): Container['resources'] | undefined;
  /** The termination message of an instance that has ended. */
  terminationMessage(instance: Instance): string;
}

type Lists = Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses' | 'ephemeralContainerStatuses'>;

/**
 * `status.initContainerStatuses`, `containerStatuses` and `ephemeralContainerStatuses` (the kubelet's
 * convertToAPIContainerStatuses): what runs, what ran before, and why what should run does not.
 */
export function containerStatuses(pod: Pod, observed: ObservedPod, sources: StatusSources): Lists {
  const lists: { init: ContainerStatus[]; regular: ContainerStatus[]; ephemeral: ContainerStatus[] } = {
    init: [],
    regular: [],
    ephemeral: [],
  };
  for (const container of podContainers(pod)) {
    const status = containerStatus(pod, container, observed, sources);
    (container.role === 'regular' ? lists.regular : container.role === 'ephemeral' ? lists.ephemeral : lists.init).push(
      status,
    );
  }
  lists.regular.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    ...(lists.init.length === 0 ? {} : { initContainerStatuses: lists.init }),
    containerStatuses: lists.regular,
    ...(lists.ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: lists.ephemeral }),
  };
}

/** The waiting reason of a container about which nothing is known yet. */
function defaultWaitingReason(pod: Pod): string {
  return (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
}

/** A status that is being put together. */
type Unfinished = { -readonly [F in keyof ContainerStatus]: ContainerStatus[F] };

function containerStatus(
  pod: Pod,
  container: PodContainer,
  observed: ObservedPod,
  sources: StatusSources,
): ContainerStatus {
  const { spec, role } = container;
  const old = oldStatus(sources.old, role, spec.name);
  const instances = observed.containers.filter((instance) => instance.metadata.name === spec.name);
  const [current, previous] = instances;
  const status: Unfinished =
    current === undefined ? withoutInstance(pod, container, old) : fromInstance(current, container, old, sources);
  if (previous !== undefined) status.lastState = stateOf(previous, sources);

  const failure = sources.startFailure(spec.name);
  const done = role === 'init' && current?.state === 'EXITED' && current.exitCode === 0;
  if (failure !== undefined && !done && role !== 'ephemeral' && shouldStart(spec, pod, current)) {
    if (status.state?.terminated !== undefined) status.lastState = status.state;
    status.state = {
      waiting: { reason: failure.reason, ...(failure.message === '' ? {} : { message: failure.message }) },
    };
  } else if (failure !== undefined && role === 'ephemeral' && current === undefined) {
    status.state = { waiting: { reason: failure.reason, message: failure.message } };
  }

  const running = status.state?.running !== undefined && current !== undefined;
  status.started = running && sources.started(current.id);
  if (role === 'init') status.ready = status.state?.terminated?.exitCode === 0;
  else if (role === 'ephemeral') status.ready = false;
  else status.ready = running && status.started && sources.ready(current.id);
  return status;
}

/** Nothing of the container is in the runtime: it has not been made, or it was lost. */
function withoutInstance(pod: Pod, { spec, role }: PodContainer, old: ContainerStatus | undefined): Unfinished {
  const status: Unfinished = {
    name: spec.name,
    state: { waiting: { reason: defaultWaitingReason(pod) } },
    lastState: {},
    ready: false,
    restartCount: 0,
    image: spec.image ?? '',
    imageID: '',
  };
  if (old === undefined) return status;
  if (old.state?.terminated !== undefined) return { ...old };
  status.restartCount = old.restartCount;
  status.lastState = old.lastState ?? {};
  if (old.state?.running === undefined || role === 'init') return status;
  if (status.lastState?.terminated === undefined) {
    status.lastState = {
      terminated: {
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
        exitCode: 137,
      },
    };
    if (pod.metadata.deletionTimestamp === undefined) status.restartCount++;
  }
  return status;
}

function fromInstance(
  instance: Instance,
  { spec, role }: PodContainer,
  old: ContainerStatus | undefined,
  sources: StatusSources,
): Unfinished {
  const running = instance.state === 'RUNNING';
  const lost = instance.state === 'UNKNOWN';
  const wasRunning = old?.state?.running !== undefined;
  if (lost && old?.state?.terminated !== undefined && old.containerID === containerIdText(instance.id, sources)) {
    return { ...old };
  }
  return {
    name: spec.name,
    state: lost && !wasRunning ? { waiting: {} } : stateOf(instance, sources),
    lastState: old?.containerID === containerIdText(instance.id, sources) ? (old.lastState ?? {}) : {},
    ready: false,
    // What the runtime lost track of will be made again: that is counted already.
    restartCount: instance.metadata.attempt + (lost && wasRunning ? 1 : 0),
    image: instance.image,
    imageID: instance.imageRef,
    containerID: containerIdText(instance.id, sources),
    ...(running && role !== 'ephemeral' ? allocated(spec, sources.outdated?.(spec.name)) : {}),
    ...(spec.volumeMounts === undefined || spec.volumeMounts.length === 0
      ? {}
      : {
          volumeMounts: spec.volumeMounts.map((mount) => ({
            mountPath: mount.mountPath,
            name: mount.name,
            ...(mount.readOnly === true ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
          })),
        }),
  };
}

function allocated(
  { resources }: PodContainer['spec'],
  outdated: Container['resources'],
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { limits, requests } = outdated ?? resources ?? {};
  return {
    ...(resources?.requests === undefined ? {} : { allocatedResources: resources.requests }),
    resources: { ...(limits === undefined ? {} : { limits }), ...(requests === undefined ? {} : { requests }) },
  };
}

function stateOf(instance: Instance, sources: StatusSources): ContainerState {
  switch (instance.state) {
    case 'RUNNING':
      return { running: { startedAt: timestamp(instance.startedAt) } };
    case 'EXITED': {
      const message = sources.terminationMessage(instance);
      return {
        terminated: {
          exitCode: instance.exitCode,
          reason: instance.reason === '' ? (instance.exitCode === 0 ? 'Completed' : 'Error') : instance.reason,
          ...(message === '' ? {} : { message }),
          startedAt: timestamp(instance.startedAt === 0 ? instance.createdAt : instance.startedAt),
          finishedAt: timestamp(instance.finishedAt),
          containerID: containerIdText(instance.id, sources),
        },
      };
    }
    case 'CREATED':
      return { waiting: {} };
    default:
      return lostState;
  }
}

/** The state of a container whose end was not observed. */
export const lostState = {
  terminated: {
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    exitCode: 137,
  },
} as const;

/** `containerd://abc`: the runtime's name and the instance's id. */
export function containerIdText(id: string, { runtimeName }: Pick<StatusSources, 'runtimeName'>): string {
  return `${runtimeName}://${id}`;
}

function oldStatus(old: PodStatus | undefined, role: ContainerRole, name: string): ContainerStatus | undefined {
  const list =
    role === 'regular'
      ? old?.containerStatuses
      : role === 'ephemeral'
        ? old?.ephemeralContainerStatuses
        : old?.initContainerStatuses;
  return namedItem(list, name);
}

/** The restart count of the container's next instance: one more than that of any instance known of. */
export function nextAttempt(observed: ObservedPod, old: PodStatus | undefined, container: PodContainer): number {
  const instance = latest(observed, container.spec.name);
  const status = oldStatus(old, container.role, container.spec.name);
  const hasRun =
    status !== undefined && (status.containerID !== undefined || status.lastState?.terminated !== undefined);
  return Math.max(
    instance === undefined ? 0 : instance.metadata.attempt + 1,
    status === undefined ? 0 : hasRun && instance === undefined ? status.restartCount + 1 : status.restartCount,
  );
}

/** What the Pod's status says of an instance, by its `containerID`. */
export function writtenStatus({ status }: Pod, containerId: string): ContainerStatus | undefined {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    ({ containerID }) => containerID === containerId,
  );
}
