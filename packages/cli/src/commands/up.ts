import { type Kind, type KubernetesObject, Node } from '@orrery/api';
import { type Cluster, createCluster, type NodeOptions, type PodRangeOptions } from '@orrery/cluster';
import { adminKubeconfig, type ClusterCertificates, makeCertificates, serveCluster } from '@orrery/cluster/serve';
import {
  aborted,
  createEnvironment,
  createRealClock,
  createSimulation,
  type Environment,
  formatInspection,
  type InspectionStream,
  type Plugin,
} from '@orrery/core';
import type { RequestLimits } from '@orrery/server';
import { createKeyTokenAuthority } from '@orrery/server/http';
import { applyManifests } from '../apply-manifests.ts';
import { CommandError, oneLine } from '../command-error.ts';
import { type Figures, formatFigures } from '../figures.ts';
import { type Followed, followReadiness } from '../follow-readiness.ts';
import { hintsFor } from '../hints.ts';
import { kubeconfigPlace, placeKubeconfig } from '../kubeconfig-file.ts';
import { lateReasons } from '../late-reasons.ts';
import { readManifests } from '../manifest-files.ts';
import { defaultKubeconfig } from '../paths.ts';
import { loadPlugins } from '../plugin-files.ts';
import { freePort, portTaken } from '../ports.ts';
import { createProgress } from '../progress.ts';
import { readiness } from '../readiness.ts';
import { type UpOptions, type UpSettings, upSettings } from '../up-settings.ts';
import { type PacedEnvironment, pacedEnvironment } from '../virtual-pace.ts';

/**
 * Brings a cluster up, applies manifests, shows them becoming ready, and keeps it running until the signal is aborted; then it resolves.
 * @throws the signal's reason, if it is aborted before the cluster is up or before what --wait waits for is ready
 */
export async function up(paths: readonly string[], options: UpOptions, signal: AbortSignal): Promise<void> {
  const began = performance.timeOrigin;
  const since = () => performance.timeOrigin + performance.now() - began;
  const settings = upSettings(options);
  const [{ objects, cluster: file, texts }, plugins, port] = await Promise.all([
    readManifests(paths),
    loadPlugins(options.plugin),
    freePort(settings.port),
  ]);
  const kubeconfig = await kubeconfigPlace(settings.kubeconfig, port);
  signal.throwIfAborted();

  const nodes: number | readonly NodeOptions[] = settings.nodes ?? file?.nodes ?? 3;
  const { environment, paced } = makeEnvironment(settings.clock, options.seed);
  if (options.verbose === true) logAll(environment.inspector);
  const out = process.stdout;
  const certificates = await makeCertificates(environment);
  const running = paced?.run();
  let close = async () => undefined as void;
  try {
    const cluster = await startCluster({
      environment,
      nodes,
      plugins,
      certificates,
      podRanges: settings.podRanges,
      requestLimits: settings.requestLimits,
    });
    close = () => cluster.close();
    signal.throwIfAborted();
    const serving = await serveCluster({ cluster, certificates, port }).catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portTaken(port) : error;
    });
    close = async () => {
      await serving.close();
      await cluster.close();
    };
    const figures: Figures = { controlPlane: since(), firstPod: undefined };
    const remove = await placeKubeconfig(kubeconfig.path, adminKubeconfig(serving.url, certificates));
    close = async () => {
      await remove();
      await serving.close();
      await cluster.close();
    };
    out.write(
      `Kubernetes v1.35 control plane at ${serving.url} (${cluster.nodes.names.length} nodes, ${settings.clock} clock)\n`,
    );
    const because = kubeconfig.because === undefined ? '' : ` (${kubeconfig.because})`;
    out.write(`kubeconfig: ${kubeconfig.path}${because}\n`);
    // A Pod created before the nodes are Ready is reported as unschedulable, which is only noise.
    await orStopped(nodesReady(cluster), signal);
    const applied = await orStopped(applyManifests(cluster, objects, texts), signal);
    const controlled = statusWriters(plugins);
    paced?.follow(cluster, applied, controlled);
    const progress = createProgress(out, { plain: options.verbose === true });
    const followed = followReadiness({
      cluster,
      objects: applied,
      controlled,
      now: since,
      changed: (items) => progress.update(items),
      firstPodReady: () => {
        figures.firstPod ??= since();
      },
    });
    const outcome = await untilReady(followed, options.wait === true ? settings.timeout : undefined, signal);
    progress.end();
    if (outcome === 'ready') out.write(`${formatFigures(figures, process.memoryUsage.rss())}\n`);
    if (options.wait === true) {
      if (outcome === 'stopped') throw signal.reason;
      if (outcome === 'late') throw new CommandError(await lateReasons(cluster, followed, options.timeout));
      return;
    }
    if (outcome === 'ready') {
      const elsewhere = kubeconfig.path === defaultKubeconfig ? undefined : kubeconfig.path;
      out.write(hintsFor(applied, elsewhere, cluster.nodes.names[0]));
    }
    await aborted(signal);
    out.write('\nstopping\n');
  } finally {
    await close();
    paced?.stop();
    await running;
  }
}

