import { expect, it } from 'vitest';
import { fuzzer } from './fuzzer.ts';

it('frames in all states of a connection end no process', { timeout: 60_000 }, async () => {
  let cases = 0;
  const result = await fuzzer({ seed: 20_261_130, over: () => cases++ >= 100, note: () => undefined, timed: false });
  expect(result.failures).toEqual([]);
  expect(result.cases).toBeGreaterThan(50);
});
