import { createServer } from 'node:net';
import { type ManifestObject, StatusError } from '@orrery/api';
import { type Cluster, createCluster, type NodeOptions } from '@orrery/cluster';
import { adminKubeconfig, makeCertificates, serveCluster, writeKubeconfig } from '@orrery/cluster/serve';
import { createEnvironment, createSimulation, type Environment, milliseconds } from '@orrery/core';
import { createKeyTokenAuthority } from '@orrery/server/http';
import { CommandError, oneLine } from '../command-error.ts';
import { type Figures, formatFigures } from '../figures.ts';
import { type Followed, followReadiness } from '../follow-readiness.ts';
import { hintsFor } from '../hints.ts';
import { readManifests } from '../manifest-files.ts';
import { defaultKubeconfig, userPath } from '../paths.ts';
import { loadPlugins } from '../plugin-files.ts';
import { createProgress } from '../progress.ts';

/** The options of `orrery up` as the command line gives them. */
export interface UpOptions {
  readonly port?: string;
  readonly kubeconfig?: string;
  readonly nodes?: string;
  readonly runtime: string;
  readonly store: string;
  readonly clock: string;
  readonly plugin: readonly string[];
  readonly wait?: boolean;
  readonly timeout: string;
  readonly examples: boolean;
  readonly seed?: string;
}

/** The port that Kubernetes' API server listens on. */
const firstPort = 6443;
const portsTried = 100;

/** Brings a cluster up, applies manifests, shows them becoming ready, and keeps it running until it is told to stop. */
export async function up(paths: readonly string[], options: UpOptions, signal: AbortSignal): Promise<void> {
  const began = performance.timeOrigin;
  const since = () => performance.timeOrigin + performance.now() - began;
  const settings = checked(options);
  const [{ objects, cluster: file }, plugins, port] = await Promise.all([
    readManifests(paths),
    loadPlugins(options.plugin),
    freePort(settings.port),
  ]);
  signal.throwIfAborted();

  const nodes: number | readonly NodeOptions[] = settings.nodes ?? file?.nodes ?? 3;
  const over = new AbortController();
  const { environment, run } = makeEnvironment(settings.clock, options.seed, over.signal);
  const out = process.stdout;
  const certificates = await makeCertificates(environment);
  const running = run();
  const cluster = await createCluster({
    environment,
    nodes,
    plugins,
    certificates: certificates.authority.authority.certificate,
    tokens: createKeyTokenAuthority(),
  });
  const figures: Figures = { controlPlane: undefined, firstPod: undefined };
  let close = async () => cluster.close();
  try {
    signal.throwIfAborted();
    const serving = await serveCluster({ cluster, certificates, port });
    close = async () => {
      await serving.close();
      await cluster.close();
    };
    figures.controlPlane = since();
    await writeConfig(settings.kubeconfig, adminKubeconfig(serving.url, certificates));
    out.write(
      `Kubernetes v1.35 control plane at ${serving.url} (${cluster.nodes.names.length} nodes, ${settings.clock} clock)\n`,
    );
    out.write(`kubeconfig: ${settings.kubeconfig}\n`);
    await applyAll(cluster, objects);
    const progress = createProgress(out);
    const followed = followReadiness({
      cluster,
      objects: objects.map(({ object }) => object),
      now: since,
      changed: (items) => progress.update(items),
      firstPodReady: () => {
        figures.firstPod ??= since();
      },
    });
    const deadline = options.wait === true ? settings.timeout : undefined;
    const outcome = await untilReady(followed, deadline, signal);
    progress.end();
    if (outcome === 'ready') out.write(`${formatFigures(figures, process.memoryUsage.rss())}\n`);
    if (options.wait === true) {
      if (outcome === 'late') throw new CommandError(lateText(followed, options.timeout));
      return;
    }
    if (outcome === 'ready')
      out.write(
        hintsFor(
          objects.map(({ object }) => object),
          settings.kubeconfig === defaultKubeconfig ? undefined : settings.kubeconfig,
        ),
      );
    await stopped(signal);
    out.write('\nstopping\n');
  } finally {
    await close();
    over.abort();
    await running;
  }
}

