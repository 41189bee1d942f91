import { failures, fieldErrors, invalid, type Kind, type KubernetesObject } from '@orrery/api';
import { applyDefaults, builtinTypes, decodeObject } from '@orrery/api/server';
import type { WriteOptions } from '@orrery/core';
import type { RequestScope } from './request-path.ts';

/**
 * Decodes the body of a write as an object of the scope's kind, with defaults. Parts that it shares with `known`, the stored
 * object, are not decoded again. @throws StatusError
 */
export function decodeBody(
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
  known?: KubernetesObject,
): KubernetesObject {
  const object = decodeWithoutDefaults(scope, body, options, known);
  // The status of a custom kind has defaults too.
  const defaulted = known !== undefined && !scope.kind.custom && differsInStatusAlone(object, known);
  return defaulted ? object : applyDefaults(scope.kind, object);
}

/** Decodes without defaults: server-side apply owns only the fields in the body. */
export function decodeWithoutDefaults(
  scope: RequestScope,
  body: unknown,
  options: WriteOptions,
  known?: KubernetesObject,
): KubernetesObject {
  const { object, warnings } = decodeObject(scope.kind, body, options.fieldValidation ?? 'Warn', known);
  for (const warning of warnings) scope.warn(warning);
  return object;
}

function differsInStatusAlone(object: KubernetesObject, known: KubernetesObject): boolean {
  for (const field in object) {
    if (field === 'metadata' || field === 'status') continue;
    if (object[field as keyof KubernetesObject] !== known[field as keyof KubernetesObject]) return false;
  }
  for (const field in known) if (!(field in object) && field !== 'metadata' && field !== 'status') return false;
  return true;
}

/** Decodes the body of a subresource with its own type: `Binding`, `Eviction`, `Scale`, `TokenRequest`. @throws StatusError */
export function decodeSubresource<T extends KubernetesObject>(
  scope: RequestScope,
  subresource: { readonly group: string; readonly version: string; readonly kind: string },
  body: unknown,
  options: WriteOptions,
): T {
  const { group, version, kind } = subresource;
  const own: Kind = {
    ...scope.kind,
    ...subresource,
    apiVersion: group === '' ? version : `${group}/${version}`,
    // The table lists types by the first part of their group.
    type: `${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`,
    types: builtinTypes,
    custom: false,
  };
  const { object, warnings } = decodeObject(own, body, options.fieldValidation ?? 'Warn');
  for (const warning of warnings) scope.warn(warning);
  return object as T;
}

/**
 * The revision that a client's object was read at; unset if the client does not send one.
 * @throws StatusError Invalid for a text that is not a revision
 */
export function expectedRevision(kind: Kind, object: KubernetesObject, name: string): string | undefined {
  const text = object.metadata?.resourceVersion;
  if (text === undefined || text === '' || text === '0') return undefined;
  if (/^[0-9]+$/.test(text)) return text;
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw invalid(kind, name, [fieldErrors.invalid('metadata.resourceVersion', text, why)]);
}

/**
 * The object without duplicate owner references, with a warning for the client (Kubernetes: the API server dedups owner
 * references since 1.20).
 */
export function withoutDuplicateOwners(object: KubernetesObject, warn: (text: string) => void): KubernetesObject {
  const owners = object.metadata?.ownerReferences;
  if (owners === undefined || owners.length < 2) return object;
  const kept = new Map(owners.map((owner) => [JSON.stringify(Object.entries(owner).sort()), owner]));
  if (kept.size === owners.length) return object;
  const seen = new Set<string>();
  const twice = new Set(owners.filter(({ uid }) => seen.size === seen.add(uid).size).map(({ uid }) => uid));
  warn(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...twice].join(', ')}`,
  );
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...kept.values()] } };
}

/** @throws StatusError BadRequest for a PUT whose body does not name its object */
export function checkNamed(object: KubernetesObject, name: string): void {
  if ((object.metadata?.name ?? '') === '')
    throw failures.badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
}
