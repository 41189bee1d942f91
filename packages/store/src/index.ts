export type { IndexValues } from './collection.ts';
export * from './engine.ts';
export { type Collection, engineKey, parseEngineKey } from './key.ts';
export * from './memory-engine.ts';
export { type ObjectStore, type ObjectStoreOptions, openObjectStore, type Snapshot } from './object-store.ts';
export type { StoreEvent, WatchScope } from './watchers.ts';
