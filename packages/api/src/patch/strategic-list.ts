import { isJsonObject, type JsonObject } from '../json.ts';
import { failures } from '../status.ts';
import { goText } from './go-text.ts';
import { rejected } from './json-patch.ts';

/** What merging a list needs to know of its items. */
export interface MergeRules {
  /** The field that identifies an item; undefined for lists of scalars. */
  readonly mergeKey: string | undefined;
  /** The items' type, for messages. */
  readonly typeText: string;
  readonly merge: (before: JsonObject, patch: JsonObject) => unknown;
  readonly clean: (value: unknown) => unknown;
}

type List = readonly unknown[];

/** A list merged with a patch's list: items that both have merge, in the live order; the patch's own follow. */
export function mergedList(live: List, patch: List, rules: MergeRules): List {
  const { merged, remaining, additions } = mergeItems(live, patch, rules);
  return inOrder(merged, additions, remaining, rules);
}

/** The same, with the order of a `$setElementOrder` directive: directive before patch before live. */
export function orderedList(live: List | undefined, patch: List | undefined, order: List, rules: MergeRules): List {
  assertOrderAgrees(patch ?? [], order, rules);
  if ((live?.length ?? 0) === 0 && (patch?.length ?? 0) === 0) return live ?? [];
  const merged =
    patch === undefined
      ? (live ?? [])
      : live === undefined
        ? (rules.clean(patch) as List)
        : mergeItems(live, patch, rules).merged;
  return inOrder(merged, order, live ?? [], rules);
}

interface Merged {
  readonly merged: List;
  /** The live items that the patch's directives left. */
  readonly remaining: List;
  /** The patch's items without its directives. */
  readonly additions: List;
}

function mergeItems(live: List, patch: List, rules: MergeRules): Merged {
  if (kindOfItems(live, patch) !== 'object') {
    return { merged: [...new Set([...live, ...patch])], remaining: live, additions: patch };
  }
  const { mergeKey } = rules;
  if (mergeKey === undefined) {
    throw failures.badRequest(`cannot merge lists without merge key for ${rules.typeText}`);
  }
  const { remaining, additions } = obeyDirectives(
    live as readonly JsonObject[],
    patch as readonly JsonObject[],
    mergeKey,
  );
  const merged: unknown[] = [...remaining];
  const places = new Map<unknown, number>();
  for (const [i, item] of remaining.entries()) if (!places.has(item[mergeKey])) places.set(item[mergeKey], i);
  for (const item of additions) {
    const key = keyOf(item, mergeKey);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, merged.length);
      merged.push(rules.clean(item));
    } else merged[place] = rules.merge(merged[place] as JsonObject, item);
  }
  return { merged, remaining, additions };
}

function obeyDirectives(
  live: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
): { remaining: readonly JsonObject[]; additions: readonly JsonObject[] } {
  const additions: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replace = false;
  for (const item of patch) {
    if (!Object.hasOwn(item, '$patch')) additions.push(item);
    else if (item.$patch === 'delete') deleted.add(keyOf(item, mergeKey));
    else if (item.$patch === 'replace') replace = true;
    else if (item.$patch === 'merge') throw failures.badRequest('merging lists cannot yet be specified in the patch');
    else throw failures.badRequest(`unknown patch type: ${goText(item.$patch)} in map: ${goText(item)}`);
  }
  if (replace) return { remaining: [], additions };
  const remaining = deleted.size === 0 ? live : live.filter((item) => !deleted.has(item[mergeKey]));
  return { remaining, additions };
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isJsonObject(item))
    throw failures.badRequest(`expected a map[string]interface {}, but received ${goText(item)}`);
  if (!Object.hasOwn(item, mergeKey)) {
    throw failures.badRequest(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return item[mergeKey];
}

/** What all items of both lists are. */
function kindOfItems(...lists: List[]): string | undefined {
  let kind: string | undefined;
  for (const item of lists.flat(1)) {
    if (Array.isArray(item)) throw rejected();
    const own = item === null ? 'null' : typeof item;
    if (kind !== undefined && own !== kind) {
      throw failures.badRequest(`list element types are not identical: ${goText(lists)}`);
    }
    kind = own;
  }
  return kind;
}

/** Refuses a patch whose items stand in another order than the directive says, or are missing in it. */
function assertOrderAgrees(patch: List, order: List, { mergeKey }: MergeRules): void {
  if (patch.length === 0 || order.length === 0) return;
  const idOf = (item: unknown): unknown => (mergeKey === undefined ? item : keyOf(item, mergeKey));
  const items = patch.filter((item) => !(isJsonObject(item) && Object.hasOwn(item, '$patch')));
  let next = 0;
  for (const wanted of order) {
    if (next >= items.length) return;
    if (idOf(items[next]) === idOf(wanted)) next++;
  }
  if (next < items.length) {
    throw failures.badRequest(
      `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
  }
}

/**
 * The items that `order` names, in its order, and the others in the order of `live`; both are woven together so that the
 * others stay where `live` had them, as far as the order of the first allows.
 */
function inOrder(items: List, order: List, live: List, { mergeKey }: MergeRules): List {
  const idOf = (item: unknown): unknown =>
    mergeKey === undefined
      ? item
      : Object.hasOwn(item as JsonObject, mergeKey)
        ? (item as JsonObject)[mergeKey]
        : keyOf(item, mergeKey);
  const wanted = placesOf(order, idOf);
  const lived = placesOf(live, idOf);
  const named = items.filter((item) => wanted.has(idOf(item)));
  const others = items.filter((item) => !wanted.has(idOf(item)));
  const byPlace = (places: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (places.get(idOf(a)) ?? places.size) - (places.get(idOf(b)) ?? places.size);
  named.sort(byPlace(wanted));
  others.sort(byPlace(lived));

  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = lived.get(idOf(item));
    while (next < others.length && place !== undefined) {
      const other = lived.get(idOf(others[next]));
      if (other === undefined || other >= place) break;
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function placesOf(list: List, idOf: (item: unknown) => unknown): ReadonlyMap<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [i, item] of list.entries()) {
    const id = idOf(item);
    if (!places.has(id)) places.set(id, i);
  }
  return places;
}
