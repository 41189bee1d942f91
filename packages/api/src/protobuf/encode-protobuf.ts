import { fromBase64 } from '../base64.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { KubernetesObject } from '../object.ts';
import { protobufMagic } from './decode-protobuf.ts';
import { type Message, messageNameOf, messageOf, type WireField, type WireValue } from './message-table.ts';
import { encodeIntOrString, encodeJson, encodeQuantity, encodeStrings, encodeTime } from './special-values.ts';
import { WireWriter } from './wire-writer.ts';

/** What is sent, by its own `apiVersion` and `kind`, or by those given. */
export interface ProtobufType {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * An object as a body of `application/vnd.kubernetes.protobuf`. Fields that the type does not have are left out.
 * @throws Error if the kind has no protobuf form, or a value is not of its field's type.
 */
export function encodeProtobuf(object: KubernetesObject, type?: ProtobufType): Uint8Array<ArrayBuffer> {
  const apiVersion = type?.apiVersion ?? object.apiVersion ?? '';
  const kind = type?.kind ?? object.kind ?? '';
  const name = messageNameOf(apiVersion, kind);
  if (name === undefined) throw new Error(`${apiVersion} ${kind} has no protobuf form`);

  const typeMeta = new WireWriter();
  typeMeta.stringField(1, apiVersion);
  typeMeta.stringField(2, kind);
  const envelope = new WireWriter();
  envelope.raw(Uint8Array.from(protobufMagic));
  envelope.bytesField(1, typeMeta.finish());
  envelope.bytesField(2, encodeMessage(object as JsonObject, messageNamed(name)));
  envelope.stringField(3, '');
  envelope.stringField(4, '');
  return envelope.finish();
}

function encodeMessage(object: JsonObject, message: Message): Uint8Array {
  const writer = new WireWriter();
  for (const field of message.fields) encodeField(writer, field, object);
  return writer.finish();
}

function encodeField(writer: WireWriter, { name, number, value, list }: WireField, object: JsonObject): void {
  if (name === '' && value.form === 'message') {
    const embedded = encodeMessage(object, messageNamed(value.name));
    if (embedded.length > 0) writer.bytesField(number, embedded);
    return;
  }
  const content = object[name];
  if (content === undefined || content === null) return;
  if (value.form === 'map') {
    for (const [key, item] of Object.entries(content as JsonObject)) {
      const entry = new WireWriter();
      entry.stringField(1, key);
      encodeValue(entry, 2, value.values, item);
      writer.bytesField(number, entry.finish());
    }
  } else if (list) {
    for (const item of content as readonly unknown[]) encodeValue(writer, number, value, item);
  } else encodeValue(writer, number, value, content);
}

function encodeValue(writer: WireWriter, number: number, value: WireValue, content: unknown): void {
  if (value.form === 'int') writer.varintField(number, Number(content));
  else if (value.form === 'bool') writer.varintField(number, content === true ? 1 : 0);
  else if (value.form === 'string') writer.stringField(number, String(content));
  else writer.bytesField(number, bytesOf(value, content));
}

function bytesOf(value: WireValue, content: unknown): Uint8Array {
  switch (value.form) {
    case 'bytes':
      return fromBase64(String(content));
    case 'quantity':
      return encodeQuantity(String(content));
    case 'time':
    case 'microTime':
      return encodeTime(content === null ? null : String(content));
    case 'intOrString':
      return encodeIntOrString(content as number | string);
    case 'json':
      return encodeJson(content);
    case 'strings':
      return encodeStrings(content as readonly string[]);
    case 'message':
      if (!isJsonObject(content)) throw new Error(`${value.name} is not an object`);
      return encodeMessage(content, messageNamed(value.name));
    default:
      throw new Error(`${value.form} within a map or list`);
  }
}

function messageNamed(name: string): Message {
  const message = messageOf(name);
  if (message === undefined) throw new Error(`message ${name} is unknown`);
  return message;
}
