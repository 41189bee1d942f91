import {
  equalJson,
  FlowSchema,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type Kind,
  type KubernetesObject,
  PriorityLevelConfiguration,
  type Stored,
  timestamp,
} from '@orrery/api';
import { type Client, createLogger, type Environment, errorText } from '@orrery/core';
import type { ObjectStore, StoreEvent } from '@orrery/store';
import { Subscription } from 'rxjs';
import { collectionOf } from '../collections.ts';
import { danglingCondition, statusManager } from './dangling.ts';
import {
  autoUpdateAnnotation,
  defaultFlowSchemas,
  defaultPriorityLevels,
  mandatoryNames,
  producer,
} from './default-configuration.ts';
import type { FlowControl } from './flow-control.ts';

const actor = 'API priority and fairness';

const schemas = collectionOf(FlowSchema as Kind);
const levels = collectionOf(PriorityLevelConfiguration as Kind);

/**
 * Keeps the flow control as it is configured by the stored FlowSchemas and PriorityLevelConfigurations, reports on each schema whether its
 * level exists, and keeps Kubernetes' own objects: the mandatory ones always, the others as long as their annotation
 * `apf.kubernetes.io/autoupdate-spec` is `true`. Stops when the store is closed, or when it is disposed.
 */
export class FlowConfiguration implements Disposable {
  readonly #store: ObjectStore;
  readonly #environment: Environment;
  readonly #client: Client;
  readonly #control: FlowControl;
  readonly #watches = new Subscription();
  /** Objects of Kubernetes' own that were deleted or changed since the last look. */
  readonly #disturbed = new Set<string>();
  #waiting = false;

  constructor(store: ObjectStore, environment: Environment, client: Client, control: FlowControl) {
    this.#store = store;
    this.#environment = environment;
    this.#client = client;
    this.#control = control;
    const end = () => this[Symbol.dispose]();
    for (const collection of [schemas, levels]) {
      this.#watches.add(
        store.watch(collection, {}, store.revision).subscribe({
          next: (event) => this.#changed(event),
          error: end,
          complete: end,
        }),
      );
    }
    this.#configure();
  }

  [Symbol.dispose](): void {
    this.#watches.unsubscribe();
  }

  #changed({ type, object, previous }: StoreEvent): void {
    const before = previous as { readonly spec?: unknown } | undefined;
    const specChanged = type === 'added' || type === 'deleted' || (object as { spec?: unknown }).spec !== before?.spec;
    const annotated = object.metadata.annotations !== previous?.metadata.annotations;
    if (!specChanged && !annotated) return;
    if (type !== 'added') this.#disturbed.add(`${object.kind}/${object.metadata.name}`);
    this.#wake();
  }

  /** Takes changes that come together as one. */
  #wake(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    await this.#environment.work.turn(actor);
    this.#waiting = false;
    if (this.#watches.closed) return;
    this.#configure();
    const disturbed = [...this.#disturbed];
    this.#disturbed.clear();
    for (const wanted of [...defaultPriorityLevels, ...defaultFlowSchemas]) {
      if (disturbed.includes(`${wanted.kind}/${wanted.metadata.name}`))
        await this.#attempt(() => this.#restore(wanted));
    }
    for (const schema of this.#list<FlowSchema>(schemas)) {
      const condition = this.#changedCondition(schema);
      if (condition !== undefined) await this.#attempt(() => this.#report(schema, condition));
    }
  }

  #configure(): void {
    const present = this.#list<PriorityLevelConfiguration>(levels);
    this.#control.configure(
      withMandatory(this.#list<FlowSchema>(schemas), defaultFlowSchemas),
      withMandatory(present, defaultPriorityLevels),
    );
  }

  /** The stored objects, whoever stored them: those without a spec count for nothing. */
  #list<T extends KubernetesObject>(collection: typeof schemas): readonly T[] {
    const items = this.#store.list(collection).items as readonly KubernetesObject[] as readonly T[];
    return items.filter((object) => 'spec' in object && object.spec !== null);
  }

  async #restore(wanted: FlowSchema | PriorityLevelConfiguration): Promise<void> {
    const collection = wanted.kind === 'FlowSchema' ? schemas : levels;
    const { name } = wanted.metadata;
    const present = this.#store.get(collection, { namespace: '', name }) as Stored<typeof wanted> | undefined;
    if (present === undefined) {
      await this.#client.create(wanted, { fieldManager: producer });
      return;
    }
    const kept = mandatoryNames.has(name) || present.metadata.annotations?.[autoUpdateAnnotation] === 'true';
    if (!kept || equalJson(present.spec, wanted.spec)) return;
    const restored: FlowSchema | PriorityLevelConfiguration = {
      ...(present as typeof wanted),
      spec: wanted.spec,
    } as typeof wanted;
    await this.#client.update(restored as KubernetesObject, { fieldManager: producer });
  }

  /** What its status is to say from now on; undefined if it says it already. */
  #changedCondition(schema: FlowSchema): ReturnType<typeof danglingCondition> {
    const level = schema.spec.priorityLevelConfiguration.name;
    const exists = this.#store.get(levels, { namespace: '', name: level }) !== undefined;
    return danglingCondition(schema, exists, timestamp(this.#environment.clock.now()));
  }

  async #report(schema: FlowSchema, condition: ReturnType<typeof danglingCondition>): Promise<void> {
    const { apiVersion, kind, metadata } = schema;
    await this.#client.apply(
      { apiVersion, kind, metadata: { name: metadata.name }, status: { conditions: [condition] } } as KubernetesObject,
      { fieldManager: statusManager, subresource: 'status', force: true },
    );
  }

  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // Another writer was faster; its event triggers the next look.
      if (this.#watches.closed || isConflict(error) || isNotFound(error) || isAlreadyExists(error)) return;
      const { inspector, clock } = this.#environment;
      createLogger(inspector, clock, actor).error('cannot write the configuration', { error: errorText(error) });
    }
  }
}

/** Those that are stored, and the mandatory ones as they are defined. */
function withMandatory<T extends FlowSchema | PriorityLevelConfiguration>(
  present: readonly T[],
  defined: readonly T[],
): readonly T[] {
  const stored = new Set(present.map(({ metadata }) => metadata.name));
  return [...present, ...defined.filter(({ metadata: { name } }) => mandatoryNames.has(name) && !stored.has(name))];
}
