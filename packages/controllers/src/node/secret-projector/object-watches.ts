import type { Kind, KubernetesObject, Stored } from '@orrery/api';
import type { Client, Clock } from '@orrery/core';
import type { Subscription } from 'rxjs';

/** Pause before a watch that ended is opened again (milliseconds). */
const reopenDelay = 1000;

interface Watched {
  readonly kind: Kind;
  readonly namespace: string;
  readonly fieldSelector: string;
  /** What there is, by name; undefined while that is unknown. */
  objects: ReadonlyMap<string, Stored> | undefined;
  readonly listeners: Set<() => void>;
  subscription: Subscription | undefined;
  timer: Disposable | undefined;
}

/** The field selector of one object. */
export function named(name: string): string {
  return `metadata.name=${name}`;
}

/**
 * Few objects kept at hand by a watch for each selection, as long as somebody needs them: a node sees the Secrets that its
 * Pods use and no other. An object that says it is immutable is not watched any longer.
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

  /** Starts to keep what a field selector leaves of a kind; `changed` is called whenever it changes, and when it is first known. */
  acquire(kind: Kind, namespace: string, fieldSelector: string, changed: () => void): Disposable {
    const key = watchKey(kind, namespace, fieldSelector);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      watched = {
        kind,
        namespace,
        fieldSelector,
        objects: undefined,
        listeners: new Set(),
        subscription: undefined,
        timer: undefined,
      };
      this.#watched.set(key, watched);
      watched.listeners.add(changed);
      this.#open(watched);
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

  /** The object of that name; null if there is none, undefined while that is not known. */
  get<T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string): Stored<T> | null | undefined {
    const objects = this.list(kind, namespace, named(name));
    return objects === undefined ? undefined : (objects[0] ?? null);
  }

  /** What was acquired with that selector, by name; undefined while that is not known. */
  list<T extends KubernetesObject>(
    kind: Kind<T>,
    namespace: string,
    fieldSelector: string,
  ): readonly Stored<T>[] | undefined {
    const objects = this.#watched.get(watchKey(kind, namespace, fieldSelector))?.objects;
    if (objects === undefined) return undefined;
    const list = [...objects.values()] as Stored<T>[];
    return list.length < 2 ? list : list.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
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

  #open(watched: Watched): void {
    if (this.#closed || watched.listeners.size === 0) return;
    const { kind, namespace, fieldSelector } = watched;
    let immutable = false;
    /** What the watch has told so far; known as a whole only after its first bookmark, or where there can be only one. */
    const seen = new Map<string, Stored>();
    const single = fieldSelector.startsWith(named(''));
    let whole = false;
    const reopen = (): void => {
      watched.subscription = undefined;
      if (this.#closed || watched.listeners.size === 0) return;
      watched.timer = this.#clock.schedule(reopenDelay, () => this.#open(watched));
    };
    const subscription = this.#client
      .watch(kind, { namespace, fieldSelector, sendInitialEvents: true, allowWatchBookmarks: true })
      .subscribe({
        next: (event) => {
          if (event.type === 'BOOKMARK') {
            if (!event.initialEventsEnd) return;
            whole = true;
            set(watched, new Map(seen));
            return;
          }
          const { name } = event.object.metadata;
          if (event.type === 'DELETED') seen.delete(name);
          else seen.set(name, event.object);
          if (whole || single) set(watched, new Map(seen));
          if (single && event.type !== 'DELETED' && (event.object as { immutable?: boolean }).immutable === true) {
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

function set(watched: Watched, objects: ReadonlyMap<string, Stored>): void {
  const before = watched.objects;
  watched.objects = objects;
  if (before?.size === objects.size && [...objects].every(([name, object]) => before.get(name) === object)) return;
  for (const listener of [...watched.listeners]) listener();
}

function stop(watched: Watched): void {
  watched.subscription?.unsubscribe();
  watched.timer?.[Symbol.dispose]();
}

function watchKey(kind: Kind, namespace: string, fieldSelector: string): string {
  return `${kind.kind}/${namespace}/${fieldSelector}`;
}
