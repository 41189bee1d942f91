import type { Pod } from '@orrery/api';
import type { TokenRequestBody } from './token-requests.ts';

/**
 * Returns why a kubelet's request for a token is refused; undefined if it is allowed: it gets tokens only for Pods of its own
 * node, bound to them, and for audiences that their volumes name (Kubernetes "NodeRestriction"). Pure.
 */
export function nodeTokenFault(
  node: string,
  { boundObjectRef: ref, audiences = [] }: NonNullable<TokenRequestBody['spec']>,
  pod: Pod | undefined,
  apiAudience: string,
): string | undefined {
  if (ref?.kind !== 'Pod' || (ref.apiVersion ?? '') !== 'v1' || (ref.name ?? '') === '')
    return 'node requested token not bound to a pod';
  if ((ref.uid ?? '') === '') return 'node requested token with a pod binding without a uid';
  if (pod === undefined) return `pod ${JSON.stringify(ref.name)} not found`;
  if (pod.spec.nodeName !== node) return 'node requested token bound to a pod scheduled on a different node';
  const named = new Set(
    (pod.spec.volumes ?? []).flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ serviceAccountToken }) =>
        serviceAccountToken === undefined ? [] : [serviceAccountToken.audience || apiAudience],
      ),
    ),
  );
  const foreign = (audiences.length === 0 ? [apiAudience] : audiences).find((audience) => !named.has(audience));
  return foreign === undefined
    ? undefined
    : `audience ${JSON.stringify(foreign)} not found in pod spec volume, system:node:${node} is not authorized to request tokens for this audience`;
}
