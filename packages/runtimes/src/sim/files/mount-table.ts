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

/** Finds what is mounted at a path. Mounts may be added to the table meanwhile, but none are removed. */
export class MountedPaths {
  readonly #mounts: ReadonlyMap<string, MountPoint>;
  #lengths: ReadonlySet<number> = new Set();
  /** How many mounts {@link #lengths} are of. */
  #known = 0;

  constructor(mounts: ReadonlyMap<string, MountPoint>) {
    this.#mounts = mounts;
  }

  /** Few paths on a walk are as long as that of a mount: only those are hashed. */
  at(path: string): MountPoint | undefined {
    if (this.#mounts.size !== this.#known) {
      this.#lengths = new Set(this.#mounts.keys().map(({ length }) => length));
      this.#known = this.#mounts.size;
    }
    return this.#lengths.has(path.length) ? this.#mounts.get(path) : undefined;
  }
}
