import type { FileStat, NodeFiles } from '../../runtime.ts';
import { hasCapability } from '../process/capabilities.ts';
import type { Process } from '../process/process.ts';
import { inodeCost } from './disk.ts';
import { FileError, type FileErrorCode } from './file-error.ts';
import { MountLengths, type MountPoint, type MountTable } from './mount-table.ts';
import { isShared, layerIn, ownMount, statOf } from './ownership.ts';
import { byCodeUnit } from './path.ts';
import {
  bytesOf,
  contentOf,
  copyNode,
  type DirectoryNode,
  type DynamicNode,
  type FileNode,
  type Layer,
  newDirectory,
  newFile,
  newSymlink,
  releaseNode,
  replaceContent,
  sharedBytes,
  type TreeNode,
  touchNode,
  usageOf,
  watchNode,
  writeAt,
} from './tree.ts';

/** On whose behalf files are used. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Capabilities that its processes can have at most; absent is all of them. */
  readonly capabilities?: bigint;
  /** Its processes can get no more rights than they have. */
  readonly noNewPrivileges?: boolean;
}

export const superuser: Credentials = { uid: 0, gid: 0, groups: [] };

/** Where a path has led. */
export interface Located {
  /** The path without links, `.` and `..`. */
  readonly path: string;
  readonly name: string;
  /** Absent for the root. */
  readonly parent: DirectoryNode | DynamicNode | undefined;
  /** Absent where nothing is. */
  readonly node: TreeNode | undefined;
  readonly mount: MountPoint;
}

interface Frame {
  readonly node: TreeNode;
  readonly mount: MountPoint;
  readonly path: string;
  readonly name: string;
  readonly parent: DirectoryNode | DynamicNode | undefined;
}

const maximumLinks = 40;
/** Characters of a path, and of one name in it (PATH_MAX without its end, NAME_MAX). */
const longestPath = 4095;
const longestName = 255;
const setGroupId = 0o2000;

/**
 * Files as one process sees them: a tree with other trees mounted in it. Synchronous; paths are absolute. Nodes of a shared
 * layer are copied on the way to a write, directory by directory.
 * @throws FileError
 */
export class FileView implements NodeFiles {
  readonly table: MountTable;
  readonly credentials: Credentials;
  /** The process whose view it is. */
  readonly #viewer: Process | undefined;
  /** Permission bits do not bind it: root with CAP_DAC_OVERRIDE. */
  readonly #unbound: boolean;
  readonly #mountLengths: MountLengths;

  constructor(table: MountTable, credentials: Credentials = superuser, viewer?: Process) {
    this.table = table;
    this.#mountLengths = new MountLengths(table.mounts);
    this.credentials = credentials;
    this.#unbound = credentials.uid === 0 && hasCapability(credentials.capabilities, 'DAC_OVERRIDE');
    this.#viewer = viewer;
  }

  /** The same files as a process sees them. */
  seenBy(viewer: Process): FileView {
    return new FileView(this.table, this.credentials, viewer);
  }

  /** The same files for another user. */
  as(credentials: Credentials): FileView {
    return new FileView(this.table, credentials);
  }

  /** Walks to a path. With `own`, every directory on the way (and the node) may be changed afterwards. */
  locate(path: string, follow = true, own = false): Located {
    const located = this.#walk(path, follow, own);
    if (typeof located === 'string') throw new FileError(located, path);
    return located;
  }

  /** The same without throwing: lookups of missing files are common, and errors are slow to make. */
  #walk(path: string, follow: boolean, own: boolean): Located | FileErrorCode {
    if (path.length > longestPath) return 'ENAMETOOLONG';
    const rest = path.split('/').reverse();
    const mountLengths = this.#mountLengths.current();
    let frame = this.#rootFrame(own);
    let stack: Frame[] = [];
    let links = 0;
    while (rest.length > 0) {
      const name = rest.pop() as string;
      if (name === '' || name === '.') {
        if (name === '' && rest.length > 0 && frame.node.kind !== 'directory' && frame.node.kind !== 'dynamic') {
          return 'ENOTDIR';
        }
        continue;
      }
      if (name === '..') {
        frame = stack.pop() ?? frame;
        continue;
      }
      if (name.length > longestName) return 'ENAMETOOLONG';
      const directory = frame.node;
      if (directory.kind !== 'directory' && directory.kind !== 'dynamic') return 'ENOTDIR';
      if (!this.#may(directory, 1)) return 'EACCES';
      const childPath = frame.path === '/' ? `/${name}` : `${frame.path}/${name}`;
      const mounted = mountLengths[childPath.length] === true ? this.table.mounts.get(childPath) : undefined;
      let node: TreeNode | undefined;
      if (mounted !== undefined) node = own ? ownMount(mounted) : mounted.node;
      else if (directory.kind === 'dynamic') node = directory.lookup(name, this.#viewer);
      else node = directory.entries.get(name);
      if (node === undefined) {
        if (rest.some((part) => part !== '')) return 'ENOENT';
        return { path: childPath, name, parent: directory, node: undefined, mount: frame.mount };
      }
      if (node.kind === 'symlink' && (follow || rest.some((part) => part !== ''))) {
        if (++links > maximumLinks) return 'ELOOP';
        if (node.target.startsWith('/')) {
          stack = [];
          frame = this.#rootFrame(own);
        }
        for (const part of node.target.split('/').reverse()) rest.push(part);
        continue;
      }
      const mount = mounted ?? frame.mount;
      if (own && !mounted && !mount.readonly && isShared(node, mount) && directory.kind === 'directory') {
        node = copyNode(node, mount.layer);
        directory.entries.set(name, node);
      }
      stack.push(frame);
      frame = { node, mount, path: childPath, name, parent: directory };
    }
    return frame;
  }

  #rootFrame(own: boolean): Frame {
    const { root } = this.table;
    return { node: own ? ownMount(root) : root.node, mount: root, path: '/', name: '', parent: undefined };
  }

