/**
 * What the API's type table knows of one field. All that validates, defaults, merges, applies, documents and decodes
 * objects is derived from it (Kubernetes API conventions, "Lists of named subobjects", "Merge strategy").
 */
export interface FieldInfo {
  /**
   * `string`, `int32`, `int64`, `number`, `boolean`, `bytes` (base64 in JSON), the name of a type in the same
   * {@link TypeTable}, or one of these as `T[]` or `map<T>` (keys are strings).
   */
  readonly type: string;
  readonly required?: boolean;
  readonly default?: unknown;
  /** `merge`, `replace`, `retainKeys` or `merge,retainKeys`: how a strategic merge patch treats the field. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** Server-side apply's list type. Absent means `atomic`. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** Server-side apply's map type. Absent means `granular`. */
  readonly mapType?: 'atomic' | 'granular';
  /** Protobuf field number; absent where the field is inlined (see {@link TypeInfo.embedded}) or has no protobuf form. */
  readonly proto?: number;
  readonly protoType?: string;
  /** Behind a feature gate: accepted, but left out of the published schema. */
  readonly gated?: boolean;
  /** One sentence for `kubectl explain`. */
  readonly description?: string;
  /** Constraints that only custom kinds state (OpenAPI v3): the built-in kinds' rules are code. */
  readonly constraints?: ValueConstraints;
  /** Constraints of each element of a list, or value of a map. */
  readonly itemConstraints?: ValueConstraints;
}

/** OpenAPI v3 validations of a custom kind's field. Lengths are in characters, `multipleOf` and bounds in the field's own unit. */
export interface ValueConstraints {
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
}

/** What the table knows of one type: an object with fields, or a scalar with a name of its own (Quantity, Time …). */
export interface TypeInfo {
  readonly fields?: { readonly [name: string]: FieldInfo };
  /** JSON form of a named scalar: `string` (with {@link format}), `object` or `any`. */
  readonly scalar?: 'string' | 'object' | 'any';
  readonly format?: string;
  readonly mapType?: 'atomic' | 'granular';
  /** Unknown fields are kept rather than pruned (`x-kubernetes-preserve-unknown-fields`). */
  readonly preserveUnknownFields?: boolean;
  /** Protobuf messages whose fields JSON inlines: message field name → its number and message type. */
  readonly embedded?: { readonly [name: string]: unknown };
  readonly unions?: readonly unknown[];
  readonly proto?: unknown;
  readonly description?: string;
}

/** Named types. The built-in table is one; a custom kind brings its own, which falls back to the built-in one. */
export interface TypeTable {
  get(name: string): TypeInfo | undefined;
}

/** A field's type text taken apart. */
export type ParsedType =
  | { readonly kind: 'scalar'; readonly name: 'string' | 'int32' | 'int64' | 'number' | 'boolean' | 'bytes' }
  | { readonly kind: 'ref'; readonly name: string }
  | { readonly kind: 'list'; readonly items: ParsedType }
  | { readonly kind: 'map'; readonly values: ParsedType };

const scalarNames = new Set(['string', 'int32', 'int64', 'number', 'boolean', 'bytes']);
const parsedTypes = new Map<string, ParsedType>();

/** Takes a field's type text apart; results are cached. */
export function parseType(text: string): ParsedType {
  let parsed = parsedTypes.get(text);
  if (parsed === undefined) {
    parsed = parse(text);
    parsedTypes.set(text, parsed);
  }
  return parsed;
}

function parse(text: string): ParsedType {
  if (text.endsWith('[]')) return { kind: 'list', items: parseType(text.slice(0, -2)) };
  if (text.startsWith('map<') && text.endsWith('>')) return { kind: 'map', values: parseType(text.slice(4, -1)) };
  if (scalarNames.has(text)) return { kind: 'scalar', name: text } as ParsedType;
  return { kind: 'ref', name: text };
}
