import { expect, test } from 'vitest';
import { microTimestamp, timestamp } from './timestamp.ts';

const moments = [
  0,
  999,
  1000,
  59_999,
  60_000,
  Date.UTC(2026, 1, 28, 23, 59, 59, 7),
  Date.UTC(2026, 1, 28, 23, 59, 59, 7) + 993,
  // Minutes whose last bits are the same.
  ...Array.from({ length: 3 }, (_, index) => Date.UTC(2026, 1, 28) + index * 64 * 60_000),
  Date.UTC(9999, 11, 31, 23, 59),
];

test.each([...moments, ...moments.toReversed()])(
  '%d is written as Time in whole seconds and as MicroTime in microseconds',
  (time) => {
    const iso = new Date(time).toISOString();
    expect(timestamp(time)).toBe(iso.replace(/\.\d+Z$/, 'Z'));
    expect(microTimestamp(time)).toBe(iso.replace('Z', '000Z'));
  },
);
