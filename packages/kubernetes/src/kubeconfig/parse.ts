import { isAbsolute, join, sep } from 'node:path';
import { isJsonObject } from '@orrery/api';
import { parse } from 'yaml';
import { type ExecConfig, type Kubeconfig, KubeconfigError, type KubeconfigUser } from './kubeconfig.ts';

/** The source of a kubeconfig's text. */
export interface KubeconfigSource {
  /** Its name in errors. Default `the kubeconfig`. */
  readonly name?: string;
  /** The directory that relative paths are resolved against. Default: the working directory. */
  readonly folder?: string;
}

/** Parses a kubeconfig in YAML or JSON. @throws KubeconfigError if it is not one */
export function parseKubeconfig(text: string, { name = 'the kubeconfig', folder }: KubeconfigSource = {}): Kubeconfig {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new KubeconfigError(`${name} is neither YAML nor JSON: ${(cause as Error).message}`, { cause });
  }
  const config = checked(value ?? {}, name);
  return folder === undefined ? config : withFolder(config, folder);
}

/** Checks the shape of the known parts; the strings in them are checked where they are used. */
function checked(value: unknown, name: string): Kubeconfig {
  if (!isJsonObject(value)) throw new KubeconfigError(`${name} is not a kubeconfig: it is not an object`);
  const { kind } = value;
  if (kind !== undefined && kind !== 'Config')
    throw new KubeconfigError(`${name} is not a kubeconfig: its kind is ${JSON.stringify(kind)}`);
  for (const [list, part] of parts) {
    const entries = value[list] ?? [];
    const good = (entry: unknown) =>
      isJsonObject(entry) && typeof entry.name === 'string' && isJsonObject(entry[part] ?? {});
    if (!Array.isArray(entries) || !entries.every(good))
      throw new KubeconfigError(`${name} is not a kubeconfig: ${list} is not a list of names with a ${part} each`);
  }
  const filled = parts.map(([list, part]) => [
    list,
    ((value[list] ?? []) as readonly object[]).map((entry) => ({ ...entry, [part]: (entry as Entry)[part] ?? {} })),
  ]);
  return { ...value, ...Object.fromEntries(filled) } as Kubeconfig;
}

type Entry = { readonly [part: string]: unknown };

const parts = [
  ['clusters', 'cluster'],
  ['users', 'user'],
  ['contexts', 'context'],
] as const;

/** The kubeconfig with relative paths made absolute. */
function withFolder(config: Kubeconfig, folder: string): Kubeconfig {
  const { clusters = [], users = [] } = config;
  return {
    ...config,
    clusters: clusters.map((entry) => ({
      ...entry,
      cluster: { ...entry.cluster, ...moved(entry.cluster, ['certificate-authority'], folder) },
    })),
    users: users.map((entry) => ({ ...entry, user: userWithFolder(entry.user, folder) })),
  };
}

function userWithFolder(user: KubeconfigUser, folder: string): KubeconfigUser {
  return {
    ...user,
    ...moved(user, ['client-certificate', 'client-key', 'tokenFile'], folder),
    ...(user.exec === undefined ? {} : { exec: execWithFolder(user.exec, folder) }),
  };
}

/** A command without a slash is looked up in the PATH. */
function execWithFolder(exec: ExecConfig, folder: string): ExecConfig {
  const { command = '' } = exec;
  return command.includes('/') || command.includes(sep) ? { ...exec, ...moved(exec, ['command'], folder) } : exec;
}

function moved<T extends object, K extends keyof T>(from: T, fields: readonly K[], folder: string): Partial<T> {
  const to: Partial<T> = {};
  for (const field of fields) {
    const path = from[field];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) to[field] = join(folder, path) as T[K] & string;
  }
  return to;
}