interface Settings {
  /** undefined: the first free one from 6443. */
  readonly port: number | undefined;
  readonly kubeconfig: string;
  readonly nodes: number | undefined;
  readonly clock: string;
  /** Milliseconds. */
  readonly timeout: number;
}

function checked(options: UpOptions): Settings {
  if (options.runtime !== 'sim') throw new CommandError(`--runtime ${options.runtime}: there is only sim`);
  if (options.store !== 'memory') throw new CommandError(`--store ${options.store}: there is only memory`);
  if (!/^(real|virtual|x\d+(\.\d+)?)$/.test(options.clock))
    throw new CommandError(`--clock ${options.clock}: write real, virtual, or x10 for ten times as fast`);
  let timeout: number;
  try {
    timeout = milliseconds(options.timeout);
  } catch (error) {
    throw new CommandError(`--timeout: ${oneLine(error)}`);
  }
  return {
    port: options.port === undefined ? undefined : wholeNumber('--port', options.port, 0, 65_535),
    nodes: options.nodes === undefined ? undefined : wholeNumber('--nodes', options.nodes, 1, 5000),
    kubeconfig: options.kubeconfig === undefined ? defaultKubeconfig : userPath(options.kubeconfig),
    clock: options.clock,
    timeout,
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new CommandError(`${name} ${text}: must be a whole number from ${least} to ${most}`);
  return value;
}

function makeEnvironment(
  clock: string,
  seed: string | undefined,
  signal: AbortSignal,
): { environment: Environment; run: () => Promise<void> } {
  if (clock !== 'virtual') {
    return {
      environment: createEnvironment({ clock, ...(seed === undefined ? {} : { seed }) }),
      run: () => Promise.resolve(),
    };
  }
  const simulation = createSimulation({ start: Date.now(), ...(seed === undefined ? {} : { seed }) });
  return {
    environment: simulation.environment,
    // Time runs from timer to timer for as long as the cluster is there, and waits for clients where there is none.
    run: () => simulation.run(() => signal.aborted, { signal, whenStill: 'wait' }),
  };
}

/** The asked port, which must be free, or the first free one from 6443. */
async function freePort(asked: number | undefined): Promise<number> {
  if (asked === 0) return 0;
  if (asked !== undefined) {
    if (!(await isFree(asked)))
      throw new CommandError(
        `port ${asked} is in use: stop what listens there, or give another with --port (0 takes any)`,
      );
    return asked;
  }
  for (let port = firstPort; port < firstPort + portsTried; port++) if (await isFree(port)) return port;
  return 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function writeConfig(path: string, text: string): Promise<void> {
  try {
    await writeKubeconfig(path, text);
  } catch (error) {
    throw new CommandError(`cannot write the kubeconfig ${path}: ${oneLine(error)}`);
  }
}

async function applyAll(cluster: Cluster, objects: readonly ManifestObject[]): Promise<void> {
  for (const { object, source, line } of objects) {
    try {
      await cluster.apply(object);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw new CommandError(`${source}:${line}: ${oneLine(error)}`);
    }
  }
}

/** Resolves when all is ready, time is up, or the command is to stop; rejects in the last case. */
async function untilReady(
  followed: Followed,
  timeout: number | undefined,
  signal: AbortSignal,
): Promise<'ready' | 'late'> {
  const timer: { late?: ReturnType<typeof setTimeout> } = {};
  try {
    return await Promise.race([
      followed.ready.then(() => 'ready' as const),
      new Promise<'late'>((resolve) => {
        if (timeout !== undefined) timer.late = setTimeout(() => resolve('late'), timeout);
      }),
      stopped(signal).then(() => {
        throw signal.reason;
      }),
    ]);
  } finally {
    clearTimeout(timer.late);
    followed.stop();
  }
}

function lateText(followed: Followed, timeout: string): string {
  const late = followed.items().filter(({ state }) => state === 'waiting');
  return [`not ready after ${timeout}:`, ...late.map(({ name, reason }) => `  ${name}: ${reason}`)].join('\n');
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
