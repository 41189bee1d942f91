import { toBase64 } from '../base64.ts';
import { type Message, messageOf, type WireField, type WireValue } from './message-table.ts';
import { decodeIntOrString, decodeJson, decodeQuantity, decodeStrings, decodeTime } from './special-values.ts';
import { WireError, type WireReader, wireType } from './wire-reader.ts';

type Fields = { [field: string]: unknown };

/** Messages in messages in messages: deeper is refused. */
const maxDepth = 100;

/** The JSON form of a message. */
export function decodeMessage(reader: WireReader, message: Message, depth = 0): Fields {
  const fields: Fields = {};
  decodeInto(fields, reader, message, depth);
  return fields;
}

function decodeInto(fields: Fields, reader: WireReader, message: Message, depth: number): void {
  if (depth > maxDepth) throw new WireError('nested too deeply');
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    const field = message.byNumber.get(number);
    if (field === undefined) reader.skip(type);
    else decodeField(fields, field, type, reader, depth);
  }
}

function decodeField(fields: Fields, field: WireField, type: number, reader: WireReader, depth: number): void {
  const { name, value, list } = field;
  if (name === '' && value.form === 'message') {
    expectType(field, type, wireType.bytes);
    decodeInto(fields, reader.part(), messageNamed(value.name), depth + 1);
  } else if (value.form === 'map') {
    expectType(field, type, wireType.bytes);
    const map = (fields[name] ?? {}) as Fields;
    fields[name] = map;
    decodeEntry(map, reader.part(), value.values, depth);
  } else if (list) {
    const items = (fields[name] ?? []) as unknown[];
    fields[name] = items;
    if (type === wireType.bytes && (value.form === 'int' || value.form === 'bool')) {
      for (const packed = reader.part(); !packed.atEnd; ) items.push(decodeValue(packed, value, depth));
    } else {
      expectType(field, type, typeOf(value));
      items.push(decodeValue(reader, value, depth));
    }
  } else {
    expectType(field, type, typeOf(value));
    const decoded = decodeValue(reader, value, depth, fields[name]);
    if (isZero(decoded) && !field.keepZero) delete fields[name];
    else fields[name] = decoded;
  }
}

function isZero(value: unknown): boolean {
  return value === undefined || value === '' || value === 0 || value === false;
}

function typeOf(value: WireValue): number {
  return value.form === 'int' || value.form === 'bool' ? wireType.varint : wireType.bytes;
}

function expectType(field: WireField, actual: number, expected: number): void {
  if (actual !== expected) throw new WireError(`wrong wireType = ${actual} for field ${field.name || field.number}`);
}

/** `before` is what the field held already: a message that comes twice is merged. */
function decodeValue(reader: WireReader, value: WireValue, depth: number, before?: unknown): unknown {
  switch (value.form) {
    case 'string':
      return reader.string();
    case 'int':
      return reader.int64();
    case 'bool':
      return reader.int64() !== 0;
    case 'bytes':
      return toBase64(reader.bytes());
    case 'quantity':
      return decodeQuantity(reader.part());
    case 'time':
      return decodeTime(reader.part(), false);
    case 'microTime':
      return decodeTime(reader.part(), true);
    case 'intOrString':
      return decodeIntOrString(reader.part());
    case 'json':
      return decodeJson(reader.part());
    case 'strings':
      return decodeStrings(reader.part());
    case 'message': {
      const fields = (before ?? {}) as Fields;
      decodeInto(fields, reader.part(), messageNamed(value.name), depth + 1);
      return fields;
    }
    case 'map':
      throw new WireError('map within a map');
  }
}

function decodeEntry(map: Fields, reader: WireReader, values: WireValue, depth: number): void {
  let key = '';
  let value: unknown;
  while (!reader.atEnd) {
    const { number, type } = reader.tag();
    if (number === 1 && type === wireType.bytes) key = reader.string();
    else if (number === 2 && type === typeOf(values)) value = decodeValue(reader, values, depth);
    else reader.skip(type);
  }
  const settled = value ?? absentValue(values);
  Object.defineProperty(map, key, { value: settled, enumerable: true, writable: true, configurable: true });
}

/** The value of a map's entry that has none. */
function absentValue(value: WireValue): unknown {
  switch (value.form) {
    case 'message':
      return {};
    case 'strings':
      return [];
    case 'int':
      return 0;
    case 'bool':
      return false;
    case 'quantity':
      return '0';
    case 'time':
    case 'microTime':
    case 'json':
      return null;
    default:
      return '';
  }
}

function messageNamed(name: string): Message {
  const message = messageOf(name);
  if (message === undefined) throw new WireError(`message ${name} is unknown`);
  return message;
}
