import { Observable, type Subscriber } from 'rxjs';
import {
  type Change,
  type Commit,
  Compacted,
  type Entry,
  type Revision,
  RevisionConflict,
  type StorageEngine,
  type Write,
} from './engine.ts';

/** How much history a memory engine keeps. */
export interface MemoryEngineOptions {
  /** Commits kept for watches that start in the past. Default 32, however large they are: the object store, its only reader, keeps its own history. */
  readonly historySize?: number;
}

/** Creates an engine that keeps everything in this process's memory and persists nothing. */
export function createMemoryEngine(options: MemoryEngineOptions = {}): StorageEngine {
  return new MemoryEngine(options.historySize ?? 32);
}

/** A watch and its position. Each reads the shared history at its own pace, so it can neither miss nor reorder commits. */
interface Reader {
  readonly prefix: string;
  readonly subscriber: Subscriber<Commit>;
  /** Number of the next commit to look at. */
  next: number;
  reading: boolean;
}

class MemoryEngine implements StorageEngine {
  readonly #entries = new Map<string, Entry>();
  readonly #readers = new Set<Reader>();
  readonly #historySize: number;
  #history: Commit[] = [];
  /** Commits dropped before the oldest one kept. */
  #dropped = 0;
  #compacted: Revision = 0;
  #revision: Revision = 0;
  #closed = false;

  constructor(historySize: number) {
    this.#historySize = historySize;
  }

  async range(prefix: string): Promise<{ entries: readonly Entry[]; revision: Revision }> {
    this.#checkOpen();
    const entries: Entry[] = [];
    for (const entry of this.#entries.values()) if (entry.key.startsWith(prefix)) entries.push(entry);
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { entries, revision: this.#revision };
  }

  async commit(writes: readonly Write[]): Promise<{ revision: Revision }> {
    this.#checkOpen();
    for (const write of writes) {
      const actual = this.#entries.get(write.key)?.revision ?? 0;
      if (actual !== write.expected || (write.type === 'delete' && actual === 0))
        throw new RevisionConflict(write.key, actual);
    }
    if (writes.length === 0) return { revision: this.#revision };
    checkDistinct(writes);
    const revision = ++this.#revision;
    this.#history.push({ revision, changes: writes.map((write) => this.#apply(write, revision)) });
    for (const reader of this.#readers) this.#read(reader);
    this.#trim();
    return { revision };
  }

  revision(): Revision {
    return this.#revision;
  }

  watch(prefix: string, after: Revision): Observable<Commit> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.complete();
        return undefined;
      }
      if (after < this.#compacted) {
        subscriber.error(new Compacted(this.#compacted));
        return undefined;
      }
      const later = this.#history.findIndex((commit) => commit.revision > after);
      const next = this.#dropped + (later < 0 ? this.#history.length : later);
      const reader: Reader = { prefix, subscriber, next, reading: false };
      this.#readers.add(reader);
      this.#read(reader);
      return () => this.#readers.delete(reader);
    });
  }

  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    const until = Math.min(revision, this.#revision);
    const kept = this.#history.findIndex((commit) => commit.revision > until);
    this.#drop(kept < 0 ? this.#history.length : kept);
    this.#compacted = Math.max(this.#compacted, until);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { subscriber } of [...this.#readers]) subscriber.complete();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the storage engine is closed');
  }

  #apply(write: Write, revision: Revision): Change {
    const { type, key } = write;
    if (type === 'put') {
      this.#entries.set(key, { key, value: write.value, revision });
      return { type, key, value: write.value };
    }
    // The commit has been checked: the deleted object exists.
    const { value } = this.#entries.get(key) as Entry;
    this.#entries.delete(key);
    return { type, key, value };
  }

  /** Brings a reader up to date. A reader that writes during delivery reads its own write in the same loop. */
  #read(reader: Reader): void {
    if (reader.reading) return;
    reader.reading = true;
    while (reader.next < this.#dropped + this.#history.length && !reader.subscriber.closed) {
      if (reader.next < this.#dropped) {
        reader.subscriber.error(new Compacted(this.#compacted));
        break;
      }
      const commit = this.#history[reader.next - this.#dropped] as Commit;
      reader.next++;
      const seen = under(reader.prefix, commit);
      if (seen !== undefined) reader.subscriber.next(seen);
    }
    reader.reading = false;
  }

  #trim(): void {
    // Trimmed by halves, so that each commit is moved at most once.
    if (this.#history.length > this.#historySize * 2) this.#drop(this.#history.length - this.#historySize);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.#compacted = Math.max(this.#compacted, this.#history[count - 1]?.revision ?? 0);
    this.#history = this.#history.slice(count);
    this.#dropped += count;
  }
}

/** The part of a commit that a watch of the prefix sees; undefined if it sees nothing. */
function under(prefix: string, commit: Commit): Commit | undefined {
  const { revision, changes } = commit;
  if (changes.every(({ key }) => key.startsWith(prefix))) return commit;
  const seen = changes.filter(({ key }) => key.startsWith(prefix));
  return seen.length === 0 ? undefined : { revision, changes: seen };
}

function checkDistinct(writes: readonly Write[]): void {
  if (writes.length > 1 && new Set(writes.map(({ key }) => key)).size < writes.length)
    throw new Error('a commit writes a key twice');
}
