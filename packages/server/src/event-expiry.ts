import { Event, type ObjectKey, type Stored } from '@orrery/api';
import { createLogger, type Environment, errorText, type Milliseconds } from '@orrery/core';
import { Fifo } from '@orrery/core/assembly';
import { type ObjectStore, RevisionConflict } from '@orrery/store';
import type { Subscription } from 'rxjs';
import { collectionOf } from './collections.ts';

/** How long Events are kept after they were last written: Kubernetes' `--event-ttl`, one hour. */
export const defaultEventLifetime: Milliseconds = 3_600_000;

interface Expiry {
  readonly key: ObjectKey;
  /** The write that the lifetime starts at; a later write has its own entry. */
  readonly revision: number;
  readonly at: Milliseconds;
}

const collection = collectionOf(Event);

/**
 * Deletes Events some time after their last write. All have the same lifetime, so they expire in the order of a queue, and one
 * timer waits for the first. Stops when the store is closed, or when it is disposed.
 */
export class EventExpiry implements Disposable {
  readonly #store: ObjectStore;
  readonly #environment: Environment;
  readonly #watch: Subscription;
  readonly #queue = new Fifo<Expiry>();
  #timer: Disposable | undefined;

  constructor(store: ObjectStore, environment: Environment, lifetime: Milliseconds) {
    this.#store = store;
    this.#environment = environment;
    const { items, revision } = store.list(collection);
    const written = items.map((event) => expiry(event, lastWritten(event as Stored<Event>) + lifetime));
    for (const next of written.sort((a, b) => a.at - b.at)) this.#queue.push(next);
    this.#watch = store.watch(collection, {}, revision).subscribe({
      next: ({ type, object }) => {
        if (type === 'deleted') return;
        this.#queue.push(expiry(object, environment.clock.now() + lifetime));
        this.#await();
      },
      // Other users of the store report its failure.
      error: () => this[Symbol.dispose](),
      complete: () => this[Symbol.dispose](),
    });
    this.#await();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#queue.clear();
    this.#watch?.unsubscribe();
  }

  #await(): void {
    const next = this.#queue.first;
    if (this.#timer !== undefined || next === undefined) return;
    const { clock } = this.#environment;
    this.#timer = clock.schedule(Math.max(0, next.at - clock.now()), () => this.#expire());
  }

  async #expire(): Promise<void> {
    const now = this.#environment.clock.now();
    for (let next = this.#queue.first; next !== undefined && next.at <= now; next = this.#queue.first) {
      this.#queue.shift();
      await this.#remove(next);
    }
    this.#timer = undefined;
    this.#await();
  }

  async #remove({ key, revision }: Expiry): Promise<void> {
    const current = this.#store.get(collection, key);
    if (current === undefined || Number(current.metadata.resourceVersion) !== revision) return;
    try {
      await this.#store.delete(collection, key, revision);
    } catch (error) {
      // Written again in the meantime: that write has its own entry in the queue.
      if (error instanceof RevisionConflict) return;
      const { inspector, clock } = this.#environment;
      createLogger(inspector, clock, 'event expiry').error('cannot delete an expired event', {
        error: errorText(error),
      });
    }
  }
}

function expiry({ metadata }: Stored, at: Milliseconds): Expiry {
  const { namespace = '', name, resourceVersion } = metadata;
  return { key: { namespace, name }, revision: Number(resourceVersion), at };
}

/** When an Event from an earlier run of this server was last written, as far as its fields show. */
function lastWritten({ metadata, lastTimestamp, eventTime, series }: Stored<Event>): Milliseconds {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime];
  return Math.max(0, ...times.map((time) => (typeof time === 'string' ? Date.parse(time) : 0)).filter(Number.isFinite));
}
