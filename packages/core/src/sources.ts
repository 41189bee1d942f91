import {
  controllerOf,
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  type ObjectKey,
  parseApiVersion,
  type Stored,
} from '@orrery/api';
import { Observable } from 'rxjs';
import { type Selection, selectionTest } from './cache/selection.ts';
import type { Cache, CacheChange } from './cache.ts';
import type { Cause } from './inspection.ts';

/** What a {@link ChangeMap} gets beside the object. */
export interface MapContext<T extends KubernetesObject = KubernetesObject> {
  /** Shows what the controller declares. */
  readonly cache: Cache;
  /** The object before the change; absent if it was added. */
  readonly previous?: Stored<T>;
}

/** Names the objects that a change to another object concerns, by key or by its text. */
export type ChangeMap<T extends KubernetesObject = KubernetesObject> = (
  object: Stored<T>,
  context: MapContext<T>,
) => readonly (ObjectKey | string)[];

/**
 * Changes of a kind that concern a controller.
 *
 * Selectors and `when` are looked at in this process, change by change, and so save reconciles, not memory or traffic: the
 * cache keeps all objects of the kind, because the controllers that share it may want the others, and lists show all of them
 * (controller-runtime's predicates). What the manager is configured to keep only in part (`selectors`; controller-runtime's
 * `cache.ByObject`) is a part for all who share its cache. For a few objects of a kind of which a cache would be too large
 * there is `watchSelection`.
 */
export interface ChangeSource<T extends KubernetesObject = KubernetesObject> extends Selection {
  readonly kind: Kind<T>;
  /**
   * Only changes for which this is true count; deletions always do. An object that leaves the selection counts once more, as
   * it does in a server's watch. Default: all.
   */
  readonly when?: (object: Stored<T>, previous: Stored<T> | undefined) => boolean;
}

/** A change to an object concerns the object of the same namespace and name: itself, if it is of the kind reconciled. */
export function mapToSelf(object: KubernetesObject): readonly ObjectKey[] {
  return [keyOf(object)];
}

/**
 * A change to an object concerns its controller owner, if that is of the kind (`metav1.GetControllerOf`), and the one that it
 * had before. Another version of the same group and kind is the same owner.
 */
export function mapToOwner(
  kind: Kind,
): (object: Stored, context: { readonly previous?: Stored }) => readonly ObjectKey[] {
  return (object, { previous }) => {
    const owner = ownerKey(kind, object);
    const before = previous === undefined ? undefined : ownerKey(kind, previous);
    const changedHands = before !== undefined && (owner === undefined || keyString(owner) !== keyString(before));
    return [...(owner === undefined ? [] : [owner]), ...(changedHands ? [before] : [])];
  };
}

function ownerKey(kind: Kind, object: Stored): ObjectKey | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== kind.kind || parseApiVersion(owner.apiVersion).group !== kind.group) return undefined;
  return { namespace: kind.namespaced ? (object.metadata.namespace ?? '') : '', name: owner.name };
}

/** A key to be reconciled, and why. */
export interface ReconcileRequest {
  readonly key: string;
  readonly cause: Cause;
}

/**
 * What a source's changes ask for, beginning with the objects that are there. It fails with what `when` or `map` throws.
 * @throws StatusError BadRequest if a selector of the source is malformed
 */
export function requestsOf<T extends KubernetesObject>(
  source: ChangeSource<T>,
  map: ChangeMap<T>,
): (cache: Cache) => Observable<ReconcileRequest> {
  const { kind } = source;
  const concerns = changeTest(source);
  return (cache) =>
    new Observable((subscriber) =>
      // Every change of every kind comes through here, so it takes no operators on the way.
      cache.changes(kind, { replay: true }).subscribe({
        next: (change) => {
          try {
            if (!concerns(change)) return;
            const { object, previous } = change;
            const keys = map(object, previous === undefined ? { cache } : { cache, previous });
            if (keys.length === 0) return;
            const cause = causeOf(kind, change);
            for (const key of keys) subscriber.next({ key: typeof key === 'string' ? key : keyString(key), cause });
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

function changeTest<T extends KubernetesObject>({
  kind,
  when,
  ...selection
}: ChangeSource<T>): (change: CacheChange<T>) => boolean {
  const selects = selectionTest(kind, selection);
  return ({ type, object, previous }) =>
    (selects(object) || (previous !== undefined && selects(previous))) &&
    (type === 'deleted' || when === undefined || when(object, previous));
}

function causeOf<T extends KubernetesObject>(kind: Kind<T>, { type, object }: CacheChange<T>): Cause {
  return { type, kind: kindId(kind), key: keyString(keyOf(object)), resourceVersion: object.metadata.resourceVersion };
}
