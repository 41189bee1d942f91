import { expect, it } from 'vitest';
import { indentedForm } from './list-forms.ts';
import { ListJson } from './list-json.ts';

const encode = (object: object) => new TextEncoder().encode(JSON.stringify(object));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const head = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' } };

const indentation = 2;

function listOf(count: number, size = 0) {
  const objects = Array.from({ length: count }, (_, index) => ({
    metadata: { name: `ü${index}` },
    x: 'x'.repeat(size),
  }));
  let encoded = 0;
  const bytesOf = (object: object) => {
    encoded++;
    return encode(object);
  };
  const json = new ListJson({ head, field: 'items', objects, bytesOf });
  return { json, whole: JSON.stringify({ ...head, items: objects }), encoded: () => encoded };
}

it.each([0, 1, 3])('a list of %d items is its JSON', (count) => {
  const { json, whole } = listOf(count);
  expect(textOf(json.take())).toBe(whole);
  expect(json.done).toBe(true);
});

it('a long list is the same JSON in parts, each encoded when it is taken', () => {
  const { json, whole, encoded } = listOf(10_000, 1000);
  const parts: Uint8Array[] = [];
  while (!json.done) {
    const before = encoded();
    parts.push(json.take());
    expect(encoded() - before).toBeLessThan(300);
  }
  expect(parts.length).toBeGreaterThan(35);
  expect(Buffer.concat(parts).toString()).toBe(whole);
});

it('what has not been taken can be taken at once', () => {
  const { json, whole } = listOf(1000, 1000);
  expect(textOf(json.take()) + textOf(json.rest())).toBe(whole);
});

it.each([0, 1, 3, 3000])('a list of %d items is indented like any JSON, in parts too', (count) => {
  const { json, whole } = listOf(count, 100);
  const indented = json.as(indentedForm);
  const parts: Uint8Array[] = [];
  while (!indented.done) parts.push(indented.take());
  expect(Buffer.concat(parts).toString()).toBe(`${JSON.stringify(JSON.parse(whole), null, indentation)}\n`);
  expect(parts.length > 1).toBe(count > 1000);
});
