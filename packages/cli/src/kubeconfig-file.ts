import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeKubeconfig } from '@orrery/cluster/serve';
import { answers, serverOf } from './cluster-answers.ts';
import { CommandError, oneLine } from './command-error.ts';
import { defaultKubeconfig } from './paths.ts';

/** Where a cluster's kubeconfig goes, and what to print about it. */
export interface KubeconfigPlace {
  readonly path: string;
  /** Why it is not at the requested path; absent when it is. */
  readonly because?: string;
}

/**
 * Finds out, before anything starts, where the kubeconfig can be written. A file that orrery did not write, or that belongs to a running
 * cluster, is kept: a second cluster with the default path gets a file beside it, named after its port.
 * @throws CommandError if the kubeconfig cannot be written there
 */
export async function kubeconfigPlace(path: string, port: number): Promise<KubeconfigPlace> {
  await checkWritable(path);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.trim() === '') return { path };
  const server = serverOf(text);
  if (!isOurs(text) || server === undefined) {
    throw new CommandError(`${path} was not written by orrery: choose another file with --kubeconfig`);
  }
  if (!(await answers(server))) return { path };
  if (path !== defaultKubeconfig)
    throw new CommandError(
      `${path} is the kubeconfig of a cluster that runs at ${server}: choose another file with --kubeconfig`,
    );
  const beside = join(dirname(path), `kubeconfig-${port === 0 ? process.pid : port}`);
  return { path: beside, because: `${path} belongs to the cluster at ${server}` };
}

/** Writes the kubeconfig, readable by its owner only. Returns a function that removes it, unless it has been changed since. */
export async function placeKubeconfig(path: string, text: string): Promise<() => Promise<void>> {
  try {
    await writeKubeconfig(path, text);
  } catch (error) {
    throw new CommandError(`cannot write the kubeconfig ${path}: ${oneLine(error)}`);
  }
  return async () => {
    const now = await readFile(path, 'utf8').catch(() => undefined);
    if (now === text) await rm(path, { force: true });
  };
}

function isOurs(text: string): boolean {
  return /^current-context: "orrery"$/m.test(text);
}

async function checkWritable(path: string): Promise<void> {
  const fail = (why: string) => new CommandError(`cannot write the kubeconfig ${path}: ${why}`);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) throw fail('it is a folder');
  // A device or a pipe would be replaced by a file, or never be read to its end.
  if (there !== undefined && !there.isFile()) throw fail('it is not a regular file');
  let folder = dirname(path);
  let found = await stat(folder).catch(() => undefined);
  while (found === undefined && dirname(folder) !== folder) {
    folder = dirname(folder);
    found = await stat(folder).catch(() => undefined);
  }
  if (found?.isDirectory() !== true) throw fail(`${folder} is not a folder`);
  const trial = join(folder, `.orrery-${process.pid}.tmp`);
  try {
    // Permissions are not enough to know: only a write is.
    await writeFile(trial, '', { flag: 'wx', mode: 0o600 });
    await rm(trial);
  } catch (error) {
    await rm(trial, { force: true });
    throw fail(oneLine(error));
  }
}
