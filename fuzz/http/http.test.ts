import { expect, it } from 'vitest';
import { fuzzer } from './fuzzer.ts';

it('requests of all kinds end no process and are answered with no error of the server', {
  timeout: 60_000,
}, async () => {
  let cases = 0;
  const result = await fuzzer({ seed: 20_261_130, over: () => cases++ >= 400, note: () => undefined, timed: false });
  expect(result.failures).toEqual([]);
  expect(result.cases).toBeGreaterThan(300);
});
