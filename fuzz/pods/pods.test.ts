import { expect, it } from 'vitest';
import { fuzzer } from './fuzzer.ts';

it('a cluster answers while hostile Pods run, and none of them ends it', { timeout: 60_000 }, async () => {
  let asked = 0;
  const { cases, failures } = await fuzzer({ seed: 1, over: () => asked++ >= 1, note: () => {}, timed: false });
  expect(failures).toEqual([]);
  expect(cases).toBe(30);
});
