import { controllerOf, type Kind, type KubernetesObject, type LabelMatcher, type Stored } from '@orrery/api';
import { type Cache, defineIndex, type Index } from '@orrery/core';
import { mostSpecificLabel } from './selector-index.ts';

/** Finds the objects of a kind that have no controller and may be adopted. */
export interface OrphanIndex<T extends KubernetesObject> {
  /** To be declared by the controller that finds by it. */
  readonly index: Index<T>;
  /** The orphans of a namespace that a selector matches. Only those that carry one of its labels are looked at. */
  selectedBy(cache: Cache, namespace: string, matcher: LabelMatcher): readonly Stored<T>[];
}

/** Indexes orphans by namespace, and by each of their labels. */
export function orphansOf<T extends KubernetesObject>(kind: Kind<T>): OrphanIndex<T> {
  const index = defineIndex(kind, (object) => {
    if (controllerOf(object) !== undefined) return [];
    const { namespace = '', labels = {} } = object.metadata;
    return [namespace, ...Object.entries(labels).map(([key, value]) => labelIn(namespace, key, value))];
  });
  return {
    index,
    selectedBy(cache, namespace, matcher) {
      if (matcher.matchesNothing) return [];
      const label = mostSpecificLabel(matcher);
      const entry = index.at(label === undefined ? namespace : labelIn(namespace, ...label));
      return cache.list(entry).filter(({ metadata }) => matcher.matches(metadata.labels));
    },
  };
}

function labelIn(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}
