import type { KubernetesObject } from '../object.ts';
import { difference, type Elements, type FieldSet, isEmptySet, isFieldSet, leaf, unionOf } from './field-set.ts';
import { sharedFields } from './shared-fields.ts';

/** Who wrote which fields last, and when (`metav1.ManagedFieldsEntry`). */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** RFC 3339, in seconds. */
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

/** The writer of a request, to whom fields are recorded. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** `''` for the object itself. */
  readonly subresource: string;
}

/** More entries than this from other operations than apply are merged, the oldest first. */
const maxUpdateManagers = 10;

const ancientChanges = 'ancient-changes';

/** The object without its `metadata.managedFields`. */
export function stripManagedFields<T extends KubernetesObject>(object: T): T {
  return withManagedFields(object, []);
}

/** The object with these entries; the object itself if it has them already. */
export function withManagedFields<T extends KubernetesObject>(object: T, entries: readonly ManagedFieldsEntry[]): T {
  const metadata = object.metadata as { readonly managedFields?: unknown } | undefined;
  if (metadata?.managedFields === (entries.length === 0 ? undefined : entries)) return object;
  const { managedFields: _, ...rest } = metadata ?? {};
  return { ...object, metadata: entries.length === 0 ? rest : { ...rest, managedFields: entries } };
}

/** The entries of an object, or undefined if it has none or they are malformed. */
export function managedFieldsOf(object: KubernetesObject | undefined): readonly ManagedFieldsEntry[] | undefined {
  const entries: unknown = object?.metadata?.managedFields;
  return isEntryList(entries) && entries.length > 0 ? entries : undefined;
}

/** Whether a client asks to forget all owners: `[]`, or one empty entry. */
export function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false;
  return entries.length === 0 || (entries.length === 1 && isEmptyObject(entries[0]));
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const checked = new WeakSet<object>();

/** Entries of frozen objects are checked once, and so are lists of them. */
function isEntryList(value: unknown): value is readonly ManagedFieldsEntry[] {
  if (!Array.isArray(value)) return false;
  if (checked.has(value)) return true;
  if (!value.every(isKnownEntry)) return false;
  if (Object.isFrozen(value)) checked.add(value);
  return true;
}

function isKnownEntry(value: unknown): value is ManagedFieldsEntry {
  if (typeof value === 'object' && value !== null && checked.has(value)) return true;
  if (!isEntry(value)) return false;
  if (Object.isFrozen(value)) checked.add(value);
  return true;
}

function isEntry(value: unknown): value is ManagedFieldsEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Partial<ManagedFieldsEntry>;
  return (
    (entry.operation === 'Apply' || entry.operation === 'Update') &&
    typeof entry.apiVersion === 'string' &&
    entry.apiVersion !== '' &&
    entry.fieldsType === 'FieldsV1' &&
    (entry.fieldsV1 === undefined || isFieldSet(entry.fieldsV1))
  );
}

/** Whether an entry is that writer's. Appliers are the same in all versions of a kind. */
export function isEntryOf(entry: ManagedFieldsEntry, identity: ManagerIdentity): boolean {
  return (
    entry.operation === identity.operation &&
    entry.manager === identity.manager &&
    (entry.subresource ?? '') === identity.subresource &&
    (identity.operation === 'Apply' || entry.apiVersion === identity.apiVersion)
  );
}

/** The fields of an entry. */
export function fieldsOfEntry(entry: ManagedFieldsEntry | undefined): FieldSet {
  return entry?.fieldsV1 ?? leaf;
}

/** An entry for a writer. */
export function entryOf(identity: ManagerIdentity, fields: FieldSet, time: string | undefined): ManagedFieldsEntry {
  return {
    manager: identity.manager,
    operation: identity.operation,
    apiVersion: identity.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: sharedFields(fields),
    ...(identity.subresource === '' ? {} : { subresource: identity.subresource }),
  };
}

/** Entries of an object up to which each is compared with all that a request changes. */
const fewEntries = 16;

/**
 * What to go through when the entries of an object are compared with what a request changes. Few entries have many fields each, of
 * which a request changes some; many entries together have no more fields than fit into an object, but each must not cost what the
 * request changes.
 */
export function elementsFor(entries: readonly ManagedFieldsEntry[]): Elements {
  return entries.length <= fewEntries ? 'other' : 'own';
}

/** The entry without some fields: itself if it has none of them, undefined if nothing is left. */
export function withoutFields(
  entry: ManagedFieldsEntry,
  fields: readonly FieldSet[],
  through: Elements,
): ManagedFieldsEntry | undefined {
  const before = fieldsOfEntry(entry);
  const after = fields.reduce((left, gone) => difference(left, gone, through), before);
  if (isEmptySet(after)) return undefined;
  return after === before ? entry : { ...entry, fieldsV1: sharedFields(after) };
}

/** Entries in the API server's order. */
export function inOrder(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  return [...entries].sort(
    (a, b) =>
      order(a.operation, b.operation) ||
      order(a.time ?? '', b.time ?? '') ||
      order(a.manager, b.manager) ||
      order(a.apiVersion, b.apiVersion) ||
      order(a.subresource ?? '', b.subresource ?? ''),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merges the oldest updates of each version into one entry, `ancient-changes`, while there are too many. */
export function capped(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const updates = entries.filter((entry) => entry.operation === 'Update');
  let surplus = updates.length - maxUpdateManagers;
  if (surplus <= 0) return entries;
  const oldestFirst = [...updates].sort(
    (a, b) => order(a.time ?? '', b.time ?? '') || order(JSON.stringify(a), JSON.stringify(b)),
  );
  const byVersion = new Map<string, ManagedFieldsEntry[]>();
  for (const entry of oldestFirst) {
    if (surplus <= 0) break;
    const older = byVersion.get(entry.apiVersion);
    if (older === undefined) byVersion.set(entry.apiVersion, [entry]);
    else {
      older.push(entry);
      surplus--;
    }
  }
  const merged = [...byVersion.values()].filter(({ length }) => length > 1);
  const gone = new Set(merged.flat());
  return [...entries.filter((entry) => !gone.has(entry)), ...merged.map(ancientEntry)];
}

function ancientEntry(oldestFirst: readonly ManagedFieldsEntry[]): ManagedFieldsEntry {
  const { apiVersion = '', time } = oldestFirst.at(-1) ?? {};
  const identity: ManagerIdentity = { manager: ancientChanges, operation: 'Update', apiVersion, subresource: '' };
  return entryOf(identity, unionOf(oldestFirst.map(fieldsOfEntry)), time);
}
