import { expect, test } from 'vitest';
import { compare } from './compare.ts';
import type { SpecState } from './report.ts';

const results = (
  [
    ['kept', 'passed'],
    ['new', 'passed'],
    ['broken', 'failed'],
    ['gave up', 'skipped'],
    ['left out', 'not run'],
    ['never passed', 'failed'],
    ['never ran', 'not run'],
  ] as const satisfies readonly (readonly [string, SpecState])[]
).map(([name, state]) => ({ name, state, subject: 'apps', reason: '', seconds: 1 }));

test('a run is compared with what is recorded', () => {
  expect(compare(results, ['broken', 'gave up', 'kept', 'left out', 'renamed'])).toEqual({
    lost: ['broken', 'gave up'],
    gained: ['new'],
    unknown: ['renamed'],
    passed: ['kept', 'left out', 'new'],
  });
});

test('a run that tried nothing loses and gains nothing', () => {
  const none = results.map((result) => ({ ...result, state: 'not run' as const }));
  expect(compare(none, ['kept'])).toEqual({ lost: [], gained: [], unknown: [], passed: ['kept'] });
});
