import type { Container, Pod, Stored } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { ContainerConfig, ContainerRuntime } from '@orrery/runtimes';
import { RuntimeError } from '@orrery/runtimes';
import type { StartFailure } from '../containers/container-statuses.ts';
import { nothingObserved, type ObservedPod, observe } from '../containers/observed.ts';
import type { PodVerdict } from './pod-status.ts';
import type { ResizeState } from './resize.ts';

/** What the kubelet remembers of a Pod beside what the API and the runtime have: enough to be lost in a crash. */
export interface PodRecord extends ResizeState {
  readonly uid: string;
  /** As last seen; undefined for what the runtime has of a Pod that the API does not know. */
  pod: Stored<Pod> | undefined;
  /** The API has the Pod no more. */
  gone: boolean;
  readonly acceptedAt: Milliseconds;
  /** Aborted when the Pod must stop: what its worker is waiting for is not waited for any longer. */
  readonly ending: AbortController;
  stage: 'running' | 'terminating' | 'terminated';
  admitted: boolean;
  verdict: PodVerdict | undefined;
  /** Called when all of the Pod has stopped and the API knows. */
  readonly whenEnded: (() => void)[];
  /** All containers have been stopped for good. */
  stopped: boolean;
  observed: ObservedPod;
  readonly sandboxIds: Set<string>;
  readonly containerIds: Set<string>;
  readonly startFailures: Map<string, StartFailure>;
  /** Last words of the instances that have ended, by their ids. */
  readonly messages: Map<string, string>;
  /** Running containers may have other resources than the Pod was allotted. */
  unsized: boolean;
  /** What containers still have that are to be given something else, by their names. */
  readonly outdated: Map<string, Container['resources']>;
  /** What running instances were given after they were made, by their ids. */
  readonly resized: Map<string, ContainerConfig['resources']>;
  /** The Pod as it was taken into account on the node: with the resources that it was allotted. */
  charged: Pod | undefined;
  /** Grace that the running kill was begun with, in milliseconds. */
  killGrace: Milliseconds | undefined;
  /** When the Pod began to wait for its volumes. */
  waitingForVolumes: Milliseconds | undefined;
  /** Volumes of the kubelet's own plugins that have been made. */
  readonly mounted: Set<string>;
  readonly mountFailures: Map<string, { count: number; retryAt: Milliseconds }>;
}

/** A Pod that was just heard of. */
export function newPodRecord(uid: string, pod: Stored<Pod> | undefined, now: Milliseconds): PodRecord {
  return {
    uid,
    pod,
    gone: pod === undefined,
    acceptedAt: now,
    ending: new AbortController(),
    stage: 'running',
    admitted: false,
    verdict: undefined,
    whenEnded: [],
    stopped: false,
    observed: nothingObserved,
    sandboxIds: new Set(),
    containerIds: new Set(),
    startFailures: new Map(),
    messages: new Map(),
    charged: undefined,
    unsized: false,
    outdated: new Map(),
    resized: new Map(),
    resizeRefusal: undefined,
    resizing: false,
    resizeError: undefined,
    killGrace: undefined,
    waitingForVolumes: undefined,
    mounted: new Set(),
    mountFailures: new Map(),
  };
}

/** Asks the runtime for what it has of the Pod. */
export async function refresh(runtime: ContainerRuntime, record: PodRecord): Promise<void> {
  const sandboxes = await readAll(record.sandboxIds, (id) => runtime.podSandboxStatus(id));
  const containers = await readAll(record.containerIds, (id) => runtime.containerStatus(id));
  record.observed = observe(sandboxes, containers);
}

async function readAll<T>(ids: Set<string>, read: (id: string) => T | Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const id of ids) {
    try {
      const status = read(id);
      found.push(status instanceof Promise ? await status : status);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'NotFound') throw error;
      ids.delete(id);
    }
  }
  return found;
}

/**
 * Whether the runtime now says something else than it did when it was last asked; true where it does not answer at once.
 * Allocates nothing, for it is asked again and again.
 */
export function hasMoved(runtime: ContainerRuntime, record: PodRecord): boolean {
  try {
    for (const { id, state } of record.observed.containers) {
      const status = runtime.containerStatus(id);
      if (status instanceof Promise || status.state !== state) return true;
    }
    for (const { id, state } of record.observed.sandboxes) {
      const status = runtime.podSandboxStatus(id);
      if (status instanceof Promise || status.state !== state) return true;
    }
    return false;
  } catch {
    // What is there no more is found out by the Pod's worker.
    return true;
  }
}

/** Whether what the Pod should be is the same: its spec has the same generation, and its deletion is not new. */
export function onlyStatusChanged(before: Stored<Pod>, after: Stored<Pod>): boolean {
  return (
    (before.spec === after.spec ||
      (after.metadata.generation !== undefined && before.metadata.generation === after.metadata.generation)) &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    before.metadata.deletionGracePeriodSeconds === after.metadata.deletionGracePeriodSeconds
  );
}
