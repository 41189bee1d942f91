/** Bytes that V8 needs for an object or a list itself, and for each of its fields; roughly. */
const perObject = 32;
const perField = 12;

/**
 * Bytes that a value holds beside the parts that it shares with another, roughly. Takes time only for what differs.
 */
export function bytesBeside(value: unknown, other: unknown): number {
  if (value === other) return 0;
  if (typeof value === 'string') return perObject + value.length;
  if (typeof value !== 'object' || value === null) return 0;
  const counterpart: { readonly [field: string]: unknown } =
    typeof other === 'object' && other !== null ? (other as { readonly [field: string]: unknown }) : none;
  let bytes = perObject;
  for (const field in value) {
    bytes += perField + bytesBeside((value as { readonly [field: string]: unknown })[field], counterpart[field]);
  }
  return bytes;
}

const none = Object.freeze({});
