import { isJsonObject, type JsonObject } from '../json.ts';
import { parseQuantity, quantityText } from '../quantity.ts';
import { type FieldInfo, type ParsedType, parseType, type TypeInfo, type TypeTable } from '../schema.ts';
import { checkFreeForm, type Decoding, type FaultStyle, goJsonType } from './decoding.ts';
import { goTypeText, shortTypeName } from './go-types.ts';
import { base64Form, type Scalar, timeForm } from './scalar-forms.ts';

/**
 * Checks a value against a type and returns its canonical form: the same value (`===`) if nothing is to be changed, or
 * `undefined` if it counts as absent or is faulty (then the fault is noted in the state). `known` is a value in canonical form
 * that stood in the same place before: what is shared with it (`===`) is not looked at again.
 */
export type Decoder = (value: unknown, state: Decoding, known?: unknown) => unknown;

const compiled = new WeakMap<
  TypeTable,
  { readonly go: Map<string, Decoder>; readonly openapi: Map<string, Decoder> }
>();

/** The decoder of a named type. Each type is compiled once per table and style. */
export function typeDecoder(table: TypeTable, name: string, style: FaultStyle): Decoder {
  let byStyle = compiled.get(table);
  if (byStyle === undefined) {
    byStyle = { go: new Map(), openapi: new Map() };
    compiled.set(table, byStyle);
  }
  const known = byStyle[style].get(name);
  if (known !== undefined) return known;
  const type = table.get(name);
  let target: Decoder | undefined;
  // Types may contain themselves, so the name is bound before the fields are looked at.
  const decoder: Decoder = (value, state, known) => {
    target ??= compileType(table, name, type, style);
    return target(value, state, known);
  };
  byStyle[style].set(name, decoder);
  return decoder;
}

function compileType(table: TypeTable, name: string, type: TypeInfo | undefined, style: FaultStyle): Decoder {
  if (type?.fields !== undefined) return structDecoder(table, name, type, type.fields, style);
  if (name === 'api.resource.Quantity') return style === 'go' ? decodeQuantity : checkQuantity;
  if (name === 'meta.v1.Time') return timeDecoder(0, style);
  if (name === 'meta.v1.MicroTime') return timeDecoder(6, style);
  if (type?.format === 'int-or-string') return style === 'go' ? decodeIntOrString : checkIntOrString;
  if (type?.scalar === 'string') return scalarDecoder('string', style);
  // Types that the table does not describe are free-form objects.
  return type?.scalar === 'any' ? decodeAny : freeFormObject(`v1.${shortTypeName(name)}`, style);
}

function decoderOf(table: TypeTable, type: ParsedType, text: string, style: FaultStyle): Decoder {
  switch (type.kind) {
    case 'scalar':
      return scalarDecoder(type.name, style);
    case 'ref':
      return typeDecoder(table, type.name, style);
    case 'list':
      return listDecoder(
        decoderOf(table, type.items, text.slice(0, -2), style),
        zeroOf(table, type.items),
        text,
        style,
      );
    case 'map':
      return mapDecoder(
        decoderOf(table, type.values, text.slice(4, -1), style),
        zeroOf(table, type.values),
        text,
        style,
      );
  }
}

