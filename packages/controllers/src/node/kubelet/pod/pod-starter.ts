import type { Pod, Stored } from '@orrery/api';
import type { ControllerContext, Milliseconds, Random } from '@orrery/core';
import { type PodSandboxStatus, RuntimeError } from '@orrery/runtimes';
import { podDirectory } from '../../secret-projector/index.ts';
import { containerHash } from '../containers/container-config.ts';
import type { ContainerResizer } from '../containers/container-resizer.ts';
import type { ContainerStarter } from '../containers/container-starter.ts';
import { HostnameTooLong } from '../containers/hosts-file.ts';
import { interruptible } from '../containers/interruptible.ts';
import { podAddress } from '../containers/observed.ts';
import type { RuntimeView } from '../containers/runtime-view.ts';
import { sandboxConfig } from '../containers/sandbox-config.ts';
import type { StartFailures } from '../containers/start-failures.ts';
import { stopContainer, stopPod } from '../containers/stop-containers.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import { type PodPlan, podActions } from './pod-actions.ts';
import type { PodEnds } from './pod-endings.ts';
import type { PodRecord } from './pod-records.ts';
import type { PodStatuses } from './pod-statuses.ts';
import { jittered, retryPace } from './retry-pace.ts';

/** What bringing Pods to their spec needs. */
export interface StarterParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly random: Random;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly volumes: PodVolumes;
  readonly prober: Prober;
  readonly failures: StartFailures;
  readonly resizer: ContainerResizer;
  readonly containers: ContainerStarter;
  readonly statuses: PodStatuses;
}

/** Brings what runs of a Pod nearer to its spec: carries out what {@link podActions} decides (kuberuntime's SyncPod). */
export class PodStarter {
  readonly #parts: StarterParts;

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  /**
   * One pass over the Pod. Returns when to come again, in milliseconds since the epoch; Infinity: when something happens.
   * @throws an abort's reason once the kubelet or the Pod is to stop
   */
  async sync(record: PodRecord, pod: Stored<Pod>): Promise<Milliseconds> {
    const { settings, context, view, volumes, prober, resizer } = this.#parts;
    const mounts = await volumes.prepare(record, pod);
    this.#alive(record);
    if (!mounts.ready) return mounts.retryAt;
    const plan = podActions(pod, view.observed(record), prober, containerHash, resizer.outgrown(record, pod));
    if (plan.killPod) await this.#killPod(record, pod, plan);
    else await this.#killContainers(record, pod, plan);
    if (plan.killPod && !plan.createSandbox) return this.#soon();
    this.#alive(record);
    const sandbox = plan.createSandbox ? await this.#createSandbox(record, pod, plan) : plan.sandbox;
    this.#alive(record);
    if (sandbox === undefined) return this.#soon();
    // While something was being stopped, the sandbox may have died.
    if (plan.kill.length > 0 && (await settings.runtime.podSandboxStatus(sandbox.id)).state !== 'READY')
      return context.clock.now();
    const again = await this.#startAll(record, pod, plan, sandbox);
    return resizer.isUnsized(record) ? Math.min(again, await this.#resize(record, pod)) : again;
  }

  async #startAll(
    record: PodRecord,
    pod: Stored<Pod>,
    plan: PodPlan,
    sandbox: PodSandboxStatus,
  ): Promise<Milliseconds> {
    const { containers, failures, statuses } = this.#parts;
    let again = Number.POSITIVE_INFINITY;
    const before = failures.of(record);
    for (const container of [...plan.startEphemeral, ...plan.startInit, ...plan.start]) {
      const retryAt = await containers.start(record, pod, container, sandbox);
      this.#alive(record);
      if (retryAt === undefined) continue;
      again = Math.min(again, retryAt);
      if (container.role === 'init') break;
    }
    if (failures.of(record) !== before) void statuses.publish(record);
    return again;
  }

  /** Lets running containers follow a change of resources. Returns when to try again if some could not. */
  async #resize(record: PodRecord, pod: Stored<Pod>): Promise<Milliseconds> {
    const { resizer, statuses } = this.#parts;
    const wasResizing = resizer.progress(record).resizing;
    const done = await resizer.resize(record, pod);
    this.#alive(record);
    if (wasResizing) void statuses.publish(record);
    return done ? Number.POSITIVE_INFINITY : this.#soon();
  }

  /** Makes the Pod a new sandbox; undefined if that failed. */
  async #createSandbox(record: PodRecord, pod: Stored<Pod>, plan: PodPlan): Promise<PodSandboxStatus | undefined> {
    const { settings, context, view } = this.#parts;
    // All init containers run again: nothing of their earlier runs counts any more. The oldest goes first, so that what is
    // left, should this kubelet die meanwhile, still counts the restarts right.
    const again = new Set((pod.spec.initContainers ?? []).map(({ name }) => name));
    for (const { id, metadata } of view.observed(record).containers.toReversed()) {
      if (again.has(metadata.name)) await view.removeContainer(record, id);
    }
    try {
      settings.runtime.files.mkdir(podDirectory(record.uid), { mode: 0o750 });
      const warn = (reason: string, message: string) => context.events.event(pod, 'Warning', reason, message);
      return await view.runSandbox(record, sandboxConfig(pod, plan.attempt, settings, warn));
    } catch (error) {
      this.#alive(record);
      if (!(error instanceof RuntimeError || error instanceof HostnameTooLong)) throw error;
      context.events.event(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
      return undefined;
    }
  }

  /** Stops the sandbox and all that runs in it. */
  async #killPod(record: PodRecord, pod: Stored<Pod>, { createSandbox }: PodPlan): Promise<void> {
    const { settings, context, view, ends } = this.#parts;
    const { clock, events, signal } = context;
    const observed = view.observed(record);
    if (createSandbox && observed.sandboxes.length > 0) {
      events.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    }
    const sandboxIds = observed.sandboxes.map(({ id }) => id);
    const podIp = podAddress(pod, observed, settings.nodeIp);
    const stopping = { runtime: settings.runtime, clock, events, signal };
    await interruptible(ends.signal(record), stopPod(stopping, pod, observed, sandboxIds, podIp));
  }

  async #killContainers(record: PodRecord, pod: Stored<Pod>, { kill }: PodPlan): Promise<void> {
    const { settings, context, view, ends, prober } = this.#parts;
    const { clock, events, signal } = context;
    const stopping = { runtime: settings.runtime, clock, events, signal };
    const podIp = podAddress(pod, view.observed(record), settings.nodeIp);
    const kills = kill.map(async ({ container, containerId, message, reason }) => {
      await stopContainer(stopping, { pod, container, containerId, podIp, message, reason });
      prober.forget(record, containerId);
    });
    await interruptible(ends.signal(record), Promise.all(kills));
  }

  #soon(): Milliseconds {
    const { context, random } = this.#parts;
    return context.clock.now() + jittered(retryPace, random);
  }

  #alive(record: PodRecord): void {
    this.#parts.context.signal.throwIfAborted();
    this.#parts.ends.signal(record).throwIfAborted();
  }
}
