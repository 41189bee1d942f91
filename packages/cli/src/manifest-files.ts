import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ManifestError, type ManifestObject, parseManifest } from '@orrery/api';
import { type ClusterFile, clusterFileKind, readClusterFile } from './cluster-file.ts';
import { CommandError, oneLine } from './command-error.ts';
import { userFolder, userPath } from './paths.ts';

/** What the files and folders of a command line hold. */
export interface Manifests {
  /** In the order of the arguments, and of file names within a folder. */
  readonly objects: readonly ManifestObject[];
  /** The `orrery.yaml` among them, if there is one. */
  readonly cluster: ClusterFile | undefined;
}

const manifestEndings = ['.yaml', '.yml', '.json'];

/** Reads manifests from files and folders. @throws CommandError in one line: what is missing, or file, line and reason */
export async function readManifests(paths: readonly string[]): Promise<Manifests> {
  const objects: ManifestObject[] = [];
  let cluster: ClusterFile | undefined;
  for (const path of paths) {
    for (const file of await manifestFiles(userPath(path))) {
      const name = relative(userFolder(), file);
      const parsed = await parseFile(file, name);
      for (const found of parsed) {
        if (`${found.object.apiVersion}/${found.object.kind}` !== clusterFileKind) objects.push(found);
        else if (cluster !== undefined)
          throw new CommandError(`${name}:${found.line}: there are two ${clusterFileKind} objects`);
        else cluster = readClusterFile(found);
      }
    }
  }
  return { objects, cluster };
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
  const names = (await readdir(path)).filter((name) => manifestEndings.some((ending) => name.endsWith(ending))).sort();
  if (names.length === 0) throw new CommandError(`${path} holds no manifests (${manifestEndings.join(', ')})`);
  return names.map((name) => join(path, name));
}

async function parseFile(file: string, name: string): Promise<readonly ManifestObject[]> {
  try {
    return parseManifest(await readFile(file, 'utf8'), name).objects;
  } catch (error) {
    if (error instanceof ManifestError) throw new CommandError(error.message);
    throw new CommandError(`cannot read ${name}: ${oneLine(error)}`);
  }
}
