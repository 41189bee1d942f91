import { labelSelectorMatcher, labelsMatcher, type Pod, Service, type Stored } from '@orrery/api';
import { isReady } from '../workload/pod-state.ts';
import { SelectedPods } from '../workload/selected-pods.ts';

/** The Pods of Services, and which of them have changed as far as endpoints show it. */
export function servicePods(): SelectedPods<Service> {
  return new SelectedPods({ kind: Service, selector: selectorOf, isSame: sameForEndpoints });
}

function selectorOf({ spec }: Stored<Service>) {
  return Object.keys(spec.selector ?? {}).length === 0 ? labelSelectorMatcher(undefined) : labelsMatcher(spec.selector);
}

function sameForEndpoints(a: Stored<Pod>, b: Stored<Pod>): boolean {
  return (
    a.spec === b.spec &&
    a.metadata.labels === b.metadata.labels &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    a.metadata.uid === b.metadata.uid &&
    a.status?.phase === b.status?.phase &&
    a.status?.podIP === b.status?.podIP &&
    isReady(a) === isReady(b)
  );
}
