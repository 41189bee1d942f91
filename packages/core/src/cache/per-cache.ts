import type { Cache } from '../cache.ts';

/**
 * What a loop remembers of what its cache has shown, by key. A loop that is started again gets another cache, and begins with
 * nothing.
 */
export class PerCache<V> {
  readonly #maps = new WeakMap<Cache, Map<string, V>>();

  of(cache: Cache): Map<string, V> {
    let map = this.#maps.get(cache);
    if (map === undefined) {
      map = new Map();
      this.#maps.set(cache, map);
    }
    return map;
  }
}
