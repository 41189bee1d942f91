import type { LabelSelector } from '../parts.ts';
import { type OpenApiSchema, quantityPattern } from './open-api-schema.ts';

/**
 * A schema of values of the type `T`: what {@link defineKind} accepts. `Optional` says whether a field of this schema may be
 * absent. Made by {@link schema}; immutable.
 */
export interface Schema<T = unknown, Optional extends boolean = boolean> {
  readonly openApi: OpenApiSchema;
  readonly isOptional: Optional;
  /** A field that may be absent. */
  optional(): Schema<T, true>;
  /** The value may be `null`, which is stored; without this, `null` reads as absent. */
  nullable(): Schema<T | null, Optional>;
  /** One sentence for `kubectl explain`. */
  describe(text: string): Schema<T, Optional>;
  /** The value's type; never set. */
  readonly valueType?: T;
}

/** The TypeScript type of the values of a schema. */
export type Infer<S> = S extends { readonly valueType?: infer T } ? Exclude<T, undefined> : never;

/** Fields of an object's schema. */
export interface SchemaFields {
  readonly [field: string]: Schema;
}

type Flatten<T> = { [F in keyof T]: T[F] };

/** The object type that fields make: what may be absent has a `?`. */
export type InferFields<F extends SchemaFields> = Flatten<
  { [K in keyof F as F[K]['isOptional'] extends true ? never : K]: Infer<F[K]> } & {
    [K in keyof F as F[K]['isOptional'] extends true ? K : never]?: Infer<F[K]>;
  }
>;

interface Common<T> {
  /** Written by the server when the field is absent. */
  readonly default?: T;
  readonly description?: string;
}

interface NumberOptions extends Common<number> {
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
}

interface StringOptions extends Common<string> {
  /** In characters. */
  readonly minLength?: number;
  /** In characters. */
  readonly maxLength?: number;
  /** A regular expression that matches anywhere in the text: use `^` and `$`. */
  readonly pattern?: string;
  readonly format?: string;
}

interface ArrayOptions<T> extends Common<readonly T[]> {
  readonly minItems?: number;
  readonly maxItems?: number;
  /** How server-side apply merges the list. Default: `atomic`. */
  readonly listType?: 'atomic' | 'set' | 'map';
  /** Fields that identify an element of a `map` list. */
  readonly listMapKeys?: readonly string[];
}

interface ObjectOptions<T> extends Common<T> {
  /** Fields that the schema does not name are kept. Default: they are dropped. */
  readonly preserveUnknownFields?: boolean;
}

function make<T>(openApi: OpenApiSchema): Schema<T, false> {
  return withOptional(openApi, false);
}

function withOptional<T, O extends boolean>(openApi: OpenApiSchema, isOptional: O): Schema<T, O> {
  return {
    openApi,
    isOptional,
    optional: () => withOptional<T, true>(openApi, true),
    nullable: () => withOptional<T | null, O>({ ...openApi, nullable: true }, isOptional),
    describe: (description) => withOptional<T, O>({ ...openApi, description }, isOptional),
  };
}

function object<F extends SchemaFields>(
  fields: F,
  { preserveUnknownFields, ...rest }: ObjectOptions<InferFields<F>> = {},
): Schema<InferFields<F>, false> {
  const entries = Object.entries(fields);
  // A field with a default is never absent once the object is stored, so readers need not handle its absence.
  const required = entries.filter(([, { isOptional, openApi }]) => !isOptional && openApi.default === undefined);
  return make({
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, { openApi }]) => [name, openApi])),
    ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
    ...(preserveUnknownFields === true ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...rest,
  });
}

function array<T>(items: Schema<T>, options: ArrayOptions<T> = {}): Schema<T[], false> {
  const { listType, listMapKeys, ...rest } = options;
  return make({
    type: 'array',
    items: items.openApi,
    ...(listType === undefined ? {} : { 'x-kubernetes-list-type': listType }),
    ...(listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': listMapKeys }),
    ...rest,
  });
}

/**
 * Builders of schemas for {@link defineKind}, from which the TypeScript type of the objects is inferred:
 *
 *     schema.object({ host: schema.string({ pattern: '^[a-z]+$' }), replicas: schema.integer({ minimum: 0, default: 1 }) })
 */
export const schema = {
  /** Field names in the schema's order. Fields that are not `optional()` are required unless they have a default. */
  object,
  array,
  /** Keys of any name, values of one schema. */
  map: <T>(values: Schema<T>, options: Common<{ [key: string]: T }> = {}): Schema<{ [key: string]: T }, false> =>
    make({ type: 'object', additionalProperties: values.openApi, ...options }),
  string: (options: StringOptions = {}): Schema<string, false> => make({ type: 'string', ...options }),
  /** One of a few words. */
  enum: <const T extends string>(words: readonly T[], options: Common<NoInfer<T>> = {}): Schema<T, false> =>
    make({ type: 'string', enum: words, ...options }),
  integer: (options: NumberOptions = {}): Schema<number, false> => make({ type: 'integer', ...options }),
  number: (options: NumberOptions = {}): Schema<number, false> => make({ type: 'number', ...options }),
  boolean: (options: Common<boolean> = {}): Schema<boolean, false> => make({ type: 'boolean', ...options }),
  /** A port by number or name, a count or a percentage. */
  intOrString: (options: Common<number | string> = {}): Schema<number | string, false> =>
    make({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], ...options }),
  /** An amount of a resource: `500m`, `1Gi`. */
  quantity: (options: Common<number | string> = {}): Schema<number | string, false> =>
    make({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: quantityPattern,
      ...options,
    }),
  /** An RFC 3339 time. */
  time: (options: Common<string> = {}): Schema<string, false> =>
    make({ type: 'string', format: 'date-time', ...options }),
  /** Any JSON value. */
  any: (): Schema<unknown, false> => make({ 'x-kubernetes-preserve-unknown-fields': true }),
  /**
   * A value of a built-in type, by its name in the type table, with the TypeScript type that the caller states:
   * `schema.builtin<PodTemplateSpec>('core.v1.PodTemplateSpec')`.
   */
  builtin: <T>(type: string): Schema<T, false> => make({ 'x-orrery-type': type }),
  /** `meta.v1.LabelSelector`. */
  labelSelector: (): Schema<LabelSelector, false> => make({ 'x-orrery-type': 'meta.v1.LabelSelector' }),
  /** Conditions as Kubernetes' API conventions have them (`meta.v1.Condition`), merged by their type. */
  conditions: (): Schema<Condition[], false> =>
    make({
      type: 'array',
      items: { 'x-orrery-type': 'meta.v1.Condition' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    }),
} as const;

/** `meta.v1.Condition`: one aspect of an object's state. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  /** RFC 3339. */
  lastTransitionTime: string;
  reason: string;
  message: string;
}
