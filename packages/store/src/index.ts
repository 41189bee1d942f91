export { delegatingEngine } from './delegating-engine.ts';
export * from './engine.ts';
export { type Collection, engineKey, parseEngineKey } from './key.ts';
export * from './memory-engine.ts';
export {
  type ObjectStore,
  type ObjectStoreOptions,
  type ObjectWrite,
  openObjectStore,
  type Snapshot,
  StoreFailed,
} from './object-store.ts';
export type { IndexValues, StoreEvent, WatchScope } from './watchers.ts';
