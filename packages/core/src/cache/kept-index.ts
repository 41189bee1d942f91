import type { Stored } from '@orrery/api';
import type { IndexRule } from '../define-index.ts';
import { errorText } from '../inspection/error-text.ts';
import { Bucket } from './bucket.ts';

/**
 * An index over the objects of one kind, kept as they change. What is kept of a value is changed in two places only,
 * {@link put} and {@link remove}, each with the object before.
 */
export class KeptIndex {
  readonly #rule: IndexRule;
  readonly #buckets = new Map<string, Bucket>();
  /** By key, what the rule threw on an object. Such an object is filed nowhere. */
  readonly #failed = new Map<string, unknown>();

  constructor(rule: IndexRule) {
    this.#rule = rule;
  }

  /**
   * The objects under a value, in key order.
   * @throws Error if the rule threw on an object that is there: then nothing that the index has can be trusted.
   */
  at(value: string): readonly Stored[] {
    for (const [key, error] of this.#failed) {
      throw new Error(`an index failed on ${key}: ${errorText(error)}`, { cause: error });
    }
    return this.#buckets.get(value)?.list() ?? none;
  }

  /** The object of the key is this one now. `previous` is what it was, if there was one. */
  put(key: string, object: Stored, previous?: Stored): void {
    const before = previous === undefined ? none : this.#filedUnder(key, previous);
    const values = this.#valuesOf(key, object);
    for (const value of before) if (!values.includes(value)) this.#unfile(value, key);
    for (const value of values) this.#bucket(value).set(key, object);
  }

  /** The object of the key is there no longer. */
  remove(key: string, previous: Stored): void {
    for (const value of this.#filedUnder(key, previous)) this.#unfile(value, key);
    this.#failed.delete(key);
  }

  #filedUnder(key: string, object: Stored): readonly string[] {
    return this.#failed.has(key) ? none : this.#rule.values(object);
  }

  #valuesOf(key: string, object: Stored): readonly string[] {
    try {
      const values = this.#rule.values(object);
      this.#failed.delete(key);
      return values;
    } catch (error) {
      this.#failed.set(key, error);
      return none;
    }
  }

  #bucket(value: string): Bucket {
    let bucket = this.#buckets.get(value);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#buckets.set(value, bucket);
    }
    return bucket;
  }

  #unfile(value: string, key: string): void {
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) return;
    bucket.delete(key);
    if (bucket.size === 0) this.#buckets.delete(value);
  }
}

const none: readonly never[] = Object.freeze([]);
