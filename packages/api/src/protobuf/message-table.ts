import { builtinResources, builtinTypes, protobufMessages } from '../builtin-types.ts';
import { apiVersionOf } from '../kind.ts';
import { meaningfulZeros } from './meaningful-zeros.ts';

/** How a value is written in protobuf and in JSON. */
export type WireValue =
  | { readonly form: 'string' | 'bytes' | 'bool' | 'int' }
  /** Messages that JSON writes as a scalar or as free-form JSON. */
  | { readonly form: 'quantity' | 'time' | 'microTime' | 'intOrString' | 'json' | 'strings' }
  | { readonly form: 'message'; readonly name: string }
  | { readonly form: 'map'; readonly values: WireValue };

/** One field of a message. */
export interface WireField {
  readonly number: number;
  /** The field's name in JSON; `''` for a message whose fields JSON has among its parent's. */
  readonly name: string;
  readonly value: WireValue;
  readonly list: boolean;
  /** Whether a zero is kept: it was meant, or the field is required. */
  readonly keepZero: boolean;
}

/** A message's fields. */
export interface Message {
  readonly byNumber: ReadonlyMap<number, WireField>;
  readonly fields: readonly WireField[];
}

const messages = new Map<string, Message | undefined>();

/** A message of the Kubernetes API by its type's name (`core.v1.Pod`); undefined if the type has no protobuf form. */
export function messageOf(name: string): Message | undefined {
  if (!messages.has(name)) messages.set(name, compile(name));
  return messages.get(name);
}

/** The message of an object. Types that every group version serves (`DeleteOptions`, `Status`) are those of `meta/v1`. */
export function messageNameOf(apiVersion: string, kind: string): string | undefined {
  const prefix = typePrefixes().get(apiVersion);
  for (const name of [prefix === undefined ? undefined : `${prefix}.${kind}`, `meta.v1.${kind}`]) {
    if (name !== undefined && messageOf(name) !== undefined) return name;
  }
  return undefined;
}

let prefixes: ReadonlyMap<string, string> | undefined;

/** The beginning of the names of each group version's types. */
function typePrefixes(): ReadonlyMap<string, string> {
  prefixes ??= new Map(
    builtinResources.map(({ group, version, type }) => [
      apiVersionOf(group, version),
      type.slice(0, type.lastIndexOf('.')),
    ]),
  );
  return prefixes;
}

function compile(name: string): Message | undefined {
  const fields = [...typeFields(name), ...messageFields(name)];
  return fields.length === 0 && !isEmptyType(name) ? undefined : messageFrom(fields);
}

/** A type that has fields, none of which is in protobuf, has no protobuf form; one without any field has an empty one. */
function isEmptyType(name: string): boolean {
  const info = builtinTypes.get(name);
  return info !== undefined && info.fields === undefined && info.scalar === 'object' && info.proto !== undefined;
}

function messageFrom(fields: readonly WireField[]): Message {
  return { fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

function* typeFields(name: string): Iterable<WireField> {
  const info = builtinTypes.get(name);
  for (const [field, { proto, protoType, type, required }] of Object.entries(info?.fields ?? {})) {
    if (proto === undefined || protoType === undefined) continue;
    const value = wireValueOf(protoType);
    yield {
      number: proto,
      name: field,
      value,
      list: type.endsWith('[]') && value.form !== 'strings',
      keepZero: required === true || isMeaningfulIntOrString(field, value) || hasMeaningfulZero(name, field),
    };
  }
  for (const embedded of Object.values(info?.embedded ?? {})) {
    const [number, message] = embedded as readonly [number, string];
    yield { number, name: '', value: { form: 'message', name: message }, list: false, keepZero: false };
  }
}

function* messageFields(name: string): Iterable<WireField> {
  if (builtinTypes.get(name) !== undefined) return;
  for (const [field, [number, type, repeated]] of Object.entries(protobufMessages[name] ?? {})) {
    const list = repeated === 'repeated';
    yield { number, name: field, value: wireValueOf(type), list, keepZero: hasMeaningfulZero(name, field) };
  }
}

/** `maxUnavailable: 0` says something; a Service's `targetPort: 0` is unset. */
function isMeaningfulIntOrString(field: string, value: WireValue): boolean {
  return value.form === 'intOrString' && field !== 'targetPort';
}

function hasMeaningfulZero(type: string, field: string): boolean {
  return meaningfulZeros.has(field) || meaningfulZeros.has(`${type}.${field}`);
}

const scalars: { readonly [type: string]: WireValue } = {
  string: { form: 'string' },
  bytes: { form: 'bytes' },
  bool: { form: 'bool' },
  int32: { form: 'int' },
  int64: { form: 'int' },
  'api.resource.Quantity': { form: 'quantity' },
  'meta.v1.Time': { form: 'time' },
  'meta.v1.MicroTime': { form: 'microTime' },
  'util.intstr.IntOrString': { form: 'intOrString' },
  'runtime.RawExtension': { form: 'json' },
  'meta.v1.FieldsV1': { form: 'json' },
};

function wireValueOf(type: string): WireValue {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (type.startsWith('map<string,')) return { form: 'map', values: wireValueOf(type.slice('map<string,'.length, -1)) };
  return isWrappedList(type) ? { form: 'strings' } : { form: 'message', name: type };
}

/** `ExtraValue` and `Verbs`: lists of strings that protobuf can only nest as messages. */
function isWrappedList(type: string): boolean {
  const fields = protobufMessages[type];
  return fields !== undefined && Object.keys(fields).length === 1 && fields.items?.[1] === 'string';
}
