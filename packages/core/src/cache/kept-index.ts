import { membership, SortedObjects, type Stored } from '@orrery/api';
import type { IndexRule } from '../define-index.ts';
import { errorText } from '../inspection/error-text.ts';

/**
 * An index over the objects of one kind, kept as they change. A value's bucket changes in two places only,
 * {@link put} and {@link remove}, each with the object before.
 */
export class KeptIndex {
  readonly #rule: IndexRule;
  readonly #buckets = new Map<string, Filed>();
  /** By key, what the rule threw on an object. Such an object is filed nowhere. Made with the first failure. */
  #failed: Map<string, unknown> | undefined;

  constructor(rule: IndexRule) {
    this.#rule = rule;
  }

  /**
   * The objects under a value, in key order.
   * @throws Error if the rule threw on an object that is there: then nothing that the index has can be trusted.
   */
  at(value: string): readonly Stored[] {
    this.#check();
    return this.#buckets.get(value)?.objects.list() ?? none;
  }

  /** How many objects are under a value. @throws Error as {@link at}. */
  count(value: string): number {
    this.#check();
    return this.#buckets.get(value)?.objects.size ?? 0;
  }

  /** The objects under a value in no particular order. @throws Error as {@link at}. */
  each(value: string): Iterable<Stored> {
    this.#check();
    return this.#buckets.get(value)?.objects.values() ?? none;
  }

  /**
   * The sum over the objects under a value; undefined where there are none. It changes with them.
   * @throws Error as {@link at}.
   */
  sum(value: string): unknown {
    this.#check();
    return this.#buckets.get(value)?.sum;
  }

  /** The object of the key is this one now. `previous` is what it was, if there was one. */
  put(key: string, object: Stored, previous?: Stored): void {
    const before = previous === undefined ? none : this.#filedUnder(key, previous);
    const values = this.#valuesOf(key, object);
    const isKept = membership(values);
    for (const value of before) if (!isKept(value)) this.#unfile(value, key);
    const { aggregate } = this.#rule;
    for (const value of values) {
      const { objects, sum } = this.#bucket(value);
      if (aggregate !== undefined) {
        const replaced = objects.get(key);
        if (replaced !== undefined) aggregate.remove(sum, replaced);
        aggregate.add(sum, object);
      }
      objects.set(key, object);
    }
  }

  /** The object of the key is there no longer. */
  remove(key: string, previous: Stored): void {
    for (const value of this.#filedUnder(key, previous)) this.#unfile(value, key);
    this.#failed?.delete(key);
  }

  #check(): void {
    for (const [key, error] of this.#failed ?? []) {
      throw new Error(`an index failed on ${key}: ${errorText(error)}`, { cause: error });
    }
  }

  #filedUnder(key: string, object: Stored): readonly string[] {
    return this.#failed?.has(key) === true ? none : this.#rule.values(object);
  }

  #valuesOf(key: string, object: Stored): readonly string[] {
    try {
      const values = this.#rule.values(object);
      this.#failed?.delete(key);
      return values;
    } catch (error) {
      this.#failed ??= new Map();
      this.#failed.set(key, error);
      return none;
    }
  }

  #bucket(value: string): Filed {
    let filed = this.#buckets.get(value);
    if (filed === undefined) {
      filed = { objects: new SortedObjects(), sum: this.#rule.aggregate?.create() };
      this.#buckets.set(value, filed);
    }
    return filed;
  }

  #unfile(value: string, key: string): void {
    const filed = this.#buckets.get(value);
    const object = filed?.objects.get(key);
    if (filed === undefined || object === undefined) return;
    filed.objects.delete(key);
    this.#rule.aggregate?.remove(filed.sum, object);
    if (filed.objects.size === 0) this.#buckets.delete(value);
  }
}

/** One value's objects, and their sum. */
interface Filed {
  readonly objects: SortedObjects;
  readonly sum: unknown;
}

const none: readonly never[] = Object.freeze([]);
