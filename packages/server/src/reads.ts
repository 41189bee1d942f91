import {
  failures,
  type Kind,
  type KubernetesObject,
  type LabelMatcher,
  parseFieldSelector,
  parseLabelSelector,
  type Stored,
} from '@orrery/api';
import { sliceOf } from '@orrery/api/server';
import type { ListOptions, ObjectList, Work } from '@orrery/core';
import { Compacted, type Snapshot } from '@orrery/store';
import { collectionOf } from './collections.ts';
import type { ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { freshEnough, seen } from './freshness.ts';
import { type ContinueToken, checkListOptions, decodeContinue, encodeContinue, parseRevision } from './list-options.ts';
import type { RequestScope } from './request-path.ts';

/** The selection of a list or watch, and how the store finds it. */
export interface Selection {
  /** Undefined matches everything. */
  readonly matches: ((object: Stored) => boolean) | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly index: { readonly name: string; readonly value: string } | undefined;
}

/** The object as this server has seen it, converted to the requested version. @throws StatusError NotFound */
export function getObject(server: ServerContext, scope: RequestScope): Stored {
  return convert(storedObject(server, scope), scope.kind) as Stored;
}

/** The stored object, as this server has seen it. @throws StatusError NotFound */
export function storedObject(server: ServerContext, scope: Pick<RequestScope, 'kind' | 'namespace' | 'name'>): Stored {
  const collection = collectionOf(scope.kind);
  const object = server.store.get(collection, {
    namespace: scope.kind.namespaced ? scope.namespace : '',
    name: scope.name,
  });
  if (object === undefined) throw failures.notFound(scope.kind, scope.name);
  return object;
}

/** Parses selectors and picks the best index for them. @throws StatusError BadRequest for invalid selectors */
export function selection(
  server: ServerContext,
  scope: RequestScope,
  options: { readonly labelSelector?: string; readonly fieldSelector?: string },
): Selection {
  const { kind } = scope;
  const labels: LabelMatcher | undefined = isEmpty(options.labelSelector)
    ? undefined
    : parseLabelSelector(options.labelSelector ?? '');
  const fields = isEmpty(options.fieldSelector) ? undefined : parseFieldSelector(options.fieldSelector ?? '', kind);
  const collection = collectionOf(kind);
  let namespace = kind.namespaced && scope.namespace !== '' ? scope.namespace : undefined;
  let name: string | undefined = scope.name === '' ? undefined : scope.name;
  let index: Selection['index'];
  let residual = labels !== undefined || scope.name !== '';
  for (const requirement of fields?.requirements ?? []) {
    if (requirement.operator === '=' && requirement.field === 'metadata.name' && name === undefined)
      name = requirement.value;
    else if (requirement.operator === '=' && requirement.field === 'metadata.namespace' && namespace === undefined)
      namespace = requirement.value;
    else if (
      requirement.operator === '=' &&
      index === undefined &&
      server.store.hasIndex(collection, requirement.field)
    ) {
      index = { name: requirement.field, value: requirement.value };
    }
    residual = true;
  }
  const scopedName = scope.name;
  const matches = residual
    ? (object: Stored) =>
        (scopedName === '' || object.metadata.name === scopedName) &&
        (labels === undefined || labels.matches(object.metadata.labels)) &&
        (fields === undefined || fields.matches(convert(object, kind)))
    : undefined;
  return { matches, namespace, name, index };
}

function isEmpty(text: string | undefined): boolean {
  return text === undefined || text === '';
}

/**
 * A page of a collection, at one revision (Kubernetes API concepts, "Retrieving large results sets in chunks"): a promise
 * only if this server has not seen the requested revision, or if others are to have their turn meanwhile. @throws StatusError Timeout for a revision that does not arrive in time
 */
export function listObjects(
  server: ServerContext,
  scope: RequestScope,
  options: ListOptions & { readonly sendInitialEvents?: boolean },
): ObjectList | Promise<ObjectList> {
  checkListOptions(options, false);
  const asked = parseRevision(options.resourceVersion);
  const token = isEmpty(options.continue) ? undefined : decodeContinue(options.continue ?? '');
  const selected = selection(server, scope, options);
  const limit = options.limit ?? 0;
  const exact =
    token !== undefined
      ? token.revision
      : asked > 0 &&
          (options.resourceVersionMatch === 'Exact' || (limit > 0 && options.resourceVersionMatch === undefined))
        ? asked
        : -1;
  const answer = (): ObjectList | Promise<ObjectList> => {
    const snapshot =
      exact > 0
        ? pastSnapshot(server, scope.kind, exact, selected, token)
        : presentSnapshot(server, scope.kind, selected);
    const from = token === undefined ? 0 : indexOfKey(snapshot.items, token.start);
    const asked = { snapshot, selected, from, limit };
    const found = selected.matches === undefined ? all(asked) : selectedOf(asked, server.environment.work);
    return found instanceof Promise
      ? found.then((page) => pageList(asked, scope.kind, page))
      : pageList(asked, scope.kind, found);
  };
  // A token may come from another server, which has seen more.
  const wait = exact > 0 ? seen(server, exact) : freshEnough(server, options.resourceVersion);
  return wait === undefined ? answer() : wait.then(answer);
}

/** All objects selected now, as this server has seen them, and the revision of that snapshot. */
export function selectedNow(server: ServerContext, { kind }: RequestScope, selected: Selection): ObjectList {
  const asked = { snapshot: presentSnapshot(server, kind, selected), selected, from: 0, limit: 0 };
  if (selected.matches === undefined) return pageList(asked, kind, all(asked));
  const objects: Stored[] = [];
  search(asked, 0, asked.snapshot.items.length, objects);
  return pageList(asked, kind, { objects, more: false });
}

function presentSnapshot(server: ServerContext, kind: Kind, selected: Selection): Snapshot {
  const collection = collectionOf(kind);
  if (selected.name !== undefined && (selected.namespace !== undefined || !kind.namespaced)) {
    const object = server.store.get(collection, { namespace: selected.namespace ?? '', name: selected.name });
    return { items: object === undefined ? [] : [object], revision: server.store.revision };
  }
  return server.store.list(collection, {
    ...(selected.namespace === undefined ? {} : { namespace: selected.namespace }),
    ...(selected.index === undefined ? {} : { index: selected.index }),
  });
}

function pastSnapshot(
  server: ServerContext,
  kind: Kind,
  revision: number,
  selected: Selection,
  token: ContinueToken | undefined,
): Snapshot {
  try {
    return server.store.listAt(collectionOf(kind), revision, selected.namespace);
  } catch (error) {
    if (!(error instanceof Compacted)) throw error;
    if (token === undefined) throw failures.expired('The resourceVersion for the provided list is too old.');
    throw failures.expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      encodeContinue({ revision: -1, start: token.start }),
    );
  }
}

