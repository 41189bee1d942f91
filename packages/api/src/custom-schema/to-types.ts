import { builtinTypes } from '../builtin-types.ts';
import type { FieldInfo, TypeInfo, TypeTable, ValueConstraints } from '../schema.ts';
import { type OpenApiSchema, quantityPattern } from './open-api-schema.ts';

const constraintNames = [
  'enum',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'nullable',
] as const;

/**
 * The types of a custom kind, from the OpenAPI schema of its objects. `root` is the name of the object's type; nested
 * objects get names that begin with it. Names that are not found are those of built-in types.
 */
export function typesOf(root: string, schema: OpenApiSchema): TypeTable {
  const types = new Map<string, TypeInfo>();
  new Compiler(types).object(root, {
    ...schema,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      ...schema.properties,
      metadata: { 'x-orrery-type': 'meta.v1.ObjectMeta' },
    },
  });
  return { get: (name) => types.get(name) ?? builtinTypes.get(name) };
}

class Compiler {
  readonly #types: Map<string, TypeInfo>;

  constructor(types: Map<string, TypeInfo>) {
    this.#types = types;
  }

  /** Adds the type of an object, and answers its name. */
  object(wanted: string, schema: OpenApiSchema): string {
    const name = this.#freeName(wanted);
    this.#types.set(name, {});
    const fields: { [field: string]: FieldInfo } = {};
    for (const [field, property] of Object.entries(schema.properties ?? {})) {
      fields[field] = this.#field(`${name}${capital(field)}`, property, schema.required?.includes(field) === true);
    }
    this.#types.set(name, {
      fields,
      ...(schema['x-kubernetes-preserve-unknown-fields'] === true ? { preserveUnknownFields: true } : {}),
      ...(schema['x-kubernetes-map-type'] === undefined ? {} : { mapType: schema['x-kubernetes-map-type'] }),
      ...(schema.description === undefined ? {} : { description: schema.description }),
    });
    return name;
  }

  #field(name: string, schema: OpenApiSchema, required: boolean): FieldInfo {
    const type = this.#typeText(name, schema);
    const constraints = constraintsOf(schema, type);
    const items =
      schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    const itemConstraints = items && constraintsOf(items, '');
    const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': listMapKeys } = schema;
    return {
      type,
      ...(required ? { required } : {}),
      ...(schema.default === undefined ? {} : { default: schema.default }),
      ...(listType === undefined ? {} : { listType }),
      ...(listMapKeys === undefined ? {} : { listMapKeys }),
      ...(schema['x-kubernetes-map-type'] === undefined ? {} : { mapType: schema['x-kubernetes-map-type'] }),
      ...(schema.description === undefined ? {} : { description: schema.description }),
      ...(constraints === undefined ? {} : { constraints }),
      ...(itemConstraints === undefined ? {} : { itemConstraints }),
    };
  }

  #typeText(name: string, schema: OpenApiSchema): string {
    const builtin = schema['x-orrery-type'];
    if (builtin !== undefined) {
      if (builtinTypes.get(builtin) === undefined) throw new Error(`${name}: there is no built-in type ${builtin}`);
      return builtin;
    }
    if (schema['x-kubernetes-int-or-string'] === true) {
      return schema.pattern === quantityPattern ? 'api.resource.Quantity' : 'util.intstr.IntOrString';
    }
    const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
    switch (schema.type) {
      case 'string':
        return schema.format === 'date-time' ? 'meta.v1.Time' : 'string';
      case 'integer':
        return schema.format === 'int32' ? 'int32' : 'int64';
      case 'number':
      case 'boolean':
        return schema.type;
      case 'array':
        return `${this.#typeText(`${name}Item`, schema.items ?? {})}[]`;
      case undefined:
        // Without a type a structural schema may only keep everything.
        return 'apiextensions.v1.JSON';
      case 'object': {
        const values = schema.additionalProperties;
        if (values === true) return 'map<apiextensions.v1.JSON>';
        if (typeof values === 'object') return `map<${this.#typeText(`${name}Value`, values)}>`;
        if (preserve && schema.properties === undefined) return 'runtime.RawExtension';
        return this.object(name, schema);
      }
    }
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#types.has(name) || builtinTypes.get(name) !== undefined; n++) name = `${wanted}${n}`;
    return name;
  }
}

function constraintsOf(schema: OpenApiSchema, type: string): ValueConstraints | undefined {
  const constraints: { [name: string]: unknown } = {};
  for (const name of constraintNames) if (schema[name] !== undefined) constraints[name] = schema[name];
  // The quantity's own type checks it.
  if (type === 'api.resource.Quantity' || schema.pattern === quantityPattern) delete constraints.pattern;
  const isChecked = schema.type === 'integer' || type === 'meta.v1.Time' || schema.format === 'date-time';
  if (schema.format !== undefined && !isChecked) constraints.format = schema.format;
  return Object.keys(constraints).length === 0 ? undefined : (constraints as ValueConstraints);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
