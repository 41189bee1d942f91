import { ConfigMap, type Kind, Pod, Secret, type Stored, type Volume } from '@orrery/api';
import {
  backOff,
  type Controller,
  type ControllerContext,
  createWorkQueue,
  type Duration,
  errorText,
  fromAbort,
  type Milliseconds,
  milliseconds,
  type Random,
  type ReconcileResult,
  type WorkQueue,
} from '@orrery/core';
import type { NodeFiles } from '@orrery/runtimes';
import { Subscription } from 'rxjs';
import { versionName, writeAtomically } from './atomic-writer.ts';
import type { Allocatable } from './downward-api.ts';
import { named, ObjectWatches } from './object-watches.ts';
import { PayloadError, type PayloadSources, volumePayload } from './payload.ts';
import type { ProjectedVolumes } from './projected-volumes.ts';
import { bySigner, type ObjectReference, volumeReferences, volumeTokens } from './references.ts';
import { PodTokens } from './tokens.ts';
import { ClusterTrustBundle, trustBundleFile } from './trust-bundles.ts';
import { volumeBackOff } from './volume-back-off.ts';
import { makeVolumeDirectory, projectedVolumePath, projectionPlugin } from './volume-path.ts';

/** What a node's projector needs. */
export interface SecretProjectorOptions {
  readonly nodeName: string;
  /** The node's file system. */
  readonly files: NodeFiles;
  /** Shared with the node's kubelet. */
  readonly volumes: ProjectedVolumes;
  /** The node's allocatable resources: what a missing limit means in the downward API. */
  readonly allocatable?: Allocatable;
  /** Changes that come within this span of the last writing of a Pod's volumes are written together. Default 1 s. */
  readonly syncPeriod?: Duration;
}

const kinds: { readonly [kind in ObjectReference['kind']]: Kind } = { Secret, ConfigMap, ClusterTrustBundle };

/**
 * The loop that writes Secrets, ConfigMaps, downward API fields, tokens and trust bundles into the volumes of a node's Pods,
 * and keeps writing them as they change. It sees only the objects that its Pods name. Its cache is expected to hold only
 * the Pods of the node.
 */
export function createSecretProjector(options: SecretProjectorOptions): Controller {
  return {
    name: `secret-projector-${options.nodeName}`,
    kinds: [Pod],
    start: (context) => new Projector(options, context).start(),
  };
}

/** A volume that could not be made, or made anew. */
interface Failure {
  readonly count: number;
  readonly error: string;
  /** When its back-off is over (milliseconds since the epoch). */
  readonly retryAt: Milliseconds;
  /** Whether its sources changed since, so that it is worth another look before that. */
  readonly changed: boolean;
}

interface Projection {
  pod: Stored<Pod>;
  readonly volumes: readonly Volume[];
  readonly watches: Disposable[];
  /** Volumes whose sources changed since they were last written. */
  readonly dirty: Set<string>;
  readonly failures: Map<string, Failure>;
  writtenAt: Milliseconds;
}

class Projector {
  readonly #options: SecretProjectorOptions;
  readonly #context: ControllerContext;
  readonly #syncPeriod: Milliseconds;
  readonly #watches: ObjectWatches;
  readonly #tokens: PodTokens;
  readonly #random: Random;
  readonly #projections = new Map<string, Projection>();
  readonly #queue: WorkQueue;

