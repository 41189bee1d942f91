import { deepFreeze } from '@orrery/api';
import { expect, it } from 'vitest';
import { eventBytes, jsonBytes, listBytes } from './json-bytes.ts';

it('a frozen object is written once', () => {
  const pod = deepFreeze({ kind: 'Pod', metadata: { name: 'ü' } });
  expect(jsonBytes(pod)).toBe(jsonBytes(pod));
  expect(JSON.parse(jsonBytes(pod).toString())).toEqual(pod);
});

it('an object that may still change is written each time', () => {
  const pod = { kind: 'Pod', metadata: { name: 'a' } };
  const before = jsonBytes(pod).toString();
  pod.metadata.name = 'b';
  expect(jsonBytes(pod).toString()).not.toBe(before);
});

it.each([0, 1, 3])('a list of %d items is valid JSON', (count) => {
  const items = Array.from({ length: count }, (_, index) => ({ metadata: { name: `p${index}` } }));
  const bytes = listBytes({ apiVersion: 'v1', kind: 'PodList' }, { resourceVersion: '7' }, items);
  expect(JSON.parse(bytes.toString())).toEqual({
    apiVersion: 'v1',
    kind: 'PodList',
    metadata: { resourceVersion: '7' },
    items,
  });
});

it('an event is one line', () => {
  const line = eventBytes('ADDED', { metadata: { name: 'a\nb' } }).toString();
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({ type: 'ADDED', object: { metadata: { name: 'a\nb' } } });
});
