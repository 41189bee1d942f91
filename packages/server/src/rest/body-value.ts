import { failures, type KindRegistry, StatusError } from '@orrery/api';
import { decodeProtobuf } from '@orrery/api/server';
import { errorText } from '@orrery/core';
import { bodyTypes, parseMediaTypes } from './media-type.ts';

/** Maximum size of a request body in bytes: 3 MiB, as in Kubernetes. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** Maximum nesting of JSON: far more than any object needs, far less than a recursive walk can take. */
const maxDepth = 500;

/** The part of a request that decoding needs. */
export interface BodyContext {
  readonly contentType: string | undefined;
  readonly kinds: KindRegistry;
  /** The kind in the URL, named in errors. */
  readonly kind: string;
}

/**
 * Decodes a body in one of {@link bodyTypes}; JSON if the request names no type.
 * @throws StatusError UnsupportedMediaType; BadRequest for an invalid body
 */
export async function decodeBody(bytes: Uint8Array, context: BodyContext): Promise<unknown> {
  const type = typeOf(context.contentType ?? json);
  switch (type) {
    case json:
      return parseJson(bytes, context.kind);
    case 'application/yaml':
      return parseYaml(bytes, context.kind);
    case 'application/vnd.kubernetes.protobuf':
      return checked(decodeProtobuf(bytes, context.kinds), context.kind);
    default:
      throw failures.unsupportedMediaType(bodyTypes);
  }
}

const json = 'application/json';

function typeOf(contentType: string): string {
  return contentType === json ? json : (parseMediaTypes(contentType)[0]?.type ?? json);
}

/** @throws StatusError BadRequest */
export function parseJson(bytes: Uint8Array, kind: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    throw unrecognized(kind, `json parse error: ${errorText(error)}`);
  }
  return checked(value, kind);
}

/**
 * Parses YAML, of which JSON is a part, in time linear in its length.
 * @throws StatusError BadRequest
 */
export async function parseYaml(bytes: Uint8Array, kind: string): Promise<unknown> {
  const { load } = await import('js-yaml');
  try {
    const text = decodeUtf8(bytes);
    const json = jsonIn(text);
    if (json !== undefined) return checked(json, kind);
    if (severalDocuments(text)) throw new Error('expected a single document in the stream, but found more');
    const value = load(text, { maxDepth });
    checkAliases(value);
    return checked(value, kind);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw unrecognized(kind, `yaml parse error: ${errorText(error)}`);
  }
}

/** The value of a text that is JSON, which clients of server-side apply send as YAML; undefined if it is none. */
function jsonIn(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A flow mapping of YAML also begins with a brace.
    return undefined;
  }
}

/** Whether a second document begins: found before any of them is parsed. */
function severalDocuments(text: string): boolean {
  const marker = /^---(?=\s|$)/gm;
  return marker.test(text) && marker.test(text);
}

/** Nodes that aliases may add to a document: a few lines of YAML can stand for more than any memory. */
const maxAliased = 100_000;

/** @throws Error if the aliases of a YAML document multiply it */
function checkAliases(root: unknown): void {
  const sizes = new Map<object, number>();
  let own = 0;
  const sizeOf = (value: unknown): number => {
    own++;
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${value} is not a number of JSON`);
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const child of Object.values(value)) size += sizeOf(child);
    sizes.set(value, size);
    return size;
  };
  if (sizeOf(root) > own + maxAliased) throw new Error('document contains excessive aliasing');
}

function unrecognized(kind: string, why: string) {
  return failures.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; ${why}`,
  );
}

function decodeUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** Refuses bodies that could break later code: excessive nesting, a field named `__proto__`. */
function checked(root: unknown, kind: string): unknown {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw unrecognized(kind, `exceeded max depth of ${maxDepth}`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (Object.hasOwn(value, '__proto__')) throw unrecognized(kind, 'field name "__proto__" is not allowed');
      for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return root;
}