function structDecoder(
  table: TypeTable,
  name: string,
  type: TypeInfo,
  infos: { readonly [name: string]: FieldInfo },
  style: FaultStyle,
): Decoder {
  const struct = shortTypeName(name);
  const goType = goTypeText(name);
  const fields = new Map<string, Decoder>();
  const nullable = new Set<string>();
  for (const [field, info] of Object.entries(infos)) {
    const parsed = parseType(info.type);
    // A custom object's metadata is decoded as Kubernetes' own type.
    const decoder = decoderOf(table, parsed, info.type, info.type === 'meta.v1.ObjectMeta' ? 'go' : style);
    const omitted = style === 'go' && info.required !== true && (parsed.kind === 'list' || parsed.kind === 'map');
    fields.set(field, omitted ? omitEmpty(decoder) : decoder);
    if (info.constraints?.nullable === true) nullable.add(field);
  }
  const preserve = type.preserveUnknownFields === true;
  return (value, state, known) => {
    if (!isJsonObject(value)) return style === 'go' ? state.mistyped(value, goType) : state.wrongType(value, 'object');
    state.checkDepth();
    const outer = state.struct;
    state.struct = struct;
    const before = isJsonObject(known) ? known : noFields;
    let changed: Record<string, unknown> | undefined;
    for (const field in value) {
      const child = value[field];
      const decoder = fields.get(field);
      let result: unknown;
      if (decoder === undefined) {
        if (preserve) {
          checkFreeForm(child, state.path.length + 1);
          result = child;
        } else if (child !== undefined) state.unknownField(field);
      } else if (child === null) {
        result = nullable.has(field) ? null : undefined;
      } else if (child !== undefined && child === before[field]) {
        result = child;
      } else if (child !== undefined) {
        state.path.push(field);
        state.fields.push(field);
        result = decoder(child, state, before[field]);
        state.fields.pop();
        state.path.pop();
      }
      if (changed === undefined && (result !== child || child === undefined)) changed = fieldsBefore(value, field);
      if (changed !== undefined && result !== undefined) setField(changed, field, result);
    }
    state.struct = outer;
    return changed ?? value;
  };
}

const noFields: JsonObject = Object.freeze(Object.create(null) as JsonObject);
const noItems: readonly unknown[] = Object.freeze([]);

function listDecoder(item: Decoder, zero: unknown, text: string, style: FaultStyle): Decoder {
  return (value, state, known) => {
    if (!Array.isArray(value)) {
      return style === 'go' ? state.mistyped(value, goTypeText(text)) : state.wrongType(value, 'array');
    }
    state.checkDepth();
    const before: readonly unknown[] = Array.isArray(known) ? known : noItems;
    let changed: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const child: unknown = value[i];
      let result: unknown;
      if (child === null || child === undefined) {
        result = zero;
      } else if (child === before[i]) {
        result = child;
      } else {
        state.path.push(i);
        result = item(child, state, before[i]);
        state.path.pop();
      }
      if (changed === undefined && result !== child) changed = value.slice(0, i);
      changed?.push(result);
    }
    return changed ?? value;
  };
}

function mapDecoder(item: Decoder, zero: unknown, text: string, style: FaultStyle): Decoder {
  return (value, state, known) => {
    if (!isJsonObject(value)) {
      return style === 'go' ? state.mistyped(value, goTypeText(text)) : state.wrongType(value, 'object');
    }
    state.checkDepth();
    const before = isJsonObject(known) ? known : noFields;
    let changed: Record<string, unknown> | undefined;
    for (const key in value) {
      const child = value[key];
      let result: unknown;
      if (child === null) result = zero;
      else if (child !== undefined && child === before[key]) result = child;
      else if (child !== undefined) {
        state.path.push(key);
        result = item(child, state, before[key]);
        state.path.pop();
      }
      if (changed === undefined && (result !== child || child === undefined)) changed = fieldsBefore(value, key);
      if (changed !== undefined && result !== undefined) setField(changed, key, result);
    }
    return changed ?? value;
  };
}

/** Go writes no empty lists and maps, so what is stored has none where they are optional. */
function omitEmpty(decoder: Decoder): Decoder {
  return (value, state, known) => {
    const result = decoder(value, state, known);
    if (Array.isArray(result)) return result.length === 0 ? undefined : result;
    for (const _ in result as JsonObject | undefined) return result;
    return undefined;
  };
}

/** The value that `null` decodes to in a list or map. */
function zeroOf(table: TypeTable, type: ParsedType): unknown {
  if (type.kind === 'list') return [];
  if (type.kind === 'map') return {};
  if (type.kind === 'ref') {
    if (type.name === 'api.resource.Quantity') return '0';
    const info = table.get(type.name);
    return info?.scalar === 'any' ? null : info?.scalar === 'string' ? '' : {};
  }
  return type.name === 'boolean' ? false : type.name === 'string' || type.name === 'bytes' ? '' : 0;
}

