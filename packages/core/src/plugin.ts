import type { Kind } from '@orrery/api';
import type { Controller } from './controller.ts';

/**
 * How Orrery is extended, all by values: kinds to serve and loops to run, and what other packages take. Each of those adds
 * its own slot, with its own type, by declaration merging: `admission` by @orrery/server, `scheduler` by
 * @orrery/controllers, `images` by @orrery/runtimes/sim, and so may yours:
 *
 *     declare module '@orrery/core' {
 *       interface Plugin { readonly backups?: readonly BackupTarget[] }
 *     }
 */
export interface Plugin {
  readonly name: string;
  readonly kinds?: readonly Kind[];
  /** Each acts as the service account `kube-system/NAME`, which the cluster lets do what the controller says it needs. */
  readonly controllers?: readonly Controller[];
}

/** Declares a plugin; gives it back unchanged, with its type checked. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
