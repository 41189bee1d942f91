import { type Pod, Service, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, type Milliseconds, type Random } from '@orrery/core';
import type { PodSandboxStatus } from '@orrery/runtimes';
import { checkNonRoot, Images } from '../images/images.ts';
import type { KubeletSettings } from '../options.ts';
import type { PodEnds } from '../pod/pod-endings.ts';
import type { PodObserver } from '../pod/pod-observer.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import { jittered, retryPace } from '../pod/retry-pace.ts';
import { BackOff, durationText } from './back-off.ts';
import { containerConfig, containerHash } from './container-config.ts';
import { nextAttempt } from './container-statuses.ts';
import { runHook } from './hooks.ts';
import { interruptible } from './interruptible.ts';
import { latest } from './observed.ts';
import { type PodContainer, podText } from './pod-containers.ts';
import type { RuntimeView } from './runtime-view.ts';
import { StartError } from './start-error.ts';
import type { StartFailures } from './start-failures.ts';
import { stopContainer } from './stop-containers.ts';

/** What starting containers needs. */
export interface ContainerStarterParts {
  readonly settings: KubeletSettings;
  readonly context: ControllerContext;
  readonly random: Random;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly observer: PodObserver;
  readonly failures: StartFailures;
}

/** Starts containers one by one: waits for its back-off, brings the image, makes the container, runs its postStart hook. */
export class ContainerStarter {
  readonly #parts: ContainerStarterParts;
  readonly #images: Images;
  readonly #backOff: BackOff;

  constructor(parts: ContainerStarterParts) {
    const { settings, context } = parts;
    this.#parts = parts;
    this.#images = new Images(settings.runtime, context.client, context.clock, context.events);
    this.#backOff = new BackOff(
      Math.min(10_000, settings.maxContainerRestartPeriod),
      settings.maxContainerRestartPeriod,
    );
  }

  /**
   * Starts a container in a sandbox. If it cannot, it remembers why and returns when to try again, in milliseconds since the epoch.
   * @throws an abort's reason once the kubelet or the Pod is to stop
   */
  async start(
    record: PodRecord,
    pod: Stored<Pod>,
    container: PodContainer,
    sandbox: PodSandboxStatus,
  ): Promise<Milliseconds | undefined> {
    const { context, observer, failures, random } = this.#parts;
    const { name } = container.spec;
    try {
      await this.#tryStart(record, pod, container, sandbox);
      // The failure and what it was about go together, so that no status is made of the one without the other.
      if (failures.of(record).has(name)) await observer.observe(record);
      failures.delete(record, name);
      return undefined;
    } catch (error) {
      this.#alive(record);
      if (!(error instanceof StartError)) throw error;
      failures.set(record, name, error);
      if (!quietReasons.has(error.reason)) {
        this.#event(pod, container, 'Warning', 'Failed', `Error: ${failureText(error)}`);
      }
      return error.retryAt ?? context.clock.now() + jittered(retryPace, random);
    }
  }

  /** Forgets how often a Pod's containers and pulls have failed. */
  forget({ uid }: PodRecord): void {
    this.#backOff.forget(`${uid}_`);
    this.#images.forget(uid);
  }

  /** @throws StartError with the waiting reason */
  async #tryStart(
    record: PodRecord,
    pod: Stored<Pod>,
    container: PodContainer,
    sandbox: PodSandboxStatus,
  ): Promise<void> {
    const { settings, ends, view } = this.#parts;
    const { runtime, nodeIp } = settings;
    this.#checkBackOff(record, pod, container);
    const ending = ends.signal(record);
    const image = await interruptible(ending, this.#images.ensure(pod, container, ending));
    this.#alive(record);
    checkNonRoot(pod, container.spec, image.info, podText(pod));
    const podIps = pod.spec.hostNetwork === true ? [nodeIp] : sandbox.ips;
    const config = await this.#config(record, pod, container, image.ref, podIps);
    this.#alive(record);
    if ((await runtime.podSandboxStatus(sandbox.id)).state !== 'READY') {
      throw new StartError('CreateContainerError', `sandbox container ${JSON.stringify(sandbox.id)} is not running`);
    }
    const id = await view.createContainer(record, sandbox.id, config).catch((error: unknown) => {
      throw new StartError('CreateContainerError', errorText(error));
    });
    this.#event(pod, container, 'Normal', 'Created', `Created container: ${container.spec.name}`);
    this.#alive(record);
    await runtime.startContainer(id).catch((error: unknown) => {
      throw new StartError('RunContainerError', errorText(error));
    });
    this.#event(pod, container, 'Normal', 'Started', `Started container ${container.spec.name}`);
    await this.#postStart(record, pod, container, id, podIps[0] ?? '');
  }

  #config(record: PodRecord, pod: Stored<Pod>, container: PodContainer, imageRef: string, podIps: readonly string[]) {
    const { settings, context, view } = this.#parts;
    const observed = view.observed(record);
    const target = (container.spec as { targetContainerName?: string }).targetContainerName;
    return containerConfig(pod, container, {
      runtime: settings.runtime,
      client: context.client,
      settings,
      services: this.#services(pod),
      addresses: { podIps, hostIps: [settings.nodeIp] },
      attempt: nextAttempt(observed, pod.status, container),
      imageRef,
      targetContainerId: target === undefined ? undefined : latest(observed, target)?.id,
    }).catch((error: unknown) => {
      throw error instanceof StartError ? error : new StartError('CreateContainerConfigError', errorText(error));
    });
  }

  /** The Services that its containers may learn of: its namespace's, and the API server's. */
  #services(pod: Pod): readonly Service[] {
    const { cache } = this.#parts.context;
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
    const { settings, context, ends } = this.#parts;
    const { clock, signal, events } = context;
    const { runtime } = settings;
    try {
      const warn = (reason: string, message: string) => events.event(pod, 'Warning', reason, message);
      const target = { pod, runtime, clock, signal, container: container.spec, containerId, podIp, warn };
      await interruptible(ends.signal(record), runHook(hook, target, 0));
    } catch (error) {
      this.#alive(record);
      this.#event(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      await stopContainer(
        { runtime, clock, events, signal },
        { pod, container, containerId, podIp, message: 'FailedPostStartHook' },
      );
      throw new StartError('PostStartHookError', errorText(error));
    }
  }

  #checkBackOff(record: PodRecord, pod: Stored<Pod>, container: PodContainer): void {
    const { context, view } = this.#parts;
    const { name } = container.spec;
    const { containers } = view.observed(record);
    const exited = containers.find(({ metadata, state }) => metadata.name === name && state === 'EXITED');
    if (exited === undefined) return;
    const key = backOffKey(pod, container);
    const now = context.clock.now();
    const until = this.#backOff.until(key, exited.finishedAt);
    if (until <= now) {
      this.#backOff.next(key, exited.finishedAt, now);
      return;
    }
    const about = `container ${name} in pod ${podText(pod)}`;
    this.#event(pod, container, 'Warning', 'BackOff', `Back-off restarting failed ${about}`);
    const delay = durationText(this.#backOff.delay(key));
    const message = `back-off ${delay} restarting failed container=${name} pod=${podText(pod)}`;
    throw new StartError('CrashLoopBackOff', message, until);
  }

  #alive(record: PodRecord): void {
    this.#parts.context.signal.throwIfAborted();
    this.#parts.ends.signal(record).throwIfAborted();
  }

  #event(pod: Pod, { fieldPath }: PodContainer, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#parts.context.events.event(pod, type, reason, message, { fieldPath });
  }
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
