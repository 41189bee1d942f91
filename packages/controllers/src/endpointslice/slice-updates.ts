import { type EndpointSlice, equalJson, type Service, type Stored } from '@orrery/api';
import type { ChangedPods } from '../workload/selected-pods.ts';
import type { SliceBook } from './slice-book.ts';
import {
  type AddressType,
  type Endpoint,
  newSlice,
  type PodEndpoint,
  podEndpoint,
  portsKeyOf,
  type SliceChanges,
  sliceSize,
} from './slices.ts';

/**
 * The changes that make slices show the Pods that changed, where they showed the Service's Pods before. Only those Pods and the
 * slices that they are in, leave or join are looked at. Afterwards a walk over all Pods (`sliceChanges`) finds nothing to do.
 * Undefined where it takes that walk, because the last slice for some ports comes to be empty, or the first is to be made.
 */
export function sliceUpdates(
  service: Stored<Service>,
  changed: ChangedPods,
  book: SliceBook,
  zoneOf: (node: string) => string | undefined,
): SliceChanges | undefined {
  const all = {
    create: [] as EndpointSlice[],
    update: [] as Stored<EndpointSlice>[],
    delete: [] as Stored<EndpointSlice>[],
  };
  for (const family of (service.spec.ipFamilies ?? ['IPv4']) as readonly AddressType[]) {
    const updates = new FamilyUpdates(service, family, book);
    for (const [uid, pod] of changed) {
      updates.place(uid, pod === undefined ? undefined : podEndpoint(service, pod, family, zoneOf));
    }
    const changes = updates.changes();
    if (changes === undefined) return undefined;
    all.create.push(...changes.create);
    all.update.push(...changes.update);
    all.delete.push(...changes.delete);
  }
  return all;
}

/** A slice with the endpoints that it comes to have. */
interface Draft {
  readonly slice: Stored<EndpointSlice>;
  readonly portsKey: string;
  readonly endpoints: Endpoint[];
}

class FamilyUpdates {
  readonly #service: Stored<Service>;
  readonly #family: AddressType;
  readonly #book: SliceBook;
  readonly #drafts = new Map<string, Draft>();
  /** Endpoints that are in no slice yet, by their ports. */
  readonly #arriving = new Map<string, PodEndpoint[]>();

  constructor(service: Stored<Service>, family: AddressType, book: SliceBook) {
    this.#service = service;
    this.#family = family;
    this.#book = book;
  }

  /** The Pod is this endpoint now, or none. */
  place(uid: string, wanted: PodEndpoint | undefined): void {
    const slice = this.#book.placeOf(this.#family, uid);
    const stays = slice !== undefined && wanted !== undefined && this.#isFor(slice, wanted);
    if (slice !== undefined) this.#putInto(slice, uid, stays ? wanted.endpoint : undefined);
    if (wanted === undefined || stays) return;
    const others = this.#arriving.get(wanted.portsKey);
    if (others === undefined) this.#arriving.set(wanted.portsKey, [wanted]);
    else others.push(wanted);
  }

  changes(): SliceChanges | undefined {
    const create: EndpointSlice[] = [];
    for (const [portsKey, arriving] of this.#arriving) {
      const group = this.#book.group(this.#family, portsKey);
      if (group === undefined) return undefined;
      const rest = arriving.map(({ endpoint }) => endpoint);
      for (const draft of this.#drafts.values()) if (draft.portsKey === portsKey) fill(draft.endpoints, rest);
      for (const name of group.open) {
        if (rest.length === 0) break;
        const slice = group.slices.get(name);
        if (slice !== undefined && !this.#drafts.has(name)) fill(this.#draft(slice, portsKey).endpoints, rest);
      }
      const ports = arriving[0]?.ports ?? [];
      while (rest.length > 0) create.push(newSlice(this.#service, this.#family, ports, rest.splice(0, sliceSize)));
    }
    const drafts = [...this.#drafts.values()];
    const empty = drafts.filter(({ endpoints }) => endpoints.length === 0);
    for (const { portsKey } of empty) {
      const left = this.#book.group(this.#family, portsKey)?.slices.size ?? 0;
      if (left <= empty.filter((other) => other.portsKey === portsKey).length) return undefined;
    }
    return {
      create,
      update: drafts.filter(isChanged).map(({ slice, endpoints }) => ({ ...slice, endpoints })),
      delete: empty.map(({ slice }) => slice),
    };
  }

  #isFor(slice: Stored<EndpointSlice>, { portsKey }: PodEndpoint): boolean {
    return this.#book.group(this.#family, portsKey)?.slices.has(slice.metadata.name) === true;
  }

  #putInto(slice: Stored<EndpointSlice>, uid: string, endpoint: Endpoint | undefined): void {
    const { endpoints } = this.#draft(slice, portsKeyOf(slice));
    const index = endpoints.findIndex(({ targetRef }) => targetRef?.uid === uid);
    if (index < 0) return;
    if (endpoint === undefined) endpoints.splice(index, 1);
    else endpoints[index] = endpoint;
  }

  #draft(slice: Stored<EndpointSlice>, portsKey: string): Draft {
    const { name } = slice.metadata;
    let draft = this.#drafts.get(name);
    if (draft === undefined) {
      draft = { slice, portsKey, endpoints: [...(slice.endpoints ?? [])] };
      this.#drafts.set(name, draft);
    }
    return draft;
  }
}

function fill(endpoints: Endpoint[], rest: Endpoint[]): void {
  endpoints.push(...rest.splice(0, Math.max(0, sliceSize - endpoints.length)));
}

/** Not of those that come to be empty: they are deleted. */
function isChanged({ slice, endpoints }: Draft): boolean {
  return endpoints.length > 0 && !equalJson(endpoints, slice.endpoints ?? []);
}
