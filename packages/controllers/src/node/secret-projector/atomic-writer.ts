import type { Milliseconds } from '@orrery/core';
import type { NodeFiles } from '@orrery/runtimes';
import type { Payload } from './payload.ts';

/** Name of the link that all files of a volume are read through. Swapping it is what makes an update atomic. */
const dataLink = '..data';
const newDataLink = '..data_tmp';

const maxPathLength = 4096;
const maxElementLength = 255;

/**
 * Checks that every path stays within its volume.
 * @throws Error naming the first that does not.
 */
export function checkPaths(payload: Payload): void {
  for (const path of payload.keys()) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new Error(`invalid path ${JSON.stringify(path)}: ${problem}`);
  }
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path.startsWith('/')) return 'must be relative';
  if (path.length > maxPathLength) return `must be at most ${maxPathLength} characters`;
  const elements = path.split('/');
  if (elements.includes('..')) return "must not contain '..'";
  if (elements.some((element) => element.length > maxElementLength)) {
    return `each element must be at most ${maxElementLength} characters`;
  }
  if (elements[0]?.startsWith('..')) return "must not start with '..'";
  return undefined;
}

/** What a volume holds now: file contents by path; undefined if nothing was written yet. */
export type Written = ReadonlyMap<string, Uint8Array> | undefined;

/** Whether the contents differ. Modes are not compared: like Kubernetes, a mode alone is not written. */
export function differs(written: Written, payload: Payload): boolean {
  if (written === undefined || written.size !== payload.size) return true;
  for (const [path, { content }] of payload) {
    const old = written.get(path);
    if (old === undefined || !sameBytes(old, content)) return true;
  }
  return false;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The names that are seen in the volume itself: the first element of every path. */
function visibleNames(paths: Iterable<string>): Set<string> {
  const names = new Set<string>();
  for (const path of paths) names.add(path.split('/')[0] as string);
  return names;
}

/** The name of the directory that holds one version of the files: when it was made, and digits that make it unique. */
export function versionName(now: Milliseconds, digits: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replace(/[-:T]/g, '_');
  return `..${time}.${digits}`;
}

/** A group that owns all files of the volume (`fsGroup`). */
export interface Ownership {
  readonly fsGroup?: number;
}

/**
 * Writes a payload into a volume so that a reader sees the old or the new files, never a mixture (Kubernetes' AtomicWriter).
 * Returns whether anything had to be written. `version` names the directory that a new version gets.
 */
export function writeAtomically(
  files: NodeFiles,
  directory: string,
  payload: Payload,
  version: () => string,
  { fsGroup }: Ownership = {},
): boolean {
  checkPaths(payload);
  const oldVersion = readLink(files, `${directory}/${dataLink}`);
  const written = oldVersion === undefined ? undefined : readTree(files, `${directory}/${oldVersion}`);
  if (oldVersion !== undefined && !differs(written, payload)) {
    tidy(files, directory, payload, oldVersion);
    return false;
  }
  const name = freeName(files, directory, version);
  const target = `${directory}/${name}`;
  const group = fsGroup === undefined ? {} : { gid: fsGroup };
  const directoryMode = fsGroup === undefined ? 0o755 : 0o2755;
  files.mkdir(target, { mode: directoryMode, ...group });
  for (const [path, file] of payload) {
    const slash = path.lastIndexOf('/');
    if (slash > 0) files.mkdir(`${target}/${path.slice(0, slash)}`, { mode: directoryMode, ...group });
    files.writeFile(`${target}/${path}`, file.content, {
      mode: fsGroup === undefined ? file.mode : file.mode | 0o440,
      ...(file.uid === undefined ? {} : { uid: file.uid }),
      ...group,
    });
  }
  files.remove(`${directory}/${newDataLink}`);
  files.symlink(name, `${directory}/${newDataLink}`);
  files.rename(`${directory}/${newDataLink}`, `${directory}/${dataLink}`);
  tidy(files, directory, payload, name);
  return true;
}

/**
 * Makes the links that readers find in the volume, and takes away what no version needs: links of files that are gone, old
 * versions, and what a writer that died in the middle left.
 */
function tidy(files: NodeFiles, directory: string, payload: Payload, version: string): void {
  const names = visibleNames(payload.keys());
  for (const name of names) {
    const path = `${directory}/${name}`;
    if (files.lstat(path) === undefined) files.symlink(`${dataLink}/${name}`, path);
  }
  const left: string[] = [];
  for (const name of files.readdir(directory)) {
    if (name === dataLink || name === version || names.has(name)) continue;
    if (name.startsWith('..')) left.push(name);
    else files.remove(`${directory}/${name}`);
  }
  for (const name of left) files.remove(`${directory}/${name}`);
}

function freeName(files: NodeFiles, directory: string, version: () => string): string {
  for (;;) {
    const name = version();
    if (files.lstat(`${directory}/${name}`) === undefined) return name;
  }
}

function readLink(files: NodeFiles, path: string): string | undefined {
  return files.lstat(path)?.type === 'symlink' ? files.readlink(path) : undefined;
}

function readTree(files: NodeFiles, root: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const visit = (prefix: string): void => {
    for (const name of files.readdir(`${root}${prefix === '' ? '' : `/${prefix}`}`)) {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      if (files.lstat(`${root}/${path}`)?.type === 'directory') visit(path);
      else found.set(path, files.readFile(`${root}/${path}`));
    }
  };
  if (files.lstat(root) !== undefined) visit('');
  return found;
}
