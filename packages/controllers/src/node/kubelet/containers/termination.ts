import type { Pod } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { ContainerKill } from '../pod/pod-actions.ts';
import type { ObservedPod } from './observed.ts';
import { type PodContainer, podContainers } from './pod-containers.ts';

/** A container that is asked to stop has at least this long, so that it is not killed for nothing (milliseconds). */
export const leastGrace: Milliseconds = 2000;

/**
 * How long a container may take to stop, in milliseconds: the deletion's grace if the Pod is being deleted, else the failed
 * probe's own (KEP-2238), else the Pod's.
 */
export function stopGrace(
  pod: Pod,
  container: PodContainer | undefined,
  reason?: ContainerKill['reason'],
): Milliseconds {
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined) return Math.max(deletionGracePeriodSeconds, 1) * 1000;
  const probe =
    reason === 'LivenessProbe'
      ? container?.spec.livenessProbe
      : reason === 'StartupProbe'
        ? container?.spec.startupProbe
        : undefined;
  const seconds = probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return seconds * 1000;
}

/**
 * Which running containers a container waits for before it is signalled, when the whole Pod stops: regular containers for
 * none; a sidecar for all regular containers and for the sidecars after it (KEP-753). By name.
 */
export function stopsAfter(pod: Pod, observed: ObservedPod, name: string): readonly string[] {
  const containers = podContainers(pod);
  const own = containers.find((container) => container.spec.name === name);
  if (own?.role !== 'sidecar') return [];
  const running = new Set(
    observed.containers.filter(({ state }) => state === 'RUNNING').map(({ metadata }) => metadata.name),
  );
  return containers
    .filter(
      (other) =>
        other.role === 'regular' || ((other.role === 'sidecar' || other.role === 'init') && other.index > own.index),
    )
    .map((other) => other.spec.name)
    .filter((other) => running.has(other));
}
