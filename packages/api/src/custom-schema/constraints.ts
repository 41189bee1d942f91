import { RE2JS, RE2JSSyntaxException } from 're2js';
import { type FieldError, fieldErrors, quote } from '../field-error.ts';
import { equalJson, isJsonObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';
import { type FieldInfo, type ParsedType, parseType, type TypeTable, type ValueConstraints } from '../schema.ts';

/**
 * Whether a custom object has the required fields and keeps the constraints that its schema states, with the wording of a
 * CustomResourceDefinition's validation. Types are checked before, when the object is decoded.
 */
export function validateConstraints(kind: Kind, object: KubernetesObject): FieldError[] {
  const errors: FieldError[] = [];
  checkObject(errors, kind.types, kind.type, object, '');
  return errors;
}

function checkObject(errors: FieldError[], table: TypeTable, type: string, value: unknown, path: string): void {
  const fields = table.get(type)?.fields;
  if (fields === undefined || !isJsonObject(value)) return;
  for (const name in fields) {
    const info = fields[name] as FieldInfo;
    if (info.type === 'meta.v1.ObjectMeta' && path === '') continue;
    const at = path === '' ? name : `${path}.${name}`;
    const child = Object.hasOwn(value, name) ? value[name] : undefined;
    if (child === undefined) {
      if (info.required === true) errors.push(fieldErrors.required(at));
      continue;
    }
    checkValue(errors, table, parseType(info.type), info.constraints, info.itemConstraints, child, at);
    if (info.listType === 'set' || info.listType === 'map') checkUnique(errors, info, child, at);
  }
}

function checkValue(
  errors: FieldError[],
  table: TypeTable,
  type: ParsedType,
  constraints: ValueConstraints | undefined,
  itemConstraints: ValueConstraints | undefined,
  value: unknown,
  path: string,
): void {
  if (value === null) return;
  if (constraints !== undefined) checkConstraints(errors, constraints, value, path);
  if (type.kind === 'ref') checkObject(errors, table, type.name, value, path);
  else if (type.kind === 'list' && Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      checkValue(errors, table, type.items, itemConstraints, undefined, item, `${path}[${i}]`);
    }
  } else if (type.kind === 'map' && isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      checkValue(errors, table, type.values, itemConstraints, undefined, item, `${path}.${key}`);
    }
  }
}

function checkConstraints(errors: FieldError[], constraints: ValueConstraints, value: unknown, path: string): void {
  const refuse = (why: string) => errors.push(fieldErrors.invalid(path, value, `${path} in body ${why}`));
  if (typeof value === 'number') checkNumber(constraints, value, refuse);
  else if (typeof value === 'string') {
    const length = codePoints(value);
    if (constraints.maxLength !== undefined && length > constraints.maxLength) {
      errors.push(fieldErrors.tooLong(path, constraints.maxLength));
    }
    if (constraints.minLength !== undefined && length < constraints.minLength) {
      refuse(`should be at least ${constraints.minLength} chars long`);
    }
    if (constraints.pattern !== undefined && !matches(constraints.pattern, value)) {
      refuse(`should match '${constraints.pattern}'`);
    }
    if (constraints.format !== undefined && !hasFormat(constraints.format, value)) {
      refuse(`must be of type ${constraints.format}: ${quote(value)}`);
    }
  } else if (Array.isArray(value)) {
    const { minItems, maxItems } = constraints;
    if (maxItems !== undefined && value.length > maxItems) {
      errors.push(fieldErrors.tooMany(path, value.length, maxItems));
    }
    if (minItems !== undefined && value.length < minItems) refuse(`should have at least ${minItems} items`);
    if (constraints.uniqueItems === true && firstRepeated(value) >= 0) refuse("shouldn't contain duplicates");
  } else if (isJsonObject(value)) {
    const count = Object.keys(value).length;
    const { minProperties, maxProperties } = constraints;
    if (maxProperties !== undefined && count > maxProperties) {
      errors.push(fieldErrors.tooMany(path, count, maxProperties));
    }
    if (minProperties !== undefined && count < minProperties) {
      refuse(`should have at least ${minProperties} properties`);
    }
  }
  if (constraints.enum !== undefined && !constraints.enum.some((choice) => equalJson(choice, value))) {
    errors.push(fieldErrors.notSupported(path, value, constraints.enum.map(String)));
  }
}

function checkNumber(constraints: ValueConstraints, value: number, refuse: (why: string) => void): void {
  const { minimum, maximum, multipleOf } = constraints;
  if (maximum !== undefined && (constraints.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    refuse(`should be less than ${constraints.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
  }
  if (minimum !== undefined && (constraints.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    refuse(`should be greater than ${constraints.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) refuse(`should be a multiple of ${multipleOf}`);
}

function isMultiple(value: number, of: number): boolean {
  const ratio = value / of;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9;
}

function checkUnique(errors: FieldError[], info: FieldInfo, value: unknown, path: string): void {
  if (!Array.isArray(value)) return;
  const keys = info.listMapKeys;
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const key =
      info.listType === 'map' && isJsonObject(item)
        ? Object.fromEntries((keys ?? []).map((name) => [name, item[name]]))
        : item;
    const text = JSON.stringify(key);
    if (seen.has(text)) errors.push(fieldErrors.duplicate(`${path}[${i}]`, key));
    seen.add(text);
  }
}

function firstRepeated(list: readonly unknown[]): number {
  const seen = new Set<string>();
  return list.findIndex((item) => {
    const text = JSON.stringify(item);
    if (seen.has(text)) return true;
    seen.add(text);
    return false;
  });
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Compiled patterns that are kept: the oldest gives way. */
const maxPatterns = 1000;
const patterns = new Map<string, RE2JS | undefined>();

/** A pattern that Go's regular expressions do not know lets everything pass, so that one kind's mistake does not lock its objects. */
function matches(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined && !patterns.has(pattern)) {
    compiled = compilePattern(pattern);
    patterns.set(pattern, compiled);
    if (patterns.size > maxPatterns) patterns.delete(patterns.keys().next().value ?? '');
  }
  return compiled?.matcher(value).find() ?? true;
}

/** RE2, as in Kubernetes: it takes time linear in the value, whatever the pattern. */
function compilePattern(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return undefined;
    throw error;
  }
}

const formats: { readonly [format: string]: RegExp } = {
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  'date-time': /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/,
  email: /^[^\s@]+@[^\s@]+$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
  uuid: /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
  uri: /^[a-zA-Z][a-zA-Z0-9+.-]*:\S*$/,
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
  hostname: /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
};

function hasFormat(format: string, value: string): boolean {
  // Formats that Kubernetes does not know are not checked, as there.
  return formats[format]?.test(value) ?? true;
}
