import { type Container, isNotFound, type Pod, Secret } from '@orrery/api';
import { type Client, type Clock, type EventRecorder, errorText, type Milliseconds } from '@orrery/core';
import { type ContainerRuntime, type ImageInfo, RuntimeError } from '@orrery/runtimes';
import { BackOff, durationText } from '../containers/back-off.ts';
import type { PodContainer } from '../containers/pod-containers.ts';
import { StartError } from '../containers/start-error.ts';
import { defaultPullPolicy, withDefaultTag } from './image-reference.ts';
import {
  credentialsFor,
  type DockerConfig,
  type PullCredential,
  type PullSecret,
  readDockerConfig,
} from './pull-credentials.ts';
import { PullRecords } from './pull-records.ts';

/** How long `ErrImagePull` is shown before it becomes `ImagePullBackOff` (milliseconds). */
const showError: Milliseconds = 1000;

/** Brings images onto the node, one at a time (Kubernetes "Images"). */
export class Images {
  readonly #runtime: ContainerRuntime;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #backOff = new BackOff();
  readonly #lastError = new Map<string, string>();
  readonly #records: PullRecords;
  /** The end of the last pull in line. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(runtime: ContainerRuntime, client: Client, clock: Clock, events: EventRecorder) {
    this.#runtime = runtime;
    this.#client = client;
    this.#clock = clock;
    this.#events = events;
    this.#records = new PullRecords(runtime.files);
  }

  /**
   * Makes sure that a container's image is on the node and gives the reference to start it by. Nothing is remembered for a Pod
   * that is `ending`. @throws StartError with the waiting reason.
   */
  async ensure(pod: Pod, container: PodContainer, ending: AbortSignal): Promise<{ ref: string; info: ImageInfo }> {
    const image = container.spec.image ?? '';
    const ref = this.#reference(pod, container, image);
    const present = await this.#status(pod, container, ref, image);
    const policy = container.spec.imagePullPolicy ?? defaultPullPolicy(image);
    if (present !== undefined && policy !== 'Always' && (await this.#mayUse(pod, ref, present))) {
      this.#event(pod, container, 'Normal', 'Pulled', `Container image "${image}" already present on machine`);
      return { ref, info: present };
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#event(pod, container, 'Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message);
    }
    const key = `${pod.metadata.uid}_${ref}`;
    const until = this.#backOff.untilSinceUpdate(key, this.#clock.now());
    if (until > this.#clock.now()) {
      const message = `Back-off pulling image "${image}"`;
      this.#event(pod, container, 'Normal', 'BackOff', message);
      const last = this.#lastError.get(key);
      throw new StartError('ImagePullBackOff', last === undefined ? message : `${message}: ${last}`, until);
    }
    return { ref, info: await this.#pull(pod, container, ref, key, ending) };
  }

  /** Forgets a Pod's failed pulls. */
  forget(podUid: string): void {
    this.#backOff.forget(`${podUid}_`);
    for (const key of this.#lastError.keys()) if (key.startsWith(`${podUid}_`)) this.#lastError.delete(key);
  }

  /** Whether the Pod may use an image that is on the node without the registry being asked. */
  async #mayUse(pod: Pod, ref: string, { imageRef }: ImageInfo): Promise<boolean> {
    return this.#records.isOpen(ref, imageRef) || this.#records.knows(imageRef, await this.#credentials(pod, ref));
  }

  #reference(pod: Pod, container: PodContainer, image: string): string {
    try {
      return withDefaultTag(image);
    } catch (error) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${errorText(error)}`;
      this.#event(pod, container, 'Warning', 'InspectFailed', message);
      throw new StartError('InvalidImageName', message);
    }
  }

  async #status(pod: Pod, container: PodContainer, ref: string, image: string): Promise<ImageInfo | undefined> {
    try {
      return await this.#runtime.imageStatus(ref);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${errorText(error)}`;
      this.#event(pod, container, 'Warning', 'InspectFailed', message);
      throw new StartError('ImageInspectError', message);
    }
  }

