import { type Pod, Service, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, type Milliseconds, type Random } from '@orrery/core';
import { type PodSandboxStatus, RuntimeError } from '@orrery/runtimes';
import { podDirectory } from '../../secret-projector/index.ts';
import { type BackOff, durationText } from '../containers/back-off.ts';
import { containerConfig, containerHash, sandboxConfig } from '../containers/container-config.ts';
import { nextAttempt } from '../containers/container-statuses.ts';
import { runHook } from '../containers/hooks.ts';
import { HostnameTooLong } from '../containers/hosts-file.ts';
import { latest, observe } from '../containers/observed.ts';
import { type PodContainer, podText } from '../containers/pod-containers.ts';
import { outgrown, resizeInPlace } from '../containers/resize-containers.ts';
import { StartError } from '../containers/start-error.ts';
import { ignoringMissing, stopContainer, stopPod } from '../containers/stop-containers.ts';
import { checkNonRoot, type Images } from '../images/images.ts';
import type { KubeletSettings } from '../options.ts';
import type { Prober } from '../probes/prober.ts';
import { prepareVolumes } from '../volumes/volumes.ts';
import { type PodPlan, podActions } from './pod-actions.ts';
import type { PodRecord } from './pod-record.ts';

/** What starting a Pod's containers needs. */
export interface StarterContext {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly images: Images;
  readonly prober: Prober;
  readonly backOff: BackOff;
  readonly random: Random;
  /** Shows the Pod's status as it now is. */
  publish(record: PodRecord): void;
  /** Asks the runtime what it now has of the Pod. */
  observe(record: PodRecord): Promise<void>;
  /** @throws an abort's reason once the kubelet or the Pod is to stop. */
  alive(record: PodRecord): void;
}

const retryPace: Milliseconds = 10_000;

/** Brings what runs of a Pod nearer to its spec. */
export class PodStarter {
  readonly #on: StarterContext;

  constructor(on: StarterContext) {
    this.#on = on;
  }

