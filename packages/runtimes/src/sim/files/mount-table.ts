import type { Layer, TreeNode } from './tree.ts';

/** A file or directory shown at a path, and whether it may be written there. */
export interface MountPoint {
  node: TreeNode;
  readonly readonly: boolean;
  /** Where new nodes belong, and what may be changed without copying. */
  readonly layer: Layer;
}

/** What a container (or a node) has mounted: its root, and more at absolute paths. */
export interface MountTable {
  readonly root: MountPoint;
  readonly mounts: Map<string, MountPoint>;
}

/** Tells cheaply where nothing is mounted. Mounts may be added to the table meanwhile, but none are removed. */
export class MountLengths {
  readonly #mounts: ReadonlyMap<string, MountPoint>;
  #lengths: boolean[] = [];
  /** How many mounts {@link #lengths} are of. */
  #known = 0;

  constructor(mounts: ReadonlyMap<string, MountPoint>) {
    this.#mounts = mounts;
  }

  /** True for each length that the path of a mount has: few paths on a walk have one of them, and only those are hashed. */
  current(): readonly boolean[] {
    if (this.#mounts.size !== this.#known) {
      this.#lengths = [];
      for (const path of this.#mounts.keys()) this.#lengths[path.length] = true;
      this.#known = this.#mounts.size;
    }
    return this.#lengths;
  }
}
