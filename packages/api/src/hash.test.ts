import { describe, expect, test } from 'vitest';
import { fnv1a32, safeEncode, templateHash } from './hash.ts';

describe('FNV-1a', () => {
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  test('continues from an earlier hash', () => {
    expect(fnv1a32('bar', fnv1a32('foo'))).toBe(fnv1a32('foobar'));
  });
});

test('digits are spelled in the safe alphabet', () => {
  expect(safeEncode('0123456789')).toBe('456789bcdf');
});

describe('template hash', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'b' }] } };

  test('does not depend on the order of fields', () => {
    const reordered = { spec: { containers: [{ image: 'b', name: 'a' }] }, metadata: { labels: { app: 'web' } } };
    expect(templateHash(reordered)).toBe(templateHash(template));
  });

  test('a collision count changes the hash', () => {
    const hashes = new Set([templateHash(template), templateHash(template, 0), templateHash(template, 1)]);
    expect(hashes.size).toBe(3);
  });

  test('is made of safe letters only', () => {
    expect(templateHash(template)).toMatch(/^[bcdf4-9]+$/);
  });
});