  /** One pass over the Pod. Returns when to come again, in milliseconds since the epoch; Infinity: when something happens. */
  async sync(record: PodRecord, pod: Stored<Pod>): Promise<Milliseconds> {
    const { settings, context, prober } = this.#on;
    const alive = () => this.#on.alive(record);
    const { runtime } = settings;
    const volumes = await prepareVolumes(
      { runtime, client: context.client, clock: context.clock, events: context.events, projected: settings.volumes },
      record,
      pod,
    );
    alive();
    if (!volumes.ready) return volumes.retryAt;
    const plan = podActions(pod, record.observed, prober, containerHash, outgrown(record, pod));
    let sandbox = plan.sandbox;
    if (plan.killPod) {
      if (plan.createSandbox && record.observed.sandboxes.length > 0) {
        context.events.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      }
      await interruptible(record.ending.signal, this.#killPod(record, pod));
      if (!plan.createSandbox) return this.#soon();
    } else {
      const kills = plan.kill.map((kill) => this.#kill(record, pod, kill));
      await interruptible(record.ending.signal, Promise.all(kills));
    }
    alive();
    if (plan.createSandbox) {
      sandbox = await this.#createSandbox(record, pod, plan);
      alive();
    }
    if (sandbox === undefined) return this.#soon();
    // While something was being stopped, the sandbox may have died.
    if (plan.kill.length > 0 && (await runtime.podSandboxStatus(sandbox.id)).state !== 'READY')
      return context.clock.now();
    const again = await this.#startAll(record, pod, plan, sandbox);
    return record.unsized ? Math.min(again, await this.#resize(record, pod)) : again;
  }

  /** Lets running containers follow a change of resources. Returns when to try again if some could not. */
  async #resize(record: PodRecord, pod: Stored<Pod>): Promise<Milliseconds> {
    const wasResizing = record.resizing;
    const done = await resizeInPlace(this.#on.settings.runtime, record, pod);
    this.#on.alive(record);
    if (wasResizing) this.#on.publish(record);
    return done ? Number.POSITIVE_INFINITY : this.#soon();
  }

  async #startAll(
    record: PodRecord,
    pod: Stored<Pod>,
    plan: PodPlan,
    sandbox: PodSandboxStatus,
  ): Promise<Milliseconds> {
    let again = Number.POSITIVE_INFINITY;
    const before = new Map(record.startFailures);
    for (const container of [...plan.startEphemeral, ...plan.startInit, ...plan.start]) {
      const failedAt = await this.#tryStart(record, pod, container, sandbox);
      this.#on.alive(record);
      if (failedAt === undefined) continue;
      again = Math.min(again, failedAt);
      if (container.role === 'init') break;
    }
    if (!sameFailures(before, record)) this.#on.publish(record);
    return again;
  }

  /** Starts one container. Returns when to try again if it could not be started. */
  async #tryStart(
    record: PodRecord,
    pod: Stored<Pod>,
    container: PodContainer,
    sandbox: PodSandboxStatus,
  ): Promise<Milliseconds | undefined> {
    try {
      await this.#start(record, pod, container, sandbox);
      // The failure and what it was about go together, so that no status is made of the one without the other.
      if (record.startFailures.has(container.spec.name)) await this.#on.observe(record);
      record.startFailures.delete(container.spec.name);
      return undefined;
    } catch (error) {
      this.#on.alive(record);
      if (!(error instanceof StartError)) throw error;
      record.startFailures.set(container.spec.name, { reason: error.reason, message: error.message });
      if (!quietReasons.has(error.reason)) {
        this.#event(pod, container, 'Warning', 'Failed', `Error: ${failureText(error)}`);
      }
      return error.retryAt ?? this.#soon();
    }
  }

  async #start(record: PodRecord, pod: Stored<Pod>, container: PodContainer, sandbox: PodSandboxStatus): Promise<void> {
    const { settings, context, images } = this.#on;
    const { runtime } = settings;
    this.#checkBackOff(record, pod, container);
    const image = await interruptible(record.ending.signal, images.ensure(pod, container, record.ending.signal));
    this.#on.alive(record);
    checkNonRoot(pod, container.spec, image.info, podText(pod));
    const podIps = pod.spec.hostNetwork === true ? [settings.nodeIp] : sandbox.ips;
    const target = (container.spec as { targetContainerName?: string }).targetContainerName;
    const config = await containerConfig(pod, container, {
      runtime,
      client: context.client,
      settings,
      services: this.#services(pod),
      addresses: { podIps, hostIps: [settings.nodeIp] },
      attempt: nextAttempt(record.observed, pod.status, container),
      imageRef: image.ref,
      targetContainerId: target === undefined ? undefined : latest(record.observed, target)?.id,
    }).catch((error: unknown) => {
      throw error instanceof StartError ? error : new StartError('CreateContainerConfigError', errorText(error));
    });
    this.#on.alive(record);
    if ((await runtime.podSandboxStatus(sandbox.id)).state !== 'READY') {
      throw new StartError('CreateContainerError', `sandbox container ${JSON.stringify(sandbox.id)} is not running`);
    }
    const id = await runtime.createContainer(sandbox.id, config).catch((error: unknown) => {
      throw new StartError('CreateContainerError', errorText(error));
    });
    record.containerIds.add(id);
    this.#event(pod, container, 'Normal', 'Created', `Created container: ${container.spec.name}`);
    this.#on.alive(record);
    await runtime.startContainer(id).catch((error: unknown) => {
      throw new StartError('RunContainerError', errorText(error));
    });
    this.#event(pod, container, 'Normal', 'Started', `Started container ${container.spec.name}`);
    await this.#postStart(record, pod, container, id, podIps[0] ?? '');
  }

