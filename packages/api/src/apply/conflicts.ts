import { quote } from '../field-error.ts';
import { failures, type StatusCause, type StatusError } from '../status.ts';
import { commonPaths, type FieldPath, type FieldSet, pathText } from './field-set.ts';
import { elementsFor, fieldsOfEntry, type ManagedFieldsEntry } from './managed-fields.ts';

/** A field that an apply would change and that another manager owns. */
export interface FieldConflict {
  readonly owner: ManagedFieldsEntry;
  readonly path: FieldPath;
}

/** Who owns fields that are about to be written. */
export function conflictsWith(owners: readonly ManagedFieldsEntry[], written: FieldSet): FieldConflict[] {
  const through = elementsFor(owners);
  return owners.flatMap((owner) => {
    const owned = fieldsOfEntry(owner);
    const paths = through === 'own' ? commonPaths(written, owned) : commonPaths(owned, written);
    return paths.map((path) => ({ owner, path }));
  });
}

/** The 409 that names every conflict. */
export function conflictFailure(conflicts: readonly FieldConflict[]): StatusError {
  const causes: StatusCause[] = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${ownerText(owner)}`,
    field: pathText(path),
  }));
  return failures.applyConflict(conflictMessage(conflicts), causes);
}

function conflictMessage(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${ownerText(first.owner)}: ${pathText(first.path)}`;
  }
  const byOwner = new Map<string, string[]>();
  for (const { owner, path } of conflicts) {
    const heading = `conflicts with ${ownerText(owner)}:`;
    const lines = byOwner.get(heading) ?? [heading];
    lines.push(`- ${pathText(path)}`);
    byOwner.set(heading, lines);
  }
  const headings = [...byOwner.keys()].sort();
  const lines = headings.flatMap((heading) => byOwner.get(heading) ?? []);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function ownerText({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const part = subresource === undefined ? '' : ` with subresource ${quote(subresource)}`;
  const version = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${quote(manager)}${part}${version}`;
}
