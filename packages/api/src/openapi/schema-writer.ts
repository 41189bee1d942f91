import { builtinTypes } from '../builtin-types.ts';
import type { GroupVersionKind, Kind } from '../kind.ts';
import { type FieldInfo, type ParsedType, parseType, type TypeInfo, type TypeTable } from '../schema.ts';
import { type Descriptions, typeDescription } from './descriptions.ts';
import { fieldDefaults } from './field-defaults.ts';
import { kindModelName, listModelName, modelName } from './model-names.ts';

/** A schema as plain JSON. */
export type Schema = { readonly [keyword: string]: unknown };

/** OpenAPI 2.0 (Swagger) or 3.0: they spell references and alternatives differently. */
export type OpenApiVersion = 2 | 3;

const scalars: { readonly [name: string]: Schema } = {
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  boolean: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
};

const zeroes: { readonly [name: string]: unknown } = { string: '', int32: 0, int64: 0, number: 0, boolean: false };

/**
 * Writes types as the schemas of one OpenAPI document. What a type refers to is written too, once, under its OpenAPI name.
 * Types of custom kinds are written in place, as Kubernetes does.
 */
export class SchemaWriter {
  /** All schemas so far, by OpenAPI name. */
  readonly models = new Map<string, Schema>();
  readonly #version: OpenApiVersion;
  readonly #descriptions: Descriptions;
  readonly #refPrefix: string;

  constructor(version: OpenApiVersion, descriptions: Descriptions) {
    this.#version = version;
    this.#descriptions = descriptions;
    this.#refPrefix = version === 3 ? '#/components/schemas/' : '#/definitions/';
  }

  /** A reference to a model by its OpenAPI name. */
  ref(model: string): Schema {
    return { $ref: `${this.#refPrefix}${model}` };
  }

  /** Adds a built-in type with all that it refers to. @returns its OpenAPI name; undefined when there is no such type. */
  addType(type: string, kinds: readonly GroupVersionKind[] = []): string | undefined {
    const info = builtinTypes.get(type);
    if (info === undefined) return undefined;
    const name = modelName(type);
    const known = this.models.get(name);
    if (known === undefined) {
      // The place is taken before the type is written, for types that contain themselves.
      this.models.set(name, {});
      this.models.set(name, this.#typeSchema(builtinTypes, type, info, []));
    }
    if (kinds.length > 0) this.#addKinds(name, kinds);
    return name;
  }

  /** Adds a kind and its list. */
  addKind(kind: Kind): void {
    const { group, version } = kind;
    const name = kindModelName(kind);
    if (!kind.custom) this.addType(kind.type);
    else if (!this.models.has(name)) {
      this.models.set(name, {});
      this.models.set(name, this.#customSchema(kind));
    }
    this.#addKinds(name, [{ group, version, kind: kind.kind }]);
    const list = listModelName(kind);
    if (!kind.custom && this.addType(`${kind.type}List`) !== undefined) {
      this.#addKinds(modelName(`${kind.type}List`), [{ group, version, kind: kind.listKind }]);
    } else if (!this.models.has(list)) {
      this.models.set(list, this.#listSchema(kind));
      this.#addKinds(list, [{ group, version, kind: kind.listKind }]);
    }
  }

  #addKinds(model: string, kinds: readonly GroupVersionKind[]): void {
    const schema = this.models.get(model) ?? {};
    const known = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly GroupVersionKind[];
    const isKnown = (kind: GroupVersionKind): boolean =>
      known.some((each) => each.group === kind.group && each.version === kind.version && each.kind === kind.kind);
    const added = kinds.filter((kind) => !isKnown(kind)).map(({ group, version, kind }) => ({ group, kind, version }));
    if (added.length === 0) return;
    this.models.set(model, { ...schema, 'x-kubernetes-group-version-kind': [...known, ...added] });
  }

  #customSchema(kind: Kind): Schema {
    const info = kind.types.get(kind.type);
    if (info === undefined) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    return this.#typeSchema(kind.types, kind.type, info, [kind.type]);
  }

  #listSchema(kind: Kind): Schema {
    const text = (field: string): Schema => describe({ type: 'string' }, this.#descriptions.ofField('', field));
    const metadata = this.addType('meta.v1.ListMeta');
    return {
      description: `${kind.listKind} is a list of ${kind.kind}.`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: text('apiVersion'),
        items: { description: `Objects of the list.`, type: 'array', items: this.#refWith(kindModelName(kind), {}) },
        kind: text('kind'),
        ...(metadata === undefined ? {} : { metadata: this.ref(metadata) }),
      },
    };
  }

  /** A reference with keywords beside it: OpenAPI 3.0 allows none, so it wraps the reference. */
  #refWith(model: string, beside: Schema): Schema {
    const ref = this.ref(model);
    if (Object.keys(beside).length === 0) return ref;
    return this.#version === 3 ? { ...beside, allOf: [ref] } : { ...beside, ...ref };
  }

