export { customResourceDefinitionFor, kindFromCustomResourceDefinition } from './custom-resource-definition.ts';
export type { OpenApiSchema } from './open-api-schema.ts';
export { type Condition, type Infer, type InferFields, type Schema, type SchemaFields, schema } from './schema.ts';
