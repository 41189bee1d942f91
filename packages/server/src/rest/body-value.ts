import { failures, type KindRegistry } from '@orrery/api';
import { decodeProtobuf } from '@orrery/api/server';
import { errorText } from '@orrery/core';
import { bodyTypes, parseMediaTypes } from './media-type.ts';

/** Bytes that a request's body may have: 3 MiB, as in Kubernetes. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** How deep JSON may be nested: far more than any object needs, far less than what a recursive walk can stand. */
const maxDepth = 500;

/** What decoding needs to know of a request. */
export interface BodyContext {
  readonly contentType: string | undefined;
  readonly kinds: KindRegistry;
  /** Kind that the URL stands for: errors name it. */
  readonly kind: string;
}

/**
 * The value that a body says, in whichever of {@link bodyTypes} it is; JSON if it does not say.
 * @throws StatusError UnsupportedMediaType; BadRequest for what cannot be read
 */
export async function decodeBody(bytes: Uint8Array, context: BodyContext): Promise<unknown> {
  const { type } = parseMediaTypes(context.contentType ?? '')[0] ?? { type: 'application/json' };
  switch (type) {
    case 'application/json':
      return parseJson(bytes, context.kind);
    case 'application/yaml':
      return parseYaml(bytes, context.kind);
    case 'application/vnd.kubernetes.protobuf':
      return checked(decodeProtobuf(bytes, context.kinds), context.kind);
    default:
      throw failures.unsupportedMediaType(bodyTypes);
  }
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

/** @throws StatusError BadRequest */
export async function parseYaml(bytes: Uint8Array, kind: string): Promise<unknown> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(decodeUtf8(bytes), { maxAliasCount: 100 });
  } catch (error) {
    throw unrecognized(kind, `yaml parse error: ${errorText(error)}`);
  }
  return checked(value, kind);
}

function unrecognized(kind: string, why: string) {
  return failures.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; ${why}`,
  );
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Refuses what no object has and what code further in could trip over: endless nesting, a field that is a prototype. */
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
