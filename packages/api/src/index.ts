export * from './builtin-types.ts';
export * from './field-error.ts';
export * from './kind.ts';
export * from './kinds.ts';
export * from './object.ts';
export type * from './parts.ts';
export * from './quantity.ts';
export * from './schema.ts';
export * from './status.ts';
