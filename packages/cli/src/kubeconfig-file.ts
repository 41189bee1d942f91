import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeKubeconfig } from '@orrery/cluster/serve';
import { answers, serverOf } from './cluster-answers.ts';
import { CommandError, oneLine } from './command-error.ts';
import { defaultKubeconfig } from './paths.ts';

/** Where a cluster's kubeconfig goes, and what to print about it. */
export interface KubeconfigPlace {
  readonly path: string;
  /** Why it is not where it was asked for; absent when it is. */
  readonly because?: string;
}

/**
 * Finds out, before anything starts, where the kubeconfig can be written. What is there already is kept if it is somebody else's, or
 * a running cluster's: a second cluster of the default place gets a file beside it, named after its port.
 * @throws CommandError if it cannot be written there
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
  return { path: beside, because: `${path} is that of the cluster at ${server}` };
}

/** Writes it, readable by its owner alone; what it gives back removes it, unless somebody else has written there since. */
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
  let folder = dirname(path);
  let found = await stat(folder).catch(() => undefined);
  while (found === undefined && dirname(folder) !== folder) {
    folder = dirname(folder);
    found = await stat(folder).catch(() => undefined);
  }
  if (found?.isDirectory() !== true) throw fail(`${folder} is not a folder`);
  const trial = join(folder, `.orrery-${process.pid}.tmp`);
  try {
    // Permissions do not say everything: only writing does.
    await writeFile(trial, '', { flag: 'wx', mode: 0o600 });
    await rm(trial);
  } catch (error) {
    throw fail(oneLine(error));
  }
}
