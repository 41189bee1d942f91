import { equalJson, isJsonObject } from '../json.ts';
import type { ListNode } from './merge-node.ts';

/** The path element of a list's item; undefined if the item lacks every key, or is no item of such a list. */
export function itemElement(item: unknown, { keys, keyDefaults }: ListNode): string | undefined {
  if (keys === undefined) {
    return typeof item === 'object' || item === undefined ? undefined : `v:${JSON.stringify(item)}`;
  }
  if (!isJsonObject(item)) return undefined;
  let text = '';
  for (const key of keys) {
    const value = item[key] ?? keyDefaults[key];
    if (value !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return text === '' ? undefined : `k:{${text}}`;
}

/** Whether two items are the same one, perhaps with other contents. */
export function isSameItem(a: unknown, b: unknown, node: ListNode): boolean {
  const { keys, keyDefaults } = node;
  if (keys === undefined) return a === b;
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  for (const key of keys) if (!equalJson(a[key] ?? keyDefaults[key], b[key] ?? keyDefaults[key])) return false;
  return true;
}

/** Items by their path elements, the first of each; an item without one goes by its index. */
export function itemsByElement(list: readonly unknown[], node: ListNode): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (let i = 0; i < list.length; i++) {
    const element = itemElement(list[i], node) ?? `i:${i}`;
    if (!items.has(element)) items.set(element, list[i]);
  }
  return items;
}
