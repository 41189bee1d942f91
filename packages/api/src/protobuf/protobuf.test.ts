import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64 } from '../base64.ts';
import { builtinKinds, type Kind, KindRegistry } from '../kind.ts';
import { StatusError } from '../status.ts';
import { clientBodies } from './client-bodies.fixture.ts';
import { decodeProtobuf, encodeProtobuf } from './index.ts';
import { type Message, messageNameOf, messageOf, type WireValue } from './message-table.ts';
import { WireWriter } from './wire-writer.ts';

const kinds = new KindRegistry();

describe('bodies that client-go writes', () => {
  test.each(clientBodies)('$what', ({ body, object }) => {
    expect(decodeProtobuf(fromBase64(body), kinds)).toEqual(object);
  });

  test.each(clientBodies)('cut short anywhere are refused or read: $what', ({ body }) => {
    const bytes = fromBase64(body);
    for (let length = 0; length < bytes.length; length++) expectReadOrRefused(bytes.subarray(0, length));
  });
});

/** Makes an object of a message; every choice comes from the list. */
class ObjectMaker {
  readonly #choices: readonly number[];
  #next = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  object(message: Message, depth = 0): { [field: string]: unknown } {
    const object: { [field: string]: unknown } = {};
    for (const { name, value, list } of message.fields) {
      if (name === '' && value.form === 'message')
        Object.assign(object, this.object(messageNamed(value.name), depth + 1));
      else if (this.#choose(depth < 3 ? 3 : 9) === 0)
        object[name] = list ? this.#list(value, depth) : this.#value(value, depth);
    }
    return object;
  }

  #list(value: WireValue, depth: number): unknown[] {
    return Array.from({ length: 1 + this.#choose(2) }, () => this.#value(value, depth));
  }

  #value(value: WireValue, depth: number): unknown {
    switch (value.form) {
      case 'string':
        return ['a', 'some text', 'ünïcödé 🌒', 'x'.repeat(200)][this.#choose(4)];
      case 'int':
        return [1, -1, 80, 2147483647, -2147483648, Number.MAX_SAFE_INTEGER][this.#choose(6)];
      case 'bool':
        return true;
      case 'bytes':
        return btoa(['\0', 'bytes', '\xff\xfe'][this.#choose(3)] ?? '');
      case 'quantity':
        return ['250m', '64Mi', '1e3', '0'][this.#choose(4)];
      case 'time':
        return ['2024-02-29T12:00:00Z', '1970-01-01T00:00:01Z', '1950-06-01T00:00:00Z'][this.#choose(3)];
      case 'microTime':
        return ['2024-02-29T12:00:00.000001Z', '1950-06-01T00:00:00.999999Z'][this.#choose(2)];
      case 'intOrString':
        return [8080, -1, '25%'][this.#choose(3)];
      case 'json':
        return { any: ['json', { at: this.#choose(3) }] };
      case 'strings':
        return ['one', ''].slice(0, 1 + this.#choose(2));
      case 'map':
        return { 'a.key/b': this.#value(value.values, depth + 1), '': this.#value(value.values, depth + 1) };
      case 'message':
        return depth > 5 ? {} : this.object(messageNamed(value.name), depth + 1);
    }
  }

  #choose(count: number): number {
    const choice = this.#choices[this.#next++ % this.#choices.length] ?? 0;
    return (choice + this.#next) % count;
  }
}

function messageNamed(name: string): Message {
  const message = messageOf(name);
  if (message === undefined) throw new Error(`no message ${name}`);
  return message;
}

const inProtobuf = builtinKinds.filter((kind) => messageNameOf(kind.apiVersion, kind.kind) !== undefined);

describe('an object survives a protobuf round trip unchanged', () => {
  test('nearly all kinds have a protobuf form', () => {
    expect(inProtobuf.length).toBeGreaterThan(80);
  });

  test.each(inProtobuf.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))('%s', (_, kind: Kind) => {
    const message = messageNamed(messageNameOf(kind.apiVersion, kind.kind) ?? '');
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }), (choices) => {
        const object = { apiVersion: kind.apiVersion, kind: kind.kind, ...new ObjectMaker(choices).object(message) };
        expect(decodeProtobuf(encodeProtobuf(object), kinds)).toEqual(object);
      }),
      { numRuns: 12 },
    );
  });
});

describe('fields that protobuf always carries and JSON omits', () => {
  const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', spec });

  test('unset zeros are omitted, explicit zeros are kept', () => {
    const spec = {
      hostNetwork: false,
      nodeName: '',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
    };
    expect(decodeProtobuf(encodeProtobuf(pod(spec) as never), kinds)).toEqual(
      pod({ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false }),
    );
  });

  test('empty objects that were set stay', () => {
    const volumes = [{ name: 'scratch', emptyDir: {} }];
    expect(decodeProtobuf(encodeProtobuf(pod({ volumes, securityContext: {} }) as never), kinds)).toEqual(
      pod({ volumes, securityContext: {} }),
    );
  });
});

describe('a body is refused', () => {
  const envelope = (apiVersion: string, kind: string, raw: Uint8Array, encoding = ''): Uint8Array => {
    const typeMeta = new WireWriter();
    typeMeta.stringField(1, apiVersion);
    typeMeta.stringField(2, kind);
    const writer = new WireWriter();
    writer.raw(Uint8Array.of(0x6b, 0x38, 0x73, 0));
    writer.bytesField(1, typeMeta.finish());
    writer.bytesField(2, raw);
    writer.stringField(3, encoding);
    return writer.finish();
  };
  const nothing = new Uint8Array();

  test.each([
    ['without its first bytes', Uint8Array.of(0x7b, 0x7d), /expected prefix/],
    ['without a type', envelope('', '', nothing), /no apiVersion or kind/],
    ['of an unknown kind', envelope('v1', 'Comet', nothing), 'no kind "Comet" is registered for version "v1"'],
    ['compressed', envelope('v1', 'Pod', nothing, 'gzip'), /content encoding gzip/],
    ['with a length beyond its end', envelope('v1', 'Pod', Uint8Array.of(0x0a, 0x7f, 1)), /unexpected EOF/],
    ['with an endless number', envelope('v1', 'Pod', new Uint8Array(20).fill(0xff)), /varint is too long/],
    ['with a wrong wire type', envelope('v1', 'Pod', Uint8Array.of(0x08, 1)), /wrong wireType = 0 for field metadata/],
    ['with a group', envelope('v1', 'Pod', Uint8Array.of(0x7b)), /illegal wire type 3/],
    ['with text that is not UTF-8', envelope('v1', 'Secret', Uint8Array.of(0x1a, 1, 0xff)), /not UTF-8/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeProtobuf(bytes, kinds)).toThrow(message);
    expect(() => decodeProtobuf(bytes, kinds)).toThrow(StatusError);
  });

  test('of a custom kind, which has no protobuf form', () => {
    const comet = { ...builtinKinds[0], custom: true } as Kind;
    expect(() => decodeProtobuf(envelope('demo/v1', 'Comet', nothing), { byKind: () => comet })).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code: 415 }) }),
    );
  });

  test('whatever the bytes are, they are read or refused', () => {
    fc.assert(
      fc.property(fc.constantFrom('Pod', 'Secret', 'Event'), fc.uint8Array({ maxLength: 60 }), (kind, raw) => {
        expectReadOrRefused(envelope('v1', kind, raw));
      }),
      { numRuns: 500 },
    );
  });
});

function expectReadOrRefused(bytes: Uint8Array): void {
  try {
    decodeProtobuf(bytes, kinds);
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    expect((error as StatusError).code).toBe(400);
  }
}
