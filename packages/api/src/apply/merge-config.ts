import { equalJson, isJsonObject, type JsonObject } from '../json.ts';
import { itemElement, itemsByElement } from './list-items.ts';
import type { ListNode, MapNode, MergeNode } from './merge-node.ts';

/**
 * A live object with an applied configuration merged in: what the configuration says wins, by the types' merge strategy; null
 * removes. Parts that stay equal are shared with the live object.
 */
export function mergeConfig(live: JsonObject, config: JsonObject, root: MapNode): JsonObject {
  return mergeMaps(live, config, root);
}

function merge(live: unknown, config: unknown, node: MergeNode): unknown {
  if (config === undefined) return live;
  if (config === null) return node.form === 'untracked' ? live : undefined;
  if (node.form === 'map' && isJsonObject(config)) {
    return mergeMaps(isJsonObject(live) ? live : undefined, config, node);
  }
  if (node.form === 'list' && Array.isArray(config)) return mergeLists(Array.isArray(live) ? live : [], config, node);
  return equalJson(live, config) ? live : config;
}

function mergeMaps(live: JsonObject | undefined, config: JsonObject, node: MapNode): JsonObject {
  let result: { [field: string]: unknown } | undefined = live === undefined ? {} : undefined;
  for (const name of Object.keys(config)) {
    const before = live !== undefined && Object.hasOwn(live, name) ? live[name] : undefined;
    const after = merge(before, config[name], node.field(name) ?? { form: 'leaf' });
    if (after === before) continue;
    result ??= { ...live };
    if (after === undefined) delete result[name];
    else Object.defineProperty(result, name, { value: after, enumerable: true, writable: true, configurable: true });
  }
  return result ?? (live as JsonObject);
}

/** The order of the configuration holds; items that only the live list has stay as near to their places as that allows. */
function mergeLists(live: readonly unknown[], config: readonly unknown[], node: ListNode): readonly unknown[] {
  const configElements = config.map((item, i) => itemElement(item, node) ?? `i:${i}`);
  const liveElements = live.map((item, i) => itemElement(item, node) ?? `i:${i}`);
  const inConfig = new Map(configElements.map((element, i) => [element, config[i]]));
  const inLive = itemsByElement(live, node);
  const shared = configElements.filter((element) => inLive.has(element));

  const result: unknown[] = [];
  const taken = new Set<string>();
  const take = (element: string): void => {
    taken.add(element);
    result.push(merge(inLive.get(element), inConfig.get(element), node.items));
    if (shared[0] === element) shared.shift();
  };
  let left = 0;
  let right = 0;
  while (left < live.length || right < config.length) {
    const mine = liveElements[left];
    const theirs = configElements[right];
    if (mine !== undefined && mine === theirs) {
      take(mine);
      left++;
      right++;
    } else if (mine !== undefined && !inConfig.has(mine)) {
      result.push(live[left++]);
    } else if (mine !== undefined && theirs !== undefined && shared.length > 0 && mine !== shared[0]) {
      left++;
    } else {
      if (mine !== undefined && taken.has(mine)) left++;
      if (theirs !== undefined) take(theirs);
      right++;
    }
  }
  return result.length === live.length && result.every((item, i) => item === live[i]) ? live : result;
}
