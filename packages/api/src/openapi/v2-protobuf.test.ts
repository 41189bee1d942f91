import { describe, expect, test } from 'vitest';
import { KindRegistry } from '../kind.ts';
import { Deployment } from '../kinds.ts';
import { openApiV2, openApiV2Protobuf } from './documents.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { encodeV2 } from './v2-protobuf.ts';

/** A message taken apart without knowing what it means: field number → values. */
type Message = Map<number, (Uint8Array | number)[]>;

function decode(bytes: Uint8Array): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const values = message.get(tag >> 3) ?? [];
    message.set(tag >> 3, values);
    if ((tag & 7) === 0) values.push(varint());
    else if ((tag & 7) === 1) {
      values.push(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true));
      at += 8;
    } else {
      const length = varint();
      if (at + length > bytes.length) throw new Error('a field is longer than its message');
      values.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return message;
}

const text = (value: Uint8Array | number | undefined): string => new TextDecoder().decode(value as Uint8Array);
const inside = (message: Message, field: number, index = 0): Message =>
  decode(message.get(field)?.[index] as Uint8Array);

describe('the wire format', () => {
  test('numbers, texts and messages', () => {
    const writer = new ProtobufWriter();
    writer.integer(1, 300);
    writer.boolean(2, true);
    writer.double(3, 1.5);
    writer.message(4, () => writer.text(1, 'é'.repeat(100)));
    const message = decode(writer.finish());
    expect([message.get(1), message.get(2), message.get(3)]).toEqual([[300], [1], [1.5]]);
    expect(text(inside(message, 4).get(1)?.[0])).toBe('é'.repeat(100));
  });
  test('messages that outgrow the buffer', () => {
    const writer = new ProtobufWriter();
    writer.message(1, () => writer.message(2, () => writer.text(3, 'x'.repeat(100_000))));
    expect(text(inside(inside(decode(writer.finish()), 1), 2).get(3)?.[0])).toHaveLength(100_000);
  });
});

describe('a document', () => {
  const kinds = new KindRegistry([Deployment]);
  const document = decode(openApiV2Protobuf(kinds));
  const definitions = openApiV2(kinds) as { definitions: object; paths: object };

  test('has all paths and definitions', () => {
    expect(text(document.get(1)?.[0])).toBe('2.0');
    expect(inside(document, 8).get(2)).toHaveLength(Object.keys(definitions.paths).length);
    expect(inside(document, 9).get(1)).toHaveLength(Object.keys(definitions.definitions).length);
  });
  test('writes a schema field by field', () => {
    const schema = {
      type: 'object',
      required: ['a', 'b'],
      properties: {
        a: { type: 'array', items: { $ref: '#/definitions/X' } },
        b: { type: 'string', enum: ['x'], default: '' },
      },
      additionalProperties: { type: 'integer' },
      'x-kubernetes-list-map-keys': ['a'],
    };
    const written = inside(inside(inside(decode(encodeV2({ definitions: { Y: schema } })), 9), 1), 2);
    expect(written.get(19)?.map(text)).toEqual(['a', 'b']);
    expect(text(inside(written, 22).get(1)?.[0])).toBe('object');
    expect(text(inside(inside(inside(written, 21), 1), 22).get(1)?.[0])).toBe('integer');

    const first = inside(inside(inside(written, 25), 1), 2);
    expect(text(inside(inside(first, 23), 1).get(1)?.[0])).toBe('#/definitions/X');
    const second = inside(inside(inside(written, 25), 1, 1), 2);
    expect(text(inside(second, 20).get(2)?.[0])).toBe('"x"\n');
    expect(text(inside(second, 5).get(2)?.[0])).toBe('""\n');

    const extension = inside(written, 31);
    expect(text(extension.get(1)?.[0])).toBe('x-kubernetes-list-map-keys');
    expect(text(inside(extension, 2).get(2)?.[0])).toBe('["a"]\n');
  });
  test('writes each sort of parameter', () => {
    const operation = {
      parameters: [
        { name: 'body', in: 'body', schema: { $ref: '#/definitions/X' } },
        { name: 'force', in: 'query', type: 'boolean', uniqueItems: true },
        { name: 'name', in: 'path', type: 'string', required: true },
      ],
    };
    const paths = inside(decode(encodeV2({ paths: { '/x': { patch: operation } } })), 8);
    const patch = inside(inside(inside(paths, 2), 2), 8);
    const parameter = (index: number): Message => inside(inside(patch, 8, index), 1);
    expect(text(inside(parameter(0), 1).get(2)?.[0])).toBe('body');
    expect(text(inside(inside(parameter(1), 2), 3).get(4)?.[0])).toBe('force');
    expect(inside(inside(parameter(1), 2), 3).get(20)).toEqual([1]);
    expect(text(inside(inside(parameter(2), 2), 4).get(4)?.[0])).toBe('name');
  });
});