  #may(node: TreeNode, want: number): boolean {
    if (this.#unbound) return true;
    const { uid, gid, groups } = this.credentials;
    const shift = node.uid === uid ? 6 : node.gid === gid || groups.includes(node.gid) ? 3 : 0;
    return ((node.mode >> shift) & want) === want;
  }

  /** Whether this user may read (4), write (2) or execute (1); root may, except execute a file without any execute bit. */
  allows(node: TreeNode, want: number): boolean {
    if (want === 1 && node.kind === 'file') return (node.mode & 0o111) !== 0 && this.#may(node, 1);
    return this.#may(node, want);
  }

  /** The node at a path; undefined where nothing is. */
  find(path: string, follow = true): TreeNode | undefined {
    const located = this.#walk(path, follow, false);
    if (typeof located !== 'string') return located.node;
    if (located === 'ENOENT' || located === 'ENOTDIR') return undefined;
    throw new FileError(located, path);
  }

  /** The node at a path, which must exist. */
  lookup(path: string, follow = true): TreeNode {
    const { node } = this.locate(path, follow);
    if (node === undefined) throw new FileError('ENOENT', path);
    return node;
  }

  /** The path without links. */
  realpath(path: string): string {
    const located = this.locate(path);
    if (located.node === undefined) throw new FileError('ENOENT', path);
    return located.path;
  }