  /** The Services that its containers may learn of: its namespace's, and the API server's. */
  #services(pod: Pod): readonly Service[] {
    const { cache } = this.#on.context;
    const { namespace = '' } = pod.metadata;
    const own = pod.spec.enableServiceLinks === false ? [] : cache.list(Service, { namespace });
    const api = namespace === 'default' && own.length > 0 ? undefined : cache.get(Service, 'default/kubernetes');
    return api === undefined ? own : [...own, api];
  }

  /** A hook that fails takes its container with it. */
  async #postStart(
    record: PodRecord,
    pod: Stored<Pod>,
    container: PodContainer,
    containerId: string,
    podIp: string,
  ): Promise<void> {
    const hook = container.spec.lifecycle?.postStart;
    if (hook === undefined) return;
    const { settings, context } = this.#on;
    const { clock, signal, events } = context;
    const { runtime } = settings;
    try {
      const warn = (reason: string, message: string) => events.event(pod, 'Warning', reason, message);
      const target = { pod, runtime, clock, signal, container: container.spec, containerId, podIp, warn };
      await interruptible(record.ending.signal, runHook(hook, target, 0));
    } catch (error) {
      this.#on.alive(record);
      this.#event(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      await stopContainer(
        { runtime, clock, events, signal },
        { pod, container, containerId, podIp, message: 'FailedPostStartHook' },
      );
      throw new StartError('PostStartHookError', errorText(error));
    }
  }

  #checkBackOff(record: PodRecord, pod: Stored<Pod>, container: PodContainer): void {
    const { context, backOff } = this.#on;
    const { name } = container.spec;
    const exited = record.observed.containers.find((one) => one.metadata.name === name && one.state === 'EXITED');
    if (exited === undefined) return;
    const key = backOffKey(pod, container);
    const now = context.clock.now();
    const until = backOff.until(key, exited.finishedAt);
    if (until > now) {
      this.#event(
        pod,
        container,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${name} in pod ${podText(pod)}`,
      );
      throw new StartError(
        'CrashLoopBackOff',
        `back-off ${durationText(backOff.delay(key))} restarting failed container=${name} pod=${podText(pod)}`,
        until,
      );
    }
    backOff.next(key, exited.finishedAt, now);
  }

  async #createSandbox(record: PodRecord, pod: Stored<Pod>, plan: PodPlan): Promise<PodSandboxStatus | undefined> {
    const { settings, context } = this.#on;
    const { runtime } = settings;
    // All init containers run again: nothing of their earlier runs counts any more. The oldest goes first, so that what is
    // left, should this kubelet die meanwhile, tells the restarts right.
    const again = new Set((pod.spec.initContainers ?? []).map(({ name }) => name));
    for (const { id, metadata } of record.observed.containers.toReversed()) {
      if (!again.has(metadata.name)) continue;
      await ignoringMissing(runtime.removeContainer(id));
      record.containerIds.delete(id);
    }
    try {
      runtime.files.mkdir(podDirectory(record.uid), { mode: 0o750 });
      const warn = (reason: string, message: string) => context.events.event(pod, 'Warning', reason, message);
      const id = await runtime.runPodSandbox(sandboxConfig(pod, plan.attempt, settings, warn));
      record.sandboxIds.add(id);
      const status = await runtime.podSandboxStatus(id);
      record.observed = observe(
        [status, ...record.observed.sandboxes],
        record.observed.containers.filter(({ metadata }) => !again.has(metadata.name)),
      );
      return status;
    } catch (error) {
      this.#on.alive(record);
      if (!(error instanceof RuntimeError || error instanceof HostnameTooLong)) throw error;
      context.events.event(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
      return undefined;
    }
  }

  async #killPod(record: PodRecord, pod: Stored<Pod>): Promise<void> {
    const { settings, context } = this.#on;
    const { runtime } = settings;
    const { clock, events, signal } = context;
    const sandboxes = record.observed.sandboxes.map(({ id }) => id);
    await stopPod({ runtime, clock, events, signal }, pod, record.observed, sandboxes, this.#podIp(record, pod));
  }

  async #kill(record: PodRecord, pod: Stored<Pod>, kill: PodPlan['kill'][number]): Promise<void> {
    const { settings, context } = this.#on;
    const { clock, events, signal } = context;
    await stopContainer(
      { runtime: settings.runtime, clock, events, signal },
      {
        pod,
        container: kill.container,
        containerId: kill.containerId,
        podIp: this.#podIp(record, pod),
        message: kill.message,
        reason: kill.reason,
      },
    );
    this.#on.prober.forget(record.uid, kill.containerId);
  }

  #podIp(record: PodRecord, pod: Pod): string {
    return podAddress(record, pod, this.#on.settings);
  }

  /** Errors are tried again after ten to fifteen seconds. */
  #soon(): Milliseconds {
    return this.#on.context.clock.now() + retryPace * (1 + this.#on.random.next() / 2);
  }

  #event(pod: Pod, { fieldPath }: PodContainer, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#on.context.events.event(pod, type, reason, message, { fieldPath });
  }
}

/** Waits for a promise until the signal is aborted. What it stands for goes on, and its failure is then nobody's. */
function interruptible<T>(signal: AbortSignal, task: Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** The address that a Pod's containers are reached at. */
export function podAddress(record: PodRecord, pod: Pod, { nodeIp }: KubeletSettings): string {
  if (pod.spec.hostNetwork === true) return nodeIp;
  return record.observed.sandboxes[0]?.ips[0] ?? '';
}

/** Waiting reasons whose event has been sent where the failure was found. */
const quietReasons: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'PostStartHookError']);

/** Waiting reasons that the kubelet's event names instead of the message. */
const namedReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'ImageInspectError',
  'InvalidImageName',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

function failureText({ reason, message }: StartError): string {
  return namedReasons.has(reason) ? reason : message;
}

/** The back-off of a container: another image begins another. */
export function backOffKey(pod: Pod, container: PodContainer): string {
  return `${pod.metadata.uid}_${container.spec.name}_${containerHash(container)}`;
}

function sameFailures(before: PodRecord['startFailures'], { startFailures }: PodRecord): boolean {
  if (before.size !== startFailures.size) return false;
  for (const [name, { reason, message }] of startFailures) {
    const old = before.get(name);
    if (old?.reason !== reason || old.message !== message) return false;
  }
  return true;
}
