import type { Kind, KubernetesObject, Stored } from '@orrery/api';
import { type Client, type Delivery, type Environment, watchSelection } from '@orrery/core';
import { type Subscription, scan, takeWhile } from 'rxjs';

type Objects = ReadonlyMap<string, Stored>;

interface Watched {
  /** What there is, by name; undefined while that is unknown. */
  objects: Objects | undefined;
  readonly listeners: Set<() => void>;
  readonly subscription: Subscription;
}

/** What {@link ObjectWatches} needs. */
export interface ObjectWatchesOptions {
  readonly client: Client;
  readonly environment: Environment;
  /** Whose watches these are: the name of their turns and inspections is `ACTOR watch RESOURCE`. */
  readonly actor: string;
}

/** The field selector of one object. */
export function named(name: string): string {
  return `metadata.name=${name}`;
}

/**
 * Few objects, cached by one watch for each selection (`watchSelection`) while a Pod needs them: a node sees the
 * Secrets that its Pods use and no other. An object that says it is immutable is not watched any longer.
 */
export class ObjectWatches {
  readonly #options: ObjectWatchesOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ObjectWatchesOptions) {
    this.#options = options;
  }

  /** Starts to keep what a field selector leaves of a kind; `changed` is called whenever it changes, and when it is first known. */
  acquire(kind: Kind, namespace: string, fieldSelector: string, changed: () => void): Disposable {
    const key = watchKey(kind, namespace, fieldSelector);
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      watched = this.#open(kind, namespace, fieldSelector);
      this.#watched.set(key, watched);
    }
    const { listeners, subscription } = watched;
    listeners.add(changed);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(changed);
        if (listeners.size > 0 || this.#watched.get(key)?.listeners !== listeners) return;
        this.#watched.delete(key);
        subscription.unsubscribe();
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

  close(): void {
    for (const { subscription } of this.#watched.values()) subscription.unsubscribe();
    this.#watched.clear();
  }

  #open(kind: Kind, namespace: string, fieldSelector: string): Watched {
    const { client, environment, actor } = this.#options;
    const listeners = new Set<() => void>();
    const name = `${actor} watch ${kind.resource}`;
    const isLast = fieldSelector.startsWith(named('')) ? isImmutable : () => false;
    const subscription = watchSelection({
      client,
      environment,
      actor: name,
      kind,
      selection: { namespace, fieldSelector },
    })
      .pipe(
        scan(applied, new Map()),
        takeWhile((objects) => !isLast(objects), true),
      )
      .subscribe((objects) => {
        const before = watched.objects;
        watched.objects = objects;
        if (before === undefined || !same(before, objects)) for (const listener of [...listeners]) listener();
      });
    const watched: Watched = { objects: undefined, listeners, subscription };
    return watched;
  }
}

/** The objects, by name, after a batch of deliveries. */
function applied(before: Objects, batch: readonly Delivery[]): Objects {
  let objects = new Map(before);
  for (const delivery of batch) {
    if (delivery.type === 'replaced') objects = new Map(delivery.items.map((item) => [item.metadata.name, item]));
    else if (delivery.type === 'DELETED') objects.delete(delivery.object.metadata.name);
    else if (delivery.type !== 'BOOKMARK') objects.set(delivery.object.metadata.name, delivery.object);
  }
  return objects;
}

function isImmutable(objects: Objects): boolean {
  return [...objects.values()].some((object) => (object as { readonly immutable?: boolean }).immutable === true);
}

function same(a: Objects, b: Objects): boolean {
  return a.size === b.size && [...b].every(([name, object]) => a.get(name) === object);
}

function watchKey(kind: Kind, namespace: string, fieldSelector: string): string {
  return `${kind.kind}/${namespace}/${fieldSelector}`;
}
