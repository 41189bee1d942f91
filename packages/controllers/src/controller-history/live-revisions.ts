import { controllerOf, Pod } from '@orrery/api';
import { defineIndex } from '@orrery/core';
import { revisionHashLabel } from './revisions.ts';

/** How many Pods are of each revision, by the value of their label. Kept as Pods change. */
export type LiveRevisions = Map<string, number>;

/** Pods by the uid of their controller, and the revisions that they are of. */
export const liveRevisions = defineIndex<Pod, LiveRevisions>(
  Pod,
  (pod) => {
    const controller = controllerOf(pod);
    return controller === undefined || pod.metadata.labels?.[revisionHashLabel] === undefined ? [] : [controller.uid];
  },
  {
    create: () => new Map(),
    add: (revisions, pod) => count(revisions, pod, 1),
    remove: (revisions, pod) => count(revisions, pod, -1),
  },
);

function count(revisions: LiveRevisions, { metadata: { labels } }: Pod, change: 1 | -1): void {
  const revision = labels?.[revisionHashLabel] ?? '';
  const pods = (revisions.get(revision) ?? 0) + change;
  if (pods === 0) revisions.delete(revision);
  else revisions.set(revision, pods);
}