interface StartOptions {
  readonly environment: Environment;
  readonly nodes: number | readonly NodeOptions[];
  readonly plugins: readonly Plugin[];
  readonly certificates: ClusterCertificates;
  readonly podRanges: PodRangeOptions;
  readonly requestLimits: RequestLimits;
}

/** @throws CommandError for plugins and nodes that the cluster rejects */
async function startCluster({
  environment,
  nodes,
  plugins,
  certificates,
  podRanges,
  requestLimits,
}: StartOptions): Promise<Cluster> {
  try {
    return await createCluster({
      ...podRanges,
      requestLimits,
      environment,
      nodes,
      plugins,
      certificates: certificates.authority.authority.certificate,
      tokens: createKeyTokenAuthority(environment.work),
    });
  } catch (error) {
    throw new CommandError(`the cluster cannot be started: ${oneLine(error)}`);
  }
}

function makeEnvironment(
  clock: UpSettings['clock'],
  seed: string | undefined,
): { environment: Environment & { readonly inspector: InspectionStream }; paced: PacedEnvironment | undefined } {
  const chance = seed === undefined ? {} : { seed };
  if (clock !== 'virtual') return { environment: createEnvironment({ clock, ...chance }), paced: undefined };
  const simulation = createSimulation({ start: createRealClock().now(), ...chance });
  return { environment: simulation.environment, paced: pacedEnvironment(simulation) };
}

/** Logs what loops log, write and fail at, except for the leases that they renew all the time. */
function logAll(inspector: InspectionStream): void {
  inspector.events.subscribe((event) => {
    const wanted =
      event.type === 'failed' ||
      (event.type === 'wrote' && !event.kind.endsWith('/Lease')) ||
      (event.type === 'log' && event.level !== 'debug');
    if (wanted) process.stderr.write(`${formatInspection(event)}\n`);
  });
}

/** Returns whether a plugin's controller may write the status of a kind, and so decides when an object is ready. */
function statusWriters(plugins: readonly Plugin[]): (kind: Kind) => boolean {
  const rules = plugins.flatMap(({ controllers = [] }) => controllers).flatMap((controller) => controller.rules ?? []);
  return (kind) =>
    kind.custom &&
    kind.subresources.status !== undefined &&
    rules.some(
      ({ apiGroups = [], resources = [] }) =>
        apiGroups.includes(kind.group) && resources.includes(`${kind.resource}/status`),
    );
}

function nodesReady(cluster: Cluster): Promise<void> {
  const missing = new Set(cluster.nodes.names);
  if (missing.size === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const subscription = cluster.client.watch(Node).subscribe({
      next: (event) => {
        if (event.type !== 'BOOKMARK' && nodeIsReady(event.object)) missing.delete(event.object.metadata.name);
        if (missing.size > 0) return;
        resolve();
        queueMicrotask(() => subscription.unsubscribe());
      },
      error: reject,
    });
  });
}

function nodeIsReady(node: KubernetesObject): boolean {
  const { conditions = [] } = (node as Node).status ?? {};
  return conditions.some(({ type }) => type === 'Ready') && readiness(node).ready;
}

/** @throws the signal's reason, if it is aborted first */
function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    aborted(signal).then(() => {
      throw signal.reason;
    }),
  ]);
}

/** Resolves when everything is ready, the timeout has passed, or the signal is aborted. */
async function untilReady(
  followed: Followed,
  timeout: number | undefined,
  signal: AbortSignal,
): Promise<'ready' | 'late' | 'stopped'> {
  let timer: Disposable | undefined;
  try {
    return await Promise.race([
      followed.ready.then(() => 'ready' as const),
      new Promise<'late'>((resolve) => {
        if (timeout !== undefined) timer = createRealClock().schedule(timeout, () => resolve('late'));
      }),
      aborted(signal).then(() => 'stopped' as const),
    ]);
  } finally {
    timer?.[Symbol.dispose]();
    followed.stop();
  }
}
