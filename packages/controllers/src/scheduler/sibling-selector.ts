import {
  controllerOf,
  type LabelMatcher,
  type LabelRequirement,
  labelSelectorMatcher,
  labelsMatcher,
  matcherOf,
  nothing,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
} from '@orrery/api';
import type { Cache } from '@orrery/core';
import { indexBySelector } from '../workload/selector-index.ts';
import type { PodInfo } from './pod-info.ts';

/** Kinds that are read to find what a Pod belongs to. */
export const siblingKinds = [Service, ReplicaSet, StatefulSet, ReplicationController] as const;

/** Services by a label that they select by. */
const services = indexBySelector(Service, ({ spec: { selector } }) =>
  selector === undefined || Object.keys(selector).length === 0 ? nothing : labelsMatcher(selector),
);

/** The indexes by which siblings are found. */
export const siblingIndexes = [services.index] as const;

/** What selects a Pod and its siblings: the Services that it is behind and its controller's selector, all together. */
export function siblingSelector({ pod, namespace }: PodInfo, cache: Cache): LabelMatcher | undefined {
  const requirements: LabelRequirement[] = [];
  for (const { spec } of services.selecting(cache, namespace, pod.metadata.labels ?? {})) {
    requirements.push(...labelsMatcher(spec.selector).requirements);
  }
  const controller = controllerOf(pod);
  if (controller !== undefined) {
    const key = { namespace, name: controller.name };
    if (controller.kind === ReplicaSet.kind) {
      requirements.push(...labelSelectorMatcher(cache.get(ReplicaSet, key)?.spec.selector).requirements);
    } else if (controller.kind === StatefulSet.kind) {
      requirements.push(...labelSelectorMatcher(cache.get(StatefulSet, key)?.spec.selector).requirements);
    } else if (controller.kind === ReplicationController.kind) {
      requirements.push(...labelsMatcher(cache.get(ReplicationController, key)?.spec.selector).requirements);
    }
  }
  return requirements.length === 0 ? undefined : matcherOf(requirements);
}
