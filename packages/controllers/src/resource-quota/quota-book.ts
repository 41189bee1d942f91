import {
  type KubernetesObject,
  Quantity,
  quotaApplies,
  quotaUsage,
  type ResourceKind,
  type ResourceQuota,
} from '@orrery/api';
import type { Milliseconds } from '@orrery/core';

type Spec = NonNullable<ResourceQuota['spec']>;
type Amounts = { readonly [resource: string]: string | number };

/** What objects use of one quota, kept as they change. */
export class QuotaBook {
  readonly spec: Spec;
  readonly #names: readonly string[];
  /** By object: what it uses of what the quota limits. */
  readonly #entries = new Map<string, ReadonlyMap<string, Quantity>>();
  readonly #totals = new Map<string, Quantity>();
  /** Objects that are on their way out, and when they should be gone. */
  readonly #leaving = new Map<string, Leaving>();

  constructor(spec: Spec) {
    this.spec = spec;
    this.#names = Object.keys(spec.hard ?? {});
  }

  /** The object of this id as it is at the time `now`; undefined if it is gone. */
  set(id: string, kind: ResourceKind, object: KubernetesObject | undefined, now: Milliseconds): void {
    for (const [name, amount] of this.#entries.get(id) ?? []) this.#add(name, negated(amount));
    this.#entries.delete(id);
    this.#leaving.delete(id);
    if (object === undefined || !quotaApplies(this.spec, kind, object)) return;
    const usage = quotaUsage(kind, object, now);
    const counted = new Map(this.#names.flatMap((name) => entryOf(name, usage)));
    this.#entries.set(id, counted);
    for (const [name, amount] of counted) this.#add(name, amount);
    const due = dueOf(object);
    if (due !== undefined && due >= now) this.#leaving.set(id, { due, kind, object });
  }

  /** Counts those anew that should be gone by now. Returns the milliseconds until the next should be. */
  expire(now: Milliseconds): Milliseconds | undefined {
    let wait: Milliseconds | undefined;
    for (const [id, { due, kind, object }] of [...this.#leaving]) {
      if (due < now) this.set(id, kind, object, now);
      else wait = Math.min(wait ?? Number.POSITIVE_INFINITY, due + 1 - now);
    }
    return wait;
  }

  /** What is used of everything that is limited; of what nobody counts, what was said before. */
  used(
    before: Amounts = {},
    isCounted: (name: string) => boolean = () => true,
  ): { readonly [name: string]: string | number } {
    return Object.fromEntries(
      this.#names.flatMap((name) => {
        if (isCounted(name)) return [[name, (this.#totals.get(name) ?? zero).toString()]];
        const kept = before[name];
        return kept === undefined ? [] : [[name, kept]];
      }),
    );
  }

  #add(name: string, amount: Quantity): void {
    this.#totals.set(name, this.#totals.get(name)?.add(amount) ?? amount);
  }
}

interface Leaving {
  readonly due: Milliseconds;
  readonly kind: ResourceKind;
  readonly object: KubernetesObject;
}

function dueOf({ metadata }: KubernetesObject): Milliseconds | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined;
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

const zero = new Quantity(0n, 'DecimalSI', '0');

function entryOf(name: string, usage: ReadonlyMap<string, Quantity>): readonly (readonly [string, Quantity])[] {
  const amount = usage.get(name);
  return amount === undefined ? [] : [[name, amount]];
}

function negated(amount: Quantity): Quantity {
  return new Quantity(-amount.nanos, amount.format);
}
