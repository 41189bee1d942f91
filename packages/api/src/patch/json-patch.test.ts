import { describe, expect, test } from 'vitest';
import { deepFreeze } from '../object.ts';
import { applyJsonPatch, maxJsonPatchOperations } from './index.ts';

const document = deepFreeze({
  metadata: { name: 'web', labels: { app: 'web', 'a/b': 'slash', 'c~d': 'tilde' } },
  spec: { replicas: 1, args: ['a', 'b', 'c'] },
});

describe('a JSON patch', () => {
  test.each([
    ['adds a field', [{ op: 'add', path: '/spec/paused', value: true }], { spec: { paused: true } }],
    ['adds over a field', [{ op: 'add', path: '/spec/replicas', value: 2 }], { spec: { replicas: 2 } }],
    [
      'inserts into a list',
      [{ op: 'add', path: '/spec/args/1', value: 'x' }],
      { spec: { args: ['a', 'x', 'b', 'c'] } },
    ],
    ['appends to a list', [{ op: 'add', path: '/spec/args/-', value: 'x' }], { spec: { args: ['a', 'b', 'c', 'x'] } }],
    ['replaces an item', [{ op: 'replace', path: '/spec/args/0', value: 'x' }], { spec: { args: ['x', 'b', 'c'] } }],
    ['removes an item', [{ op: 'remove', path: '/spec/args/1' }], { spec: { args: ['a', 'c'] } }],
    ['moves', [{ op: 'move', from: '/spec/args/0', path: '/spec/args/2' }], { spec: { args: ['b', 'c', 'a'] } }],
    ['copies', [{ op: 'copy', from: '/metadata/name', path: '/spec/copy' }], { spec: { copy: 'web' } }],
    ['tests', [{ op: 'test', path: '/spec/args', value: ['a', 'b', 'c'] }], {}],
    ['tests absence as null', [{ op: 'test', path: '/spec/none', value: null }], {}],
    [
      'unescapes steps',
      [
        { op: 'replace', path: '/metadata/labels/a~1b', value: '1' },
        { op: 'replace', path: '/metadata/labels/c~0d', value: '2' },
      ],
      { metadata: { labels: { 'a/b': '1', 'c~d': '2' } } },
    ],
    [
      'applies in order',
      [
        { op: 'add', path: '/spec/list', value: [] },
        { op: 'add', path: '/spec/list/-', value: 1 },
        { op: 'replace', path: '/spec/list/0', value: null },
      ],
      { spec: { list: [null] } },
    ],
  ])('%s', (_, operations, expected) => {
    expect(applyJsonPatch(document, operations)).toMatchObject(expected);
  });

  test('can replace the whole document', () => {
    expect(applyJsonPatch(document, [{ op: 'replace', path: '', value: { a: 1 } }])).toEqual({ a: 1 });
  });

  test('removes a field', () => {
    expect(applyJsonPatch(document, [{ op: 'remove', path: '/spec/replicas' }])).toEqual({
      metadata: document.metadata,
      spec: { args: ['a', 'b', 'c'] },
    });
  });

  test('shares untouched parts', () => {
    const result = applyJsonPatch(document, [{ op: 'replace', path: '/spec/replicas', value: 2 }]) as typeof document;
    expect(result.metadata).toBe(document.metadata);
    expect(result.spec.args).toBe(document.spec.args);
    expect(applyJsonPatch(document, [{ op: 'replace', path: '/spec/replicas', value: 1 }])).toBe(document);
  });

  test('adds a field named like the accessor of a prototype as a plain field', () => {
    const result = applyJsonPatch({}, JSON.parse('[{"op":"add","path":"/__proto__","value":{"polluted":true}}]'));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.hasOwn(result as object, '__proto__')).toBe(true);
  });
});

