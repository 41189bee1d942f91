import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { type Changes, changesBetween } from './changes.ts';
import { contains, difference, type Elements, type FieldSet, intersects, isEmptySet, union } from './field-set.ts';
import {
  capped,
  elementsFor,
  entryOf,
  fieldsOfEntry,
  inOrder,
  isEntryOf,
  isReset,
  type ManagedFieldsEntry,
  type ManagerIdentity,
  managedFieldsOf,
  withManagedFields,
  withoutFields,
} from './managed-fields.ts';

/** A write that was no apply. */
export interface TrackedUpdate {
  readonly kind: Kind;
  /** Undefined for a new object. */
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject;
  /** The writer's name: `?fieldManager=`, or the beginning of its user agent. */
  readonly manager: string;
  readonly operation: 'Update';
  /** RFC 3339, in seconds. */
  readonly time: string;
  /** `''` for the object itself. */
  readonly subresource: string;
}

/**
 * The written object with `metadata.managedFields` brought up to date ("Server-Side Apply", "Field management"): the
 * manager owns what it changed, everyone loses what was changed or removed. Where the manager owned all that before, the
 * entries stay as they are, time included. Objects that were never tracked, or whose tracking a client reset, stay untracked
 * until the first apply.
 */
export function trackUpdate<T extends KubernetesObject>(write: TrackedUpdate & { readonly after: T }): T {
  const { kind, before, after, subresource } = write;
  const entries = entriesBefore(before, after, subresource);
  if (entries === undefined && before !== undefined) return withManagedFields(after, []);
  const identity: ManagerIdentity = {
    manager: write.manager === '' ? 'unknown' : write.manager,
    operation: 'Update',
    apiVersion: kind.apiVersion,
    subresource,
  };
  return withManagedFields(
    after,
    recordUpdate(entries ?? [], changesBetween(kind, before, after, subresource), identity, write.time),
  );
}

/** The owners that a write starts from: those that the client sent, else those of the live object. */
function entriesBefore(
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  subresource: string,
): readonly ManagedFieldsEntry[] | undefined {
  if (subresource !== '') return managedFieldsOf(before);
  const sent: unknown = after.metadata?.managedFields;
  if (isReset(sent)) return undefined;
  return (sent === undefined ? undefined : managedFieldsOf(after)) ?? managedFieldsOf(before);
}

/** The entries after a writer made these changes; the same list if no owner changes. */
export function recordUpdate(
  entries: readonly ManagedFieldsEntry[],
  { written, removed }: Changes,
  identity: ManagerIdentity,
  time: string,
): readonly ManagedFieldsEntry[] {
  if (isEmptySet(written) && isEmptySet(removed)) return entries;
  const through = elementsFor(entries);
  const own = entries.find((entry) => isEntryOf(entry, identity));
  const owned = fieldsOfEntry(own);
  if (contains(owned, written) && entries.every((entry) => isUntouched(entry, own, written, removed, through)))
    return entries;

  const remaining: ManagedFieldsEntry[] = [];
  for (const entry of entries) {
    if (entry === own) continue;
    const left = withoutFields(entry, [written, removed], through);
    if (left !== undefined) remaining.push(left);
  }
  const fields = union(difference(owned, removed), written);
  if (!isEmptySet(fields)) {
    remaining.push(entryOf(identity, fields, isEmptySet(written) && own !== undefined ? own.time : time));
  }
  return inOrder(capped(remaining));
}

function isUntouched(
  entry: ManagedFieldsEntry,
  own: ManagedFieldsEntry | undefined,
  written: FieldSet,
  removed: FieldSet,
  through: Elements,
): boolean {
  const fields = fieldsOfEntry(entry);
  const meets = (set: FieldSet) => (through === 'own' ? intersects(set, fields) : intersects(fields, set));
  return !meets(removed) && (entry === own || !meets(written));
}