  constructor(options: SecretProjectorOptions, context: ControllerContext) {
    const actor = `secret-projector-${options.nodeName}`;
    this.#options = options;
    this.#context = context;
    this.#syncPeriod = milliseconds(options.syncPeriod ?? '1s');
    this.#random = context.random.fork(actor);
    this.#watches = new ObjectWatches({ client: context.client, environment: context, actor });
    this.#tokens = new PodTokens(context.client, context.clock, this.#random);
    this.#queue = createWorkQueue({
      environment: context,
      actor,
      concurrency: 64,
      process: (uid) => this.#sync(uid),
    });
  }

  start(): void {
    const { cache, signal } = this.#context;
    const listening = new Subscription();
    const pods = cache.changes(Pod, { replay: true }).subscribe(({ type, object, previous }) => {
      if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) this.#gone(previous.metadata.uid);
      if (type === 'deleted') this.#gone(object.metadata.uid);
      else this.#seen(object);
    });
    listening.add(pods);
    listening.add(this.#options.volumes.releases.subscribe((uid) => this.#drop(uid)));
    fromAbort(signal).subscribe(() => {
      listening.unsubscribe();
      this.#watches.close();
      void this.#queue.stop();
    });
  }

  #seen(pod: Stored<Pod>): void {
    const { uid } = pod.metadata;
    if (pod.spec.nodeName !== this.#options.nodeName) return;
    const known = this.#projections.get(uid);
    if (known !== undefined) {
      const before = known.pod;
      known.pod = pod;
      const moved =
        before.metadata.labels !== pod.metadata.labels ||
        before.metadata.annotations !== pod.metadata.annotations ||
        before.spec !== pod.spec;
      if (moved) for (const volume of known.volumes) if (showsPod(volume)) this.#changed(uid, volume.name);
      return;
    }
    const done = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (done || this.#options.volumes.isReleased(uid)) return;
    const volumes = (pod.spec.volumes ?? []).filter((volume) => projectionPlugin(volume) !== undefined);
    if (volumes.length === 0) return;
    const projection: Projection = {
      pod,
      volumes,
      watches: [],
      dirty: new Set(volumes.map(({ name }) => name)),
      failures: new Map(),
      writtenAt: Number.NEGATIVE_INFINITY,
    };
    this.#projections.set(uid, projection);
    for (const volume of volumes) {
      for (const { kind, fieldSelector } of volumeReferences(volume)) {
        const namespace = kind === 'ClusterTrustBundle' ? '' : (pod.metadata.namespace ?? '');
        projection.watches.push(
          this.#watches.acquire(kinds[kind], namespace, fieldSelector, () => this.#changed(uid, volume.name)),
        );
      }
    }
    this.#queue.add(uid, {
      type: 'added',
      kind: 'v1/Pod',
      key: podKey(pod),
      resourceVersion: pod.metadata.resourceVersion,
    });
  }

  /**
   * Something that a volume shows has changed: written at once, or with others within the sync period. A volume that was never
   * written does not wait: its Pod waits for it.
   */
  #changed(uid: string, volume: string): void {
    const projection = this.#projections.get(uid);
    if (projection === undefined) return;
    projection.dirty.add(volume);
    const failure = projection.failures.get(volume);
    if (failure !== undefined) projection.failures.set(volume, { ...failure, changed: true });
    const written = this.#options.volumes.state(uid, volume)?.ready === true;
    const wait = written ? projection.writtenAt + this.#syncPeriod - this.#context.clock.now() : 0;
    if (wait > 0) this.#queue.addAfter(uid, wait);
    else this.#queue.add(uid, { type: 'modified', key: `${podKey(projection.pod)}/${volume}` });
  }

  #gone(uid: string): void {
    this.#drop(uid);
    this.#options.volumes.forget(uid);
  }

  #drop(uid: string): void {
    const projection = this.#projections.get(uid);
    if (projection === undefined) return;
    this.#projections.delete(uid);
    this.#tokens.forget(uid);
    for (const watch of projection.watches) watch[Symbol.dispose]();
  }

  async #sync(uid: string): Promise<ReconcileResult | void> {
    const projection = this.#projections.get(uid);
    if (projection === undefined) return;
    const { clock } = this.#context;
    let again = Number.POSITIVE_INFINITY;
    for (const volume of projection.volumes) {
      const failure = projection.failures.get(volume.name);
      if (failure !== undefined && !failure.changed && failure.retryAt > clock.now()) {
        again = Math.min(again, failure.retryAt);
        continue;
      }
      const refreshAt = await this.#refreshTokens(projection, volume);
      if (this.#projections.get(uid) !== projection) {
        // The token came too late: the Pod is gone.
        this.#tokens.forget(uid);
        return;
      }
      if (this.#context.signal.aborted) return;
      again = Math.min(again, refreshAt);
      if (!projection.dirty.has(volume.name) || !this.#known(projection.pod, volume)) continue;
      again = Math.min(again, this.#write(projection, volume));
    }
    if (Number.isFinite(again)) return { requeueAfter: Math.max(again - clock.now(), 0) };
  }

  /** Whether every object that the volume shows has been read, or is known not to exist. */
  #known(pod: Stored<Pod>, volume: Volume): boolean {
    return volumeReferences(volume).every(({ kind, fieldSelector }) => {
      const namespace = kind === 'ClusterTrustBundle' ? '' : (pod.metadata.namespace ?? '');
      return this.#watches.list(kinds[kind], namespace, fieldSelector) !== undefined;
    });
  }

  async #refreshTokens(projection: Projection, volume: Volume): Promise<Milliseconds> {
    let again = Number.POSITIVE_INFINITY;
    for (const token of volumeTokens(volume)) {
      const before = this.#tokens.get(projection.pod, token);
      try {
        again = Math.min(again, await this.#tokens.ensure(projection.pod, token));
      } catch (error) {
        if (this.#context.signal.aborted || this.#options.volumes.isReleased(projection.pod.metadata.uid)) return again;
        return Math.min(again, this.#failed(projection, volume, errorText(error)));
      }
      if (this.#tokens.get(projection.pod, token) !== before) projection.dirty.add(volume.name);
    }
    return again;
  }

  /** Returns when the volume is to be tried again. */
  #write(projection: Projection, volume: Volume): Milliseconds {
    const { pod } = projection;
    const { clock } = this.#context;
    if (volumeTokens(volume).some((token) => this.#tokens.get(pod, token) === undefined))
      return Number.POSITIVE_INFINITY;
    const path = projectedVolumePath(pod.metadata.uid, volume);
    const { fsGroup } = pod.spec.securityContext ?? {};
    try {
      const payload = volumePayload(pod, volume, this.#sources(pod));
      makeVolumeDirectory(this.#options.files, path, { inMemory: true, fsGroup });
      writeAtomically(
        this.#options.files,
        path,
        payload,
        () => versionName(clock.now(), this.#random.integer(4_294_967_296)),
        fsGroup === undefined ? {} : { fsGroup },
      );
    } catch (error) {
      if (!(error instanceof PayloadError))
        this.#context.log.error('volume could not be written', { path, error: errorText(error) });
      return this.#failed(projection, volume, errorText(error));
    }
    projection.dirty.delete(volume.name);
    projection.failures.delete(volume.name);
    projection.writtenAt = clock.now();
    this.#options.volumes.report(pod.metadata.uid, volume.name, { ready: true, path });
    return Number.POSITIVE_INFINITY;
  }

  /** Reports once per back-off why the volume is not as it should be. A volume that was written keeps what it holds. */
  #failed(projection: Projection, volume: Volume, error: string): Milliseconds {
    const now = this.#context.clock.now();
    const before = projection.failures.get(volume.name);
    if (before !== undefined && before.error === error && before.retryAt > now) {
      projection.failures.set(volume.name, { ...before, changed: false });
      return before.retryAt;
    }
    const count = before?.count ?? 0;
    const retryAt = now + backOff(count, volumeBackOff);
    projection.failures.set(volume.name, { count: count + 1, error, retryAt, changed: false });
    const { uid } = projection.pod.metadata;
    const { volumes } = this.#options;
    if (volumes.state(uid, volume.name)?.ready === true) volumes.reportStale(uid, volume.name, error);
    else volumes.report(uid, volume.name, { ready: false, error });
    return retryAt;
  }

  #sources(pod: Stored<Pod>): PayloadSources {
    const namespace = pod.metadata.namespace ?? '';
    return {
      secret: (name) => this.#watches.get(Secret, namespace, name) ?? null,
      configMap: (name) => this.#watches.get(ConfigMap, namespace, name) ?? null,
      token: (projection) => this.#tokens.get(pod, projection) ?? '',
      trustBundle: (bundle) => {
        const { name, signerName = '' } = bundle;
        const selector = name === undefined ? bySigner(signerName) : named(name);
        return trustBundleFile(bundle, this.#watches.list(ClusterTrustBundle, '', selector) ?? []);
      },
      allocatable: this.#options.allocatable ?? {},
    };
  }
}

function showsPod(volume: Volume): boolean {
  return (
    volume.downwardAPI !== undefined ||
    (volume.projected?.sources ?? []).some(({ downwardAPI }) => downwardAPI !== undefined)
  );
}

function podKey(pod: Stored<Pod>): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}