  exists(path: string): boolean {
    return this.find(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    const kind = this.find(path)?.kind;
    return kind === 'directory' || kind === 'dynamic';
  }

  readFile(path: string): Uint8Array {
    const node = this.lookup(path);
    if (node.kind === 'directory' || node.kind === 'dynamic') throw new FileError('EISDIR', path);
    if (node.kind !== 'file') throw new FileError('EINVAL', path);
    if (!this.#may(node, 4)) throw new FileError('EACCES', path);
    return contentOf(node);
  }

  /** A file ready to be written at this path; made if `create`. */
  openForWriting(path: string, create = true, mode = 0o644): FileNode {
    const located = this.locate(path, true, true);
    const { node } = located;
    if (node === undefined) {
      if (!create) throw new FileError('ENOENT', path);
      const parent = this.#writableParent(located, path);
      const layer = layerIn(parent, located);
      layer.disk?.take(inodeCost);
      const file = newFile(layer, undefined, mode, this.credentials.uid, this.#groupIn(parent));
      parent.entries.set(located.name, file);
      touchNode(parent);
      return file;
    }
    if (node.kind === 'directory' || node.kind === 'dynamic') throw new FileError('EISDIR', path);
    if (located.mount.readonly) throw new FileError('EROFS', path);
    if (node.kind !== 'file') throw new FileError('EINVAL', path);
    if (!this.#may(node, 2)) throw new FileError('EACCES', path);
    return node;
  }

  #writableParent(located: Located, path: string): DirectoryNode {
    const { parent, mount } = located;
    if (parent === undefined) throw new FileError('EBUSY', path);
    if (parent.kind !== 'directory') throw new FileError(parent.kind === 'dynamic' ? 'EPERM' : 'ENOTDIR', path);
    if (mount.readonly) throw new FileError('EROFS', path);
    if (!this.#may(parent, 3)) throw new FileError('EACCES', path);
    return parent;
  }

  writeFile(
    path: string,
    content: Uint8Array | string,
    options: { mode?: number; uid?: number; gid?: number } = {},
  ): void {
    const file = this.openForWriting(path, true, options.mode ?? 0o644);
    if (options.mode !== undefined) file.mode = options.mode;
    if (options.uid !== undefined) file.uid = options.uid;
    if (options.gid !== undefined) file.gid = options.gid;
    // Whoever gave the bytes may go on using them.
    replaceContent(file, typeof content === 'string' ? sharedBytes(content) : content.slice());
  }

  appendFile(path: string, content: Uint8Array | string): void {
    const file = this.openForWriting(path);
    writeAt(file, file.size, bytesOf(content));
  }

  mkdir(path: string, options: { mode?: number; uid?: number; gid?: number } = {}): void {
    if (path.length > longestPath) throw new FileError('ENAMETOOLONG', path);
    const parts = path.split('/').filter((part) => part !== '');
    const prefix = (count: number) => `/${parts.slice(0, count).join('/')}`;
    let made = this.#existing(parts, prefix);
    while (made < parts.length) this.makeDirectory(prefix(++made), options);
    const { kind } = this.lookup(prefix(made));
    if (kind !== 'directory' && kind !== 'dynamic') throw new FileError('ENOTDIR', path);
  }

  /** How many parts of a path lead to something that exists: found by halving, where no part leads back. */
  #existing(parts: readonly string[], prefix: (count: number) => string): number {
    if (parts.includes('..')) {
      let count = 0;
      while (count < parts.length && this.exists(prefix(count + 1))) count++;
      return count;
    }
    let [low, high] = [0, parts.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.exists(prefix(middle))) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** One directory, whose parent must exist and which must not. */
  makeDirectory(path: string, options: { mode?: number; uid?: number; gid?: number } = {}): void {
    const located = this.locate(path, true, true);
    if (located.node !== undefined) throw new FileError('EEXIST', path);
    const parent = this.#writableParent(located, path);
    const mode = (options.mode ?? 0o755) | (parent.mode & setGroupId);
    const owner = options.uid ?? this.credentials.uid;
    const group = options.gid ?? this.#groupIn(parent);
    const layer = layerIn(parent, located);
    layer.disk?.take(inodeCost);
    parent.entries.set(located.name, newDirectory(layer, mode, owner, group));
    touchNode(parent);
  }

  /** What is made in a directory with the set-group-ID bit belongs to the directory's group. */
  #groupIn(parent: DirectoryNode): number {
    return (parent.mode & setGroupId) === 0 ? this.credentials.gid : parent.gid;
  }

  makeMemoryDirectory(path: string, sizeBytes: number, options: { mode?: number; gid?: number } = {}): void {
    const { mode = 0o777, gid = 0 } = options;
    this.place(path, (layer) => {
      const directory = newDirectory(layer, mode, this.credentials.uid, gid);
      directory.layer = { ...layer, now: () => layer.now(), quota: { limit: sizeBytes, used: 0 } };
      return directory;
    });
  }

  /** Puts a node at a path where nothing is: a device, a socket, a hard link. */
  place(path: string, make: (layer: Layer) => TreeNode): void {
    const located = this.locate(path, false, true);
    if (located.node !== undefined) throw new FileError('EEXIST', path);
    const parent = this.#writableParent(located, path);
    const node = make(located.mount.layer);
    if (node.kind !== 'file') node.layer.disk?.take(inodeCost);
    parent.entries.set(located.name, node);
    touchNode(parent);
  }

  readdir(path: string): readonly string[] {
    const node = this.lookup(path);
    if (node.kind === 'dynamic') return node.list(this.#viewer);
    if (node.kind !== 'directory') throw new FileError('ENOTDIR', path);
    if (!this.#may(node, 4)) throw new FileError('EACCES', path);
    return [...node.entries.keys()].sort(byCodeUnit);
  }

  lstat(path: string): FileStat | undefined {
    const node = this.find(path, false);
    return node && statOf(node);
  }

  stat(path: string): FileStat | undefined {
    const node = this.find(path);
    return node && statOf(node);
  }

  readlink(path: string): string {
    const node = this.lookup(path, false);
    if (node.kind !== 'symlink') throw new FileError('EINVAL', path);
    return node.target;
  }

  symlink(target: string, path: string): void {
    if (target.length > longestPath) throw new FileError('ENAMETOOLONG', target);
    this.place(path, (layer) => newSymlink(layer, target));
  }

  link(existing: string, path: string): void {
    const from = this.locate(existing, false, true);
    if (from.node === undefined) throw new FileError('ENOENT', existing);
    if (from.node.kind === 'directory') throw new FileError('EPERM', existing);
    const { node } = from;
    if (this.locate(path, false).mount.layer !== from.mount.layer) throw new FileError('EXDEV', path);
    this.place(path, () => node);
    if (node.kind === 'file') node.moreLinks = (node.moreLinks ?? 0) + 1;
  }

  rename(from: string, to: string): void {
    const source = this.locate(from, false, true);
    if (source.node === undefined) throw new FileError('ENOENT', from);
    const fromParent = this.#writableParent(source, from);
    if (this.table.mounts.has(source.path)) throw new FileError('EBUSY', from);
    const target = this.locate(to, false, true);
    const toParent = this.#writableParent(target, to);
    if (this.table.mounts.has(target.path)) throw new FileError('EBUSY', to);
    if (source.mount !== target.mount) throw new FileError('EXDEV', to);
    if (target.node === source.node) return;
    if (source.node.kind === 'directory' && target.path.startsWith(`${source.path}/`)) {
      throw new FileError('EINVAL', to);
    }
    if (target.node?.kind === 'directory') {
      if (source.node.kind !== 'directory') throw new FileError('EISDIR', to);
      if (target.node.entries.size > 0) throw new FileError('ENOTEMPTY', to);
    } else if (target.node !== undefined && source.node.kind === 'directory') throw new FileError('ENOTDIR', to);
    if (target.node !== undefined) releaseNode(target.node);
    fromParent.entries.delete(source.name);
    toParent.entries.set(target.name, source.node);
    touchNode(fromParent);
    if (toParent !== fromParent) touchNode(toParent);
  }

  /** Removes one file, link or device. */
  unlink(path: string): void {
    const located = this.locate(path, false, true);
    if (located.node === undefined) throw new FileError('ENOENT', path);
    if (located.node.kind === 'directory') throw new FileError('EISDIR', path);
    this.#detach(located, path);
  }

  rmdir(path: string): void {
    const located = this.locate(path, false, true);
    if (located.node === undefined) throw new FileError('ENOENT', path);
    if (located.node.kind !== 'directory') throw new FileError('ENOTDIR', path);
    if (this.table.mounts.has(located.path)) throw new FileError('EBUSY', path);
    if (located.node.entries.size > 0) throw new FileError('ENOTEMPTY', path);
    this.#detach(located, path);
  }

  #detach(located: Located, path: string): void {
    const parent = this.#writableParent(located, path);
    if (this.table.mounts.has(located.path)) throw new FileError('EBUSY', path);
    parent.entries.delete(located.name);
    touchNode(parent);
    if (located.node === undefined) return;
    touchNode(located.node);
    releaseNode(located.node);
  }

  remove(path: string): void {
    if (this.find(path, false) === undefined) return;
    const located = this.locate(path, false, true);
    if (located.node?.kind === 'directory') this.#clear(located.node, located.path);
    const again = this.locate(path, false, true);
    if (again.node !== undefined) this.#detach(again, path);
  }

  /** Only directories with something mounted below need to be emptied one by one: the rest goes as a whole. */
  #clear(directory: DirectoryNode, path: string): void {
    if (this.table.mounts.size === 0) return;
    const prefix = path === '/' ? '/' : `${path}/`;
    if (![...this.table.mounts.keys()].some((mount) => mount === path || mount.startsWith(prefix))) return;
    for (const name of [...directory.entries.keys()]) this.remove(`${prefix}${name}`);
  }

  chmod(path: string, mode: number): void {
    this.#changeAttributes(path, (node) => {
      node.mode = mode & 0o7777;
    });
  }

  chown(path: string, uid: number, gid: number): void {
    const { credentials } = this;
    if (credentials.uid === 0 && !hasCapability(credentials.capabilities, 'CHOWN')) throw new FileError('EPERM', path);
    this.#changeAttributes(path, (node) => {
      node.uid = uid;
      node.gid = gid;
    });
  }

  setModified(path: string, mtime: number): void {
    this.#changeAttributes(path, () => {}).mtime = mtime;
  }

  #changeAttributes(path: string, change: (node: TreeNode) => void): TreeNode {
    const { node, mount } = this.locate(path, true, true);
    if (node === undefined) throw new FileError('ENOENT', path);
    if (mount.readonly) throw new FileError('EROFS', path);
    if (this.credentials.uid !== 0 && this.credentials.uid !== node.uid) throw new FileError('EPERM', path);
    change(node);
    node.layer.changes.count++;
    return node;
  }

  /**
   * Calls back when what is at the path changes (inotify(7)), until disposed. A shared node becomes one's own first: only so
   * are later writes seen.
   */
  watch(path: string, changed: () => void): Disposable {
    const { node } = this.locate(path, true, true);
    if (node === undefined) throw new FileError('ENOENT', path);
    return watchNode(node, changed);
  }

  usage(path: string): number {
    const node = this.find(path, false);
    return node === undefined ? 0 : usageOf(node);
  }
}

/** A view of a fresh, empty tree: the file system of a simulated node. */
export function newFileView(layer: Layer): FileView {
  return new FileView({ root: { node: newDirectory(layer), readonly: false, layer }, mounts: new Map() });
}
