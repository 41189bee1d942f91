import type { Kind, KubernetesObject, LabelMatcher, Stored } from '@orrery/api';
import { type Cache, defineIndex, type Index } from '@orrery/core';

type Labels = { readonly [key: string]: string };

/** Finds the objects of a kind that select given labels, without asking each object. */
export interface SelectorIndex<T extends KubernetesObject> {
  /** To be declared by the controller that finds by it. */
  readonly index: Index<T>;
  /** The objects of a namespace whose selector matches the labels. */
  selecting(cache: Cache, namespace: string, labels: Labels): readonly Stored<T>[];
}

/**
 * Indexes objects by one label that their selector requires. Of several it is the one with the longest value: long ones name
 * an application, short ones a tier or a stage that many share. Selectors that require no certain value are asked one by one.
 */
export function indexBySelector<T extends KubernetesObject>(
  kind: Kind<T>,
  matcherOf: (object: Stored<T>) => LabelMatcher,
): SelectorIndex<T> {
  const index = defineIndex(kind, (object) => {
    const matcher = matcherOf(object);
    if (matcher.matchesNothing) return [];
    const namespace = object.metadata.namespace ?? '';
    const label = mostSpecificLabel(matcher);
    return [label === undefined ? anyLabel(namespace) : oneLabel(namespace, ...label)];
  });
  return {
    index,
    selecting(cache, namespace, labels) {
      const entries = Object.entries(labels).map(([key, value]) => oneLabel(namespace, key, value));
      return [...entries, anyLabel(namespace)].flatMap((entry) =>
        cache.list(index.at(entry)).filter((object) => matcherOf(object).matches(labels)),
      );
    },
  };
}

/**
 * The label by which objects that a selector matches are looked up: one of which it requires a certain value, the longest of
 * several; undefined if it requires none.
 */
export function mostSpecificLabel({ requirements }: LabelMatcher): readonly [key: string, value: string] | undefined {
  let best: readonly [string, string] | undefined;
  for (const { key, operator, values } of requirements) {
    const [value] = values;
    const isCertain = operator === '=' || operator === '==' || (operator === 'in' && values.length === 1);
    if (isCertain && value !== undefined && (best === undefined || value.length > best[1].length)) best = [key, value];
  }
  return best;
}

function oneLabel(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}

function anyLabel(namespace: string): string {
  return `${namespace} `;
}
