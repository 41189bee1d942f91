import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { ManifestError, type ManifestObject, parseManifest } from '@orrery/api';
import { manifestFaults } from './apply-manifests.ts';
import { type ClusterFile, clusterFileKind, readClusterFile } from './cluster-file.ts';
import { CommandError, oneLine } from './command-error.ts';
import { userFolder, userPath } from './paths.ts';

/** The contents of the files and folders of a command line. */
export interface Manifests {
  /** In the order of the arguments, and of file names within a folder. */
  readonly objects: readonly ManifestObject[];
  /** The `orrery.yaml` among them, if there is one. */
  readonly cluster: ClusterFile | undefined;
  /** What was read from standard input, by its name in errors. */
  readonly texts: ReadonlyMap<string, string>;
}

const manifestEndings = ['.yaml', '.yml', '.json'];

/** A path that means standard input, and its name in errors. */
const standardInput = '-';
const standardInputName = '<stdin>';

/**
 * Reads manifests from files, folders and standard input (`-`).
 * @throws CommandError for a missing file, or with a line for each file that cannot be parsed: the line number and the reason
 */
export async function readManifests(paths: readonly string[]): Promise<Manifests> {
  const objects: ManifestObject[] = [];
  const texts = new Map<string, string>();
  const faults: string[] = [];
  let cluster: ClusterFile | undefined;
  const parse = (text: string, name: string) => {
    try {
      for (const found of parseManifest(text, name).objects) {
        if (`${found.object.apiVersion}/${found.object.kind}` !== clusterFileKind) objects.push(found);
        else if (cluster !== undefined)
          throw new CommandError(`${name}:${found.line}: there are two ${clusterFileKind} objects`);
        else cluster = readClusterFile(found);
      }
    } catch (error) {
      if (!(error instanceof ManifestError || error instanceof CommandError)) throw error;
      faults.push(error.message);
    }
  };
  for (const path of new Set(paths)) {
    if (path === standardInput) {
      const text = await textOf(process.stdin);
      texts.set(standardInputName, text);
      parse(text, standardInputName);
      continue;
    }
    for (const file of await manifestFiles(userPath(path))) {
      const name = shortest(file);
      parse(await readText(file, name), name);
    }
  }
  if (faults.length > 0) throw manifestFaults(faults);
  return { objects, cluster, texts };
}

/** The path relative to the user's folder, unless the file is outside of it. */
function shortest(file: string): string {
  const name = relative(userFolder(), file);
  return name.startsWith('..') ? file : name;
}

async function manifestFiles(path: string): Promise<readonly string[]> {
  let found: Stats;
  try {
    found = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CommandError(`there is no file or folder ${path}`);
    throw new CommandError(`cannot read ${path}: ${oneLine(error)}`);
  }
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && manifestEndings.some((ending) => entry.name.endsWith(ending)))
    .map(({ name }) => name)
    .sort();
  if (names.length === 0) throw new CommandError(`${path} contains no manifests (${manifestEndings.join(', ')})`);
  return names.map((name) => join(path, name));
}

async function readText(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read ${name}: ${oneLine(error)}`);
  }
}
