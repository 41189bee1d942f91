import type { StorageEngine } from './engine.ts';

/** An engine that does some calls in its own way and leaves the others to the one beneath. */
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
