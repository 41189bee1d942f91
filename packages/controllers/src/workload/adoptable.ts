import { controllerOf, type Kind, type KubernetesObject, keyOf } from '@orrery/api';
import type { WatchSource } from '@orrery/core';
import type { SelectorIndex } from './selector-index.ts';

/** An object of `kind` without a controller concerns the objects in its namespace that would adopt it: those that select it. */
export function adoptable<T extends KubernetesObject>(kind: Kind, by: SelectorIndex<T>): WatchSource {
  return {
    kind,
    map(object, { cache }) {
      const { labels, namespace = '' } = object.metadata;
      if (labels === undefined || controllerOf(object) !== undefined) return [];
      return by.selecting(cache, namespace, labels).map(keyOf);
    },
  };
}
