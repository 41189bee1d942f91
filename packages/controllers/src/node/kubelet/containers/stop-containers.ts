import type { Pod } from '@orrery/api';
import { type Clock, type EventRecorder, errorText, type Milliseconds } from '@orrery/core';
import type { ContainerRuntime, ContainerStatus } from '@orrery/runtimes';
import type { ContainerKill } from '../pod/pod-actions.ts';
import { runHook } from './hooks.ts';
import { ignoringMissing } from './ignoring-missing.ts';
import type { ObservedPod } from './observed.ts';
import { findContainer, type PodContainer } from './pod-containers.ts';
import { leastGrace, stopGrace, stopsAfter } from './termination.ts';
import { within } from './time-limit.ts';

/** What stopping containers needs. */
export interface Stopping {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
  /** Nothing has longer than this to stop, in milliseconds. Default: what the Pod and its probes say. */
  readonly grace?: Milliseconds;
}

/** Why and how one instance is stopped. */
export interface StopRequest {
  readonly pod: Pod;
  readonly container: PodContainer | undefined;
  readonly containerId: string;
  readonly podIp: string;
  /** Text of the Killing event; default `Stopping container NAME`. */
  readonly message?: string;
  readonly reason?: ContainerKill['reason'];
  /** Resolves when it is this container's turn to be signalled. */
  readonly turn?: Promise<unknown>;
}

/** Stops one instance: its preStop hook, its turn, the stop signal and, after the grace, the end. */
export async function stopContainer(stopping: Stopping, request: StopRequest): Promise<void> {
  const { pod, container, containerId } = request;
  const { clock, runtime, events } = stopping;
  const grace = Math.min(stopGrace(pod, container, request.reason), stopping.grace ?? Number.POSITIVE_INFINITY);
  const deadline = clock.now() + grace;
  const about = container === undefined ? {} : { fieldPath: container.fieldPath };
  events.event(
    pod,
    'Normal',
    'Killing',
    request.message ?? `Stopping container ${container?.spec.name ?? containerId}`,
    about,
  );
  const preStop = container?.spec.lifecycle?.preStop;
  if (container !== undefined && preStop !== undefined && deadline > clock.now()) {
    const { runtime, clock, signal } = stopping;
    const warn = (reason: string, message: string) => events.event(pod, 'Warning', reason, message);
    const target = { pod, runtime, clock, signal, container: container.spec, containerId, podIp: request.podIp, warn };
    const left = deadline - clock.now();
    const hook = runHook(preStop, target, left).catch(() => {
      events.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', about);
    });
    await within(clock, left, hook, stopping.signal);
  }
  if (request.turn !== undefined) await within(clock, deadline - clock.now(), request.turn, stopping.signal);
  if (stopping.signal.aborted) return;
  await ignoringMissing(runtime.stopContainer(containerId, Math.max(deadline - clock.now(), leastGrace)));
}

/**
 * Stops all that runs of a Pod, and then its sandboxes (kuberuntime's killPodWithSyncResult). What cannot be stopped keeps
 * nothing else from being stopped. @throws Error that names all of it, each with its `KillContainerError` or `KillPodSandboxError`
 */
export async function stopPod(
  stopping: Stopping,
  pod: Pod,
  observed: ObservedPod,
  sandboxIds: readonly string[],
  podIp: string,
): Promise<void> {
  const failures = await stopAll(stopping, pod, observed, podIp);
  let sandboxFailure: string | undefined;
  for (const id of sandboxIds) {
    if (stopping.signal.aborted) return;
    try {
      await ignoringMissing(stopping.runtime.stopPodSandbox(id));
    } catch (error) {
      sandboxFailure = syncFailure('KillPodSandbox', pod.metadata.uid ?? '', error);
    }
  }
  if (sandboxFailure !== undefined) failures.push(sandboxFailure);
  if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
}

/** Stops the containers: regular ones together, then sidecars from the last to the first. Returns why some could not be. */
async function stopAll(stopping: Stopping, pod: Pod, observed: ObservedPod, podIp: string): Promise<string[]> {
  const running = observed.containers.filter(({ state }) => state === 'RUNNING' || state === 'UNKNOWN');
  const ends = new Map<string, Promise<void>>();
  const resolvers = new Map<string, () => void>();
  for (const { metadata } of running) {
    ends.set(metadata.name, new Promise((resolve) => resolvers.set(metadata.name, resolve)));
  }
  const failures: string[] = [];
  await Promise.all(
    running.map(async (instance: ContainerStatus) => {
      const { name } = instance.metadata;
      try {
        const container = findContainer(pod, name);
        const turn = Promise.all(stopsAfter(pod, observed, name).map((other) => ends.get(other)));
        await stopContainer(stopping, { pod, container, containerId: instance.id, podIp, turn });
      } catch (error) {
        failures.push(syncFailure('KillContainer', name, error));
      } finally {
        resolvers.get(name)?.();
      }
    }),
  );
  return failures;
}

/** One step of a sync that failed, as the kubelet words it. */
function syncFailure(action: 'KillContainer' | 'KillPodSandbox', target: string, error: unknown): string {
  return `failed to "${action}" for "${target}" with ${action}Error: ${JSON.stringify(errorText(error))}`;
}
