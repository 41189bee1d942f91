import type { NodeInfo } from '../node-info.ts';
import { IntColumn } from './number-columns.ts';

/** The id of a value that a node does not have. */
export const absent = -1;

/** One label (or other text) of all nodes: equal values have equal ids. As a topology, the ids are its domains. */
export class LabelColumn {
  readonly key: string;
  readonly #read: (node: NodeInfo) => string | undefined;
  /** Ids plus one, so that a slot without any is 0. */
  readonly #ids = new IntColumn();
  readonly #byValue = new Map<string, number>();
  readonly #values: string[] = [];

  constructor(key: string, read: (node: NodeInfo) => string | undefined) {
    this.key = key;
    this.#read = read;
  }

  /** How many values were ever seen; ids are below. */
  get size(): number {
    return this.#values.length;
  }

  /** The id of a node's value, or {@link absent}. */
  id(slot: number): number {
    return this.#ids.get(slot) - 1;
  }

  value(id: number): string | undefined {
    return this.#values[id];
  }

  /** Reads a node's value again; undefined empties the slot. */
  update(slot: number, node: NodeInfo | undefined): void {
    const value = node === undefined ? undefined : this.#read(node);
    this.#ids.set(slot, value === undefined ? 0 : this.#intern(value) + 1);
  }

  #intern(value: string): number {
    let id = this.#byValue.get(value);
    if (id === undefined) {
      id = this.#values.length;
      this.#values.push(value);
      this.#byValue.set(value, id);
    }
    return id;
  }
}
