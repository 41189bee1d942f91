/** Lists up to this length are searched. */
const maxSearched = 16;

/** Whether a list has a value: a question whose cost does not grow with the list. */
export function membership<T>(list: readonly T[]): (value: T) => boolean {
  if (list.length <= maxSearched) return (value) => list.includes(value);
  const set = new Set(list);
  return (value) => set.has(value);
}

const memberships = new WeakMap<readonly unknown[], (value: unknown) => boolean>();

/** Whether a list that never changes, as those of stored objects, has a value. A long list is read once. */
export function contains<T>(list: readonly T[], value: T): boolean {
  if (list.length <= maxSearched) return list.includes(value);
  let has = memberships.get(list);
  if (has === undefined) {
    has = membership<unknown>(list);
    memberships.set(list, has);
  }
  return has(value);
}

interface Named {
  readonly name?: string | undefined;
}

const byName = new WeakMap<readonly Named[], ReadonlyMap<string | undefined, Named>>();

/** The first item of that name in a list that never changes, as those of stored objects. A long list is read once. */
export function namedItem<T extends Named>(list: readonly T[] | undefined, name: string | undefined): T | undefined {
  if (list === undefined) return undefined;
  if (list.length <= maxSearched) return list.find((item) => item.name === name);
  let items = byName.get(list);
  if (items === undefined) {
    items = itemsByName(list);
    byName.set(list, items);
  }
  return items.get(name) as T | undefined;
}

function itemsByName(list: readonly Named[]): ReadonlyMap<string | undefined, Named> {
  const items = new Map<string | undefined, Named>();
  for (const item of list) if (!items.has(item.name)) items.set(item.name, item);
  return items;
}
