import { isAbsolute, join, resolve } from 'node:path';

/** The user's current folder: pnpm runs scripts in the workspace's root and sets INIT_CWD to the folder it was called in. */
export function userFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}

/** A path, resolved against {@link userFolder}. */
export function userPath(path: string): string {
  return isAbsolute(path) ? path : resolve(userFolder(), path);
}

/** The workspace's root, which contains the examples and `.orrery`. */
export const workspaceRoot = resolve(import.meta.dirname, '../../..');

/** The folder for kubeconfigs and tools: ORRERY_HOME, or else `.orrery` in the workspace. */
const home =
  process.env.ORRERY_HOME === undefined || process.env.ORRERY_HOME === ''
    ? join(workspaceRoot, '.orrery')
    : userPath(process.env.ORRERY_HOME);

/** The default path of a cluster's kubeconfig, for writing and reading. */
export const defaultKubeconfig = join(home, 'kubeconfig');

/** The folder of the pinned clients. */
export const toolsFolder = join(home, 'tools');
