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
  /** Lines and indentation for people. Default false: none. */
  readonly indented?: boolean;
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

  /** The same list with lines and indentation, from its beginning. */
  indented(): ListJson {
    return new ListJson({ ...this.#options, indented: true });
  }

  /** Encodes the next part. */
  take(): Uint8Array {
    const { head, field, objects, bytesOf, indented = false } = this.#options;
    const frame = indented ? frames.indented : frames.compact;
    const parts: Uint8Array[] = [];
    let length = 0;
    const add = (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
    };
    if (this.#index === 0) add(encoder.encode(opening(head, field, indented)));
    while (this.#index < objects.length && length < partBytes) {
      add(this.#index === 0 ? frame.first : frame.between);
      const item = bytesOf(objects[this.#index++] as KubernetesObject);
      add(indented ? indentedItem(item) : item);
    }
    if (this.#index === objects.length) {
      add(objects.length === 0 ? frame.none : frame.end);
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
const decoder = new TextDecoder();

/** What stands before the first item, between two, after the last one, and after the opening of a list without items. */
const frames = {
  compact: frameOf('', ',', ']}', ']}'),
  indented: frameOf('\n    ', ',\n    ', '\n  ]\n}\n', ']\n}\n'),
};

function frameOf(first: string, between: string, end: string, none: string) {
  const bytes = (text: string) => encoder.encode(text);
  return { first: bytes(first), between: bytes(between), end: bytes(end), none: bytes(none) };
}

function opening(head: object, field: string, indented: boolean): string {
  const whole = { ...head, [field]: [] };
  return indented
    ? JSON.stringify(whole, null, 2).slice(0, -']\n}'.length)
    : JSON.stringify(whole).slice(0, -']}'.length);
}

/** Texts in JSON have no line breaks of their own. */
function indentedItem(json: Uint8Array): Uint8Array {
  const text = JSON.stringify(JSON.parse(decoder.decode(json)), null, 2);
  return encoder.encode(text.replaceAll('\n', '\n    '));
}
