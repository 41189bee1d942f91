import { EndpointSlice, type Stored } from '@orrery/api';
import { type Aggregation, defineIndex } from '@orrery/core';
import { type AddressType, isManaged, portsKeyOf, sliceSize } from './slices.ts';

/** The slices of one Service for the same address family and ports. */
export interface SliceGroup {
  readonly slices: ReadonlyMap<string, Stored<EndpointSlice>>;
  /** Names of those with room for another endpoint. */
  readonly open: ReadonlySet<string>;
}

interface KeptGroup extends SliceGroup {
  readonly slices: Map<string, Stored<EndpointSlice>>;
  readonly open: Set<string>;
}

/** Says where each Pod is in the slices of one Service, kept as the slices change. */
export class SliceBook {
  readonly #groups = new Map<string, KeptGroup>();
  /** For each family, the slice of each Pod by the Pod's uid. */
  readonly #places = new Map<string, Map<string, Stored<EndpointSlice>>>();
  #count = 0;
  #revisions = 0;

  /** Which slices there are, and in which states: two equal versions are of equal slices. */
  get version(): SliceVersion {
    return { count: this.#count, revisions: this.#revisions };
  }

  /** The slice that has the Pod of this uid. */
  placeOf(family: AddressType, uid: string): Stored<EndpointSlice> | undefined {
    return this.#places.get(family)?.get(uid);
  }

  group(family: AddressType, portsKey: string): SliceGroup | undefined {
    return this.#groups.get(`${family} ${portsKey}`);
  }

  add(slice: Stored<EndpointSlice>): void {
    const { name } = slice.metadata;
    const groupKey = `${slice.addressType} ${portsKeyOf(slice)}`;
    let group = this.#groups.get(groupKey);
    if (group === undefined) {
      group = { slices: new Map(), open: new Set() };
      this.#groups.set(groupKey, group);
    }
    group.slices.set(name, slice);
    if ((slice.endpoints ?? []).length < sliceSize) group.open.add(name);
    const places = this.#placesIn(slice.addressType);
    for (const uid of podsIn(slice)) places.set(uid, slice);
    this.#count++;
    this.#revisions += revisionOf(slice);
  }

  remove(slice: Stored<EndpointSlice>): void {
    const { name } = slice.metadata;
    const groupKey = `${slice.addressType} ${portsKeyOf(slice)}`;
    const group = this.#groups.get(groupKey);
    group?.slices.delete(name);
    group?.open.delete(name);
    if (group?.slices.size === 0) this.#groups.delete(groupKey);
    const places = this.#placesIn(slice.addressType);
    for (const uid of podsIn(slice)) if (places.get(uid)?.metadata.name === name) places.delete(uid);
    this.#count--;
    this.#revisions -= revisionOf(slice);
  }

  #placesIn(family: string): Map<string, Stored<EndpointSlice>> {
    let places = this.#places.get(family);
    if (places === undefined) {
      places = new Map();
      this.#places.set(family, places);
    }
    return places;
  }
}

/**
 * A version of a Service's slices: how many there are, and the sum of their revisions. A later state of a slice, and a later
 * slice, has a higher revision than all before, so no other slices have the same count and sum later on.
 */
export interface SliceVersion {
  readonly count: number;
  readonly revisions: number;
}

/** The number of a slice's revision. */
export function revisionOf({ metadata }: Stored<EndpointSlice>): number {
  return Number(metadata.resourceVersion);
}

const booking: Aggregation<EndpointSlice, SliceBook> = {
  create: () => new SliceBook(),
  add: (book, slice) => book.add(slice),
  remove: (book, slice) => book.remove(slice),
};

/** The slices that this controller manages by the uid of their Service, and where Pods are in them. */
export const slicesOfService = defineIndex(
  EndpointSlice,
  (slice) =>
    isManaged(slice) && slice.metadata.deletionTimestamp === undefined
      ? (slice.metadata.ownerReferences ?? []).map(({ uid }) => uid)
      : [],
  booking,
);

function* podsIn({ endpoints }: Stored<EndpointSlice>): Generator<string> {
  for (const { targetRef } of endpoints ?? []) if (targetRef?.uid !== undefined) yield targetRef.uid;
}
