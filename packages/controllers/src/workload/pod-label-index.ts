import { labelsMatcher, Pod, type Stored } from '@orrery/api';
import { type Cache, defineIndex } from '@orrery/core';

/** Pods by namespace and each of their labels. */
export const podsByLabel = defineIndex(Pod, ({ metadata }) =>
  Object.entries(metadata.labels ?? {}).map(([key, value]) => labelIn(metadata.namespace ?? '', key, value)),
);

/** Pods of a namespace that carry all these labels, found by {@link podsByLabel}. None of no labels. */
export function podsWithLabels(
  cache: Cache,
  namespace: string,
  labels: { readonly [key: string]: string },
): readonly Stored<Pod>[] {
  const [first] = Object.entries(labels);
  if (first === undefined) return [];
  const matcher = labelsMatcher(labels);
  const carriers = cache.list(podsByLabel.at(labelIn(namespace, ...first)));
  return carriers.filter(({ metadata }) => matcher.matches(metadata.labels));
}

function labelIn(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}
