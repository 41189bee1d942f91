import type { Kind, KubernetesObject, Stored } from '@orrery/api';
import type { Client, Clock } from '@orrery/core';
import type { Subscription } from 'rxjs';

/** Pause before a watch that ended is opened again (milliseconds). */
const reopenDelay = 1000;

interface Watched {
  /** undefined while unknown; null if there is none. */
  object: Stored | null | undefined;
  readonly listeners: Set<() => void>;
  subscription: Subscription | undefined;
  timer: Disposable | undefined;
}

/**
 * Single objects kept at hand by one watch each, as long as somebody needs them: a node sees the Secrets that its Pods use and
 * no other. An object that says it is immutable is not watched any longer.
 */
export class ObjectWatches {
  readonly #watched = new Map<string, Watched>();
  readonly #client: Client;
  readonly #clock: Clock;
  #closed = false;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Starts to keep an object; `changed` is called whenever it changes, and when it is first known. */
  acquire(kind: Kind, namespace: string, name: string, changed: () => void): Disposable {
    const key = watchKey(kind, namespace, name);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      watched = { object: undefined, listeners: new Set(), subscription: undefined, timer: undefined };
      this.#watched.set(key, watched);
      watched.listeners.add(changed);
      this.#open(watched, kind, namespace, name);
    } else {
      watched.listeners.add(changed);
    }
    const held = watched;
    return {
      [Symbol.dispose]: () => {
        held.listeners.delete(changed);
        if (held.listeners.size > 0 || this.#watched.get(key) !== held) return;
        this.#watched.delete(key);
        stop(held);
      },
    };
  }

  /** The object; null if there is none, undefined while that is not known. */
  get<T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string): Stored<T> | null | undefined {
    return this.#watched.get(watchKey(kind, namespace, name))?.object as Stored<T> | null | undefined;
  }

  /** How many watches are open. */
  get open(): number {
    let count = 0;
    for (const { subscription } of this.#watched.values()) if (subscription?.closed === false) count++;
    return count;
  }

  close(): void {
    this.#closed = true;
    for (const watched of this.#watched.values()) stop(watched);
    this.#watched.clear();
  }

  #open(watched: Watched, kind: Kind, namespace: string, name: string): void {
    if (this.#closed || watched.listeners.size === 0) return;
    let immutable = false;
    let seen = false;
    const reopen = (): void => {
      watched.subscription = undefined;
      if (this.#closed || watched.listeners.size === 0) return;
      watched.timer = this.#clock.schedule(reopenDelay, () => this.#open(watched, kind, namespace, name));
    };
    const subscription = this.#client
      .watch(kind, {
        namespace,
        fieldSelector: `metadata.name=${name}`,
        sendInitialEvents: true,
        allowWatchBookmarks: true,
      })
      .subscribe({
        next: (event) => {
          if (event.type === 'BOOKMARK') {
            if (event.initialEventsEnd && !seen) set(watched, null);
            return;
          }
          seen = true;
          set(watched, event.type === 'DELETED' ? null : event.object);
          if (event.type !== 'DELETED' && (event.object as { immutable?: boolean }).immutable === true) {
            immutable = true;
            watched.subscription?.unsubscribe();
          }
        },
        error: reopen,
        complete: reopen,
      });
    if (immutable) subscription.unsubscribe();
    else watched.subscription = subscription;
  }
}

function set(watched: Watched, object: Stored | null): void {
  if (watched.object === object) return;
  watched.object = object;
  for (const listener of [...watched.listeners]) listener();
}

function stop(watched: Watched): void {
  watched.subscription?.unsubscribe();
  watched.timer?.[Symbol.dispose]();
}

function watchKey(kind: Kind, namespace: string, name: string): string {
  return `${kind.kind}/${namespace}/${name}`;
}
