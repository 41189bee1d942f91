import { ByteCache } from './byte-cache.ts';
import { concatBytes } from './bytes.ts';

const encoder = new TextEncoder();

/** Cached bytes of a frozen object: its JSON, and the latest watch line around it, of which the JSON is a part. */
interface Written {
  readonly json: Uint8Array;
  readonly type?: string;
  readonly line?: Uint8Array;
}

/** Bytes that are kept for lists and watches: those of 20,000 Pods of 3 kB. What is beyond that is encoded again. */
const budget = 64 * 1024 * 1024;

const written = new ByteCache<Written>(budget, ({ json, line }) => (line ?? json).byteLength);

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
