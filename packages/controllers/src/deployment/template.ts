import type { PodTemplateSpec } from '@orrery/api';
import { semanticEqual } from '../workload/semantic-equal.ts';

/** Label that tells the Pods of a Deployment's ReplicaSets apart. */
export const templateHashLabel = 'pod-template-hash';

/** Whether two templates say the same, whatever their `pod-template-hash`. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return (
    semanticEqual(a.spec, b.spec) &&
    semanticEqual({ ...a.metadata, labels: null }, { ...b.metadata, labels: null }) &&
    semanticEqual(withoutHash(a.metadata?.labels), withoutHash(b.metadata?.labels))
  );
}

/** Labels without the hash. */
export function withoutHash(labels: { readonly [key: string]: string } | undefined): { [key: string]: string } {
  const { [templateHashLabel]: _, ...rest } = labels ?? {};
  return rest;
}
