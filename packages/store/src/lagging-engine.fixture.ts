import { Observable, Subject } from 'rxjs';
import { delegatingEngine } from './delegating-engine.ts';
import type { Commit, StorageEngine } from './engine.ts';
import { createMemoryEngine } from './memory-engine.ts';

/** One process's engine over shared storage, whose watches lag behind the commits. */
export interface LaggingView {
  readonly engine: StorageEngine;
  /** Commits not yet delivered to this process. */
  readonly held: number;
  /** Delivers the oldest held commits, `count` of them. Default: all. */
  deliver(count?: number): void;
}

/** Storage that several processes share: a commit counts for all at once, but reaches their watches late. */
export interface SharedEngine {
  /** The engine of another process. */
  view(options?: ViewOptions): LaggingView;
}

export interface ViewOptions {
  /**
   * Microtask turns that each delivery takes, and the maximum number of commits that it batches; or `none`, to see everything at
   * once. Default: nothing is delivered before {@link LaggingView.deliver} is called.
   */
  readonly lag?: { readonly turns: number; readonly batch: number } | 'none';
}

/** Creates a memory engine that several processes share, whose watches lag behind. */
export function createLaggingEngine(): SharedEngine {
  const shared = createMemoryEngine();
  return { view: (options = {}) => laggingView(shared, options) };
}

type Lag = Exclude<ViewOptions['lag'], 'none' | undefined>;

function laggingView(shared: StorageEngine, { lag }: ViewOptions): LaggingView {
  const ends = new Subject<void>();
  const waiting: { readonly commit: Commit; readonly pass: () => void }[] = [];
  let delivering = false;
  const deliver = (count = waiting.length): void => {
    for (const { pass } of waiting.splice(0, count)) pass();
  };
  const deliverLate = async ({ turns, batch }: Lag): Promise<void> => {
    if (delivering) return;
    delivering = true;
    while (waiting.length > 0) {
      for (let turn = 0; turn < turns; turn++) await undefined;
      deliver(batch);
    }
    delivering = false;
  };
  const engine = delegatingEngine(shared, {
    // Answered by the shared storage, which takes a round trip.
    revision: async () => shared.revision(),
    watch: (prefix, after) =>
      new Observable((subscriber) => {
        subscriber.add(ends.subscribe({ complete: () => subscriber.complete() }));
        return shared.watch(prefix, after).subscribe({
          next: (commit) => {
            waiting.push({ commit, pass: () => subscriber.next(commit) });
            if (lag === 'none') deliver();
            else if (lag !== undefined) void deliverLate(lag);
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        });
      }),
    // The other processes continue.
    close: async () => ends.complete(),
  });
  return {
    engine,
    get held() {
      return waiting.length;
    },
    deliver,
  };
}
