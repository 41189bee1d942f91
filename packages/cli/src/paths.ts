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

/** Where kubeconfig and tools are kept: `.orrery` of the workspace, or what ORRERY_HOME says. */
const home =
  process.env.ORRERY_HOME === undefined || process.env.ORRERY_HOME === ''
    ? join(workspaceRoot, '.orrery')
    : userPath(process.env.ORRERY_HOME);

/** Where a cluster's kubeconfig is written, and looked for, unless told otherwise. */
export const defaultKubeconfig = join(home, 'kubeconfig');

/** Where the pinned clients are kept. */
export const toolsFolder = join(home, 'tools');
