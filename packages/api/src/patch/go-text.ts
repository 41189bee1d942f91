import type { JsonObject } from '../json.ts';

/** A JSON value as Go prints it with `%v`, which some of Kubernetes' messages show: `map[a:1 b:[x y]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const object = value as JsonObject;
  const fields = Object.keys(object).sort();
  return `map[${fields.map((field) => `${field}:${goText(object[field])}`).join(' ')}]`;
}
