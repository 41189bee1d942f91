import { isJsonObject } from '../json.ts';
import { type ParsedType, parseType, type TypeTable } from '../schema.ts';

type Fill = (value: unknown) => unknown;

/** A field's own default, and what fills in the value below it. */
interface FieldDefault {
  readonly name: string;
  readonly value?: unknown;
  readonly below?: Fill;
}

const compiled = new WeakMap<TypeTable, Map<string, { fields: readonly FieldDefault[] | undefined }>>();

/**
 * Writes the defaults that a schema states into a value of that type (Kubernetes "Defaulting" of custom resources): first
 * an absent field gets its default, then what is inside is filled in. The same value (`===`) if nothing is absent.
 */
export function schemaDefaults(table: TypeTable, type: string, value: unknown): unknown {
  const fields = fieldsOf(table, type);
  return fields.length === 0 ? value : fillObject(fields, value);
}

function fieldsOf(table: TypeTable, type: string): readonly FieldDefault[] {
  let types = compiled.get(table);
  if (types === undefined) {
    types = new Map();
    compiled.set(table, types);
  }
  const known = types.get(type);
  // A type that is being compiled contains itself: it is looked up again when a value is at hand.
  if (known !== undefined) return known.fields ?? [];
  const slot: { fields: readonly FieldDefault[] | undefined } = { fields: undefined };
  types.set(type, slot);
  const fields: FieldDefault[] = [];
  for (const [name, info] of Object.entries(table.get(type)?.fields ?? {})) {
    if (info.type === 'meta.v1.ObjectMeta') continue;
    const below = fillOf(table, parseType(info.type));
    if (info.default === undefined && below === undefined) continue;
    fields.push({
      name,
      ...(info.default === undefined ? {} : { value: info.default }),
      ...(below === undefined ? {} : { below }),
    });
  }
  slot.fields = fields;
  return fields;
}

function fillOf(table: TypeTable, type: ParsedType): Fill | undefined {
  switch (type.kind) {
    case 'scalar':
      return undefined;
    case 'ref': {
      const recursive =
        compiled.get(table)?.get(type.name)?.fields === undefined && compiled.get(table)?.has(type.name);
      if (!recursive && fieldsOf(table, type.name).length === 0) return undefined;
      return (value) => fillObject(fieldsOf(table, type.name), value);
    }
    case 'list': {
      const item = fillOf(table, type.items);
      return item && ((value) => (Array.isArray(value) ? fillList(item, value) : value));
    }
    case 'map': {
      const item = fillOf(table, type.values);
      return item && ((value) => (isJsonObject(value) ? fillMap(item, value) : value));
    }
  }
}

function fillObject(fields: readonly FieldDefault[], value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  let changed: Record<string, unknown> | undefined;
  for (const { name, value: byDefault, below } of fields) {
    const before = Object.hasOwn(value, name) ? value[name] : undefined;
    let after = before === undefined ? byDefault : before;
    if (after !== undefined && below !== undefined) after = below(after);
    if (after === before) continue;
    changed ??= { ...value };
    changed[name] = after;
  }
  return changed ?? value;
}

function fillList(item: Fill, list: readonly unknown[]): readonly unknown[] {
  const filled = list.map(item);
  return filled.some((value, i) => value !== list[i]) ? filled : list;
}

function fillMap(item: Fill, map: { readonly [key: string]: unknown }): unknown {
  const entries = Object.entries(map).map(([key, value]) => [key, item(value)] as const);
  return entries.some(([key, value]) => value !== map[key]) ? Object.fromEntries(entries) : map;
}
