import { isJsonObject, type JsonObject } from '../json.ts';
import { childOf, type FieldSet, isEmptySet, isMember, leaf } from './field-set.ts';
import { itemElement } from './list-items.ts';
import type { ListNode, MapNode, MergeNode } from './merge-node.ts';

/**
 * Stand where pruning left nothing of an object or list. They are not there in the end, but owners keep them: an owner of
 * the whole does not lose it because its contents went.
 */
const emptiedMap: JsonObject = Object.freeze({});
const emptiedList: readonly unknown[] = Object.freeze([]);

/** What pruning made of an object. */
export interface Pruned {
  /** With the emptied parts still there, to see who owns what. */
  readonly withEmptied: JsonObject;
  /** As it is to be stored. */
  readonly object: JsonObject;
}

/**
 * A merged object without what its applier owned before (`last`) and neither the applier nor anybody else owns now.
 * @param owned what all owners have, the applier with its new set among them.
 */
export function pruneConfig(merged: JsonObject, last: FieldSet, owned: FieldSet, root: MapNode): Pruned {
  const withEmptied = pruneMap(merged, last, owned, root);
  return { withEmptied, object: withEmptied === merged ? merged : (withoutEmptied(withEmptied) as JsonObject) };
}

function prune(value: unknown, last: FieldSet, owned: FieldSet, node: MergeNode): unknown {
  if (isEmptySet(last)) return value;
  if (node.form === 'map' && isJsonObject(value)) return pruneMap(value, last, owned, node);
  if (node.form === 'list' && Array.isArray(value)) return pruneList(value, last, owned, node);
  return value;
}

function pruneMap(map: JsonObject, last: FieldSet, owned: FieldSet, node: MapNode): JsonObject {
  let result: { [field: string]: unknown } | undefined;
  for (const element of Object.keys(last)) {
    if (!element.startsWith('f:')) continue;
    const name = element.slice(2);
    if (!Object.hasOwn(map, name)) continue;
    const after = pruneChild(map[name], element, last, owned, node.field(name) ?? { form: 'leaf' }, node.struct);
    if (after === map[name]) continue;
    result ??= { ...map };
    if (after === undefined) delete result[name];
    else result[name] = after;
  }
  if (result === undefined) return map;
  return isEmptySet(result as FieldSet) ? emptiedMap : result;
}

function pruneList(list: readonly unknown[], last: FieldSet, owned: FieldSet, node: ListNode): readonly unknown[] {
  const result: unknown[] = [];
  for (const [i, item] of list.entries()) {
    const element = itemElement(item, node) ?? `i:${i}`;
    const after = pruneChild(item, element, last, owned, node.items, false);
    if (after !== undefined) result.push(after);
  }
  if (result.length === list.length && result.every((item, i) => item === list[i])) return list;
  return result.length === 0 ? emptiedList : result;
}

/** `named`: a struct's field, owned by every manager that owns something in it. */
function pruneChild(
  value: unknown,
  element: string,
  last: FieldSet,
  owned: FieldSet,
  node: MergeNode,
  named: boolean,
): unknown {
  const lastHere = childOf(last, element);
  if (lastHere === undefined || node.form === 'untracked') return value;
  const ownedHere = childOf(owned, element);
  const wasMine = named || isMember(lastHere);
  if (wasMine && (ownedHere === undefined || !(named || isMember(ownedHere)))) return undefined;
  return prune(value, lastHere, ownedHere ?? leaf, node);
}

function withoutEmptied(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.filter((item) => !isEmptied(item)).map(withoutEmptied);
    return items.length === value.length && items.every((item, i) => item === value[i]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  let result: { [field: string]: unknown } | undefined;
  for (const [field, child] of Object.entries(value)) {
    const left = isEmptied(child) ? undefined : withoutEmptied(child);
    if (left === child) continue;
    result ??= { ...value };
    if (left === undefined) delete result[field];
    else result[field] = left;
  }
  return result ?? value;
}

function isEmptied(value: unknown): boolean {
  return value === emptiedMap || value === emptiedList;
}
