import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { FileError } from './file-error.ts';

/**
 * Which file system a node of a tree belongs to, and its surroundings. A view may change only nodes of its own layer: others
 * (an image's) are shared and are copied first.
 */
export interface Layer {
  /** Milliseconds since the epoch, for modification times. */
  now(): number;
  /** Counts changes; anything read stays valid while it is unchanged. Shared by all layers of one node. */
  readonly changes: { count: number };
  /** A file system of limited size: everything under `root` is at most `limit` bytes. */
  readonly quota?: { readonly limit: number; readonly root: DirectoryNode };
}

interface Attributes {
  layer: Layer;
  /** Permission bits only. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since the epoch. */
  mtime: number;
  /** Called when the content or the entries change. */
  watchers?: Set<() => void>;
}

export interface FileNode extends Attributes {
  kind: 'file';
  /**
   * May be longer than `size`: room to append. May be shorter: the rest are zeros that have not been read yet. Bytes below
   * `size` never change in place.
   */
  content: Uint8Array;
  size: number;
  /** What runs when the file is executed; a script otherwise. */
  program?: Program;
}

export interface DirectoryNode extends Attributes {
  kind: 'directory';
  entries: Map<string, TreeNode>;
}

export interface SymlinkNode extends Attributes {
  kind: 'symlink';
  target: string;
}

/** `/dev/null` and its like: opening them is up to the process. */
export interface DeviceNode extends Attributes {
  kind: 'device';
  device: string;
}

/** A socket file, as a program listening on it leaves behind. */
interface SocketNode extends Attributes {
  kind: 'socket';
}

/** A directory whose entries are made when looked at: `/proc`. */
export interface DynamicNode extends Attributes {
  kind: 'dynamic';
  /** `viewer` is the process that looks: `/proc/self` is its own. */
  list(viewer: Process | undefined): readonly string[];
  lookup(name: string, viewer: Process | undefined): TreeNode | undefined;
}

export type TreeNode = FileNode | DirectoryNode | SymlinkNode | DeviceNode | SocketNode | DynamicNode;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const empty = new Uint8Array();
/** The content of /dev/zero. Files made of it cost no memory. */
export const zeros = new Uint8Array(65_536);

export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? encoder.encode(content) : content;
}

export function textOf(content: Uint8Array): string {
  return decoder.decode(content);
}

export function newDirectory(layer: Layer, mode = 0o755, uid = 0, gid = 0): DirectoryNode {
  return { kind: 'directory', layer, mode, uid, gid, mtime: layer.now(), entries: new Map() };
}

export function newFile(layer: Layer, content: Uint8Array | string = empty, mode = 0o644, uid = 0, gid = 0): FileNode {
  const bytes = bytesOf(content);
  return { kind: 'file', layer, mode, uid, gid, mtime: layer.now(), content: bytes, size: bytes.length };
}

export function newSymlink(layer: Layer, target: string): SymlinkNode {
  return { kind: 'symlink', layer, mode: 0o777, uid: 0, gid: 0, mtime: layer.now(), target };
}

export function newDevice(layer: Layer, device: string): DeviceNode {
  return { kind: 'device', layer, mode: 0o666, uid: 0, gid: 0, mtime: layer.now(), device };
}

/** The bytes of a file. They stay as they are, whatever is written later. */
export function contentOf(file: FileNode): Uint8Array {
  if (file.content.length < file.size) {
    const content = new Uint8Array(file.size);
    content.set(file.content);
    file.content = content;
  }
  return file.size === file.content.length ? file.content : file.content.subarray(0, file.size);
}

export function sizeOf(node: TreeNode): number {
  if (node.kind === 'file') return node.size;
  if (node.kind === 'symlink') return node.target.length;
  return node.kind === 'directory' ? 4096 : 0;
}

/** A copy of a shared node for another layer. Entries of a directory stay shared until they are written. */
export function copyNode<T extends TreeNode>(node: T, layer: Layer): T {
  const copy = { ...node, layer };
  delete copy.watchers;
  if (copy.kind === 'directory') copy.entries = new Map(copy.entries);
  return copy;
}

/** Notes that a node has changed. */
export function touchNode(node: TreeNode): void {
  node.mtime = node.layer.now();
  node.layer.changes.count++;
  if (node.watchers) for (const watcher of [...node.watchers]) watcher();
}

/** @throws FileError ENOSPC if the file cannot become so large where it lies */
function checkRoom(file: FileNode, size: number): void {
  const { quota } = file.layer;
  if (quota === undefined || size <= file.size) return;
  if (usageOf(quota.root) + size - file.size > quota.limit) throw new FileError('ENOSPC', '');
}

/** Replaces the whole content. @throws FileError ENOSPC */
export function replaceContent(file: FileNode, content: Uint8Array): void {
  checkRoom(file, content.length);
  file.content = content;
  file.size = content.length;
  delete file.program;
  touchNode(file);
}

/** Writes at a position, extending the file with zeros where needed. @throws FileError ENOSPC */
export function writeAt(file: FileNode, position: number, bytes: Uint8Array): void {
  const end = position + bytes.length;
  checkRoom(file, end);
  if (position === file.size && bytes.buffer === zeros.buffer) file.size = end;
  else if (position < file.size) {
    const content = new Uint8Array(Math.max(file.size, end));
    content.set(contentOf(file));
    content.set(bytes, position);
    file.content = content;
    file.size = content.length;
  } else {
    if (end > file.content.length || file.content.length === 0) {
      const content = new Uint8Array(Math.max(end, Math.min(file.size * 2, file.size + 1_048_576), 64));
      content.set(contentOf(file));
      file.content = content;
    }
    file.content.set(bytes, position);
    file.size = end;
  }
  delete file.program;
  touchNode(file);
}

/** Cuts the file or fills it with zeros. */
export function truncate(file: FileNode, size: number): void {
  checkRoom(file, size);
  replaceContent(file, size < file.size ? contentOf(file).slice(0, size) : contentOf(file));
  file.size = size;
}

/** Bytes held under a node. */
export function usageOf(node: TreeNode, seen: Set<TreeNode> = new Set()): number {
  if (node.kind === 'file') {
    if (seen.has(node)) return 0;
    seen.add(node);
    return node.size;
  }
  if (node.kind !== 'directory') return 0;
  let total = 0;
  for (const entry of node.entries.values()) total += usageOf(entry, seen);
  return total;
}

/** Calls back when the node changes, until disposed. */
export function watchNode(node: TreeNode, changed: () => void): Disposable {
  node.watchers ??= new Set();
  node.watchers.add(changed);
  return {
    [Symbol.dispose]: () => {
      node.watchers?.delete(changed);
      if (node.watchers?.size === 0) delete node.watchers;
    },
  };
}
