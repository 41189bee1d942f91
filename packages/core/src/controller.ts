import type { Kind, KubernetesObject, ObjectKey, PolicyRule, Stored } from '@orrery/api';
import type { Cache } from './cache.ts';
import type { Client } from './client.ts';
import type { Clock, Duration } from './clock/clock.ts';
import type { Index } from './define-index.ts';
import type { Environment } from './environment.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Logger } from './inspection.ts';
import type { Random } from './random/random.ts';
import type { ChangeSource, MapContext } from './sources.ts';
import type { TurnPriority } from './work.ts';
import type { BackOffOptions } from './work-queue/back-off.ts';

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
   * What its account may do beside reading its {@link kinds} and recording Events (Kubernetes "Using RBAC Authorization"); a
   * cluster grants it to the controllers of plugins. Default: nothing.
   */
  readonly rules?: readonly PolicyRule[];
  /**
   * Starts the loop; it ends when `context.signal` is aborted. A promise that it returns resolves when the loop has ended: a
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

/** A kind whose changes concern other objects. */
export interface WatchSource<T extends KubernetesObject = KubernetesObject> extends ChangeSource<T> {
  /** Names the objects to reconcile. Default: {@link mapToSelf}, the one of the same namespace and name. */
  map?(object: Stored<T>, context: MapContext<T>): readonly (ObjectKey | string)[];
}

/** What `defineController` takes. `O` and `W` are the types of the owned and watched kinds, inferred one by one. */
export interface ControllerDefinition<
  T extends KubernetesObject,
  O extends readonly KubernetesObject[] = readonly KubernetesObject[],
  W extends readonly KubernetesObject[] = readonly KubernetesObject[],
> {
  readonly name: string;
  readonly for: Kind<T>;
  /**
   * Kinds whose objects this controller's objects own, or the changes of them that matter: a change to a child reconciles its
   * controller owner ({@link mapToOwner}).
   */
  readonly owns?: { readonly [I in keyof O]: Kind<O[I]> | ChangeSource<O[I]> };
  /**
   * Kinds whose changes concern this controller's objects in another way, or the changes of them that matter. A kind alone
   * concerns the object of the same namespace and name ({@link mapToSelf}). An error that a `map` or `when` throws ends the
   * controller: the manager logs it at once, and throws it when it is stopped.
   */
  readonly watches?: { readonly [I in keyof W]: Kind<W[I]> | WatchSource<W[I]> };
  /** Kinds that reconcile only reads from the cache. Kinds named neither here nor above cannot be read. */
  readonly reads?: readonly Kind[];
  /** Indexes that reconcile or a `map` lists by. Default: none but those by namespace and by owner. */
  readonly indexes?: readonly Index[];
  /**
   * What its account may do beyond what the kinds say: it may read all of them, write its own objects' metadata and status,
   * and create, change and delete what it owns. Default: nothing more.
   */
  readonly rules?: readonly PolicyRule[];
  /**
   * Only changes of its own objects for which this is true are queued. That an object is gone always is, and so is, with
   * {@link finalize}, every change to an object that is being deleted. Default: all changes.
   */
  readonly when?: (object: Stored<T>, previous: Stored<T> | undefined) => boolean;
  /** The waits between tries of an object that fails. Default: 5 ms, doubling up to 1000 s, without jitter. */
  readonly backOff?: BackOffOptions;
  /**
   * When objects are reconciled while the process is behind. `low` suits what sums up the work of others: while that goes on, many
   * changes are reconciled once, with a bounded delay. Default `normal`.
   */
  readonly priority?: TurnPriority;
  /** How many objects are reconciled at the same time; one object never is. Default 1. */
  readonly concurrency?: number;
  /** Called with the object as the cache has it. An error is retried with {@link backOff}. */
  reconcile(object: Stored<T>, context: ReconcileContext): Promise<ReconcileResult | void> | ReconcileResult | void;
  /**
   * Undoes outside the cluster what {@link reconcile} did for an object, before the object goes (Kubernetes "Finalizers"). What
   * it owns inside the cluster needs none of this: the garbage collector takes it along.
   *
   * Guaranteed:
   * - The finalizer is on the object before reconcile is first called for it, and so before the first effect.
   * - Once it is being deleted, finalize is called instead of reconcile, never beside it.
   * - When finalize has succeeded the finalizer is removed, and neither is called again for that object. What it throws is
   *   retried with {@link backOff}, and a `requeueAfter` is waited for; both keep the finalizer, and with it the object.
   * - Finalizers of others are left alone, and may keep the object longer.
   *
   * Not guaranteed:
   * - That it runs once. A crash between its success and the writing of that calls it again, and it can be called for an object
   *   of which reconcile failed half-way, or never ran. It must be able to find nothing to undo.
   * - That it runs at all for an object whose finalizer was removed by hand, or that was being deleted before this
   *   controller first saw it.
   * - That the object ever goes: while the controller does not run, or was uninstalled, whatever has the finalizer stays, and
   *   its namespace with it. A new name of the controller, unless {@link finalizer} is given, is a new finalizer that leaves the
   *   old one behind.
   */
  finalize?(object: Stored<T>, context: ReconcileContext): Promise<ReconcileResult | void> | ReconcileResult | void;
  /**
   * The finalizer that goes with {@link finalize}. Default: the kind's group and the controller's name,
   * `demo.orrery.dev/website-controller`; `orrery.dev/NAME` for kinds of the core group.
   */
  readonly finalizer?: string;
  /** Called when the object is gone. */
  deleted?(key: ObjectKey, context: ReconcileContext): Promise<void> | void;
}