  async #pull(pod: Pod, container: PodContainer, ref: string, key: string, ending: AbortSignal): Promise<ImageInfo> {
    const image = container.spec.image ?? '';
    this.#event(pod, container, 'Normal', 'Pulling', `Pulling image "${image}"`);
    const credentials = await this.#credentials(pod, ref);
    const asked = this.#clock.now();
    let started = asked;
    const pull = this.#line.then(() => {
      started = this.#clock.now();
      return this.#pullWith(ref, credentials);
    });
    // The next pull runs whether or not this one failed; its caller gets the error.
    this.#line = pull.catch(() => undefined);
    try {
      const info = await pull;
      const now = this.#clock.now();
      const took = `${durationText(now - started)} (${durationText(now - asked)} including waiting)`;
      this.#event(
        pod,
        container,
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took}. Image size: ${info.sizeBytes} bytes.`,
      );
      // The back-off stays: an image that fails again soon keeps waiting longer. It ends by age.
      this.#lastError.delete(key);
      return info;
    } catch (error) {
      const now = this.#clock.now();
      this.#event(pod, container, 'Warning', 'Failed', `Failed to pull image "${image}": ${errorText(error)}`);
      const { reason, message } = pullFailure(image, error);
      if (!ending.aborted) {
        this.#backOff.next(key, now, now);
        this.#lastError.set(key, `${reason}: ${message}`);
      }
      throw new StartError(reason, message, now + showError);
    }
  }

  /** Tries all credentials in turn. @throws Error the only failure, or one that names all. */
  async #pullWith(ref: string, credentials: readonly PullCredential[]): Promise<ImageInfo> {
    const failed: unknown[] = [];
    this.#records.begin(ref);
    for (const credential of credentials.length === 0 ? [undefined] : credentials) {
      try {
        const info = await this.#runtime.pullImage(ref, credential?.auth);
        this.#records.pulled(info.imageRef, credential);
        this.#records.end(ref);
        return info;
      } catch (error) {
        failed.push(error);
      }
    }
    this.#records.end(ref);
    const texts = new Set(failed.map(errorText));
    throw texts.size === 1 ? failed[0] : new Error(`[${[...texts].join(', ')}]`);
  }

  /** The credentials that the Pod has for an image. */
  async #credentials(pod: Pod, ref: string): Promise<readonly PullCredential[]> {
    const configs: { config: DockerConfig; secret: PullSecret }[] = [];
    const missing: string[] = [];
    for (const { name } of pod.spec.imagePullSecrets ?? []) {
      if (name === undefined || name === '') continue;
      try {
        const secret = await this.#client.get(Secret, { namespace: pod.metadata.namespace ?? '', name });
        const config = readDockerConfig(secret);
        const { namespace = '', uid } = secret.metadata;
        if (config !== undefined) configs.push({ config, secret: { namespace, name, uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        missing.push(name);
      }
    }
    if (missing.length > 0) {
      this.#events.event(
        pod,
        'Warning',
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
      );
    }
    return credentialsFor(ref, configs);
  }

  #event(pod: Pod, container: PodContainer, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.event(pod, type, reason, message, { fieldPath: container.fieldPath });
  }
}

/** The waiting reason and message of a pull that failed. */
export function pullFailure(image: string, error: unknown): { reason: string; message: string } {
  const text = errorText(error);
  if (error instanceof RuntimeError && error.code === 'RegistryUnavailable') {
    return {
      reason: 'RegistryUnavailable',
      message: `image pull failed for ${image} because the registry is unavailable: ${text}`,
    };
  }
  if (error instanceof RuntimeError && error.code === 'SignatureValidationFailed') {
    return {
      reason: 'SignatureValidationFailed',
      message: `image pull failed for ${image} because the signature validation failed: ${text}`,
    };
  }
  return { reason: 'ErrImagePull', message: text };
}

/** Whether a container may run as root (`runAsNonRoot`). @throws StartError CreateContainerConfigError */
export function checkNonRoot(pod: Pod, container: Container, info: ImageInfo, podText: string): void {
  const own = container.securityContext;
  const shared = pod.spec.securityContext;
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) !== true) return;
  const user = own?.runAsUser ?? shared?.runAsUser;
  const where = `(pod: "${podText}", container: ${container.name})`;
  if (user !== undefined) {
    if (user === 0)
      throw new StartError('CreateContainerConfigError', `container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  const name = info.user?.split(':')[0];
  if (name === undefined || name === '' || name === '0' || name === 'root') {
    throw new StartError(
      'CreateContainerConfigError',
      `container has runAsNonRoot and image will run as root ${where}`,
    );
  }
  if (!/^\d+$/.test(name)) {
    throw new StartError(
      'CreateContainerConfigError',
      `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${where}`,
    );
  }
}
