import { Observable, Subject } from 'rxjs';
import {
  type Change,
  Compacted,
  type Entry,
  type Revision,
  RevisionConflict,
  type StorageEngine,
  type Write,
} from './engine.ts';

/** How much history a memory engine keeps. */
export interface MemoryEngineOptions {
  /** Changes kept for watches that start in the past. Default 1,000: the object store, its one reader, keeps its own. */
  readonly historySize?: number;
}

/** An engine that keeps everything in this process's memory, and nothing beyond it. */
export function createMemoryEngine(options: MemoryEngineOptions = {}): StorageEngine {
  return new MemoryEngine(options.historySize ?? 1000);
}

class MemoryEngine implements StorageEngine {
  readonly #entries = new Map<string, Entry>();
  readonly #changes = new Subject<Change>();
  readonly #historySize: number;
  #history: Change[] = [];
  #compacted: Revision = 0;
  #revision: Revision = 0;

  constructor(historySize: number) {
    this.#historySize = historySize;
  }

  async range(prefix: string): Promise<{ entries: readonly Entry[]; revision: Revision }> {
    const entries: Entry[] = [];
    for (const entry of this.#entries.values()) if (entry.key.startsWith(prefix)) entries.push(entry);
    entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return { entries, revision: this.#revision };
  }

  async commit(writes: readonly Write[]): Promise<{ revision: Revision }> {
    for (const write of writes) {
      const actual = this.#entries.get(write.key)?.revision ?? 0;
      if (actual !== write.expected) throw new RevisionConflict(write.key, actual);
    }
    const revision = ++this.#revision;
    for (const write of writes) this.#apply(write, revision);
    return { revision };
  }

  watch(prefix: string, after: Revision): Observable<Change> {
    return new Observable((subscriber) => {
      if (after < this.#compacted) {
        subscriber.error(new Compacted(this.#compacted));
        return undefined;
      }
      for (const change of this.#history) {
        if (change.revision > after && change.key.startsWith(prefix)) subscriber.next(change);
      }
      return this.#changes.subscribe({
        next: (change) => {
          if (change.revision > after && change.key.startsWith(prefix)) subscriber.next(change);
        },
        complete: () => subscriber.complete(),
      });
    });
  }

  async compact(revision: Revision): Promise<void> {
    this.#compacted = Math.max(this.#compacted, Math.min(revision, this.#revision));
    this.#history = this.#history.filter((change) => change.revision > this.#compacted);
  }

  async close(): Promise<void> {
    this.#changes.complete();
  }

  #apply(write: Write, revision: Revision): void {
    const previous = this.#entries.get(write.key);
    let change: Change;
    if (write.type === 'put') {
      this.#entries.set(write.key, { key: write.key, value: write.value, revision });
      change = { type: 'put', key: write.key, value: write.value, revision };
    } else {
      if (previous === undefined) return;
      this.#entries.delete(write.key);
      change = { type: 'delete', key: write.key, value: previous.value, revision };
    }
    this.#history.push(change);
    if (this.#history.length > this.#historySize * 2) {
      const dropped = this.#history.length - this.#historySize;
      this.#compacted = this.#history[dropped - 1]?.revision ?? this.#compacted;
      this.#history = this.#history.slice(dropped);
    }
    this.#changes.next(change);
  }
}
