import type { StorageEngine } from './engine.ts';

/** Wraps an engine: overrides some calls and delegates the others. */
export function delegatingEngine(engine: StorageEngine, own: Partial<StorageEngine>): StorageEngine {
  return {
    range: (prefix) => engine.range(prefix),
    commit: (writes) => engine.commit(writes),
    revision: () => engine.revision(),
    watch: (prefix, after) => engine.watch(prefix, after),
    compact: (revision) => engine.compact(revision),
    close: () => engine.close(),
    ...own,
  };
}
