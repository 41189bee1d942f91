import { failures, type KindRegistry } from '@orrery/api';
import { decodeProtobuf } from '@orrery/api/server';
import { errorText } from '@orrery/core';
import { maxDepth } from './depth.ts';
import { bodyTypes, parseMediaTypes } from './media-type.ts';
import type { ReadYaml, YamlBody } from './yaml-body.ts';

/** Maximum size of a request body in bytes: 3 MiB, as in Kubernetes. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** The part of a request that decoding needs. */
export interface BodyContext extends YamlOptions {
  readonly contentType: string | undefined;
  readonly kinds: KindRegistry;
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
      return parseYaml(bytes, context);
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

/** How a body in YAML is read. */
export interface YamlOptions {
  /** The kind in the URL, named in errors. */
  readonly kind: string;
  /** Reads the text. Default: at once. */
  readonly readYaml?: ReadYaml | undefined;
  /** Is told of a key that stands twice in a mapping, of which the last is valid. */
  readonly duplicate?: ((fault: string) => void) | undefined;
}

/**
 * Parses YAML, of which JSON is a part, in time linear in its length.
 * @throws StatusError BadRequest
 */
export async function parseYaml(bytes: Uint8Array, options: YamlOptions): Promise<unknown> {
  const { kind, readYaml = readYamlHere, duplicate } = options;
  let read: YamlBody;
  try {
    const text = decodeUtf8(bytes);
    const json = jsonIn(text);
    read = json === undefined ? await readYaml(text) : { value: json };
  } catch (error) {
    throw unrecognized(kind, `yaml parse error: ${errorText(error)}`);
  }
  if (read.duplicate !== undefined) duplicate?.(read.duplicate);
  return checked(read.value, kind);
}

const readYamlHere: ReadYaml = async (text) => (await import('./yaml-body.ts')).readYamlBody(text);

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
