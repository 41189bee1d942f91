import { expect, it } from 'vitest';
import { afterStall } from './health.ts';

it.each([
  ['time in which nobody could be heard does not count', 1000, 600, 2000, 1600],
  ['but nobody was heard in the future', 1000, 5000, 2000, 2000],
  ['a clock that was set back takes what was seen back with it', 10_000, -8000, 2500, 2000],
])('%s', (_rule, seen, stall, now, expected) => {
  expect(afterStall({ seen } as Parameters<typeof afterStall>[0], stall, now).seen).toBe(expected);
});
