export { delegatingEngine } from './delegating-engine.ts';
export {
  type Change,
  type Commit,
  Compacted,
  type Entry,
  type Revision,
  RevisionConflict,
  type StorageEngine,
  type Write,
} from './engine.ts';
export type { Collection } from './key.ts';
export { createMemoryEngine, type MemoryEngineOptions } from './memory-engine.ts';
export {
  type ObjectStore,
  type ObjectStoreOptions,
  type ObjectWrite,
  openObjectStore,
  type Snapshot,
  StoreFailed,
} from './object-store.ts';
export type { IndexValues, StoreEvent, WatchScope } from './watchers.ts';
