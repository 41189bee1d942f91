/** An object of plain JSON. A field with the value `undefined` counts as absent everywhere here. */
export type JsonObject = { readonly [field: string]: unknown };

/** Whether a value is a JSON object: neither a scalar, nor null, nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Deep equality of plain JSON. Parts that are shared (`===`) are not looked into, so comparing an object with its Immer
 * descendant costs what was changed.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return typeof a === 'number' && Number.isNaN(a) && Number.isNaN(b);
  }
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  return !Array.isArray(b) && equalObjects(a as JsonObject, b as JsonObject);
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false;
  return true;
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  let present = 0;
  for (const field in a) {
    const value = a[field];
    if (value === undefined) continue;
    if (!Object.hasOwn(b, field) || !equalJson(value, b[field])) return false;
    present++;
  }
  for (const field in b) if (b[field] !== undefined) present--;
  return present === 0;
}

/** JSON text with the fields of every object in order of their names: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as JsonObject;
  let text = '';
  for (const field of Object.keys(object).sort()) {
    const child = object[field];
    if (child !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(field)}:${canonicalJson(child)}`;
  }
  return `{${text}}`;
}
