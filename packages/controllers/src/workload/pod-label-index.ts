import { type LabelMatcher, Pod, type Stored } from '@orrery/api';
import { type Cache, defineIndex } from '@orrery/core';
import { mostSpecificLabel } from './selector-index.ts';

/** Pods by namespace and each of their labels. */
export const podsByLabel = defineIndex(Pod, ({ metadata }) =>
  Object.entries(metadata.labels ?? {}).map(([key, value]) => labelIn(metadata.namespace ?? '', key, value)),
);

/** Pods of a namespace that match, found by {@link podsByLabel} where a certain label is required. */
export function podsMatching(cache: Cache, namespace: string, matcher: LabelMatcher): readonly Stored<Pod>[] {
  if (matcher.matchesNothing) return [];
  const label = mostSpecificLabel(matcher);
  const carriers =
    label === undefined ? cache.list(Pod, { namespace }) : cache.list(podsByLabel.at(labelIn(namespace, ...label)));
  return carriers.filter(({ metadata }) => matcher.matches(metadata.labels));
}

function labelIn(namespace: string, key: string, value: string): string {
  return `${namespace} ${key}=${value}`;
}
