import type { KubernetesObject, ObjectMeta } from '@orrery/api';

/** An object with the fields of most kinds. */
export type Fields = KubernetesObject & { readonly spec?: unknown; readonly status?: unknown };

/** The object with one field set, or without it if the value is undefined; the same object if nothing changes. */
export function withField(object: Fields, field: 'metadata' | 'status', value: unknown): Fields {
  if (object[field] === value) return object;
  if (value !== undefined) return { ...object, [field]: value };
  const { [field]: _, ...rest } = object;
  return rest;
}

/** The metadata with one field set, or without it if the value is undefined; the same metadata if nothing changes. */
export function withMetadataField(
  metadata: ObjectMeta,
  field: 'labels' | 'ownerReferences',
  value: unknown,
): ObjectMeta {
  if (metadata[field] === value) return metadata;
  const { [field]: _, ...rest } = metadata;
  return value === undefined ? rest : { ...rest, [field]: value };
}
