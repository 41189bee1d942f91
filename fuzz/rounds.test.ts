import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Broken, runRounds } from './rounds.ts';

const over = () => false;

async function failuresOf(run: (cases: readonly number[]) => Broken<number> | undefined) {
  const notes: string[] = [];
  const { failures } = await runRounds(
    {
      arbitrary: fc.nat(1000),
      size: 20,
      run: async (cases) => {
        const problem = run(cases);
        return { cases: cases.length, ...(problem === undefined ? {} : { problem }) };
      },
      figures: () => [],
    },
    { seed: 1, over, note: (line) => notes.push(line) },
  );
  expect(notes).toHaveLength(failures.length);
  return failures;
}

it('shrinks what one case broke, found among those that ran beside it', async () => {
  const failures = await failuresOf((cases) =>
    cases.some((each) => each > 50) ? { broken: 'more than 50' } : undefined,
  );
  expect(failures).toHaveLength(5);
  for (const failure of failures) {
    expect(failure).toEqual({ broken: 'more than 50', example: expect.stringMatching(/^seed \d+\n51$/) });
  }
});

it('shrinks what a known case broke, without trying the others', async () => {
  const tried: number[] = [];
  const [failure] = await failuresOf((cases) => {
    if (cases.length === 1) tried.push(...cases);
    const culprit = cases.findLast((each) => each > 50);
    return culprit === undefined ? undefined : { broken: `${culprit} is more than 50`, culprit };
  });
  expect(failure).toEqual({ broken: '51 is more than 50', example: expect.stringMatching(/^seed \d+\n51$/) });
  expect(tried[0]).toBeGreaterThan(50);
});

it('prints all cases of what none broke alone', async () => {
  const [failure] = await failuresOf((cases) => (cases.length > 1 ? { broken: 'too many' } : undefined));
  expect(failure?.broken).toBe('too many (not alone)');
  expect(failure?.example.split('\n')).toHaveLength(21);
});
