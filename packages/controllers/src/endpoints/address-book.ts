import type { Pod, Service, Stored } from '@orrery/api';
import { byRank, type EndpointSubsets, type PodAddress, podAddress, subsetsOf } from './subsets.ts';

/** The addresses of one Service, kept in their order as its Pods change: `endpointSubsets` without asking the Pods again. */
export class AddressBook {
  readonly service: Stored<Service>;
  readonly #byUid = new Map<string, PodAddress>();
  readonly #ranked: PodAddress[];

  constructor(service: Stored<Service>, pods: readonly Stored<Pod>[]) {
    this.service = service;
    for (const pod of pods) {
      const address = podAddress(service, pod);
      if (address !== undefined) this.#byUid.set(pod.metadata.uid, address);
    }
    this.#ranked = [...this.#byUid.values()].sort(byRank);
  }

  /** The Pod of the uid is this one now; undefined if it is none of the Service's. */
  set(uid: string, pod: Stored<Pod> | undefined): void {
    const before = this.#byUid.get(uid);
    const after = pod === undefined ? undefined : podAddress(this.service, pod);
    if (before !== undefined) {
      this.#byUid.delete(uid);
      this.#ranked.splice(this.#placeOf(before), 1);
    }
    if (after === undefined) return;
    this.#byUid.set(uid, after);
    this.#ranked.splice(this.#placeOf(after), 0, after);
  }

  subsets(): EndpointSubsets {
    return subsetsOf(this.service, this.#ranked);
  }

  /** Where the address is, or would be. */
  #placeOf(address: PodAddress): number {
    let low = 0;
    let high = this.#ranked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byRank(this.#ranked[middle] as PodAddress, address) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
