import type { ContainerUsage, NodeUsage } from '../runtime.ts';
import type { Layer, TreeNode } from './files/tree.ts';

/** Bytes and entries of one file system. */
interface StoredAmount {
  bytes: number;
  inodes: number;
}

/** Adds what a tree holds of its own: nodes of other layers (an image's) belong to their makers. */
function addOwn(amount: StoredAmount, root: TreeNode, layer: Layer, seen: Set<TreeNode>): void {
  const pending: TreeNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.layer !== layer || seen.has(node)) continue;
    amount.inodes++;
    if (node.kind === 'file') {
      seen.add(node);
      amount.bytes += node.size;
    } else if (node.kind === 'directory') for (const entry of node.entries.values()) pending.push(entry);
  }
}

/** What a container uses beside its volumes. */
export interface UsageSource {
  readonly root: TreeNode;
  readonly layer: Layer;
  readonly log: { readonly size: number };
  readonly realm: { readonly memory: { readonly used: number }; readonly members: ReadonlySet<unknown> };
}

/** What one container uses. */
export function containerUsage({ root, layer, log, realm }: UsageSource): ContainerUsage {
  const own: StoredAmount = { bytes: 0, inodes: 0 };
  addOwn(own, root, layer, new Set());
  return {
    memoryBytes: Math.max(realm.memory.used, 0),
    writableLayerBytes: own.bytes,
    logBytes: log.size,
    inodes: own.inodes,
    processes: realm.members.size,
  };
}

/** What a node's usage is taken from. */
export interface NodeUsageSources {
  /** Rises with every change of a file of the node or of its containers. */
  readonly changes: { readonly count: number };
  readonly memory: { readonly used: number };
  /** Bytes of the logs of all containers. */
  readonly logs: { readonly bytes: number };
  readonly root: TreeNode;
  readonly processes: { readonly size: number };
  containers(): Iterable<UsageSource>;
  /** Bytes of all images. */
  imageBytes(): number;
}

/** Keeps count of what is used of a node. Files are walked only after one has changed, for it is asked every few seconds. */
export class NodeUsageMeter {
  readonly #sources: NodeUsageSources;
  readonly #files: StoredAmount = { bytes: 0, inodes: 0 };
  #walkedAt = -1;
  readonly #usage = { memoryBytes: 0, storageBytes: 0, inodes: 0, processes: 0 };

  constructor(sources: NodeUsageSources) {
    this.#sources = sources;
  }

  /** The same object each time, with what is true now. */
  read(): NodeUsage {
    const { changes, memory, logs, processes } = this.#sources;
    if (changes.count !== this.#walkedAt) this.#walk();
    const usage = this.#usage;
    usage.memoryBytes = Math.max(memory.used, 0);
    usage.storageBytes = this.#files.bytes + logs.bytes + this.#sources.imageBytes();
    usage.inodes = this.#files.inodes;
    usage.processes = processes.size;
    return usage;
  }

  #walk(): void {
    const { changes, root } = this.#sources;
    this.#walkedAt = changes.count;
    this.#files.bytes = 0;
    this.#files.inodes = 0;
    const seen = new Set<TreeNode>();
    addOwn(this.#files, root, root.layer, seen);
    for (const { root, layer } of this.#sources.containers()) addOwn(this.#files, root, layer, seen);
  }
}
