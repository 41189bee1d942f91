import type { ControllerContext, Random, WorkQueue } from '@orrery/core';
import { ContainerResizer } from '../containers/container-resizer.ts';
import { ContainerStarter } from '../containers/container-starter.ts';
import { RuntimeView } from '../containers/runtime-view.ts';
import { StartFailures } from '../containers/start-failures.ts';
import type { NodeHealth } from '../node/node-health.ts';
import type { KubeletSettings } from '../options.ts';
import { Prober } from '../probes/prober.ts';
import { PodVolumes } from '../volumes/pod-volumes.ts';
import { PodAdmission } from './pod-admission.ts';
import { PodEndings, type PodEnds } from './pod-endings.ts';
import { PodObserver } from './pod-observer.ts';
import { PodRecords } from './pod-records.ts';
import { PodSources } from './pod-sources.ts';
import { PodStarter } from './pod-starter.ts';
import { PodStatuses } from './pod-statuses.ts';
import { PodTerminator } from './pod-terminator.ts';
import { PodWatch } from './pod-watch.ts';

/**
 * The parts that look after a node's Pods. Each part owns its slice of what is known of a Pod, and exposes no more than its interface
 * says. A part is given its collaborators when it is made; the other way, it returns values, emits events, and wakes workers.
 *
 * | part | what it owns of a Pod |
 * |---|---|
 * | `records` | the object as the API has it, and whether it still does |
 * | `view` | which sandboxes and containers there are, and what the runtime last said of them |
 * | `endings` | that it must stop and why, how far that is, its grace: `terminator` alone writes, the others read `ends` |
 * | `prober` | the results of its probes |
 * | `observer` | the last words of what has ended |
 * | `admission` | whether the node took it, and the resources that it was allotted |
 * | `resizer` | how far its containers are with those |
 * | `volumes` | which of them are there, and how long it has waited for the others |
 * | `failures` | why containers could not be started: `containers` alone writes, and owns back-offs and pulls |
 * | `statuses` | the status that is being written |
 * | `watch` | when it is looked at without an event |
 *
 * `sources`, `starter` and `terminator` own nothing: they take in events, bring a Pod to its spec, and bring it to its end.
 */
export function podParts(
  settings: KubeletSettings,
  context: ControllerContext,
  health: NodeHealth,
  queue: WorkQueue,
): PodParts {
  const records = new PodRecords(context.cache, context.clock);
  const view = new RuntimeView(settings.runtime);
  const endings = new PodEndings();
  const failures = new StartFailures();
  const random = context.random.fork('pods');
  const base = { settings, context, health, queue, random, records, view, ends: endings, failures };
  const prober = new Prober(settings.runtime, context);
  const observer = new PodObserver({ ...base, prober });
  const resizer = new ContainerResizer(settings.runtime, view);
  const admission = new PodAdmission({ ...base, resizer });
  const volumes = new PodVolumes(settings, context);
  const containers = new ContainerStarter({ ...base, observer });
  const watch = new PodWatch(base);
  const parts = { ...base, prober, observer, resizer, admission, volumes, containers, watch };
  const statuses = new PodStatuses(parts);
  const starter = new PodStarter({ ...parts, statuses });
  const terminator = new PodTerminator({ ...parts, endings, statuses });
  const sources = new PodSources({ ...parts, statuses, terminator });
  return { ...parts, statuses, starter, terminator, sources };
}

/** What the loop over a node's Pods uses of its parts. */
export interface PodParts {
  readonly random: Random;
  readonly records: PodRecords;
  readonly view: RuntimeView;
  readonly ends: PodEnds;
  readonly prober: Prober;
  readonly observer: PodObserver;
  readonly admission: PodAdmission;
  readonly watch: PodWatch;
  readonly statuses: PodStatuses;
  readonly starter: PodStarter;
  readonly terminator: PodTerminator;
  readonly sources: PodSources;
}
