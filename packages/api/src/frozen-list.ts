/**
 * What `slice` does, for a list that may be frozen: V8's own is seventy times as slow on a frozen array as on another one, while a
 * spread is not.
 */
export function sliceOf<T>(list: readonly T[], from: number, to: number): T[] {
  if ((to - from) * 8 > list.length) return [...list].slice(from, to);
  const items: T[] = [];
  for (let index = from; index < Math.min(to, list.length); index++) items.push(list[index] as T);
  return items;
}
