import type { KubernetesObject } from '@orrery/api';
import { concatBytes } from './bytes.ts';

const encoder = new TextEncoder();

/** Cached bytes of a frozen object: its JSON, and the latest watch line around it, of which the JSON is a part. */
interface Written {
  readonly json: Uint8Array;
  readonly type?: string;
  readonly line?: Uint8Array;
}

const written = new WeakMap<object, Written>();

/** JSON of an object as UTF-8. A frozen object is encoded once, even if many lists and watches show it. */
export function jsonBytes(object: object): Uint8Array {
  const known = written.get(object);
  if (known !== undefined) return known.json;
  const json = encoder.encode(JSON.stringify(object));
  if (Object.isFrozen(object)) written.set(object, { json });
  return json;
}

/** One line of a watch: `{"type":"ADDED","object":…}`. All watchers share the bytes for a frozen object. */
export function eventBytes(type: string, object: object): Uint8Array {
  const known = written.get(object);
  if (known?.line !== undefined && known.type === type) return known.line;
  const head = `{"type":"${type}","object":`;
  const line =
    known === undefined
      ? encoder.encode(`${head}${JSON.stringify(object)}${eventEnd}`)
      : concatBytes([encoder.encode(head), known.json, encoder.encode(eventEnd)]);
  if (Object.isFrozen(object)) {
    written.set(object, { json: line.subarray(head.length, line.length - eventEnd.length), type, line });
  }
  return line;
}

const eventEnd = '}\n';

/** A list's JSON, assembled from the bytes of its items. */
export function listBytes(
  type: { readonly apiVersion: string; readonly kind: string },
  metadata: object,
  items: readonly KubernetesObject[],
): Uint8Array {
  const { apiVersion, kind } = type;
  const head = encoder.encode(`${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`);
  const parts = items.map(jsonBytes);
  const commas = Math.max(0, parts.length - 1);
  const length = parts.reduce((sum, part) => sum + part.length, head.length + commas + listEnd.length);
  const bytes = new Uint8Array(length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    if (at > head.length) bytes[at++] = comma;
    bytes.set(part, at);
    at += part.length;
  }
  bytes.set(listEnd, at);
  return bytes;
}

const comma = 0x2c;
const listEnd = encoder.encode(']}');
