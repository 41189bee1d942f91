export type * from './http.ts';
export type * from './machines.ts';
export * from './runtime.ts';
export type * from './streams.ts';
