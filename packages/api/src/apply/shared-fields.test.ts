import { expect, test } from 'vitest';
import type { FieldSet } from './field-set.ts';
import { sharedFields } from './shared-fields.ts';

const status = (ip: string): FieldSet => ({
  'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
  'f:status': {
    'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
    'f:podIPs': { '.': {}, [`k:{"ip":"${ip}"}`]: { '.': {}, 'f:ip': {} } },
  },
});

test('equal sets are made of the same parts, and frozen', () => {
  const one = sharedFields(status('10.0.0.1'));
  const other = sharedFields(status('10.0.0.1'));
  expect(one).toEqual(status('10.0.0.1'));
  expect(JSON.stringify(one)).toBe(JSON.stringify(status('10.0.0.1')));
  expect(other['f:status']).toBe(one['f:status']);
  for (const set of [one, one['f:status'], one['f:status']?.['f:podIPs']]) expect(Object.isFrozen(set)).toBe(true);
});

test('sets that differ in one field share the others', () => {
  const one = sharedFields(status('10.0.0.2'));
  const other = sharedFields(status('10.0.0.3'));
  expect(other).toEqual(status('10.0.0.3'));
  expect(other['f:metadata']).toBe(one['f:metadata']);
  expect(other['f:status']?.['f:conditions']).toBe(one['f:status']?.['f:conditions']);
  expect(other['f:status']?.['f:podIPs']).not.toBe(one['f:status']?.['f:podIPs']);
});

test('sets are forgotten when thousands of others were seen since, and not while they are used', () => {
  const used = sharedFields(status('10.0.0.4'))['f:metadata'];
  const unused = sharedFields(status('10.0.0.5'))['f:status']?.['f:podIPs'];
  for (let index = 0; index < 5_000; index++) {
    sharedFields({ 'f:spec': { [`f:field-${index}`]: {} } });
    sharedFields({ 'f:metadata': status('')['f:metadata'] as FieldSet });
  }
  expect(sharedFields(status('10.0.0.4'))['f:metadata']).toBe(used);
  const again = sharedFields(status('10.0.0.5'))['f:status']?.['f:podIPs'];
  expect(again).toEqual(unused);
  expect(again).not.toBe(unused);
});

test('the empty set is shared too', () => {
  expect(sharedFields({})).toEqual({});
});
