import { type FieldInfo, type ParsedType, parseType, type TypeTable } from '../schema.ts';
import { type OpenApiSchema, quantityPattern } from './open-api-schema.ts';

const anything: OpenApiSchema = { 'x-kubernetes-preserve-unknown-fields': true };

/**
 * The OpenAPI schema of a type, with every type that it uses written out, as CustomResourceDefinitions need it. A type that
 * contains itself ends in an object of any form.
 */
export function openApiSchemaOf(table: TypeTable, type: string): OpenApiSchema {
  return schemaOfType(table, type, []);
}

function schemaOfType(table: TypeTable, name: string, open: readonly string[]): OpenApiSchema {
  switch (name) {
    case 'api.resource.Quantity':
      return {
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        'x-kubernetes-int-or-string': true,
        pattern: quantityPattern,
      };
    case 'util.intstr.IntOrString':
      return { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
    case 'meta.v1.Time':
    case 'meta.v1.MicroTime':
      return { type: 'string', format: 'date-time' };
  }
  const info = table.get(name);
  if (info?.scalar === 'any') return anything;
  if (info?.scalar === 'string')
    return { type: 'string', ...(info.format === undefined ? {} : { format: info.format }) };
  if (info?.fields === undefined || open.includes(name)) return { type: 'object', ...anything };
  const isRoot = open.length === 0;
  const properties: { [field: string]: OpenApiSchema } = {};
  for (const [field, fieldInfo] of Object.entries(info.fields)) {
    properties[field] =
      isRoot && field === 'metadata' ? { type: 'object' } : schemaOfField(table, fieldInfo, [...open, name]);
  }
  const required = Object.keys(info.fields).filter((field) => info.fields?.[field]?.required === true);
  return {
    type: 'object',
    ...(info.description === undefined ? {} : { description: info.description }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
    ...(info.preserveUnknownFields === true ? anything : {}),
    ...(info.mapType === undefined ? {} : { 'x-kubernetes-map-type': info.mapType }),
  };
}

function schemaOfField(table: TypeTable, info: FieldInfo, open: readonly string[]): OpenApiSchema {
  const base = schemaOfParsed(table, parseType(info.type), info, open);
  return {
    ...base,
    ...info.constraints,
    ...(info.description === undefined ? {} : { description: info.description }),
    ...(info.default === undefined ? {} : { default: info.default }),
    ...(info.listType === undefined ? {} : { 'x-kubernetes-list-type': info.listType }),
    ...(info.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': info.listMapKeys }),
    ...(info.mapType === undefined ? {} : { 'x-kubernetes-map-type': info.mapType }),
  };
}

function schemaOfParsed(
  table: TypeTable,
  type: ParsedType,
  info: FieldInfo | undefined,
  open: readonly string[],
): OpenApiSchema {
  switch (type.kind) {
    case 'ref':
      return schemaOfType(table, type.name, open);
    case 'list':
      return {
        type: 'array',
        items: { ...schemaOfParsed(table, type.items, undefined, open), ...info?.itemConstraints },
      };
    case 'map':
      return {
        type: 'object',
        additionalProperties: { ...schemaOfParsed(table, type.values, undefined, open), ...info?.itemConstraints },
      };
    case 'scalar':
      switch (type.name) {
        case 'int32':
        case 'int64':
          return { type: 'integer', format: type.name };
        case 'bytes':
          return { type: 'string', format: 'byte' };
        default:
          return { type: type.name };
      }
  }
}
