import { type FieldError, fieldErrors, quote } from '../field-error.ts';
import { equalJson } from '../json.ts';
import type { Kind } from '../kind.ts';
import { asPrefix, dns1123Label, labelValue, qualifiedName } from '../names.ts';
import type { ObjectMeta, OwnerReference } from '../object.ts';
import { checkName, checkNotNegative, type Errors, immutable, isEmpty } from './checks.ts';
import { nameCheckOf } from './object-names.ts';

/** All annotations of an object together, keys and values, in bytes. */
const maxAnnotationBytes = 256 * 1024;

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/** Rules for the metadata of an object that is to be created. `path` is `metadata`, or that of a template's metadata. */
export function validateMetadata(kind: Kind, metadata: ObjectMeta | undefined, path = 'metadata'): FieldError[] {
  const errors: Errors = [];
  const meta = metadata ?? {};
  const check = nameCheckOf(kind);
  if (!isEmpty(meta.generateName)) checkName(errors, `${path}.generateName`, meta.generateName, asPrefix(check));
  if (isEmpty(meta.name)) errors.push(fieldErrors.required(`${path}.name`, 'name or generateName is required'));
  else checkName(errors, `${path}.name`, meta.name, check);
  if (kind.namespaced) {
    if (isEmpty(meta.namespace)) errors.push(fieldErrors.required(`${path}.namespace`));
    else checkName(errors, `${path}.namespace`, meta.namespace, dns1123Label);
  } else if (!isEmpty(meta.namespace)) {
    errors.push(fieldErrors.forbidden(`${path}.namespace`, 'not allowed on this type'));
  }
  checkNotNegative(errors, `${path}.generation`, meta.generation);
  validateShared(errors, meta, path);
  return errors;
}

/** Rules for the metadata of an object that replaces a stored one. */
export function validateMetadataUpdate(
  next: ObjectMeta | undefined,
  old: ObjectMeta | undefined,
  path = 'metadata',
): FieldError[] {
  if (next === old) return [];
  const errors: Errors = [];
  const meta = next ?? {};
  const before = old ?? {};
  if (!isEmpty(before.deletionTimestamp)) {
    const known = new Set(before.finalizers);
    const added = (meta.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
    if (added.length > 0) {
      errors.push(
        fieldErrors.forbidden(
          `${path}.finalizers`,
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(quote).join(', ')}}`,
        ),
      );
    }
  }
  if ((meta.generation ?? 0) < (before.generation ?? 0)) {
    errors.push(fieldErrors.invalid(`${path}.generation`, meta.generation ?? 0, 'must not be decremented'));
  }
  for (const field of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    if (meta[field] !== before[field] && !equalJson(meta[field], before[field])) {
      errors.push(fieldErrors.invalid(`${path}.${field}`, meta[field], immutable));
    }
  }
  validateShared(errors, meta, path, before);
  return errors;
}

/** What is shared with the metadata before (`===`) is not looked at again. */
function validateShared(errors: Errors, meta: ObjectMeta, path: string, before: ObjectMeta = {}): void {
  const { labels, annotations, ownerReferences, finalizers } = meta;
  if (labels !== before.labels) validateLabels(errors, labels, `${path}.labels`);
  if (annotations !== before.annotations) validateAnnotations(errors, annotations, `${path}.annotations`);
  if (ownerReferences !== before.ownerReferences)
    validateOwnerReferences(errors, ownerReferences, `${path}.ownerReferences`);
  if (finalizers !== before.finalizers) validateFinalizers(errors, finalizers, `${path}.finalizers`);
}

/** Keys and values of labels. */
export function validateLabels(
  errors: Errors,
  labels: { readonly [key: string]: string } | undefined,
  path: string,
): void {
  for (const key in labels) {
    checkName(errors, path, key, qualifiedName);
    checkName(errors, path, labels[key] as string, labelValue);
  }
}

/** Keys of annotations, in lower case, and the size of all together. */
export function validateAnnotations(
  errors: Errors,
  annotations: { readonly [key: string]: string } | undefined,
  path: string,
): void {
  let size = 0;
  for (const key in annotations) {
    for (const fault of qualifiedName(key.toLowerCase())) errors.push(fieldErrors.invalid(path, key, fault));
    size += utf8Length(key) + utf8Length(annotations[key] as string);
  }
  if (size > maxAnnotationBytes) errors.push(fieldErrors.tooLong(path, maxAnnotationBytes));
}

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else if (code >= 0xd800 && code < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

function validateOwnerReferences(errors: Errors, owners: readonly OwnerReference[] | undefined, path: string): void {
  let controller: OwnerReference | undefined;
  for (const owner of owners ?? []) {
    if (isEmpty(owner.apiVersion)) {
      errors.push(fieldErrors.invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
    }
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (isEmpty(owner[field])) errors.push(fieldErrors.invalid(`${path}.${field}`, '', 'must not be empty'));
    }
    if (owner.kind === 'Event' && (owner.apiVersion === 'v1' || owner.apiVersion === 'events.k8s.io/v1')) {
      const group = owner.apiVersion === 'v1' ? '/v1' : owner.apiVersion;
      errors.push(fieldErrors.invalid(path, owner, `${group}, Kind=Event is disallowed from being an owner`));
    }
    if (owner.controller !== true) continue;
    if (controller === undefined) controller = owner;
    else {
      errors.push(
        fieldErrors.invalid(
          path,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.name} and ${owner.name}`,
        ),
      );
    }
  }
}

const standardFinalizers = new Set(['kubernetes', orphan, foreground]);

function validateFinalizers(errors: Errors, finalizers: readonly string[] | undefined, path: string): void {
  if (finalizers === undefined) return;
  for (const [i, finalizer] of finalizers.entries()) {
    checkName(errors, path, finalizer, qualifiedName);
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      errors.push(
        fieldErrors.invalid(
          `${path}[${i}]`,
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
    }
  }
  if (finalizers.includes(orphan) && finalizers.includes(foreground)) {
    errors.push(fieldErrors.invalid(path, finalizers, `finalizer ${orphan} and ${foreground} cannot be both set`));
  }
}

/** A field of the object that may not change once it is set. */
export function checkImmutable(errors: Errors, path: string, next: unknown, old: unknown): void {
  if (next !== old && !equalJson(next, old)) errors.push(fieldErrors.invalid(path, next, immutable));
}