/** A page that is asked for: from an index on, up to `limit` objects; 0 is all. */
interface PageRequest {
  readonly snapshot: Snapshot;
  readonly selected: Selection;
  readonly from: number;
  readonly limit: number;
}

/** The objects of a page, and whether there are others after it. */
interface Page {
  readonly objects: readonly Stored[];
  readonly more: boolean;
}

function pageList({ snapshot, selected, from }: PageRequest, kind: Kind, { objects, more }: Page): ObjectList {
  const shown = shownAs(kind, objects);
  const metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number } = {
    resourceVersion: String(snapshot.revision),
  };
  const last = shown.at(-1);
  if (more && last !== undefined) {
    metadata.continue = encodeContinue({ revision: snapshot.revision, start: `${storageKey(last)}\0` });
    if (selected.matches === undefined) metadata.remainingItemCount = snapshot.items.length - from - objects.length;
  }
  return { items: shown, metadata };
}

function all({ snapshot: { items }, from, limit }: PageRequest): Page {
  const to = limit > 0 ? Math.min(items.length, from + limit) : items.length;
  return { objects: from === 0 && to === items.length ? items : sliceOf(items, from, to), more: to < items.length };
}

/** So many objects are held against a selection before others may have their turn. */
const objectsAtATime = 512;

/**
 * Looks at the objects of this page alone, and at those up to the first of the next one. Among very many, sockets and timers have
 * their turn every few milliseconds: the snapshot stays what it is.
 */
function selectedOf(asked: PageRequest, work: Work, begin = asked.from, found: Stored[] = []): Page | Promise<Page> {
  const { items } = asked.snapshot;
  for (let at = begin; at < items.length; at += objectsAtATime) {
    if (at > begin && work.crowded()) return work.turn('lists', 'high').then(() => selectedOf(asked, work, at, found));
    if (search(asked, at, Math.min(items.length, at + objectsAtATime), found)) return { objects: found, more: true };
  }
  return { objects: found, more: false };
}

/** Adds what is selected among the objects from `begin` to `end`. True if there is more of it than the page takes. */
function search({ snapshot, selected, limit }: PageRequest, begin: number, end: number, found: Stored[]): boolean {
  const { matches, name } = selected;
  for (let at = begin; at < end; at++) {
    const object = snapshot.items[at] as Stored;
    if (name !== undefined && object.metadata.name !== name) continue;
    if (matches?.(object) === false) continue;
    if (limit > 0 && found.length === limit) return true;
    found.push(object);
  }
  return false;
}

/** The index of the first object at or after the key in a list that is in key order. */
function indexOfKey(items: readonly Stored[], key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (storageKey(items[middle] as Stored) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The objects in the requested version; the same list if they already are. */
function shownAs(kind: Kind, items: readonly Stored[]): readonly Stored[] {
  for (const { apiVersion, kind: name } of items) {
    if (apiVersion !== kind.apiVersion || name !== kind.kind)
      return Array.from(items, (object) => convert(object, kind) as Stored);
  }
  return items;
}

/** The key without the collection's prefix, as in continue tokens. */
function storageKey(object: KubernetesObject): string {
  const { namespace, name } = object.metadata ?? {};
  return namespace === undefined || namespace === '' ? `${name}` : `${namespace}/${name}`;
}
