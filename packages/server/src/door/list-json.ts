import type { KubernetesObject } from '@orrery/api';
import { concatBytes } from './bytes.ts';
import { compactForm, type ListForm } from './list-forms.ts';

/** What {@link ListJson} is made of. */
export interface ListJsonOptions {
  /** The fields before the items. */
  readonly head: object;
  /** The name of the field with the items, which is the last one. */
  readonly field: 'items' | 'rows';
  readonly objects: readonly KubernetesObject[];
  /** The JSON of one item. */
  bytesOf(object: KubernetesObject): Uint8Array;
  /** How the list is written. Default: {@link compactForm}. */
  readonly form?: ListForm;
}

/** A list as JSON, or in a form made of its JSON, which is encoded part by part: each is encoded when it is taken, and never kept. */
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

  /** The same list in another form, from its beginning. */
  as(form: ListForm): ListJson {
    return new ListJson({ ...this.#options, form });
  }

  /** Encodes the next part. */
  take(): Uint8Array {
    const { head, field, objects, bytesOf, form = compactForm } = this.#options;
    const parts: Uint8Array[] = [];
    let length = 0;
    const add = (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
    };
    if (this.#index === 0) add(form.opening(head, field, objects.length === 0));
    while (this.#index < objects.length && length < form.partBytes) {
      add(this.#index === 0 ? form.first : form.between);
      add(form.item(bytesOf(objects[this.#index++] as KubernetesObject)));
    }
    if (this.#index === objects.length) {
      if (objects.length > 0) add(form.end);
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
