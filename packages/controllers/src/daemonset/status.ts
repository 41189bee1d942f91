import type { DaemonSet } from '@orrery/api';
import { semanticEqual } from '../workload/semantic-equal.ts';
import type { NodeCounts } from './node-report.ts';

type Status = NonNullable<DaemonSet['status']>;

/** The status of a DaemonSet whose nodes sum up to these counts. */
export function daemonSetStatus(set: DaemonSet, counts: NodeCounts, collisionCount: number | undefined): Status {
  const { desired, current, misscheduled, ready, available, updated } = counts;
  const unavailable = desired - available;
  const { conditions } = set.status ?? {};
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    observedGeneration: set.metadata.generation ?? 0,
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    ...(available === 0 ? {} : { numberAvailable: available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** Whether the stored status says the same already. */
export function sameStatus(a: Status | undefined, b: Status): boolean {
  return a !== undefined && semanticEqual(withZeros(a), withZeros(b));
}

function withZeros(status: Status): Status {
  return { updatedNumberScheduled: 0, numberAvailable: 0, numberUnavailable: 0, ...status };
}
