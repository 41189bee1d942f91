import type { Kind } from '@orrery/api';
import type { AdmissionPlugin } from './admission.ts';
import type { Controller } from './controller.ts';

/**
 * How Orrery is extended, all by values: kinds to serve, gates for writes, loops to run, and what the other rooms take
 * (scheduler plugins, images, runtimes, storage), each of its room's own type.
 */
export interface Plugin {
  readonly name: string;
  readonly kinds?: readonly Kind[];
  readonly admission?: readonly AdmissionPlugin[];
  /** Each acts as the service account `kube-system/NAME`, which the cluster lets do what the controller says it needs. */
  readonly controllers?: readonly Controller[];
  /** Rules of the scheduler (`SchedulerPlugin` of @orrery/controllers). */
  readonly scheduler?: readonly object[];
  /** Images for the simulated runtime (`defineImage` of @orrery/runtimes/sim). */
  readonly images?: readonly object[];
}

/** Declares a plugin; gives it back unchanged, with its type checked. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
