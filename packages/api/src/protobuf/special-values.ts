import { WireError, type WireReader, wireType } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** `resource.Quantity`: a message of one string. */
export function decodeQuantity(reader: WireReader): string {
  let text = '';
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.bytes) text = reader.string();
    else reader.skip(type);
  }
  return text === '' ? '0' : text;
}

/** `metav1.Time` and `MicroTime`: RFC 3339 in JSON. An empty message is a time that is not set. */
export function decodeTime(reader: WireReader, micro: boolean): string | undefined {
  if (reader.atEnd) return undefined;
  let seconds = 0;
  let nanos = 0;
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.varint) seconds = reader.int64();
    else if (number === 2 && type === wireType.varint) nanos = reader.int64();
    else reader.skip(type);
  }
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || nanos < 0 || nanos > 999_999_999) throw new WireError('time is out of range');
  const text = date.toISOString().slice(0, -5);
  return micro ? `${text}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

/** `intstr.IntOrString`. */
export function decodeIntOrString(reader: WireReader): number | string {
  let isString = false;
  let integer = 0;
  let text = '';
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.varint) isString = reader.int64() === 1;
    else if (number === 2 && type === wireType.varint) integer = reader.int64();
    else if (number === 3 && type === wireType.bytes) text = reader.string();
    else reader.skip(type);
  }
  return isString ? text : integer;
}

/** `runtime.RawExtension` and `FieldsV1`: JSON in bytes. Undefined if there is none. */
export function decodeJson(reader: WireReader): unknown {
  let text = '';
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.bytes) text = reader.string();
    else reader.skip(type);
  }
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) throw new WireError('embedded JSON is malformed');
    throw error;
  }
}

/** A message of repeated strings. */
export function decodeStrings(reader: WireReader): string[] {
  const items: string[] = [];
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.bytes) items.push(reader.string());
    else reader.skip(type);
  }
  return items;
}

export function encodeQuantity(text: string): Uint8Array {
  const writer = new WireWriter();
  writer.stringField(1, text);
  return writer.finish();
}

/** An absent time is an empty message. */
export function encodeTime(text: string | null): Uint8Array {
  const writer = new WireWriter();
  if (text !== null) {
    const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
    writer.varintField(1, Math.floor(new Date(text.replace(/\.\d+/, '')).getTime() / 1000));
    writer.varintField(2, Number(fraction.padEnd(9, '0')));
  }
  return writer.finish();
}

export function encodeIntOrString(value: number | string): Uint8Array {
  const writer = new WireWriter();
  writer.varintField(1, typeof value === 'string' ? 1 : 0);
  writer.varintField(2, typeof value === 'string' ? 0 : value);
  writer.stringField(3, typeof value === 'string' ? value : '');
  return writer.finish();
}

export function encodeJson(value: unknown): Uint8Array {
  const writer = new WireWriter();
  writer.stringField(1, JSON.stringify(value));
  return writer.finish();
}

export function encodeStrings(items: readonly string[]): Uint8Array {
  const writer = new WireWriter();
  for (const item of items) writer.stringField(1, item);
  return writer.finish();
}
