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
 * stays as it was. A part that changes is copied once, however many operations change it.
 * @throws StatusError BadRequest if the patch is malformed, Invalid if an operation fails (a missing path, a `test` that
 * does not hold), RequestEntityTooLarge if there are too many operations.
 */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const list = operationsOf(operations);
  const draft = new Draft(document);
  try {
    for (const entry of list) applyOperation(draft, readOperation(entry));
    if (exceedsDepth(draft.root, document)) throw new NotApplicable('the result is nested too deeply');
  } catch (error) {
    if (error instanceof NotApplicable) throw rejected();
    throw error;
  }
  return draft.root;
}

/** Maximum nesting of a patched document, as of the body of a request: moves can add up to more. */
const maxDepth = 500;

/** Whether a value is nested too deeply where it differs from a document that is not. */
function exceedsDepth(value: unknown, known: unknown): boolean {
  let level: (readonly [unknown, unknown])[] = [[value, known]];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    const next: (readonly [unknown, unknown])[] = [];
    for (const [one, same] of level) {
      if (one === same || typeof one !== 'object' || one === null) continue;
      const counterpart = typeof same === 'object' && same !== null ? (same as JsonObject) : {};
      for (const [field, item] of Object.entries(one))
        if (typeof item === 'object') next.push([item, counterpart[field]]);
    }
    level = next;
  }
  return false;
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

function applyOperation(draft: Draft, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
      draft.put(path, value, 'add');
      return;
    case 'replace':
      draft.put(path, value, 'replace');
      return;
    case 'remove':
      draft.remove(path);
      return;
    case 'copy':
      draft.put(path, draft.copied(from), 'add');
      return;
    case 'move': {
      if (from.length < path.length && from.every((step, i) => step === path[i])) {
        throw new NotApplicable('a value cannot move into itself');
      }
      const moved = valueAt(draft.root, from);
      draft.remove(from);
      draft.put(path, moved, 'add');
      return;
    }
    case 'test':
      if (!equalJson(testedValue(draft.root, path), value)) throw new NotApplicable('test failed');
  }
}

type Parent = unknown[] | { [field: string]: unknown };

/** A document while operations change it in place: objects and lists are copied when they change first, and then are its own. */
class Draft {
  #root: unknown;
  readonly #own = new Set<unknown>();
  #copied = 0;

  constructor(document: unknown) {
    this.#root = document;
  }

  get root(): unknown {
    return this.#root;
  }

  /** A copy of the value at a path: it may change apart from its source. */
  copied(path: readonly string[]): unknown {
    const value = valueAt(this.#root, path);
    this.#copied += jsonSize(value, maxCopied - this.#copied);
    if (this.#copied > maxCopied) throw new NotApplicable('copies are too large');
    return structuredClone(value);
  }

  put(path: readonly string[], value: unknown, how: 'add' | 'replace'): void {
    const step = path.at(-1);
    if (step === undefined) {
      this.#root = value;
      return;
    }
    const known = valueAt(this.#root, path.slice(0, -1));
    if (Array.isArray(known)) {
      const index = how === 'replace' ? existingIndex(known, step) : step === '-' ? known.length : indexOf(step);
      if (index > known.length) throw new NotApplicable('index is out of bounds');
      if (how === 'replace' && known[index] === value) return;
      (this.#parent(path) as unknown[]).splice(index, how === 'replace' ? 1 : 0, value);
      return;
    }
    if (how === 'replace') child(known, step);
    if (typeof known !== 'object' || known === null) throw new NotApplicable(`nothing at ${step}`);
    if (Object.hasOwn(known, step) && (known as JsonObject)[step] === value) return;
    setOwn(this.#parent(path), step, value);
  }

  remove(path: readonly string[]): void {
    const step = path.at(-1);
    if (step === undefined) throw new NotApplicable('a document cannot remove itself');
    child(valueAt(this.#root, path.slice(0, -1)), step);
    const parent = this.#parent(path);
    if (Array.isArray(parent)) parent.splice(indexOf(step), 1);
    else delete parent[step];
  }

  /** The object or list that a path leads into, the draft's own from the root on. */
  #parent(path: readonly string[]): Parent {
    let parent = this.#owned(this.#root);
    this.#root = parent;
    for (const step of path.slice(0, -1)) {
      const known = child(parent, step);
      const own = this.#owned(known);
      if (own !== known) setOwn(parent, step, own);
      parent = own;
    }
    return parent;
  }

  #owned(value: unknown): Parent {
    if (this.#own.has(value)) return value as Parent;
    const own = Array.isArray(value) ? [...value] : { ...(value as JsonObject) };
    this.#own.add(own);
    return own;
  }
}

/** Sets a field whatever its name: `__proto__` too is a field of its own. */
function setOwn(parent: Parent, field: string, value: unknown): void {
  if (field === '__proto__')
    Object.defineProperty(parent, field, { value, configurable: true, enumerable: true, writable: true });
  else (parent as { [field: string]: unknown })[field] = value;
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
