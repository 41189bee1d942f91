import type { FileStat } from '../../runtime.ts';
import type { Located } from './file-view.ts';
import type { MountPoint } from './mount-table.ts';
import { copyNode, type DirectoryNode, type Layer, sizeOf, type TreeNode } from './tree.ts';

/** Whether a node belongs to another view, which must not see it changed. A directory in memory belongs to whichever view mounts it. */
export function isShared(node: TreeNode, mount: MountPoint): boolean {
  return node.layer !== mount.layer && node.layer.quota === undefined;
}

/** Where something new in a directory belongs. */
export function layerIn(parent: DirectoryNode, { mount }: Located): Layer {
  return parent.layer.quota === undefined ? mount.layer : parent.layer;
}

/** The node that is mounted, ready to be changed. */
export function ownMount(mount: MountPoint): TreeNode {
  if (!mount.readonly && isShared(mount.node, mount)) mount.node = copyNode(mount.node, mount.layer);
  return mount.node;
}

/** What stat(2) says of a node. */
export function statOf(node: TreeNode): FileStat {
  const { kind, mode, uid, gid, mtime } = node;
  const type = kind === 'dynamic' ? 'directory' : kind === 'device' ? 'charDevice' : kind;
  return { type, mode, uid, gid, sizeBytes: sizeOf(node), mtime };
}
