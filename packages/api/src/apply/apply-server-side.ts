import { equalJson, type JsonObject } from '../json.ts';
import { apiVersionOf, type Kind, parseApiVersion } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { failures } from '../status.ts';
import { fieldsOfConfig } from './applied-config.ts';
import { type Changes, changesBetween, resetField, withoutReset } from './changes.ts';
import { conflictFailure, conflictsWith } from './conflicts.ts';
import { type FieldSet, hasPath, isEmptySet, leaf, unionOf } from './field-set.ts';
import { fieldsOfLastApplied, withLastApplied } from './last-applied.ts';
import {
  elementsFor,
  entryOf,
  fieldsOfEntry,
  inOrder,
  isEntryOf,
  type ManagedFieldsEntry,
  type ManagerIdentity,
  managedFieldsOf,
  stripManagedFields,
  withManagedFields,
  withoutFields,
} from './managed-fields.ts';
import { mergeConfig } from './merge-config.ts';
import { rootNode } from './merge-node.ts';
import { pruneConfig } from './prune-config.ts';
import { recordUpdate } from './track-update.ts';

/** A server-side apply. */
export interface ServerSideApply {
  readonly kind: Kind;
  /** Undefined if the object does not exist yet. */
  readonly live: KubernetesObject | undefined;
  /** The configuration, with apiVersion, kind and name. */
  readonly applied: KubernetesObject;
  readonly manager: string;
  /** Take fields that others own, instead of failing. */
  readonly force: boolean;
  /** RFC 3339, in seconds. */
  readonly time: string;
  /** `''` for the object itself. */
  readonly subresource: string;
}

/** Owns what an object had before anything was tracked. */
const beforeFirstApply = 'before-first-apply';

/** Every configuration names its object, so metadata is never pruned as a whole. */
const identityFields: FieldSet = { 'f:metadata': { 'f:name': leaf } };

/**
 * The object that an apply makes of a live one ("Server-Side Apply"): the configuration merged in, what the manager applied
 * before and no manager wants any more pruned, and `metadata.managedFields` brought up to date. An apply that changes nothing
 * returns the live object itself. Defaults, validation and generated metadata are the server's work.
 * @throws StatusError Conflict with a cause per field that others own; BadRequest for a configuration that is not the kind's.
 */
export function applyServerSide(request: ServerSideApply): KubernetesObject {
  const { kind, live, applied, manager, time, subresource } = request;
  checkIdentity(kind, applied);
  const identity: ManagerIdentity = { manager, operation: 'Apply', apiVersion: kind.apiVersion, subresource };
  const entries = managedFieldsOf(live) ?? (live === undefined ? [] : untrackedEntries(request, live));
  const own = entries.find((entry) => isEntryOf(entry, identity));
  const others = entries.filter((entry) => entry !== own);

  const root = rootNode(kind);
  const config = withoutResetField(applied, kind, subresource) as JsonObject;
  const fields = withoutReset(fieldsOfConfig(applied as JsonObject, root, subjectOf(kind, applied)), kind, subresource);
  const base = (live === undefined ? {} : stripManagedFields(live)) as JsonObject;
  const merged = mergeConfig(base, config, root);
  const owners = unionOf([identityFields, fields, ...others.map(fieldsOfEntry)]);
  const { withEmptied, object } = pruneConfig(merged, fieldsOfEntry(own), owners, root);
  const result = object as KubernetesObject;

  const changes = changesBetween(kind, live, withEmptied as KubernetesObject, subresource);
  if (!request.force) refuseConflicts(request, others, changes);

  const remaining = others.map((entry) =>
    withoutFields(entry, [changes.written, changes.removed], elementsFor(others)),
  );
  const same = live !== undefined && result === base;
  const stamp = same && own !== undefined ? own.time : time;
  const mine = isEmptySet(fields) ? undefined : entryOf(identity, fields, stamp);
  const after = [...remaining, mine].filter((entry) => entry !== undefined);
  const owned = manager === 'kubectl' ? withLastApplied(result, applied) : result;
  if (live !== undefined && owned === base && equalJson(inOrder(after), live.metadata?.managedFields)) return live;
  return withManagedFields(owned, inOrder(after));
}

function checkIdentity(kind: Kind, applied: KubernetesObject): void {
  if (applied.apiVersion !== kind.apiVersion || applied.kind !== kind.kind) {
    const { group, version } = parseApiVersion(applied.apiVersion ?? '');
    const text = `${group === '' ? `/${version}` : apiVersionOf(group, version)}, Kind=${applied.kind ?? ''}`;
    throw failures.badRequest(`invalid object type: ${text}`);
  }
  const sent: unknown = applied.metadata?.managedFields;
  if (sent !== undefined && sent !== null) throw failures.badRequest('metadata.managedFields must be nil');
}

function subjectOf(kind: Kind, applied: KubernetesObject): string {
  const version = kind.group === '' ? `/${kind.version}` : kind.apiVersion;
  return `${applied.metadata?.namespace ?? ''}/${applied.metadata?.name ?? ''}; ${version}, Kind=${kind.kind}`;
}

/** A live object without owners: all that it has is recorded as there before. */
function untrackedEntries(
  { kind, time, subresource }: ServerSideApply,
  live: KubernetesObject,
): readonly ManagedFieldsEntry[] {
  const identity: ManagerIdentity = {
    manager: beforeFirstApply,
    operation: 'Update',
    apiVersion: kind.apiVersion,
    subresource,
  };
  return recordUpdate([], changesBetween(kind, undefined, live, subresource), identity, time);
}

function withoutResetField(applied: KubernetesObject, kind: Kind, subresource: string): KubernetesObject {
  const reset = resetField(kind, subresource);
  if (reset === undefined || !(reset in applied)) return applied;
  const { [reset]: _, ...rest } = applied as JsonObject;
  return rest as KubernetesObject;
}

function refuseConflicts(
  { kind, live, manager }: ServerSideApply,
  others: readonly ManagedFieldsEntry[],
  { written }: Changes,
): void {
  let conflicts = conflictsWith(others, written);
  if (conflicts.length > 0 && manager === 'kubectl' && live !== undefined) {
    const allowed = fieldsOfLastApplied(kind, live);
    conflicts = conflicts.filter(({ path }) => !hasPath(allowed, path));
  }
  if (conflicts.length > 0) throw conflictFailure(conflicts);
}
