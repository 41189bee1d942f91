/** How a list is written around the JSON of its items. */
export interface ListForm {
  /** Bytes of a list that are written at a time: what encoding them takes is how long other requests wait. */
  readonly partBytes: number;
  /** What stands before the items; all of the list, if it is empty. */
  opening(head: object, field: string, empty: boolean): Uint8Array;
  /** What stands before the first item, between two, and after the last one. */
  readonly first: Uint8Array;
  readonly between: Uint8Array;
  readonly end: Uint8Array;
  /** An item, from its JSON. */
  item(json: Uint8Array): Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = (text: string) => encoder.encode(text);
const parsed = (json: Uint8Array): unknown => JSON.parse(decoder.decode(json));

/** JSON without spaces. */
export const compactForm: ListForm = {
  partBytes: 256 * 1024,
  opening: (head, field, empty) => {
    const whole = JSON.stringify({ ...head, [field]: [] });
    return bytes(empty ? whole : whole.slice(0, -']}'.length));
  },
  first: bytes(''),
  between: bytes(','),
  end: bytes(']}'),
  item: (json) => json,
};

/** JSON with lines and indentation, for people. Texts in JSON have no line breaks of their own. */
export const indentedForm: ListForm = {
  partBytes: 128 * 1024,
  opening: (head, field, empty) => {
    const whole = JSON.stringify({ ...head, [field]: [] }, null, 2);
    return bytes(empty ? `${whole}\n` : whole.slice(0, -']\n}'.length));
  },
  first: bytes('\n    '),
  between: bytes(',\n    '),
  end: bytes('\n  ]\n}\n'),
  item: (json) => bytes(JSON.stringify(parsed(json), null, 2).replaceAll('\n', '\n    ')),
};

/** YAML, which takes some twenty times as long to write as JSON. Everything below a dash is two columns deeper. */
export function yamlForm(write: (value: unknown) => string): ListForm {
  return {
    partBytes: 32 * 1024,
    opening: (head, field, empty) => bytes(empty ? write({ ...head, [field]: [] }) : `${write(head)}${field}:\n`),
    first: bytes(''),
    between: bytes(''),
    end: bytes(''),
    // An empty line stays empty.
    item: (json) => bytes(write([parsed(json)]).replaceAll(/^(?=.)/gm, '  ')),
  };
}
