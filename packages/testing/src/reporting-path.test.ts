import { createChoices } from '@orrery/core/assembly';
import { expect, test } from 'vitest';
import { reportingPath } from './reporting-path.ts';

test('a failure is reported with its seed and path', async () => {
  const choices = createChoices({ seed: 'morning' });
  choices.choose(3, 'turn');
  const failed = reportingPath(choices, async () => {
    choices.choose(5, 'turn');
    throw new TypeError('no such luck');
  });
  const error = await failed.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: `no such luck\n\nThis was a run of the seed morning. Its path: ${choices.path()}`,
    cause: new TypeError('no such luck'),
  });
  expect(choices.path().length).toBe(2);
});

test('a result is returned unchanged', async () => {
  expect(await reportingPath(createChoices(), async () => 5)).toBe(5);
});
