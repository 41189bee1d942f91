import type { KubernetesObject } from '@orrery/api';

const cached = new WeakMap<object, Buffer>();

/** JSON of an object as UTF-8. A frozen object is written once, however many lists and watches show it. */
export function jsonBytes(object: object): Buffer {
  const known = cached.get(object);
  if (known !== undefined) return known;
  const bytes = Buffer.from(JSON.stringify(object));
  if (Object.isFrozen(object)) cached.set(object, bytes);
  return bytes;
}

/** A list's JSON, put together from the bytes of its items. */
export function listBytes(
  type: { readonly apiVersion: string; readonly kind: string },
  metadata: object,
  items: readonly KubernetesObject[],
): Buffer {
  const { apiVersion, kind } = type;
  const head = JSON.stringify({ kind, apiVersion, metadata });
  const parts: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  for (const item of items) {
    if (parts.length > 1) parts.push(comma);
    parts.push(jsonBytes(item));
  }
  parts.push(listEnd);
  return Buffer.concat(parts);
}

/** One line of a watch: `{"type":"ADDED","object":…}`. */
export function eventBytes(type: string, object: object): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), jsonBytes(object), eventEnd]);
}

const comma = Buffer.from(',');
const listEnd = Buffer.from(']}');
const eventEnd = Buffer.from('}\n');
