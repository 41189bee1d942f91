import { isJsonObject, type JsonObject } from '../json.ts';
import { failures } from '../status.ts';
import { type FieldPath, type FieldSet, isEmptySet, leaf, nodeOf, pathText } from './field-set.ts';
import { itemElement } from './list-items.ts';
import type { ListNode, MapNode, MergeNode } from './merge-node.ts';

/**
 * The fields that an applied configuration owns.
 * @param subject names the object in errors.
 * @throws StatusError BadRequest for a field that the type does not have, or a list with an item twice.
 */
export function fieldsOfConfig(config: JsonObject, root: MapNode, subject: string): FieldSet {
  return new ConfigFields(subject).map(config, root, []) ?? leaf;
}

class ConfigFields {
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  /** The node of a map's owned fields, without the map itself. */
  map(config: JsonObject, node: MapNode, path: FieldPath): FieldSet | undefined {
    const children: { [element: string]: FieldSet } = {};
    for (const name of Object.keys(config).sort()) {
      const value = config[name];
      if (value === undefined) continue;
      const element = `f:${name}`;
      const child = node.field(name);
      if (child === undefined) throw this.#fault([...path, element], 'field not declared in schema');
      const owned = this.#value(value, child, [...path, element]);
      if (owned === undefined) continue;
      children[element] = node.struct ? owned : ownedItself(owned);
    }
    return isEmptySet(children) ? undefined : children;
  }

  #value(value: unknown, node: MergeNode, path: FieldPath): FieldSet | undefined {
    if (node.form === 'untracked') return undefined;
    if (value === null || node.form === 'leaf') return leaf;
    if (node.form === 'map') {
      if (!isJsonObject(value)) return node.struct ? this.#wrong(path, 'map', value) : leaf;
      return this.map(value, node, path) ?? (isEmptySet(value as FieldSet) ? leaf : undefined);
    }
    if (!Array.isArray(value)) return this.#wrong(path, 'list', value);
    return this.#list(value, node, path);
  }

  #list(list: readonly unknown[], node: ListNode, path: FieldPath): FieldSet | undefined {
    const children = new Map<string, FieldSet>();
    for (const [i, item] of list.entries()) {
      const element = itemElement(item, node);
      if (element === undefined) throw this.#fault(path, `element ${i}: ${missingKeys(item, node)}`);
      if (children.has(element)) {
        throw this.#fault(path, `duplicate entries for key ${pathText([element])}`);
      }
      children.set(element, ownedItself(this.#value(item, node.items, [...path, element]) ?? leaf));
    }
    return nodeOf(
      Array.from(children, ([element, set]) => ({ element, set })),
      false,
    );
  }

  #wrong(path: FieldPath, expected: string, value: unknown): never {
    throw this.#fault(path, `expected ${expected}, got ${JSON.stringify(value)}`);
  }

  #fault(path: FieldPath, why: string): Error {
    return failures.badRequest(`failed to create typed patch object (${this.#subject}): ${pathText(path)}: ${why}`);
  }
}

function ownedItself(node: FieldSet): FieldSet {
  return isEmptySet(node) || Object.hasOwn(node, '.') ? node : { '.': leaf, ...node };
}

function missingKeys(item: unknown, { keys }: ListNode): string {
  if (item === null) return 'associative list may not have a null element';
  if (keys === undefined) return 'a set may only have scalars as elements';
  if (!isJsonObject(item)) return 'associative list with keys may not have non-map elements';
  return `associative list with keys has an element that omits all key fields ${JSON.stringify(keys)} (and doesn't have default values for any key fields)`;
}
