import type { KubernetesObject } from '@orrery/api';
import { concatBytes } from './bytes.ts';

/** Bytes of a list that are written at a time: what encoding them takes is how long other requests wait. */
const partBytes = 256 * 1024;

/** What {@link ListJson} is made of. */
export interface ListJsonOptions {
  /** The fields before the items. */
  readonly head: object;
  /** The name of the field with the items, which is the last one. */
  readonly field: 'items' | 'rows';
  readonly objects: readonly KubernetesObject[];
  /** The JSON of one item. */
  bytesOf(object: KubernetesObject): Uint8Array;
}

/** A list as JSON, which is encoded part by part: each is encoded when it is taken, and never kept. */
export class ListJson {
  readonly #options: ListJsonOptions;
  /** Of the next object. */
  #index = 0;
  #done = false;

  constructor(options: ListJsonOptions) {
    this.#options = options;
  }

  /** Whether the last part has been taken. */
  get done(): boolean {
    return this.#done;
  }

  /** Encodes the next part. */
  take(): Uint8Array {
    const { head, field, objects, bytesOf } = this.#options;
    const parts: Uint8Array[] = [];
    let length = 0;
    const add = (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
    };
    if (this.#index === 0) add(encoder.encode(`${JSON.stringify(head).slice(0, -1)},"${field}":[`));
    while (this.#index < objects.length && length < partBytes) {
      if (this.#index > 0) add(comma);
      add(bytesOf(objects[this.#index++] as KubernetesObject));
    }
    if (this.#index === objects.length) {
      add(end);
      this.#done = true;
    }
    return concatBytes(parts);
  }

  /** All that has not been taken yet. */
  rest(): Uint8Array {
    const parts: Uint8Array[] = [];
    while (!this.#done) parts.push(this.take());
    return concatBytes(parts);
  }
}

const encoder = new TextEncoder();
const comma = encoder.encode(',');
const end = encoder.encode(']}');
