import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { type DiskShare, inodeCost } from './disk.ts';
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
  /** A file system in memory, of limited size: its files are at most `limit` bytes together, and are `used` bytes now. */
  readonly quota?: { readonly limit: number; used: number };
  /** What its files take from the host. Absent where they come with the program: an image's. */
  readonly disk?: DiskShare;
}

/** Whose memory a file in memory is charged to: the container that wrote it (memory cgroup). */
interface MemoryOwner {
  charge(bytes: number): void;
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
  /** Bytes of the host's disk that it has taken. */
  taken?: number;
  /** How many more names it has. */
  moreLinks?: number;
  /** Who pays for it, where it lies in memory, and how many bytes. */
  charged?: { readonly owner: MemoryOwner; bytes: number };
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

/** Files of one text, such as `resolv.conf` and `namespace`, are in every Pod; those of up to this many characters share their bytes. */
const longestShared = 4096;
const sharedTexts = 256;
const shared = new Map<string, Uint8Array>();

/** The bytes of a text: the same ones as of an equal text lately, for bytes of a file do not change in place. */
export function sharedBytes(text: string): Uint8Array {
  if (text.length > longestShared) return encoder.encode(text);
  let bytes = shared.get(text);
  if (bytes === undefined) {
    bytes = encoder.encode(text);
    if (shared.size === sharedTexts) shared.clear();
    shared.set(text, bytes);
  }
  return bytes;
}

export function textOf(content: Uint8Array): string {
  return decoder.decode(content);
}

export function newDirectory(layer: Layer, mode = 0o755, uid = 0, gid = 0): DirectoryNode {
  return { kind: 'directory', layer, mode, uid, gid, mtime: layer.now(), entries: new Map() };
}

export function newFile(layer: Layer, content: Uint8Array | string = empty, mode = 0o644, uid = 0, gid = 0): FileNode {
  const bytes = typeof content === 'string' ? sharedBytes(content) : content;
  return { kind: 'file', layer, mode, uid, gid, mtime: layer.now(), content: bytes, size: bytes.length };
}

export function newSymlink(layer: Layer, target: string): SymlinkNode {
  return { kind: 'symlink', layer, mode: 0o777, uid: 0, gid: 0, mtime: layer.now(), target };
}

export function newDevice(layer: Layer, device: string): DeviceNode {
  return { kind: 'device', layer, mode: 0o666, uid: 0, gid: 0, mtime: layer.now(), device };
}

/** A file of zeros that is larger is not made into bytes. */
const largestSparse = 16 * 1024 ** 2;

/** The bytes of a file. They stay as they are, whatever is written later. @throws FileError ENOMEM where they are too many zeros */
export function contentOf(file: FileNode): Uint8Array {
  if (file.content.length < file.size) {
    if (file.size - file.content.length > largestSparse) throw new FileError('ENOMEM', '');
    const content = new Uint8Array(file.size);
    content.set(file.content);
    setContent(file, content);
  }
  return file.size === file.content.length ? file.content : file.content.subarray(0, file.size);
}

/** At most `max` bytes from a position on; none at the end. They stay as they are. */
export function contentAt({ content, size }: FileNode, position: number, max: number): Uint8Array {
  const end = Math.min(size, position + max);
  if (position >= end) return empty;
  if (position < content.length) return content.subarray(position, Math.min(end, content.length));
  return zeros.subarray(0, Math.min(end - position, zeros.length));
}

export function sizeOf(node: TreeNode): number {
  if (node.kind === 'file') return node.size;
  if (node.kind === 'symlink') return node.target.length;
  return node.kind === 'directory' ? 4096 : 0;
}

/** A copy of a shared node for another layer. Entries of a directory stay shared until they are written. */
export function copyNode<T extends TreeNode>(node: T, layer: Layer): T {
  layer.disk?.take(inodeCost);
  const copy = { ...node, layer };
  delete copy.watchers;
  if (copy.kind === 'file') {
    delete copy.taken;
    delete copy.charged;
  }
  if (copy.kind === 'directory') copy.entries = new Map(copy.entries);
  return copy;
}

/** Notes that a node has changed. */
export function touchNode(node: TreeNode): void {
  node.mtime = node.layer.now();
  node.layer.changes.count++;
  if (node.watchers) for (const watcher of [...node.watchers]) watcher();
}

/** Gives the file other bytes, which it takes from the disk. @throws FileError ENOSPC */
function setContent(file: FileNode, content: Uint8Array): void {
  takeRoom(file, content.length);
  file.content = content;
}

/** Makes room for so many bytes of content, before they are there. @throws FileError ENOSPC */
function takeRoom(file: FileNode, length: number): void {
  file.layer.disk?.take(length - (file.taken ?? 0));
  file.taken = length;
}

/** Gives the file another size where it lies. @throws FileError ENOSPC if the file system is full */
function setSize(file: FileNode, size: number): void {
  const { quota } = file.layer;
  if (quota !== undefined) {
    if (size > file.size && quota.used + size - file.size > quota.limit) throw new FileError('ENOSPC', '');
    quota.used += size - file.size;
  }
  file.size = size;
  const { charged } = file;
  if (charged === undefined || size >= charged.bytes) return;
  charged.owner.charge(size - charged.bytes);
  charged.bytes = size;
}

/** Charges a file in memory to whoever has written it. */
export function chargeTo(owner: MemoryOwner, file: FileNode): void {
  if (file.layer.quota === undefined) return;
  file.charged ??= { owner, bytes: 0 };
  const grown = file.size - file.charged.bytes;
  file.charged.bytes = file.size;
  file.charged.owner.charge(grown);
}

/** A name of a node is gone: what it held is free with the last one. */
export function releaseNode(node: TreeNode): void {
  const pending: TreeNode[] = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'directory')
      for (const entry of next.entries.values()) if (entry.layer === next.layer) pending.push(entry);
    if (next.kind !== 'file') next.layer.disk?.take(-inodeCost);
    else if ((next.moreLinks ?? 0) > 0) next.moreLinks = (next.moreLinks ?? 0) - 1;
    else releaseFile(next);
  }
}