describe('a JSON patch of many operations', () => {
  /** A document that counts the copies of its largest part. */
  function counted(keys: number) {
    let copies = 0;
    const large = new Proxy(Object.fromEntries(Array.from({ length: keys }, (_, i) => [`key${i}`, 'v'])), {
      ownKeys: (target) => {
        copies++;
        return Reflect.ownKeys(target);
      },
    });
    return { document: { data: large }, copies: () => copies };
  }

  test('copies what it changes once', () => {
    const { document: large, copies } = counted(100_000);
    const operations = Array.from({ length: 1000 }, (_, i) => ({ op: 'add', path: `/data/new${i}`, value: 'v' }));
    const result = applyJsonPatch(large, operations) as typeof large;
    expect(Object.keys(result.data)).toHaveLength(101_000);
    expect(Object.keys(large.data)).toHaveLength(100_000);
    // One copy, one look for excessive nesting of the result, and the two of this test's own.
    expect(copies()).toBeLessThanOrEqual(4);
  });

  test('leaves its own values as they were, so that it can be tried again', () => {
    const operations = deepFreeze([
      { op: 'add', path: '/a', value: { list: [1] } },
      { op: 'add', path: '/a/list/-', value: 2 },
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/a/list/-', value: 3 },
      { op: 'remove', path: '/b/list/0' },
      { op: 'move', from: '/b', path: '/a/b' },
      { op: 'replace', path: '/a/b/list/0', value: 4 },
    ]);
    const expected = { a: { list: [1, 2, 3], b: { list: [4] } } };
    expect(applyJsonPatch({}, operations)).toEqual(expected);
    expect(applyJsonPatch({}, operations)).toEqual(expected);
  });

  test('cannot nest a document without end', () => {
    const operations = Array.from({ length: 600 }, () => [
      { op: 'add', path: '/next', value: {} },
      { op: 'move', from: '/root', path: '/next/root' },
      { op: 'move', from: '/next', path: '/root' },
    ]).flat();
    expect(() => applyJsonPatch({ root: {} }, operations)).toThrow('the server rejected our request');
  });
});

describe('a JSON patch that does not fit is invalid', () => {
  test.each([
    ['missing field', { op: 'remove', path: '/spec/none' }],
    ['missing field to replace', { op: 'replace', path: '/spec/none', value: 1 }],
    ['missing parent', { op: 'add', path: '/none/a', value: 1 }],
    ['inherited field', { op: 'remove', path: '/spec/toString' }],
    ['index out of bounds', { op: 'add', path: '/spec/args/4', value: 'x' }],
    ['index with a leading zero', { op: 'add', path: '/spec/args/01', value: 'x' }],
    ['append where none can be', { op: 'replace', path: '/spec/args/-', value: 'x' }],
    ['step into a scalar', { op: 'add', path: '/spec/replicas/a', value: 1 }],
    ['test that fails', { op: 'test', path: '/spec/replicas', value: 2 }],
    ['move into itself', { op: 'move', from: '/spec', path: '/spec/args/0' }],
    ['unknown operation', { op: 'increase', path: '/spec/replicas', value: 2 }],
    ['no path', { op: 'add', value: 2 }],
    ['path without slash', { op: 'add', path: 'spec', value: 2 }],
    ['no value', { op: 'add', path: '/spec/a' }],
    ['no source', { op: 'copy', path: '/spec/a' }],
  ])('%s', (_, operation) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(
      expect.objectContaining({
        message: 'the server rejected our request due to an error in our request',
        status: expect.objectContaining({ code: 422, reason: 'Invalid' }),
      }),
    );
  });

  test('copies that keep doubling', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/copy${i}` }));
    expect(() => applyJsonPatch(document, doubling)).toThrow('the server rejected our request');
  });
});

describe('a malformed JSON patch is a bad request', () => {
  test.each([
    [{ op: 'add' }, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
    ['text', 'json: cannot unmarshal string into Go value of type jsonpatch.Patch'],
    [['text'], 'json: cannot unmarshal string into Go value of type jsonpatch.Operation'],
  ])('%j', (operations, message) => {
    expect(() => applyJsonPatch(document, operations)).toThrow(
      expect.objectContaining({ message, status: expect.objectContaining({ code: 400 }) }),
    );
  });

  test('too many operations are too large', () => {
    const operations = Array.from({ length: maxJsonPatchOperations + 1 }, () => ({ op: 'test', path: '', value: 1 }));
    expect(() => applyJsonPatch(document, operations)).toThrow(
      expect.objectContaining({
        message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
        status: expect.objectContaining({ code: 413 }),
      }),
    );
  });
});
