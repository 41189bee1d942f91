import { equalJson, isJsonObject, type JsonObject } from '../json.ts';
import { failures } from '../status.ts';

/**
 * A document changed by a JSON merge patch (RFC 7386): objects merge, null deletes, everything else, lists included,
 * replaces. What the patch leaves equal is shared with the document; a patch that changes nothing returns the document itself.
 * @throws StatusError BadRequest if the patch is no object.
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw failures.badRequest('Invalid JSON Patch');
  return mergeObject(document, patch);
}

/** The smallest merge patch that turns one document into the other: `{}` if they are equal. */
export function createMergePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: { [field: string]: unknown } = {};
  for (const [field, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const before = Object.hasOwn(from, field) ? from[field] : undefined;
    if (equalJson(before, value)) continue;
    setOwn(patch, field, isJsonObject(before) && isJsonObject(value) ? createMergePatch(before, value) : value);
  }
  for (const field of Object.keys(from)) {
    if (from[field] !== undefined && (!Object.hasOwn(to, field) || to[field] === undefined)) setOwn(patch, field, null);
  }
  return patch;
}

function mergeObject(document: unknown, patch: JsonObject): unknown {
  const original: JsonObject = isJsonObject(document) ? document : {};
  let result: { [field: string]: unknown } | undefined;
  for (const field of Object.keys(patch)) {
    const change = patch[field];
    const before = Object.hasOwn(original, field) ? original[field] : undefined;
    if (change === undefined) continue;
    if (change === null) {
      if (!Object.hasOwn(original, field)) continue;
      result ??= { ...original };
      delete result[field];
      continue;
    }
    const after = isJsonObject(change) ? mergeObject(before, change) : equalJson(before, change) ? before : change;
    if (after === before) continue;
    result ??= { ...original };
    setOwn(result, field, after);
  }
  return result ?? (isJsonObject(document) ? document : {});
}

/** Sets a field even if it is named like the accessor of an object's prototype. */
function setOwn(object: { [field: string]: unknown }, field: string, value: unknown): void {
  if (field === '__proto__') {
    Object.defineProperty(object, field, { value, enumerable: true, writable: true, configurable: true });
  } else object[field] = value;
}
