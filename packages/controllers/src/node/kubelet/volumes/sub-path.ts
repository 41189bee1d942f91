import type { NodeFiles } from '@orrery/runtimes';
import { expandWith } from '../containers/expansion.ts';

/** A sub-path whose text alone is wrong. */
export class SubPathFault extends Error {
  override readonly name = 'SubPathFault';
}

/** A sub-path that leads out of its volume by a link. */
export class SubPathError extends Error {
  override readonly name = 'SubPathError';
}

const maxLinks = 40;

/** `subPathExpr` with its variables. @throws SubPathFault naming those that are not set, or empty */
export function expandSubPath(expression: string, environment: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const path = expandWith(expression, (name) => {
    const value = environment.get(name) ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new SubPathFault(`missing value for ${[...missing].sort().join(', ')}`);
  return path;
}

/** The same text. @throws SubPathFault for one that could lead out of its volume */
export function checkedSubPath(subPath: string): string {
  if (subPath.startsWith('/')) throw new SubPathFault(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new SubPathFault(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  return subPath;
}

/** Where a path within a volume leads: what there is of it, without links, and the elements that are not there yet. */
export interface VolumePlace {
  readonly path: string;
  readonly missing: readonly string[];
}

/**
 * Where a path within a volume really lies, following links as long as they stay in the volume.
 * @throws SubPathError if a link leads out, or over something that is not there.
 */
export function locateInVolume(files: NodeFiles, root: string, subPath: string): VolumePlace {
  let rest = elements(subPath);
  let path = root;
  for (let links = 0; rest.length > 0; ) {
    const [element, ...others] = rest as [string, ...string[]];
    if (element === '..') {
      if (path === root) throw new SubPathError(`subpath "${subPath}" not within volume path "${root}"`);
      path = path.slice(0, path.lastIndexOf('/'));
      rest = others;
      continue;
    }
    const next = `${path}/${element}`;
    const stat = files.lstat(next);
    if (stat === undefined) {
      if (rest.includes('..'))
        throw new SubPathError(`subpath "${subPath}" leads over "${next}", which does not exist`);
      return { path, missing: rest };
    }
    if (stat.type !== 'symlink') {
      path = next;
      rest = others;
      continue;
    }
    const target = files.readlink(next);
    if (++links > maxLinks) throw new SubPathError(`too many links in subpath "${subPath}"`);
    if (target.startsWith('/')) {
      if (target !== root && !target.startsWith(`${root}/`)) {
        throw new SubPathError(`subpath "${next}" not within volume path "${root}"`);
      }
      path = root;
      rest = [...elements(target.slice(root.length)), ...others];
    } else {
      rest = [...elements(target), ...others];
    }
  }
  return { path, missing: [] };
}

function elements(path: string): string[] {
  return path.split('/').filter((element) => element !== '' && element !== '.');
}

/** Where a path within a volume really lies; undefined where nothing is. @throws SubPathError as {@link locateInVolume} */
export function resolveInVolume(files: NodeFiles, root: string, subPath: string): string | undefined {
  const { path, missing } = locateInVolume(files, root, subPath);
  return missing.length > 0 ? undefined : path;
}

/** Copies a file or directory: what a sub-path of projected data shows never changes while its container runs. */
export function copyTree(files: NodeFiles, from: string, to: string): void {
  const stat = files.stat(from);
  if (stat === undefined) return;
  if (stat.type === 'directory') {
    files.mkdir(to, { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid });
    for (const name of files.readdir(from)) copyTree(files, `${from}/${name}`, `${to}/${name}`);
    return;
  }
  files.writeFile(to, files.readFile(from), { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid });
}
