import {
  type Kind,
  type KubernetesObject,
  keyOf,
  keyString,
  kindId,
  type ObjectKey,
  parseKey,
  type Stored,
} from '@orrery/api';
import type { Subscription } from 'rxjs';
import { aborted } from './abort.ts';
import type { CacheChange } from './cache.ts';
import type { Duration } from './clock/clock.ts';
import type { Controller, ControllerContext, ControllerDefinition, ReconcileResult } from './controller.ts';
import { controllerRules } from './controller-rules.ts';
import type { Cause } from './inspection.ts';
import { createWorkQueue, type WorkQueue } from './work-queue/work-queue.ts';

/**
 * Makes a controller from a reconcile function. Sugar over parts that can be used alone: the cache's change streams, mapped
 * to keys, feed a work queue (`createWorkQueue`), whose every processing reads the object from the cache and reconciles it.
 * An error is told to the inspector and retried with back-off; another event or {@link requeueAfter} ends the wait earlier.
 */
export function defineController<
  T extends KubernetesObject,
  const W extends readonly KubernetesObject[] = readonly KubernetesObject[],
>(definition: ControllerDefinition<T, W>): Controller {
  const kinds = [
    definition.for,
    ...(definition.owns ?? []),
    ...(definition.watches ?? []).map((source) => source.kind),
    ...(definition.reads ?? []),
  ];
  return {
    name: definition.name,
    kinds: [...new Map(kinds.map((kind) => [kindId(kind), kind as Kind])).values()],
    indexes: definition.indexes ?? [],
    addKindsTo: 'reads',
    rules: controllerRules(definition),
    start: (context) => run(definition, context),
  };
}

/** What reconcile returns to be called again after a while, even if nothing changes meanwhile. */
export function requeueAfter(duration: Duration): ReconcileResult {
  return { requeueAfter: duration };
}

/** Resolves when the controller was stopped and its last reconcile has ended. */
async function run<T extends KubernetesObject, W extends readonly KubernetesObject[]>(
  definition: ControllerDefinition<T, W>,
  context: ControllerContext,
): Promise<void> {
  const { client, cache, events, clock, random, log, signal } = context;
  if (signal.aborted) return;
  const reconcileContext = { client, cache, events, clock, random, log, signal };
  const queue = createWorkQueue({
    environment: context,
    actor: definition.name,
    concurrency: definition.concurrency ?? 1,
    process: (text) => {
      const object = cache.get(definition.for, text);
      if (object !== undefined) return definition.reconcile(object, reconcileContext);
      return definition.deleted?.(parseKey(text), reconcileContext);
    },
  });
  const subscriptions = subscribe(definition, context, queue);
  await aborted(signal);
  for (const subscription of subscriptions) subscription.unsubscribe();
  await queue.stop();
}

function subscribe<T extends KubernetesObject, W extends readonly KubernetesObject[]>(
  definition: ControllerDefinition<T, W>,
  { cache }: ControllerContext,
  queue: WorkQueue,
): Subscription[] {
  const { for: primary, when, owns = [], watches = [] } = definition;
  const own = cache.changes(primary, { replay: true }).subscribe((change) => {
    const wanted = change.type === 'deleted' || when === undefined || when(change.object, change.previous);
    if (wanted) queue.add(keyString(keyOf(change.object)), causeOf(primary, change));
  });
  const children = owns.map((kind) =>
    cache.changes(kind, { replay: true }).subscribe((change) => {
      const owner = ownerKey(primary, change.object);
      const before = change.previous === undefined ? undefined : ownerKey(primary, change.previous);
      if (owner !== undefined) queue.add(owner, causeOf(kind, change));
      if (before !== undefined && before !== owner) queue.add(before, causeOf(kind, change));
    }),
  );
  const others = watches.map(({ kind, map }) =>
    cache.changes(kind, { replay: true }).subscribe((change) => {
      const { object, previous } = change;
      const keys = map(object, previous === undefined ? { cache } : { cache, previous });
      for (const key of keys) queue.add(typeof key === 'string' ? key : keyString(key), causeOf(kind, change));
    }),
  );
  return [own, ...children, ...others];
}

/** The key of the object's controller owner, if that is of the kind (`metav1.GetControllerOf`). */
function ownerKey(kind: Kind, object: Stored): string | undefined {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.kind !== kind.kind || groupOf(owner.apiVersion) !== kind.group) return undefined;
  const key: ObjectKey = { namespace: kind.namespaced ? (object.metadata.namespace ?? '') : '', name: owner.name };
  return keyString(key);
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function causeOf<T extends KubernetesObject>(kind: Kind<T>, { type, object }: CacheChange<T>): Cause {
  return { type, kind: kindId(kind), key: keyString(keyOf(object)), resourceVersion: object.metadata.resourceVersion };
}
