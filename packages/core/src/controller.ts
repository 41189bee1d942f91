import type { Kind, KubernetesObject, ObjectKey, PolicyRule, Stored } from '@orrery/api';
import type { Cache } from './cache.ts';
import type { Client } from './client.ts';
import type { Clock, Duration } from './clock/clock.ts';
import type { Index } from './define-index.ts';
import type { Environment } from './environment.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Logger } from './inspection.ts';
import type { Random } from './random/random.ts';

/** What the manager gives a controller when it starts. */
export interface ControllerContext extends Environment {
  readonly client: Client;
  /** Shows what the controller declares, and nothing else. */
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Aborted when the controller is to stop. */
  readonly signal: AbortSignal;
}

/** A loop that the manager runs. `defineController` makes one from a reconcile function; built-in loops can be written by hand. */
export interface Controller {
  readonly name: string;
  /**
   * The kinds that it reads. They are synced before {@link start} is called, and its cache shows no others. `'any'` is for
   * what looks after kinds that come and go (the garbage collector): it syncs them itself, and may read every kind.
   */
  readonly kinds: readonly Kind[] | 'any';
  /** Indexes that it lists by. Default: none but those by namespace and by owner. */
  readonly indexes?: readonly Index[];
  /** Where its author adds a kind that is missing, for the error that says so. Default `kinds`. */
  readonly addKindsTo?: string;
  /**
   * What its account may do beside reading its {@link kinds} and telling Events (Kubernetes "Using RBAC Authorization"); a
   * cluster grants it to the controllers of plugins. Default: nothing.
   */
  readonly rules?: readonly PolicyRule[];
  /**
   * Starts the loop; it ends when `context.signal` is aborted. A promise that it returns tells when the loop has ended: a
   * manager that stops waits for it.
   */
  start(context: ControllerContext): void | Promise<void>;
}

/** What a reconcile function gets beside the object. */
export interface ReconcileContext {
  readonly client: Client;
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Ask to be called again after a while, without an event. */
export interface ReconcileResult {
  readonly requeueAfter?: Duration;
}

/** A kind whose changes concern other objects: `map` names the ones to reconcile. */
export interface WatchSource<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  map(
    object: Stored<T>,
    context: { readonly cache: Cache; readonly previous?: Stored<T> },
  ): readonly (ObjectKey | string)[];
}

/** What `defineController` takes. `W` are the types of the watched kinds, inferred one by one. */
export interface ControllerDefinition<
  T extends KubernetesObject,
  W extends readonly KubernetesObject[] = readonly KubernetesObject[],
> {
  readonly name: string;
  readonly for: Kind<T>;
  /** Kinds whose objects this controller's objects own: a change to a child reconciles its controller owner. */
  readonly owns?: readonly Kind[];
  readonly watches?: { readonly [I in keyof W]: WatchSource<W[I]> };
  /** Kinds that reconcile only reads from the cache. What is not named here or above cannot be read. */
  readonly reads?: readonly Kind[];
  /** Indexes that reconcile or a `map` lists by. Default: none but those by namespace and by owner. */
  readonly indexes?: readonly Index[];
  /**
   * What its account may do beyond what the kinds say: it may read all of them, write its own objects' metadata and status,
   * and create, change and delete what it owns. Default: nothing more.
   */
  readonly rules?: readonly PolicyRule[];
  /** Only changes for which this is true are queued. Default: all. */
  readonly when?: (object: Stored<T>, previous: Stored<T> | undefined) => boolean;
  /** How many objects are reconciled at the same time; one object never is. Default 1. */
  readonly concurrency?: number;
  /** Called with the object as the cache has it. An error is retried with back-off. */
  reconcile(object: Stored<T>, context: ReconcileContext): Promise<ReconcileResult | void> | ReconcileResult | void;
  /** Called when the object is gone. */
  deleted?(key: ObjectKey, context: ReconcileContext): Promise<void> | void;
}
