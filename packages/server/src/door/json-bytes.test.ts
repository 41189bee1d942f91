import { deepFreeze } from '@orrery/api';
import { expect, it } from 'vitest';
import { eventBytes, jsonBytes } from './json-bytes.ts';

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

it('a frozen object is encoded once', () => {
  const pod = deepFreeze({ kind: 'Pod', metadata: { name: 'ü' } });
  expect(jsonBytes(pod)).toBe(jsonBytes(pod));
  expect(JSON.parse(textOf(jsonBytes(pod)))).toEqual(pod);
});

it.each([
  ['before anything else is', false],
  ['after its JSON was', true],
])('the line of a frozen object is encoded once for all watchers, %s', (_when, known) => {
  const pod = deepFreeze({ kind: 'Pod', metadata: { name: 'ü' } });
  if (known) jsonBytes(pod);
  const line = eventBytes('ADDED', pod);
  expect(eventBytes('ADDED', pod)).toBe(line);
  expect(textOf(line)).toBe(`{"type":"ADDED","object":${JSON.stringify(pod)}}\n`);
  expect(textOf(jsonBytes(pod))).toBe(JSON.stringify(pod));
  expect(jsonBytes(pod).buffer).toBe(line.buffer);
});

it('the same object can be in lines of several types', () => {
  const pod = deepFreeze({ kind: 'Pod', metadata: { name: 'a' } });
  for (const type of ['ADDED', 'MODIFIED', 'ADDED', 'DELETED']) {
    expect(JSON.parse(textOf(eventBytes(type, pod)))).toEqual({ type, object: pod });
    expect(JSON.parse(textOf(jsonBytes(pod)))).toEqual(pod);
  }
});

it('an object that may still change is encoded each time', () => {
  const pod = { kind: 'Pod', metadata: { name: 'a' } };
  const before = textOf(jsonBytes(pod));
  pod.metadata.name = 'b';
  expect(textOf(jsonBytes(pod))).not.toBe(before);
});

it('an event is one line', () => {
  const line = textOf(eventBytes('ADDED', { metadata: { name: 'a\nb' } }));
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({ type: 'ADDED', object: { metadata: { name: 'a\nb' } } });
});
