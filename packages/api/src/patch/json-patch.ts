import { equalJson, type JsonObject } from '../json.ts';
import { failures, type StatusError } from '../status.ts';

/** More operations than this in one patch are refused. */
export const maxJsonPatchOperations = 10_000;

/** Characters of JSON that all `copy` operations of one patch may add up to: patches that double a document stop here. */
const maxCopied = 3 * 1024 * 1024;

type OperationName = 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';

interface Operation {
  readonly op: OperationName;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/** Why an operation does not fit the document. It never leaves this file. */
class NotApplicable extends Error {}

/**
 * A document changed by a JSON patch (RFC 6902). Parts that no operation touches are shared with the document, which itself
 * stays as it was.
 * @throws StatusError BadRequest if the patch is malformed, Invalid if an operation fails (a missing path, a `test` that
 * does not hold), RequestEntityTooLarge if there are too many operations.
 */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const list = operationsOf(operations);
  let result = document;
  let budget = maxCopied;
  try {
    for (const entry of list) {
      const operation = readOperation(entry);
      if (operation.op === 'copy') {
        budget -= jsonSize(valueAt(result, operation.from), budget);
        if (budget < 0) throw new NotApplicable('copies are too large');
      }
      result = applyOperation(result, operation);
    }
  } catch (error) {
    if (error instanceof NotApplicable) throw rejected();
    throw error;
  }
  return result;
}

/** What the API server answers when a well-formed patch does not fit the object. */
export function rejected(): StatusError {
  return failures.unprocessable('the server rejected our request due to an error in our request', {});
}

function operationsOf(operations: unknown): readonly JsonObject[] {
  if (!Array.isArray(operations)) {
    throw failures.badRequest(`json: cannot unmarshal ${goKind(operations)} into Go value of type jsonpatch.Patch`);
  }
  if (operations.length > maxJsonPatchOperations) {
    throw failures.entityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${operations.length}`,
    );
  }
  for (const operation of operations) {
    if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) {
      throw failures.badRequest(
        `json: cannot unmarshal ${goKind(operation)} into Go value of type jsonpatch.Operation`,
      );
    }
  }
  return operations;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}

const operationNames: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function readOperation(entry: JsonObject): Operation {
  if (!operationNames.has(entry.op)) throw new NotApplicable('unknown operation');
  const op = entry.op as OperationName;
  const needsFrom = op === 'move' || op === 'copy';
  if ((op === 'add' || op === 'replace') && entry.value === undefined) throw new NotApplicable('value is missing');
  return {
    op,
    path: pointer(entry.path),
    from: needsFrom ? pointer(entry.from) : [],
    value: entry.value === undefined ? null : entry.value,
  };
}

/** The steps of a JSON pointer (RFC 6901). */
function pointer(text: unknown): readonly string[] {
  if (typeof text !== 'string') throw new NotApplicable('path is missing');
  if (text === '') return [];
  if (!text.startsWith('/')) throw new NotApplicable('path does not begin with a slash');
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyOperation(document: unknown, { op, path, from, value }: Operation): unknown {
  switch (op) {
    case 'add':
      return put(document, path, value, 'add');
    case 'replace':
      return put(document, path, value, 'replace');
    case 'remove':
      return remove(document, path);
    case 'copy':
      return put(document, path, valueAt(document, from), 'add');
    case 'move': {
      if (from.length < path.length && from.every((step, i) => step === path[i])) {
        throw new NotApplicable('a value cannot move into itself');
      }
      const moved = valueAt(document, from);
      return put(remove(document, from), path, moved, 'add');
    }
    case 'test':
      if (!equalJson(testedValue(document, path), value)) throw new NotApplicable('test failed');
      return document;
  }
}

/** A field that is absent tests like null. */
function testedValue(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return document;
  const parent = valueAt(document, path.slice(0, -1));
  if (Array.isArray(parent)) return parent[existingIndex(parent, last)];
  if (typeof parent !== 'object' || parent === null) throw new NotApplicable('path is missing');
  return Object.hasOwn(parent, last) ? (parent as JsonObject)[last] : null;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const step of path) value = child(value, step);
  return value;
}

function child(parent: unknown, step: string): unknown {
  if (Array.isArray(parent)) return parent[existingIndex(parent, step)];
  if (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, step)) return (parent as JsonObject)[step];
  throw new NotApplicable(`nothing at ${step}`);
}

function existingIndex(list: readonly unknown[], step: string): number {
  const index = indexOf(step);
  if (index >= list.length) throw new NotApplicable('index is out of bounds');
  return index;
}

function indexOf(step: string): number {
  if (!/^(0|[1-9][0-9]{0,8})$/.test(step)) throw new NotApplicable('no index');
  return Number(step);
}

function put(parent: unknown, path: readonly string[], value: unknown, how: 'add' | 'replace'): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (rest.length > 0) return withChild(parent, step, put(child(parent, step), rest, value, how));
  if (!Array.isArray(parent)) {
    if (how === 'replace') child(parent, step);
    return withChild(parent, step, value);
  }
  if (how === 'replace') return withChild(parent, step, value);
  const index = step === '-' ? parent.length : indexOf(step);
  if (index > parent.length) throw new NotApplicable('index is out of bounds');
  return parent.toSpliced(index, 0, value);
}

function remove(parent: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) throw new NotApplicable('a document cannot remove itself');
  const removed = child(parent, step);
  if (rest.length > 0) return withChild(parent, step, remove(removed, rest));
  if (Array.isArray(parent)) return parent.toSpliced(indexOf(step), 1);
  const { [step]: _, ...remaining } = parent as JsonObject;
  return remaining;
}

function withChild(parent: unknown, step: string, value: unknown): unknown {
  if (Array.isArray(parent)) {
    const index = existingIndex(parent, step);
    return parent[index] === value ? parent : parent.with(index, value);
  }
  if (typeof parent !== 'object' || parent === null) throw new NotApplicable(`nothing at ${step}`);
  const object = parent as JsonObject;
  return Object.hasOwn(object, step) && object[step] === value ? object : { ...object, [step]: value };
}

/** Characters of a value's JSON, roughly; counting stops once it is over the limit. */
function jsonSize(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let size = 2;
  for (const [field, item] of Object.entries(value)) {
    size += Array.isArray(value) ? 1 : field.length + 4;
    size += jsonSize(item, limit - size);
    if (size > limit) break;
  }
  return size;
}
