import {
  failures,
  type KubernetesObject,
  type ObjectMeta,
  type QualifiedResource,
  type Stored,
  timestamp,
} from '@orrery/api';
import type { DeleteRequestOptions } from './request-path.ts';
import type { Strategy } from './strategies/strategy.ts';

/** The effect of a DELETE on a stored object. */
export type DeletionStep =
  /** Remove it from the store now. */
  | { readonly type: 'remove' }
  /** Keep it, with this metadata: it waits for its grace period or finalizers. */
  | { readonly type: 'mark'; readonly metadata: ObjectMeta }
  /** It is already being deleted, and this request changes nothing. */
  | { readonly type: 'none' };

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/**
 * Decides a deletion (Kubernetes "Finalizers", "Termination of Pods"). Pure.
 * @param now milliseconds since the epoch
 * @throws StatusError Conflict if a precondition does not hold, Invalid for options that contradict each other
 */
export function deletionStep(
  object: Stored,
  resource: QualifiedResource,
  strategy: Strategy,
  options: DeleteRequestOptions,
  now: number,
): DeletionStep {
  checkPreconditions(object, resource, options);
  if (options.orphanDependents !== undefined && options.propagationPolicy !== undefined) {
    throw failures.unprocessable(
      ' "" is invalid: propagationPolicy: Invalid value: "' +
        `${options.propagationPolicy}": orphanDependents and deletionPropagation cannot be both set`,
      {
        causes: [
          {
            reason: 'FieldValueInvalid',
            field: 'propagationPolicy',
            message: 'orphanDependents and deletionPropagation cannot be both set',
          },
        ],
      },
    );
  }
  const { metadata } = object;
  const finalizers = strategy.garbageCollected
    ? finalizersFor(metadata.finalizers ?? [], options, strategy.orphansByDefault)
    : (metadata.finalizers ?? []);
  const finalizersChanged =
    finalizers.length !== (metadata.finalizers ?? []).length ||
    finalizers.some((f, i) => f !== metadata.finalizers?.[i]);
  const grace = strategy.gracePeriodSeconds(object, options.gracePeriodSeconds);

  if (metadata.deletionTimestamp !== undefined)
    return again(object, strategy, finalizers, finalizersChanged, grace, options, now);
  if (grace === 0 && finalizers.length === 0 && !strategy.isHeld(object)) return { type: 'remove' };
  const { generation } = metadata;
  const marked: ObjectMeta = {
    ...metadata,
    deletionTimestamp: timestamp(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
    ...(finalizers.length > 0 ? { finalizers } : {}),
    ...(generation !== undefined && generation > 0 ? { generation: generation + 1 } : {}),
  };
  return { type: 'mark', metadata: marked };
}

/** A repeated delete: only a shorter grace period has an effect. */
function again(
  object: Stored,
  strategy: Strategy,
  finalizers: readonly string[],
  finalizersChanged: boolean,
  grace: number,
  options: DeleteRequestOptions,
  now: number,
): DeletionStep {
  const { metadata } = object;
  const current = metadata.deletionGracePeriodSeconds ?? 0;
  const asked = options.gracePeriodSeconds;
  if (asked !== undefined && grace === 0 && current > 0 && finalizers.length === 0) return { type: 'remove' };
  if (asked !== undefined && grace < current) {
    const began = Date.parse(metadata.deletionTimestamp ?? '') - current * 1000;
    const at = Math.max(began + grace * 1000, now);
    return {
      type: 'mark',
      metadata: {
        ...metadata,
        ...(finalizers.length > 0 ? { finalizers } : {}),
        deletionTimestamp: timestamp(at),
        deletionGracePeriodSeconds: grace,
      },
    };
  }
  if (current === 0 && finalizers.length === 0 && !strategy.isHeld(object)) return { type: 'remove' };
  if (!finalizersChanged) return { type: 'none' };
  return { type: 'mark', metadata: { ...metadata, finalizers } };
}

/** Whether an object marked for deletion can be removed now: no finalizers, and no grace period left. */
export function isRemovable(object: KubernetesObject, strategy: Strategy): boolean {
  const metadata = object.metadata ?? {};
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    !strategy.isHeld(object)
  );
}

function finalizersFor(current: readonly string[], options: DeleteRequestOptions, orphansByDefault: boolean): string[] {
  const isDecided = !orphansByDefault || current.includes(orphan) || current.includes(foreground);
  const policy = propagationPolicy(options) ?? (isDecided ? undefined : 'Orphan');
  const others = current.filter((f) => f !== orphan && f !== foreground);
  if (policy === 'Orphan') return [...others, orphan];
  if (policy === 'Foreground') return [...others, foreground];
  if (policy === 'Background') return others;
  return [...current];
}

/** The propagation policy that a request asks for; undefined if it asks for none. */
export function propagationPolicy(options: DeleteRequestOptions): DeleteRequestOptions['propagationPolicy'] {
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  return options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background';
}

function checkPreconditions(object: Stored, resource: QualifiedResource, options: DeleteRequestOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { name } = object.metadata;
  if (uid !== undefined && uid !== object.metadata.uid) {
    throw failures.conflict(
      resource,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
    throw failures.conflict(
      resource,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${object.metadata.resourceVersion}). The object might have been modified`,
    );
  }
}
