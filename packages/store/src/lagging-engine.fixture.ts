import { Observable, Subject } from 'rxjs';
import { delegatingEngine } from './delegating-engine.ts';
import type { Commit, StorageEngine } from './engine.ts';
import { createMemoryEngine } from './memory-engine.ts';

/** An engine as one of several processes sees it, whose watches lag behind what is committed. */
export interface LaggingView {
  readonly engine: StorageEngine;
  /** Commits that are still to reach this process. */
  readonly held: number;
  /** Lets the oldest commits through that are held, so many at once. Default: all. */
  deliver(count?: number): void;
}

/** What several processes share: commits are seen by all at once, and reach their watches late. */
export interface SharedEngine {
  /** The engine of one process more. */
  view(options?: ViewOptions): LaggingView;
}

export interface ViewOptions {
  /**
   * Turns of the queue of promises that each delivery takes, and how many commits it brings together at most; or `none`, to see
   * everything at once. Default: nothing is seen before {@link LaggingView.deliver} is called.
   */
  readonly lag?: { readonly turns: number; readonly batch: number } | 'none';
}

/** A memory engine that is shared by several processes, whose watches lag behind. */
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
    // Answered by whoever has the last word, which takes a round trip.
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
    // The other processes go on.
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
