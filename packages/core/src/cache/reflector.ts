import { hasReason, type Kind, type KubernetesObject, kindId, StatusError, type Stored } from '@orrery/api';
import { defer, Observable, type Subscription } from 'rxjs';
import type { Client, WatchEvent } from '../client.ts';
import type { Milliseconds } from '../clock/clock.ts';
import { scheduleRetry } from '../clock/retry.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { backOff } from '../work-queue/back-off.ts';
import type { Selection } from './selection.ts';

/**
 * What comes from the server, in its order. It begins with `replaced`, all selected objects as of a revision, and `replaced` comes
 * again when the server no longer knows what happened since: what is not in it is gone.
 */
export type Delivery<T extends KubernetesObject = KubernetesObject> =
  | { readonly type: 'replaced'; readonly items: readonly Stored<T>[]; readonly resourceVersion: string }
  | WatchEvent<T>;

/** What {@link watchSelection} needs. */
export interface SelectionWatch<T extends KubernetesObject = KubernetesObject> {
  readonly client: Client;
  readonly environment: Environment;
  /** The name of its turns and inspections. */
  readonly actor: string;
  readonly kind: Kind<T>;
  /** Which objects are watched. Default: all of the kind. */
  readonly selection?: Selection;
}

/**
 * Watches what a selection leaves of a kind, for as long as it is subscribed (client-go's Reflector, which is also what keeps
 * every cache). Each value is what has arrived since the last one, delivered when it is the actor's turn. It never ends and never
 * fails: when a watch breaks it resumes from its revision, when that revision has expired (410) it lists again, and while the
 * server fails it tries again after 0.8 s, doubling up to 30 s; each failure goes to the inspector.
 *
 * It is for a few objects of a kind that a cache would hold all of: the Secrets that a node's Pods use. Each subscription is a watch
 * of its own at the server.
 */
export function watchSelection<T extends KubernetesObject>(
  options: SelectionWatch<T>,
): Observable<readonly Delivery<T>[]> {
  return new Observable((subscriber) => {
    const reflector = new Reflector(options as SelectionWatch, (batch) => {
      subscriber.next(batch as readonly Delivery<T>[]);
    });
    reflector.start();
    return () => reflector[Symbol.dispose]();
  });
}

/** client-go's: 800 ms, doubling up to 30 s. */
const reconnect = { base: 800, max: 30_000 };
/** A watch that ends sooner and has brought nothing counts as failed. */
const shortestWatch: Milliseconds = 1000;

/** Starts with a streaming list (KEP-3157), and falls back to list and watch on servers that have none. */
class Reflector implements Disposable {
  readonly #options: SelectionWatch;
  /** Takes what has arrived since the last call, when it is this actor's turn. */
  readonly #deliver: (batch: readonly Delivery[]) => void;
  /** The revision to resume from; undefined before the first list and after it has expired. */
  #revision: string | undefined;
  #streamingList = true;
  /** When the server last had forgotten the place. */
  #expiredAt: Milliseconds = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #disposed = false;
  #subscription: Subscription | undefined;
  #timer: Disposable | undefined;
  #inbox: Delivery[] = [];

  constructor(options: SelectionWatch, deliver: (batch: readonly Delivery[]) => void) {
    this.#options = options;
    this.#deliver = deliver;
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
      this.#deliver(batch);
    });
  }

  #failed(error: unknown): void {
    if (this.#disposed) return;
    const { environment, actor, kind, selection = {} } = this.#options;
    const now = environment.clock.now();
    let listsAgain = false;
    if (this.#revision !== undefined && expired(error)) {
      this.#revision = undefined;
      // The server is well; only one whose every listing expires at once is not.
      listsAgain = now - this.#expiredAt >= shortestWatch;
      this.#expiredAt = now;
    } else if (this.#revision === undefined && this.#streamingList && isRefused(error)) {
      this.#streamingList = false;
      this.start();
      return;
    }
    const attempt = ++this.#failures;
    const key = [kindId(kind), ...Object.values(selection)].join(' ');
    const retry = { actor, key, attempt, error: errorText(error), causes: [] };
    if (!environment.inspector.silent) {
      environment.inspector.emit({ type: 'failed', time: now, ...retry });
    }
    const wait = listsAgain ? 0 : backOff(attempt - 1, reconnect);
    this.#timer = scheduleRetry(environment.clock, wait, retry, () => this.#resume());
  }
}

function expired(error: unknown): boolean {
  return (
    hasReason(error, 'Expired') || hasReason(error, 'Gone') || (error instanceof StatusError && error.code === 410)
  );
}

/** What servers without streaming lists, or with the feature disabled, answer. */
function isRefused(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 400 || error.code === 422);
}
