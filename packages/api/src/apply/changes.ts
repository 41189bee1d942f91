import { equalJson, isJsonObject, type JsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { type FieldChild, type FieldSet, leaf, nodeOf, withoutBranch } from './field-set.ts';
import { isSameItem, itemElement, itemsByElement } from './list-items.ts';
import { type ListNode, type MapNode, type MergeNode, rootNode } from './merge-node.ts';

/** What a write did to an object's fields. */
export interface Changes {
  /** Fields that were added or have another value. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
}

/** No change. */
const noChanges: Changes = { written: leaf, removed: leaf };

interface NodeChanges {
  readonly written: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const added: NodeChanges = { written: leaf, removed: undefined };
const gone: NodeChanges = { written: undefined, removed: leaf };

/** Names of an object's parts that exist even when empty: they have no owner as such, only their contents do. */
type ImpliedParts = ReadonlySet<string>;

/** Kubernetes' own types have these parts as plain structs. */
const builtinParts: ImpliedParts = new Set([
  'metadata',
  'spec',
  'status',
  'template',
  'strategy',
  'updateStrategy',
  'jobTemplate',
  'containers',
]);
const customParts: ImpliedParts = new Set(['metadata']);
const noParts: ImpliedParts = new Set();

/**
 * The fields in which two states of an object differ, as a write to this endpoint can have changed them. Shared parts
 * (`===`) are not looked into, so the work is that of the change. `before` is undefined for a new object.
 */
export function changesBetween(
  kind: Kind,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  subresource: string,
): Changes {
  const changes = allChangesBetween(kind, before, after);
  if (changes === noChanges) return noChanges;
  return {
    written: withoutReset(changes.written, kind, subresource),
    removed: withoutReset(changes.removed, kind, subresource),
  };
}

/** The same, for any writer. */
export function allChangesBetween(kind: Kind, before: KubernetesObject | undefined, after: KubernetesObject): Changes {
  const changes = compare(
    (before ?? {}) as JsonObject,
    after as JsonObject,
    rootNode(kind),
    kind.custom ? customParts : builtinParts,
  );
  if (changes === undefined) return noChanges;
  return { written: changes.written ?? leaf, removed: changes.removed ?? leaf };
}

/** A field set without the part that writes to this endpoint do not reach: status, or spec through `/status`. */
export function withoutReset(set: FieldSet, kind: Kind, subresource: string): FieldSet {
  const reset = resetField(kind, subresource);
  return reset === undefined ? set : withoutBranch(set, `f:${reset}`);
}

/** The field that the server keeps as it is, whatever is written through this endpoint. */
export function resetField(kind: Kind, subresource: string): 'spec' | 'status' | undefined {
  if (subresource === 'status') return 'spec';
  return subresource === '' && kind.subresources.status !== undefined ? 'status' : undefined;
}

/**
 * Undefined if nothing changed. Null counts as absent. `implied` has the parts below that are implied; undefined if the value
 * is no implied part itself.
 */
function compare(
  before: unknown,
  after: unknown,
  node: MergeNode,
  implied: ImpliedParts | undefined,
): NodeChanges | undefined {
  if (before === after || node.form === 'untracked') return undefined;
  const had = before !== undefined && before !== null;
  const has = after !== undefined && after !== null;
  if (!had && !has) return undefined;
  if (node.form === 'map' && (!had || isJsonObject(before)) && (!has || isJsonObject(after))) {
    return compareMaps(
      had ? (before as JsonObject) : undefined,
      has ? (after as JsonObject) : undefined,
      node,
      implied,
    );
  }
  if (node.form === 'list' && (!had || Array.isArray(before)) && (!has || Array.isArray(after))) {
    return compareLists(had ? (before as unknown[]) : undefined, has ? (after as unknown[]) : undefined, node, implied);
  }
  if (!had) return added;
  if (!has) return gone;
  return equalJson(before, after) ? undefined : added;
}

function impliedBelow(implied: ImpliedParts | undefined, name: string): ImpliedParts | undefined {
  if (implied === undefined || !implied.has(name)) return undefined;
  return implied === builtinParts ? builtinParts : noParts;
}

const nothing: JsonObject = {};

function compareMaps(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
  node: MapNode,
  implied: ImpliedParts | undefined,
): NodeChanges | undefined {
  const children = new ChildChanges();
  const from = before ?? nothing;
  const to = after ?? nothing;
  for (const name in to) {
    const value = to[name];
    const old = Object.hasOwn(from, name) ? from[name] : undefined;
    if (old === value) continue;
    const child = node.field(name);
    if (child === undefined) children.add(`f:${name}`, equalJson(old, value) ? undefined : added);
    else children.add(`f:${name}`, compare(old, value, child, impliedBelow(implied, name)));
  }
  for (const name in from) {
    if (Object.hasOwn(to, name) || from[name] === undefined) continue;
    const child = node.field(name);
    children.add(
      `f:${name}`,
      child === undefined ? gone : compare(from[name], undefined, child, impliedBelow(implied, name)),
    );
  }
  return children.of(before !== undefined || implied !== undefined, after !== undefined || implied !== undefined);
}

function compareLists(
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
  node: ListNode,
  implied: ImpliedParts | undefined,
): NodeChanges | undefined {
  const children = new ChildChanges();
  if (!compareInPlace(before, after, node, children)) {
    const from = itemsByElement(before ?? [], node);
    const to = itemsByElement(after ?? [], node);
    for (const [element, item] of to) children.add(element, compare(from.get(element), item, node.items, undefined));
    for (const [element, item] of from) {
      if (!to.has(element)) children.add(element, compare(item, undefined, node.items, undefined));
    }
  }
  return children.of(before !== undefined || implied !== undefined, after !== undefined || implied !== undefined);
}

/** The common case: the same items in the same places. False if it is another. */
function compareInPlace(
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
  node: ListNode,
  children: ChildChanges,
): boolean {
  if (before === undefined || after === undefined || before.length !== after.length) return false;
  for (let i = 0; i < after.length; i++) {
    if (before[i] !== after[i] && !isSameItem(before[i], after[i], node)) return false;
  }
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    const changes = compare(before[i], after[i], node.items, undefined);
    if (changes !== undefined) children.add(itemElement(after[i], node) ?? `i:${i}`, changes);
  }
  return true;
}

/** Gathers the changes of a node's children. */
class ChildChanges {
  #written: FieldChild[] | undefined;
  #removed: FieldChild[] | undefined;

  add(element: string, changes: NodeChanges | undefined): void {
    if (changes === undefined) return;
    if (changes.written !== undefined) {
      this.#written ??= [];
      this.#written.push({ element, set: changes.written });
    }
    if (changes.removed !== undefined) {
      this.#removed ??= [];
      this.#removed.push({ element, set: changes.removed });
    }
  }

  /** The changes of the node itself, which exists before and after. */
  of(had: boolean, has: boolean): NodeChanges | undefined {
    const written = nodeOf(this.#written, !had && has);
    const removed = nodeOf(this.#removed, had && !has);
    return written === undefined && removed === undefined ? undefined : { written, removed };
  }
}
