import { hasReason, type Kind, kindId, StatusError, type Stored } from '@orrery/api';
import { defer, type Subscription } from 'rxjs';
import type { Client, WatchEvent } from '../client.ts';
import type { Milliseconds } from '../clock/clock.ts';
import { scheduleRetry } from '../clock/retry.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { backOff } from '../work-queue/back-off.ts';
import type { Selection } from './selection.ts';

/** What comes from the server, in its order. */
export type Delivery =
  | { readonly type: 'replaced'; readonly items: readonly Stored[]; readonly resourceVersion: string }
  | WatchEvent;

/** What a {@link Reflector} needs. */
export interface ReflectorOptions {
  readonly client: Client;
  readonly environment: Environment;
  /** The name of its turns and inspections. */
  readonly actor: string;
  readonly kind: Kind;
  readonly selection: Selection;
  /** Takes what has arrived since the last call, when it is this actor's turn. */
  deliver(batch: readonly Delivery[]): void;
}

/** client-go's: 800 ms, doubling up to 30 s. */
const reconnect = { base: 800, max: 30_000 };
/** A watch that ends sooner and has brought nothing counts as failed. */
const shortestWatch: Milliseconds = 1000;

/**
 * Lists and watches one kind for as long as it is not disposed (client-go's Reflector). It starts with a streaming list
 * (KEP-3157) and falls back to list and watch on servers that have none; it goes on where it was when a watch breaks, and
 * lists again when that place is no longer in the server's history.
 */
export class Reflector implements Disposable {
  readonly #options: ReflectorOptions;
  /** Where the next watch goes on; undefined before the first listing and when the place is lost. */
  #revision: string | undefined;
  #streamingList = true;
  #failures = 0;
  #disposed = false;
  #subscription: Subscription | undefined;
  #timer: Disposable | undefined;
  #inbox: Delivery[] = [];

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#revision !== undefined) this.#watchFrom(this.#revision);
    else if (this.#streamingList) this.#streamList();
    else void this.#list();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#subscription?.unsubscribe();
    this.#timer?.[Symbol.dispose]();
    this.#inbox = [];
  }

  #resume(): void {
    if (!this.#disposed) this.start();
  }

  #streamList(): void {
    const listed: Stored[] = [];
    let complete = false;
    this.#watch({ sendInitialEvents: true, allowWatchBookmarks: true }, (event) => {
      if (complete) {
        this.#take(event);
      } else if (event.type !== 'BOOKMARK') {
        listed.push(event.object);
      } else if (event.initialEventsEnd) {
        complete = true;
        this.#replaced(listed, event.resourceVersion);
      }
    });
  }

  async #list(): Promise<void> {
    const { client, kind, selection } = this.#options;
    try {
      const { items, metadata } = await client.list(kind, selection);
      if (this.#disposed) return;
      this.#replaced(items, metadata.resourceVersion);
      this.#watchFrom(metadata.resourceVersion);
    } catch (error) {
      this.#failed(error);
    }
  }

  #watchFrom(resourceVersion: string): void {
    this.#watch({ resourceVersion, allowWatchBookmarks: true }, (event) => this.#take(event));
  }

  #watch(options: object, take: (event: WatchEvent) => void): void {
    const { client, kind, selection, environment } = this.#options;
    const since = environment.clock.now();
    let brought = false;
    this.#subscription = defer(() => client.watch(kind, { ...selection, ...options })).subscribe({
      next: (event) => {
        brought = true;
        take(event);
      },
      error: (error: unknown) => this.#failed(error),
      complete: () => {
        if (!brought && environment.clock.now() - since < shortestWatch) {
          this.#failed(new Error('the watch ended at once and brought nothing'));
        } else {
          // Over a turn, so that a server which ends every watch at once cannot keep this from ever returning.
          void environment.work.turn(this.#options.actor).then(() => this.#resume());
        }
      },
    });
    if (this.#disposed) this.#subscription.unsubscribe();
  }

  #take(event: WatchEvent): void {
    this.#failures = 0;
    this.#revision = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
    this.#push(event);
  }

  #replaced(items: readonly Stored[], resourceVersion: string): void {
    this.#failures = 0;
    this.#revision = resourceVersion;
    this.#push({ type: 'replaced', items, resourceVersion });
  }

  #push(delivery: Delivery): void {
    this.#inbox.push(delivery);
    if (this.#inbox.length > 1) return;
    const { environment, actor } = this.#options;
    void environment.work.turn(actor).then(() => {
      if (this.#disposed) return;
      const batch = this.#inbox;
      this.#inbox = [];
      this.#options.deliver(batch);
    });
  }

  #failed(error: unknown): void {
    if (this.#disposed) return;
    if (this.#revision !== undefined && placeIsLost(error)) {
      this.#revision = undefined;
    } else if (this.#revision === undefined && this.#streamingList && isRefused(error)) {
      this.#streamingList = false;
      this.start();
      return;
    }
    const { environment, actor, kind } = this.#options;
    const attempt = ++this.#failures;
    const retry = { actor, key: kindId(kind), attempt, error: errorText(error), causes: [] };
    if (!environment.inspector.silent) {
      environment.inspector.emit({ type: 'failed', time: environment.clock.now(), ...retry });
    }
    // The first time that the place is lost is no sign of trouble.
    const wait = attempt === 1 && placeIsLost(error) ? 0 : backOff(attempt - 1, reconnect);
    this.#timer = scheduleRetry(environment.clock, wait, retry, () => this.#resume());
  }
}

function placeIsLost(error: unknown): boolean {
  return (
    hasReason(error, 'Expired') || hasReason(error, 'Gone') || (error instanceof StatusError && error.code === 410)
  );
}

/** What servers that have no streaming lists, or are told not to have them, answer. */
function isRefused(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 400 || error.code === 422);
}
