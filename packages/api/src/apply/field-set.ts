import { quote } from '../field-error.ts';

/**
 * A set of field paths, in the very form of `FieldsV1`: a tree whose edges are path elements (`f:spec`, `k:{"name":"a"}`,
 * `v:"x"`, `i:0`). A node is in the set if it is empty or has the edge `.`; the root never is. Sets are immutable, and
 * operations that change nothing give the set itself, so that nothing is decoded or copied without need.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The steps from the root to a node. */
export type FieldPath = readonly string[];

type Building = { [element: string]: FieldSet };

/** A node that is in the set and has nothing below; at the root, the empty set. */
export const leaf: FieldSet = Object.freeze({});

const self = '.';

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether a node below the root is in its set. */
export function isMember(node: FieldSet): boolean {
  return isEmptySet(node) || Object.hasOwn(node, self);
}

/** A child of a node, and the edge to it. */
export interface FieldChild {
  readonly element: string;
  readonly set: FieldSet;
}

/**
 * A node of these children; undefined if nothing is left of it. Of children at one edge, the last counts. `children` are sorted in
 * place, so that the node is built once, with its edges in order.
 */
export function nodeOf(children: FieldChild[] | undefined, member: boolean): FieldSet | undefined {
  if (children === undefined || children.length === 0) return member ? leaf : undefined;
  if (!isOrdered(children)) children.sort(inElementOrder);
  const node: Building = member ? { [self]: leaf } : {};
  for (const { element, set } of children) node[element] = set;
  return node;
}

function isOrdered(children: readonly FieldChild[]): boolean {
  let last = '';
  for (const { element } of children) {
    if (element < last) return false;
    last = element;
  }
  return true;
}

function inElementOrder(a: FieldChild, b: FieldChild): number {
  return a.element < b.element ? -1 : a.element > b.element ? 1 : 0;
}

/** All that is in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  return unite(a, b, false);
}

/** All that is in any of the sets, however many they are. */
export function unionOf(sets: readonly FieldSet[]): FieldSet {
  const [first = leaf] = sets;
  if (sets.length <= 1) return first;
  const byElement = new Map<string, FieldSet[]>();
  for (const set of sets) {
    for (const element in set) {
      const same = byElement.get(element);
      if (same === undefined) byElement.set(element, [set[element] as FieldSet]);
      else same.push(set[element] as FieldSet);
    }
  }
  const result: Building = {};
  for (const [element, same] of byElement) {
    const all = unionOf(same);
    result[element] = !isMember(all) && same.some(isMember) ? { [self]: leaf, ...all } : all;
  }
  return sorted(result);
}

/** What an operation goes through: the elements of the set that loses some, or those of the set that takes them away. */
export type Elements = 'own' | 'other';

/** What is in `a` and not in `b`. Fields below a field of `b` stay. */
export function difference(a: FieldSet, b: FieldSet, through: Elements = 'other'): FieldSet {
  return subtract(a, b, false, through) ?? leaf;
}

/** Whether all of `b` is in `a`. */
export function contains(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) {
    if (element === self) continue;
    const mine = childOf(a, element);
    const theirs = b[element] as FieldSet;
    if (mine === undefined || (isMember(theirs) && !isMember(mine)) || !contains(mine, theirs)) return false;
  }
  return true;
}

/** Whether any field is in both sets. */
export function intersects(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) {
    if (element === self) continue;
    const mine = childOf(a, element);
    if (mine === undefined) continue;
    const theirs = b[element] as FieldSet;
    if ((isMember(theirs) && isMember(mine)) || intersects(mine, theirs)) return true;
  }
  return false;
}

/** The paths that are in both sets, in the order of `b`. */
export function commonPaths(a: FieldSet, b: FieldSet, prefix: FieldPath = []): FieldPath[] {
  const own: FieldPath[] = [];
  const below: FieldPath[] = [];
  for (const element of Object.keys(b)) {
    if (element === self) continue;
    const mine = childOf(a, element);
    if (mine === undefined) continue;
    const theirs = b[element] as FieldSet;
    const path = [...prefix, element];
    if (isMember(mine) && isMember(theirs)) own.push(path);
    below.push(...commonPaths(mine, theirs, path));
  }
  return [...own, ...below];
}

/** Whether the set holds that very path. */
export function hasPath(set: FieldSet, path: FieldPath): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = childOf(node, element);
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** The set without a whole branch. */
export function withoutBranch(set: FieldSet, element: string): FieldSet {
  if (!Object.hasOwn(set, element)) return set;
  const { [element]: _, ...rest } = set;
  return rest;
}

/** The child at an edge, if there is one. */
export function childOf(node: FieldSet, element: string): FieldSet | undefined {
  return Object.hasOwn(node, element) ? node[element] : undefined;
}

/** Whether a value read from a client has the form of `FieldsV1`. */
export function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 100) return false;
  const children = value as { readonly [element: string]: unknown };
  for (const element in children) {
    if (element !== self && (element[1] !== ':' || !'fkvi'.includes(element[0] as string))) return false;
    if (!isFieldSet(children[element], depth + 1)) return false;
  }
  return true;
}

/** A path as messages print it: `.spec.containers[name="web"].image`. */
export function pathText(path: FieldPath): string {
  return path.map(elementText).join('');
}

function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${rest}`;
    case 'k:': {
      const keys = Object.entries(JSON.parse(rest) as { [key: string]: unknown });
      return `[${keys.map(([key, value]) => `${key}=${scalarText(value)}`).join(',')}]`;
    }
    case 'v:':
      return `[=${scalarText(JSON.parse(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? quote(value) : String(value);
}

function unite(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  let result: Building | undefined;
  let grew = false;
  for (const element in b) {
    if (element === self) continue;
    const mine = childOf(a, element);
    const theirs = b[element] as FieldSet;
    const next =
      mine === undefined || mine === theirs ? theirs : unite(mine, theirs, isMember(mine) || isMember(theirs));
    if (next === mine) continue;
    result ??= { ...a };
    result[element] = next;
    grew ||= mine === undefined;
  }
  return settled(grew && result !== undefined ? sorted(result) : (result ?? a), member) ?? leaf;
}

function subtract(a: FieldSet, b: FieldSet, member: boolean, through: Elements): FieldSet | undefined {
  let result: Building | undefined;
  for (const element in through === 'own' ? a : b) {
    if (element === self) continue;
    const mine = childOf(a, element);
    const theirs = childOf(b, element);
    if (mine === undefined || theirs === undefined) continue;
    const next = subtract(mine, theirs, isMember(mine) && !isMember(theirs), through);
    if (next === mine) continue;
    result ??= { ...a };
    if (next === undefined) delete result[element];
    else result[element] = next;
  }
  return settled(result ?? a, member);
}

/** The node with its own edge there or not, as it is a member or not; undefined if it is neither member nor parent. */
function settled(node: FieldSet, member: boolean): FieldSet | undefined {
  const marked = Object.hasOwn(node, self);
  const { [self]: _, ...children } = marked ? node : leaf;
  const barren = marked ? isEmptySet(children) : isEmptySet(node);
  if (barren) return member ? (marked ? leaf : node) : undefined;
  if (marked === member) return node;
  return member ? { [self]: leaf, ...node } : children;
}

function sorted(node: Building): Building {
  if (isSorted(node)) return node;
  const result: Building = {};
  for (const element of Object.keys(node).sort()) result[element] = node[element] as FieldSet;
  return result;
}

function isSorted(node: Building): boolean {
  let last = '';
  for (const element in node) {
    if (element < last) return false;
    last = element;
  }
  return true;
}
