import type { PodRecord } from './pod-records.ts';

/** What one part of the kubelet keeps of each Pod: made when it is first asked for, dropped with the Pod's record. */
export class PerPod<T> {
  readonly #make: () => T;
  /** Made with the first Pod: a node has a dozen of these. */
  #states: WeakMap<PodRecord, T> | undefined;

  constructor(make: () => T) {
    this.#make = make;
  }

  of(record: PodRecord): T {
    this.#states ??= new WeakMap();
    let state = this.#states.get(record);
    if (state === undefined) {
      state = this.#make();
      this.#states.set(record, state);
    }
    return state;
  }
}
