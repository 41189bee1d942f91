import { compareGroups, compareVersions } from '../discovery/order.ts';
import type { GroupVersionKind, Kind } from '../kind.ts';
import type { Descriptions } from './descriptions.ts';
import { typeOf } from './model-names.ts';
import { type Operation, type PathItem, pathItems } from './operations.ts';
import { type OpenApiVersion, SchemaWriter } from './schema-writer.ts';

/** The kinds of one group version. */
export interface GroupVersionKinds {
  readonly group: string;
  readonly version: string;
  readonly kinds: readonly Kind[];
}

/** Parts the kinds by group version, in the order of discovery. */
export function byGroupVersion(kinds: Iterable<Kind>): readonly GroupVersionKinds[] {
  const parts = new Map<string, { group: string; version: string; kinds: Kind[] }>();
  for (const kind of kinds) {
    const part = parts.get(kind.apiVersion) ?? { group: kind.group, version: kind.version, kinds: [] };
    parts.set(kind.apiVersion, part);
    part.kinds.push(kind);
  }
  return [...parts.values()].sort(
    (left, right) => compareGroups(left.group, right.group) || compareVersions(left.version, right.version),
  );
}

/** `api/v1` or `apis/GROUP/VERSION`: how OpenAPI v3 names its documents. */
export function documentName({ group, version }: { group: string; version: string }): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

const ofMeta = (kind: string, { group, version }: { group: string; version: string }): GroupVersionKind[] => [
  { group: '', version: 'v1', kind },
  { group, version, kind },
];

/** Paths and schemas of some group versions: what a document of either OpenAPI version is made of. */
export function describeGroupVersions(
  parts: readonly GroupVersionKinds[],
  openApiVersion: OpenApiVersion,
  descriptions: Descriptions,
): { readonly paths: readonly PathItem[]; readonly schemas: SchemaWriter } {
  const schemas = new SchemaWriter(openApiVersion, descriptions);
  const paths: PathItem[] = [];
  for (const part of parts) {
    for (const kind of part.kinds) {
      schemas.addKind(kind);
      for (const subresource of Object.values(kind.subresources)) addSubresource(schemas, subresource);
    }
    schemas.addType('meta.v1.DeleteOptions', ofMeta('DeleteOptions', part));
    schemas.addType('meta.v1.WatchEvent', ofMeta('WatchEvent', part));
    paths.push(...pathItems(part.group, part.version, part.kinds));
  }
  schemas.addType('meta.v1.Status', [{ group: '', version: 'v1', kind: 'Status' }]);
  schemas.addType('meta.v1.APIResourceList', [{ group: '', version: 'v1', kind: 'APIResourceList' }]);
  schemas.addType('meta.v1.Patch');
  return { paths, schemas };
}

function addSubresource(schemas: SchemaWriter, { group, version, kind }: GroupVersionKind): void {
  const type = typeOf({ group, version, kind });
  if (type !== undefined) schemas.addType(type, [{ group, version, kind }]);
}

/** Entries of a map by key, sorted: documents must not depend on the order in which they were written. */
export function sortedObject<T>(entries: Iterable<readonly [string, T]>): { [key: string]: T } {
  return Object.fromEntries([...entries].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));
}

/** Extensions that clients find an operation by. */
export function operationExtensions({ action, kind }: Operation): object {
  if (kind === undefined) return {};
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
  };
}

const meanings: { readonly [code: number]: string } = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** `OK`, `Created`, `Accepted`. */
export function codeMeaning(code: number): string {
  return meanings[code] ?? '';
}

export const documentInfo = { title: 'Kubernetes', version: 'v1.35.0' };
