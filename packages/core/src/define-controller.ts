import { type Kind, type KubernetesObject, keyOf, kindId, parseKey, qualifiedName, type Stored } from '@orrery/api';
import { merge, takeUntil } from 'rxjs';
import { fromAbort } from './abort.ts';
import type { Duration } from './clock/clock.ts';
import type { Controller, ControllerDefinition, ReconcileContext, ReconcileResult, WatchSource } from './controller.ts';
import { controllerRules } from './controller-rules.ts';
import { addFinalizer, finalizerStep, removeFinalizer } from './finalizer.ts';
import { mapToOwner, mapToSelf, requestsOf } from './sources.ts';
import { createWorkQueue } from './work-queue/work-queue.ts';

/**
 * Makes a controller from a reconcile function. Sugar over parts that can be used alone: the cache's change streams, mapped
 * to keys (`requestsOf` with `mapToSelf`, `mapToOwner` or a `map`), feed a work queue (`createWorkQueue`), whose every
 * processing reads the object from the cache and reconciles it, or finalizes it (`finalizerStep`, `addFinalizer`,
 * `removeFinalizer`). An error goes to the inspector and is retried with back-off; another event or {@link requeueAfter} ends the
 * wait earlier.
 * @throws StatusError BadRequest if a selector is malformed
 * @throws Error if the finalizer is no qualified name
 */
export function defineController<
  T extends KubernetesObject,
  const O extends readonly KubernetesObject[] = readonly KubernetesObject[],
  const W extends readonly KubernetesObject[] = readonly KubernetesObject[],
>(definition: ControllerDefinition<T, O, W>): Controller {
  const { name, for: primary } = definition;
  const owned = (definition.owns ?? []).map(sourceOf);
  const watched = (definition.watches ?? []).map(sourceOf);
  const sources = [
    requestsOf(ownChanges(definition), mapToSelf),
    ...owned.map((source) => requestsOf(source, mapToOwner(primary))),
    ...watched.map((source) => requestsOf(source, source.map?.bind(source) ?? mapToSelf)),
  ];
  const process = processingOf(definition);
  const kinds = [primary, ...[...owned, ...watched].map(({ kind }) => kind), ...(definition.reads ?? [])];
  return {
    name,
    kinds: [...new Map(kinds.map((kind) => [kindId(kind), kind as Kind])).values()],
    indexes: definition.indexes ?? [],
    addKindsTo: 'reads',
    rules: controllerRules({ ...definition, owns: owned.map(({ kind }) => kind) }),
    async start(context) {
      const { client, cache, events, clock, random, log, signal } = context;
      const reconcileContext = { client, cache, events, clock, random, log, signal };
      const queue = createWorkQueue({
        environment: context,
        actor: name,
        concurrency: definition.concurrency ?? 1,
        priority: definition.priority ?? 'normal',
        ...(definition.backOff === undefined ? {} : { backOff: definition.backOff }),
        process: (key, causes) =>
          process(key, reconcileContext, () => {
            for (const cause of causes) queue.add(key, cause);
          }),
      });
      try {
        await merge(...sources.map((requests) => requests(cache)))
          .pipe(takeUntil(fromAbort(signal)))
          .forEach(({ key, cause }) => {
            queue.add(key, cause);
          });
      } finally {
        await queue.stop();
      }
    },
  };
}

/** What reconcile returns to be called again after a while, even if nothing changes meanwhile. */
export function requeueAfter(duration: Duration): ReconcileResult {
  return { requeueAfter: duration };
}

/** A kind alone is a source of all its changes. */
function sourceOf(source: Kind | WatchSource): WatchSource {
  return typeof source.kind === 'string' ? { kind: source as Kind } : (source as WatchSource);
}

function ownChanges<T extends KubernetesObject>({ for: kind, when, finalize }: Definition<T>): WatchSource<T> {
  if (when === undefined || finalize === undefined) return { kind, ...(when === undefined ? {} : { when }) };
  return {
    kind,
    when: (object, previous) => object.metadata.deletionTimestamp !== undefined || when(object, previous),
  };
}

type Definition<T extends KubernetesObject> = Pick<
  ControllerDefinition<T>,
  'name' | 'for' | 'when' | 'reconcile' | 'finalize' | 'finalizer' | 'deleted'
>;
type Outcome = ReturnType<ControllerDefinition<KubernetesObject>['reconcile']>;

/** Processes a key when its turn has come; `again` queues it once more. */
function processingOf<T extends KubernetesObject>(
  definition: Definition<T>,
): (key: string, context: ReconcileContext, again: () => void) => Outcome {
  const { for: kind } = definition;
  const work = definition.finalize === undefined ? undefined : withFinalizer(definition, finalizerOf(definition));
  return (key, context, again) => {
    const object = context.cache.get(kind, key);
    if (object === undefined) return definition.deleted?.(parseKey(key), context);
    return work === undefined ? definition.reconcile(object, context) : work(object, context, again);
  };
}

function withFinalizer<T extends KubernetesObject>(definition: Definition<T>, finalizer: string) {
  const { for: kind } = definition;
  return async (object: Stored<T>, context: ReconcileContext, again: () => void): Promise<ReconcileResult | void> => {
    switch (finalizerStep(object, finalizer)) {
      case 'add': {
        const ours = await addFinalizer(context.client, kind, object, finalizer);
        if (ours === undefined) return;
        // The change queues the object as well, unless `when` drops it. A cache that lags behind would only ask to add it again.
        if (context.cache.get(kind, keyOf(ours)) !== ours) return definition.reconcile(ours, context);
        again();
        return;
      }
      case 'reconcile':
        return definition.reconcile(object, context);
      case 'finalize': {
        const result = await definition.finalize?.(object, context);
        if (result?.requeueAfter !== undefined) return result;
        await removeFinalizer(context.client, kind, object, finalizer);
        return;
      }
      case 'leave':
        return;
    }
  };
}

function finalizerOf<T extends KubernetesObject>({ name, for: { group }, finalizer }: Definition<T>): string {
  const chosen = finalizer ?? `${group === '' ? 'orrery.dev' : group}/${name}`;
  const faults = chosen.includes('/') ? qualifiedName(chosen) : ['it must begin with a domain and a slash'];
  if (faults.length > 0) throw new Error(`${name} cannot have the finalizer ${chosen}: ${faults.join('; ')}`);
  return chosen;
}
