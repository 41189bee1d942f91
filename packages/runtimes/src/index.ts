export * from './runtime.ts';
export type * from './streams.ts';
