import { deepFreeze } from '../object.ts';
import { type FieldSet, isEmptySet, leaf } from './field-set.ts';

/** Sets are remembered in two generations of this many: a set is forgotten when so many others were seen since it was last asked for. */
const generation = 1_000;

let recent = new Map<string, FieldSet>();
let older = new Map<string, FieldSet>();

/**
 * The set, frozen; made of the same parts as an equal one that was shared lately. A manager writes the same fields of thousands of
 * objects, and their sets would take more memory than what they describe. Parts are compared two levels deep (`f:status` and
 * `f:conditions` below it), so that sets that differ in a field or two (`k:{"ip":"10.224.0.7"}`) share the rest.
 */
export function sharedFields(set: FieldSet): FieldSet {
  const parts: { [element: string]: FieldSet } = {};
  for (const element in set) parts[element] = sharedPart(mapped(set[element] as FieldSet, sharedPart));
  return Object.freeze(parts);
}

function mapped(set: FieldSet, map: (part: FieldSet) => FieldSet): FieldSet {
  const result: { [element: string]: FieldSet } = {};
  for (const element in set) result[element] = map(set[element] as FieldSet);
  return result;
}

function sharedPart(part: FieldSet): FieldSet {
  if (isEmptySet(part)) return leaf;
  const text = JSON.stringify(part);
  let shared = recent.get(text);
  if (shared !== undefined) return shared;
  shared = older.get(text) ?? deepFreeze(part);
  if (recent.size === generation) {
    older = recent;
    recent = new Map();
  }
  recent.set(text, shared);
  return shared;
}