  /** `open` are the custom types that are being written in place: one that contains itself ends there. */
  #typeSchema(types: TypeTable, name: string, info: TypeInfo, open: readonly string[]): Schema {
    const description = typeDescription(this.#descriptions, name, info);
    if (info.scalar !== undefined) return describe(this.#namedScalar(name, info), description);
    const properties: { [field: string]: Schema } = {};
    const required: string[] = [];
    for (const [field, fieldInfo] of Object.entries(info.fields ?? {})) {
      if (fieldInfo.gated === true) continue;
      properties[field] = this.#fieldSchema(types, name, field, fieldInfo, open);
      if (fieldInfo.required === true) required.push(field);
    }
    return {
      ...describe({ type: 'object' }, description),
      ...(required.length === 0 ? {} : { required }),
      ...(info.fields === undefined ? {} : { properties }),
      ...(info.mapType === undefined ? {} : { 'x-kubernetes-map-type': info.mapType }),
      ...(info.preserveUnknownFields === true ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      ...(info.unions === undefined ? {} : { 'x-kubernetes-unions': info.unions }),
    };
  }

  #namedScalar(name: string, info: TypeInfo): Schema {
    const eitherOr =
      name === 'util.intstr.IntOrString' ? 'integer' : name === 'api.resource.Quantity' ? 'number' : undefined;
    const format = info.format === undefined ? {} : { format: info.format };
    if (eitherOr !== undefined && this.#version === 3) {
      return {
        ...format,
        oneOf:
          eitherOr === 'integer' ? [{ type: 'integer' }, { type: 'string' }] : [{ type: 'string' }, { type: 'number' }],
      };
    }
    return info.scalar === 'any' ? {} : { type: info.scalar, ...format };
  }

  #fieldSchema(types: TypeTable, owner: string, name: string, field: FieldInfo, open: readonly string[]): Schema {
    const parsed = parseType(field.type);
    const values = this.#descriptions.valuesOf(owner, name);
    const preset =
      field.default ??
      fieldDefaults[owner]?.[name] ??
      (field.required === true ? this.#zero(types, parsed) : undefined);
    const beside: Schema = {
      ...describe({}, field.description ?? this.#descriptions.ofField(owner, name)),
      ...(preset === undefined ? {} : { default: preset }),
      ...listExtensions(field),
      ...constraintKeywords(field, this.#version),
    };
    if (parsed.kind === 'ref' && builtinTypes.get(parsed.name) !== undefined) {
      return this.#refWith(this.addType(parsed.name) ?? '', beside);
    }
    return { ...this.#valueSchema(types, parsed, open, values), ...beside };
  }

  #valueSchema(types: TypeTable, type: ParsedType, open: readonly string[], values?: readonly string[]): Schema {
    switch (type.kind) {
      case 'scalar':
        return values === undefined ? (scalars[type.name] ?? {}) : { ...scalars[type.name], enum: values };
      case 'list':
        return { type: 'array', items: this.#itemSchema(types, type.items, open, values) };
      case 'map':
        return { type: 'object', additionalProperties: this.#itemSchema(types, type.values, open, values) };
      default: {
        const builtin = this.addType(type.name);
        if (builtin !== undefined) return this.ref(builtin);
        const info = types.get(type.name);
        if (info === undefined || open.includes(type.name)) {
          return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
        }
        return this.#typeSchema(types, type.name, info, [...open, type.name]);
      }
    }
  }

  #itemSchema(types: TypeTable, type: ParsedType, open: readonly string[], values?: readonly string[]): Schema {
    const zero = types === builtinTypes ? this.#zero(types, type) : undefined;
    const beside: Schema = zero === undefined ? {} : { default: zero };
    if (type.kind === 'ref' && builtinTypes.get(type.name) !== undefined) {
      return this.#refWith(this.addType(type.name) ?? '', beside);
    }
    return { ...this.#valueSchema(types, type, open, values), ...beside };
  }

  /** What Go's zero value of a built-in type looks like: Kubernetes publishes it as the default of fields that must be there. */
  #zero(types: TypeTable, type: ParsedType): unknown {
    if (types !== builtinTypes) return undefined;
    if (type.kind === 'scalar') return zeroes[type.name];
    return type.kind === 'ref' && builtinTypes.get(type.name)?.fields !== undefined ? {} : undefined;
  }
}

function describe(schema: Schema, description: string | undefined): Schema {
  return description === undefined || description === '' ? schema : { description, ...schema };
}

function listExtensions(field: FieldInfo): Schema {
  return {
    ...(field.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': field.listMapKeys }),
    ...(field.listType === undefined ? {} : { 'x-kubernetes-list-type': field.listType }),
    ...(field.mapType === undefined ? {} : { 'x-kubernetes-map-type': field.mapType }),
    ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
    ...(field.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': field.patchStrategy }),
  };
}

/** Constraints carry OpenAPI's own names; OpenAPI 2.0 knows no `nullable`. */
function constraintKeywords({ constraints }: FieldInfo, version: OpenApiVersion): Schema {
  if (constraints === undefined) return {};
  const { nullable, ...rest } = constraints;
  return { ...rest, ...(nullable === true && version === 3 ? { nullable } : {}) };
}
