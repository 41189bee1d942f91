import type { ValueConstraints } from '../schema.ts';

/** The part of an OpenAPI v3 schema that structural schemas of CustomResourceDefinitions are made of (`JSONSchemaProps`). */
export interface OpenApiSchema extends ValueConstraints {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: { readonly [field: string]: OpenApiSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly anyOf?: readonly OpenApiSchema[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** The value has the form of this built-in type. Never part of a CustomResourceDefinition: there it is written out. */
  readonly 'x-orrery-type'?: string;
}

/** The pattern with which CustomResourceDefinitions describe quantities. */
export const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';
