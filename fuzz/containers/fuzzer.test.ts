import { expect, test } from 'vitest';
import { fuzzer } from './fuzzer.ts';

test('the scripts of three seeds end no process, and stay in none', async () => {
  let asked = 0;
  const { cases, failures } = await fuzzer({ seed: 1, over: () => asked++ >= 3, note: () => {}, timed: false });
  expect(failures).toEqual([]);
  expect(cases).toBe(120);
});
