import { isAbsolute, join, resolve } from 'node:path';

/** Where the user stands: pnpm runs scripts in the workspace's root and says in INIT_CWD where it was called. */
export function userFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}

/** A path as the user meant it. */
export function userPath(path: string): string {
  return isAbsolute(path) ? path : resolve(userFolder(), path);
}

/** The workspace's root, which the examples and `.orrery` are in. */
export const workspaceRoot = resolve(import.meta.dirname, '../../..');

/** Where a cluster's kubeconfig is written, and looked for, unless told otherwise. */
export const defaultKubeconfig = join(workspaceRoot, '.orrery', 'kubeconfig');

/** Where the pinned clients are kept. */
export const toolsFolder = join(workspaceRoot, '.orrery', 'tools');