function releaseFile(file: FileNode): void {
  const { quota, disk } = file.layer;
  disk?.take(-inodeCost - (file.taken ?? 0));
  file.taken = 0;
  if (quota !== undefined) quota.used -= file.size;
  file.charged?.owner.charge(-file.charged.bytes);
  delete file.charged;
}

/** Replaces the whole content. @throws FileError ENOSPC */
export function replaceContent(file: FileNode, content: Uint8Array): void {
  setSize(file, content.length);
  setContent(file, content);
  delete file.program;
  touchNode(file);
}

/** Gives a file the content of another; zeros that were never made into bytes stay so. @throws FileError ENOSPC */
export function copyContent(from: FileNode, to: FileNode): void {
  const content = from.content.slice(0, Math.min(from.size, from.content.length));
  setSize(to, from.size);
  setContent(to, content);
  delete to.program;
  touchNode(to);
}

/** Writes at a position, extending the file with zeros where needed. @throws FileError ENOSPC */
export function writeAt(file: FileNode, position: number, bytes: Uint8Array): void {
  const end = position + bytes.length;
  const { size } = file;
  if (position >= size && bytes.buffer === zeros.buffer) setSize(file, end);
  else if (position < size) {
    const length = Math.max(size, end);
    takeRoom(file, length);
    setSize(file, length);
    const content = new Uint8Array(length);
    content.set(file.content.subarray(0, Math.min(size, file.content.length)));
    content.set(bytes, position);
    file.content = content;
  } else {
    // Room for more at the end, so that appending takes linear time.
    const room = Math.max(end, Math.min(size * 2, size + Math.max(1_048_576, size >> 2)), 64);
    const grows = end > file.content.length || file.content.length === 0;
    if (grows) takeRoom(file, room);
    setSize(file, end);
    if (grows) {
      const content = new Uint8Array(room);
      content.set(file.content.subarray(0, Math.min(size, file.content.length)));
      file.content = content;
    }
    file.content.set(bytes, position);
  }
  delete file.program;
  touchNode(file);
}

/** The largest file, in bytes (ext4's). */
const largestFile = 16 * 1024 ** 4;

/** Cuts the file or fills it with zeros. @throws FileError EFBIG, ENOSPC */
export function truncate(file: FileNode, size: number): void {
  if (size > largestFile) throw new FileError('EFBIG', '');
  const kept = Math.min(size, file.size, file.content.length);
  // Bytes beyond the end are room to append, and must not be seen again.
  const content = file.content.slice(0, kept);
  setSize(file, size);
  setContent(file, content);
  delete file.program;
  touchNode(file);
}

/** Bytes held under a node. */
export function usageOf(node: TreeNode): number {
  const seen = new Set<TreeNode>();
  const pending: TreeNode[] = [node];
  let total = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'directory') for (const entry of next.entries.values()) pending.push(entry);
    if (next.kind !== 'file' || seen.has(next)) continue;
    seen.add(next);
    total += next.size;
  }
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
