import { type ContainerStatus, failures, type Pod } from '@orrery/api';
import type { Clock } from '@orrery/core';
import {
  type AttachRequest,
  type ContainerRuntime,
  type ExecRequest,
  type LogEntry,
  type PortConnection,
  RuntimeError,
  type StreamSession,
} from '@orrery/runtimes';
import type { Observable } from 'rxjs';
import { checkLogOptions, type LogOptions, logStream } from '../containers/log-stream.ts';
import { latest, type ObservedPod } from '../containers/observed.ts';
import { podContainers } from '../containers/pod-containers.ts';
import type { PodRecord } from '../pod/pod-records.ts';

/** What a kubelet answers about its containers: its own HTTP API (/containerLogs, /exec, /attach, /portForward), as the API server asks it. */
export interface KubeletApi {
  /** @throws StatusError BadRequest while the container has no log yet. */
  logs(target: ContainerTarget, options: LogOptions): Promise<Observable<Uint8Array>>;
  /** @throws StatusError when the container does not run. */
  exec(target: ContainerTarget, request: ExecRequest): Promise<StreamSession>;
  /** @throws StatusError when the container does not run. */
  attach(target: ContainerTarget, request: AttachRequest): Promise<StreamSession>;
  /** @throws StatusError when the Pod has no sandbox that runs. */
  portForward(target: Omit<ContainerTarget, 'container'>, port: number): Promise<PortConnection>;
}

/** Which container of which Pod. */
export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

/** What the API reads. */
export interface KubeletApiSources {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly pods: {
    record(uid: string): PodRecord | undefined;
    /** Asks the runtime what it now has of the Pod. */
    refresh(record: PodRecord): Promise<ObservedPod>;
  };
}

/** The kubelet's API for its containers. `sources` gives undefined while the kubelet does not run. */
export function createKubeletApi(nodeName: string, sources: () => KubeletApiSources | undefined): KubeletApi {
  const on = (): KubeletApiSources => {
    const found = sources();
    if (found === undefined) throw failures.serviceUnavailable(`dial node ${nodeName}: connection refused`);
    return found;
  };
  const running = async (target: ContainerTarget, missing: string): Promise<string> => {
    const { pods } = on();
    const record = pods.record(target.uid);
    if (record === undefined) throw failures.unexpected('pod does not exist');
    const instance = latest(await pods.refresh(record), target.container);
    if (instance?.state !== 'RUNNING') throw failures.unexpected(missing);
    return instance.id;
  };
  return {
    async logs(target, options) {
      checkLogOptions(options);
      const sources = on();
      const { runtime, clock } = sources;
      const id = await logContainer(sources, target, options);
      const past = options.tailLines === undefined ? [] : await pastEntries(runtime, id);
      return logStream(runtime.logs(id, { follow: options.follow === true }), past, options, clock.now());
    },
    async exec(target, request) {
      const id = await running(target, `container not found (${JSON.stringify(target.container)})`);
      return on().runtime.exec(id, request);
    },
    async attach(target, request) {
      const { container, pod, namespace } = target;
      const id = await running(target, `container ${container} not found in pod ${pod}_${namespace}`);
      return on().runtime.attach(id, request);
    },
    async portForward(target, port) {
      const { runtime, pods } = on();
      const record = pods.record(target.uid);
      if (record === undefined)
        throw failures.unexpected(`pod not found (${JSON.stringify(`${target.pod}_${target.namespace}`)})`);
      const { sandboxes } = await pods.refresh(record);
      const sandbox = sandboxes.find(({ state }) => state === 'READY');
      if (sandbox === undefined) {
        throw failures.unexpected(`unable to do port forwarding: pod ${target.pod} has no running sandbox`);
      }
      return runtime.portForward(sandbox.id, port);
    },
  };
}

async function pastEntries(runtime: ContainerRuntime, id: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  await runtime.logs(id, { follow: false }).forEach((entry) => void entries.push(entry));
  return entries;
}

/** The id of the instance whose log is asked for. @throws StatusError NotFound, or BadRequest in the kubelet's words */
async function logContainer(
  { runtime, pods }: KubeletApiSources,
  { uid, pod: podName, container }: ContainerTarget,
  { previous }: LogOptions,
): Promise<string> {
  const record = pods.record(uid);
  const pod = record?.pod;
  if (record === undefined || pod === undefined) throw failures.notFound({ group: '', resource: 'pods' }, podName);
  if (!podContainers(pod).some(({ spec }) => spec.name === container)) {
    throw failures.badRequest(`container ${container} is not valid for pod ${podName}`);
  }
  const observed = await pods.refresh(record);
  const instances = observed.containers.filter(({ metadata }) => metadata.name === container);
  const [current, before] = instances;
  const found = previous === true ? before : current?.state === 'CREATED' ? before : current;
  if (found !== undefined) {
    try {
      await runtime.containerStatus(found.id);
      return found.id;
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
    }
  }
  const status = statusOf(pod, container);
  throw failures.badRequest(noLogText(status, podName, container, previous === true));
}

/** Why there is no log. */
export function noLogText(
  status: ContainerStatus | undefined,
  pod: string,
  container: string,
  previous: boolean,
): string {
  const about = `container "${container}" in pod "${pod}"`;
  if (previous) return `previous terminated ${about} not found`;
  if (status === undefined) return `${about} is not available`;
  const reason = status.state?.waiting?.reason;
  if (reason === 'ErrImagePull') return `${about} is waiting to start: image can't be pulled`;
  if (reason === 'ImagePullBackOff') return `${about} is waiting to start: trying and failing to pull image`;
  if (reason !== undefined) return `${about} is waiting to start: ${reason}`;
  return status.state?.terminated === undefined
    ? `${about} is waiting to start - no logs yet`
    : `${about} is terminated`;
}

function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  );
}
