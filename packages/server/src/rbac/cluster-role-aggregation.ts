import {
  ClusterRole,
  canonicalJson,
  equalJson,
  isConflict,
  isNotFound,
  type KubernetesObject,
  kindId,
  labelSelectorMatcher,
  type PolicyRule,
  type Stored,
} from '@orrery/api';
import { type Client, createLogger, type Environment, errorText } from '@orrery/core';
import type { ObjectStore } from '@orrery/store';
import type { Subscription } from 'rxjs';
import type { SeedOptions } from '../seed-objects.ts';
import { rbacCollections } from './collections.ts';

const collection = rbacCollections.clusterRoles;
const actor = 'cluster role aggregation';
/** Who owns the rules of aggregated roles. */
const aggregationManager = 'clusterrole-aggregation-controller';

/**
 * Updates the rules of aggregated ClusterRoles (Kubernetes "Aggregated ClusterRoles"): a role's `aggregationRule` selects
 * others by label, and their rules become its own. Stops when the store is closed, or when it is disposed.
 */
export class ClusterRoleAggregation implements Disposable {
  readonly #store: ObjectStore;
  readonly #environment: Environment;
  readonly #client: Client;
  readonly #watch: Subscription;
  /** Names of the aggregated roles. */
  readonly #aggregated = new Set<string>();
  #waiting = false;
  #ended = false;

  constructor(store: ObjectStore, environment: Environment, client: Client) {
    this.#store = store;
    this.#environment = environment;
    this.#client = client;
    const { items, revision } = store.list(collection);
    for (const role of items) this.#note(role as Stored<ClusterRole>);
    const end = () => this[Symbol.dispose]();
    this.#watch = store.watch(collection, {}, revision).subscribe({
      next: ({ type, object }) => {
        if (type === 'deleted') this.#aggregated.delete(object.metadata.name);
        else this.#note(object as Stored<ClusterRole>);
        this.#wake();
      },
      error: end,
      complete: end,
    });
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#watch?.unsubscribe();
  }

  #note({ metadata, aggregationRule }: Stored<ClusterRole>): void {
    if (aggregationRule === undefined) this.#aggregated.delete(metadata.name);
    else this.#aggregated.add(metadata.name);
  }

  /** Batches simultaneous changes into one aggregation. */
  #wake(): void {
    if (this.#waiting || this.#ended || this.#aggregated.size === 0) return;
    this.#waiting = true;
    void this.#aggregate();
  }

  async #aggregate(): Promise<void> {
    await this.#environment.work.turn(actor);
    this.#waiting = false;
    for (const name of [...this.#aggregated]) {
      if (this.#ended) return;
      const role = this.#store.get(collection, { namespace: '', name }) as Stored<ClusterRole> | undefined;
      if (role === undefined) continue;
      const rules = aggregatedRules(role, this.#store.list(collection).items as readonly Stored<ClusterRole>[]);
      if (equalJson(rules, role.rules ?? [])) continue;
      try {
        await this.#client.update({ ...role, rules: [...rules] }, { fieldManager: aggregationManager });
      } catch (error) {
        // Another writer was faster; its event triggers the next aggregation.
        if (isConflict(error) || isNotFound(error)) continue;
        const { inspector, clock } = this.#environment;
        createLogger(inspector, clock, actor).error('cannot aggregate rules', { role: name, error: errorText(error) });
      }
    }
  }
}

/**
 * The roles with the rules that they have once all is aggregated: a seed's `next` ({@link SeedOptions}), so that a cluster does not
 * begin with writes whose result is known. Pure.
 */
export function aggregatedSeeds(policy: readonly KubernetesObject[]): NonNullable<SeedOptions['next']> {
  const roles = policy.filter(isClusterRole);
  const settled = new Map(
    roles.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map((role) => [role.metadata.name, role]),
  );
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, role] of settled) {
      if (role.aggregationRule === undefined) continue;
      const rules = aggregatedRules(role, [...settled.values()]);
      if (equalJson(rules, role.rules ?? [])) continue;
      settled.set(name, { ...role, rules: [...rules] });
      changed = true;
    }
  }
  return (object) => {
    const role = isClusterRole(object) ? settled.get(object.metadata.name) : undefined;
    if (role?.aggregationRule === undefined) return undefined;
    return { manager: aggregationManager, object: { ...object, rules: role.rules } as KubernetesObject };
  };
}

function isClusterRole(object: KubernetesObject): object is ClusterRole {
  return `${object.apiVersion}/${object.kind}` === kindId(ClusterRole);
}

/** The rules of all roles that a role's `aggregationRule` selects, each once, in the order of the roles' names. Pure. */
function aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): readonly PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map((one) => labelSelectorMatcher(one));
  const rules = new Map<string, PolicyRule>();
  for (const other of roles) {
    if (other.metadata.name === role.metadata.name) continue;
    if (!selectors.some((selector) => selector.matches(other.metadata.labels))) continue;
    for (const rule of other.rules ?? []) {
      const text = textOf(rule);
      if (!rules.has(text)) rules.set(text, rule);
    }
  }
  return [...rules.values()];
}

/** The texts of stored rules: all clusters of a process share those of the default roles. */
const texts = new WeakMap<PolicyRule, string>();

function textOf(rule: PolicyRule): string {
  let text = texts.get(rule);
  if (text === undefined) {
    text = canonicalJson(rule);
    texts.set(rule, text);
  }
  return text;
}