function scalarDecoder(
  name: 'string' | 'int32' | 'int64' | 'number' | 'boolean' | 'bytes',
  style: FaultStyle,
): Decoder {
  const expected = name === 'boolean' || name === 'string' || name === 'number' ? name : 'integer';
  switch (name) {
    case 'string':
      return (value, state) => {
        if (typeof value === 'string') return value;
        return style === 'go' ? state.mistyped(value, state.goStringType()) : state.wrongType(value, expected);
      };
    case 'boolean':
      return (value, state) => {
        if (typeof value === 'boolean') return value;
        return style === 'go' ? state.mistyped(value, 'bool') : state.wrongType(value, expected);
      };
    case 'number':
      return (value, state) => {
        if (typeof value === 'number' && Number.isFinite(value)) return value;
        return style === 'go' ? state.mistyped(value, 'float64') : state.wrongType(value, expected);
      };
    case 'bytes':
      return style === 'go' ? decodeBytes : scalarDecoder('string', style);
    default: {
      const bound = name === 'int32' ? 2 ** 31 : 2 ** 63;
      return (value, state) => {
        if (typeof value === 'number' && Number.isInteger(value) && value >= -bound && value < bound) return value;
        if (style === 'openapi') return state.wrongType(value, expected);
        return state.mistyped(value, name, typeof value === 'number' ? `number ${value}` : goJsonType(value));
      };
    }
  }
}

const decodeBytes: Decoder = (value, state) => {
  if (typeof value !== 'string') return state.mistyped(value, '[]uint8');
  return accepted(base64Form(value), state);
};

const decodeAny: Decoder = (value, state) => {
  checkFreeForm(value, state.path.length);
  return value;
};

function freeFormObject(goType: string, style: FaultStyle): Decoder {
  return (value, state) => {
    if (!isJsonObject(value)) return style === 'go' ? state.mistyped(value, goType) : state.wrongType(value, 'object');
    checkFreeForm(value, state.path.length);
    return value;
  };
}

const decodeQuantity: Decoder = (value, state) => {
  try {
    return quantityText(typeof value === 'number' ? value : typeof value === 'string' ? value.trim() : '');
  } catch (error) {
    return state.failed((error as Error).message);
  }
};

const checkQuantity: Decoder = (value, state) => {
  if (typeof value !== 'string' && typeof value !== 'number') return state.wrongType(value, 'integer,string');
  try {
    parseQuantity(value);
    return value;
  } catch (error) {
    return state.wrongFormat(value, `should be a quantity: ${(error as Error).message}`);
  }
};

function timeDecoder(digits: 0 | 6, style: FaultStyle): Decoder {
  if (style === 'go') {
    return (value, state) => {
      if (typeof value === 'string') return accepted(timeForm(value, digits), state);
      return state.failed(`json: cannot unmarshal ${goJsonType(value)} into Go value of type string`);
    };
  }
  return (value, state) => {
    if (typeof value !== 'string') return state.wrongType(value, 'string');
    return 'fault' in timeForm(value, digits)
      ? state.wrongFormat(value, `must be of type date-time: ${JSON.stringify(value)}`)
      : value;
  };
}

const decodeIntOrString: Decoder = (value, state) => {
  if (typeof value === 'string' || isInt32(value)) return value;
  const shown = typeof value === 'number' ? `number ${value}` : goJsonType(value);
  return state.failed(`json: cannot unmarshal ${shown} into Go value of type int32`);
};

const checkIntOrString: Decoder = (value, state) =>
  typeof value === 'string' || Number.isInteger(value) ? value : state.wrongType(value, 'integer,string');

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

function accepted(form: Scalar, state: Decoding): unknown {
  return 'fault' in form ? state.failed(form.fault) : form.value;
}

/** A copy of an object's fields up to, and without, the named one. */
function fieldsBefore(value: JsonObject, end: string): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const field in value) {
    if (field === end) break;
    setField(copy, field, value[field]);
  }
  return copy;
}

/** Sets a field that a client named: `__proto__` must become a field like any other. */
function setField(target: Record<string, unknown>, field: string, value: unknown): void {
  if (field === '__proto__') {
    Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  } else target[field] = value;
}
