import { failures, Pod, type StatusCause, type StatusError } from '@orrery/api';
import type { AdmissionRequest } from './admission-plugin.ts';

/** Whether a request is about Pods: the objects themselves, or the given subresource. */
export function isPodRequest({ kind, subresource }: AdmissionRequest, wanted = ''): boolean {
  return subresource === wanted && kind.group === Pod.group && kind.resource === Pod.resource;
}

/**
 * The Pod of a request, with metadata and spec.
 * @throws StatusError BadRequest if it is not a Pod
 */
export function podOf({ object }: AdmissionRequest): Pod {
  if (object?.kind !== 'Pod' || !('spec' in object)) {
    throw failures.badRequest('Resource was marked with kind Pod but was unable to be converted');
  }
  return object as Pod;
}

/** The 403 of an admission plugin: `pods "x" is forbidden: …`, with the prefix of `generateName` while the name is not generated. */
export function refusal(request: AdmissionRequest, why: string, causes?: readonly StatusCause[]): StatusError {
  const { name, generateName } = request.object?.metadata ?? {};
  const shown = request.name || name || generateName || 'Unknown';
  return failures.forbidden(request.kind, shown, why, causes);
}
