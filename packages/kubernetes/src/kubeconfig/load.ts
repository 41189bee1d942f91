import { createReadStream } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { inClusterKubeconfig } from './in-cluster.ts';
import { type Kubeconfig, KubeconfigError } from './kubeconfig.ts';
import { parseKubeconfig } from './parse.ts';

/** Options of {@link loadKubeconfig}. */
export interface LoadOptions {
  /** Environment variables. Default: the process's. */
  readonly env?: { readonly [name: string]: string | undefined };
  /** The user's home directory. Default: the process's. */
  readonly home?: string;
  /** The directory of a Pod's service account. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccount?: string;
}

/**
 * The kubeconfig that kubectl would use (Kubernetes "Organizing Cluster Access Using kubeconfig Files"): the files in
 * `KUBECONFIG`, merged, or else `~/.kube/config`; if both are empty, the service account of the Pod that this runs in.
 * @throws KubeconfigError if there is none, or one cannot be read
 */
export async function loadKubeconfig(options: LoadOptions = {}): Promise<Kubeconfig> {
  const { env = process.env, home = homedir(), serviceAccount } = options;
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed : [join(home, '.kube', 'config')];
  const configs: Kubeconfig[] = [];
  for (const path of paths) {
    const config = await readIfThere(path);
    if (config !== undefined) configs.push(config);
  }
  const merged = mergeKubeconfigs(configs);
  if (!isEmpty(merged)) return merged;
  const own = await inClusterKubeconfig(env, serviceAccount);
  if (own !== undefined) return own;
  throw new KubeconfigError(
    `there is not a kubeconfig: ${paths.join(', ')} ${configs.length > 0 ? 'says nothing' : 'does not exist'}`,
  );
}

/** Reads a kubeconfig. Relative paths in it are resolved against its directory. @throws KubeconfigError if it is missing or invalid */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const config = await readIfThere(path);
  if (config === undefined) throw new KubeconfigError(`there is not a kubeconfig ${path}`);
  return config;
}

/** Merges kubeconfigs: the first occurrence wins, for whole entries and the current context. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const current = configs.map((config) => config['current-context'] ?? '').find((name) => name !== '');
  return {
    clusters: firstOfEachName(configs.flatMap(({ clusters = [] }) => clusters)),
    users: firstOfEachName(configs.flatMap(({ users = [] }) => users)),
    contexts: firstOfEachName(configs.flatMap(({ contexts = [] }) => contexts)),
    ...(current === undefined ? {} : { 'current-context': current }),
  };
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const entry of entries) if (!first.has(entry.name)) first.set(entry.name, entry);
  return [...first.values()];
}

function isEmpty({ clusters = [], users = [], contexts = [] }: Kubeconfig): boolean {
  return clusters.length + users.length + contexts.length === 0;
}

/** Bytes that a kubeconfig has at most: a device has no end. */
const maxBytes = 16 * 1024 * 1024;

async function readBounded(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function readIfThere(path: string): Promise<Kubeconfig | undefined> {
  let text: string;
  try {
    text = await readBounded(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KubeconfigError(`cannot read the kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  return parseKubeconfig(text, { name: path, folder: resolve(dirname(path)) });
}
