import { labelsMatcher, Pod, type Stored } from '@orrery/api';
import type { Cache } from '@orrery/core';

const labelIndex = 'label';

/** Pods of a namespace that carry all these labels, found by an index on one of them. None of no labels. */
export function podsWithLabels(
  cache: Cache,
  namespace: string,
  labels: { readonly [key: string]: string },
): readonly Stored<Pod>[] {
  const [first] = Object.entries(labels);
  if (first === undefined) return [];
  cache.addIndex(Pod, labelIndex, ({ metadata }) =>
    Object.entries(metadata.labels ?? {}).map(([key, value]) => indexValue(metadata.namespace ?? '', key, value)),
  );
  const matcher = labelsMatcher(labels);
  const index = { name: labelIndex, value: indexValue(namespace, ...first) };
  return cache.list(Pod, { index }).filter(({ metadata }) => matcher.matches(metadata.labels));
}

function indexValue(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}
