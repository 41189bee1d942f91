import {
  controllerOf,
  type Kind,
  type KubernetesObject,
  keyOf,
  type LabelSelector,
  labelSelectorMatcher,
  type Stored,
} from '@orrery/api';
import type { WatchSource } from '@orrery/core';

/** An object of `kind` without a controller concerns the objects of `by` in its namespace that would adopt it: those that select it. */
export function adoptable<T extends KubernetesObject>(
  kind: Kind,
  by: Kind<T>,
  selectorOf: (owner: Stored<T>) => LabelSelector | undefined,
): WatchSource {
  return {
    kind,
    map(object, { cache }) {
      const { labels, namespace = '' } = object.metadata;
      if (labels === undefined || controllerOf(object) !== undefined) return [];
      return cache
        .list(by, { namespace })
        .filter((owner) => labelSelectorMatcher(selectorOf(owner)).matches(labels))
        .map(keyOf);
    },
  };
}
