import { PerPod } from '../pod/per-pod.ts';
import type { PodRecord } from '../pod/pod-records.ts';
import type { StartFailure } from './container-statuses.ts';

type Failures = ReadonlyMap<string, StartFailure>;

/** Why containers could not be started, by their names, until they can (the kubelet's reason cache). Only their starter writes it. */
export class StartFailures {
  readonly #failures = new PerPod<{ all: Failures }>(() => ({ all: new Map() }));

  /** Another map whenever something has changed. */
  of(record: PodRecord): Failures {
    return this.#failures.of(record).all;
  }

  set(record: PodRecord, container: string, { reason, message }: StartFailure): void {
    const failures = this.#failures.of(record);
    const before = failures.all.get(container);
    if (before?.reason === reason && before.message === message) return;
    failures.all = new Map([...failures.all, [container, { reason, message }]]);
  }

  /** The container could be started. */
  delete(record: PodRecord, container: string): void {
    const failures = this.#failures.of(record);
    if (!failures.all.has(container)) return;
    failures.all = new Map([...failures.all].filter(([name]) => name !== container));
  }
}
