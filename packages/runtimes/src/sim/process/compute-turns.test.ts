import type { Work } from '@orrery/core';
import { expect, test } from 'vitest';
import { ComputeTurns } from './compute-turns.ts';

/** Turns that the test grants by hand. */
function setup(crowded: () => boolean = () => true) {
  const asked: { actor: string; grant: () => void }[] = [];
  const work: Work = {
    ordered: false,
    crowded,
    busy: () => ({ [Symbol.dispose]: () => undefined }),
    turn: (actor) => new Promise((resolve) => asked.push({ actor, grant: resolve })),
  };
  return { turns: new ComputeTurns(work), asked };
}

/** Lets all promise continuations run. */
async function settled(): Promise<void> {
  for (let round = 0; round < 10; round++) await Promise.resolve();
}

test('all containers together ask for one turn at a time, as one actor', async () => {
  const { turns, asked } = setup();
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) turns.wait({ name }, () => log.push(name));
  expect(asked.map(({ actor }) => actor)).toEqual(['containers']);
  asked[0]?.grant();
  await settled();
  expect(log).toEqual(['a']);
  expect(asked).toHaveLength(2);
});

test('containers are served in rotation, however many of their processes wait', async () => {
  const { turns, asked } = setup();
  const [many, one] = [{}, {}];
  const log: string[] = [];
  for (const step of [1, 2, 3]) turns.wait(many, () => log.push(`many ${step}`));
  turns.wait(one, () => log.push('one'));
  for (let turn = 0; turn < 4; turn++) {
    asked[turn]?.grant();
    await settled();
  }
  expect(log).toEqual(['many 1', 'one', 'many 2', 'many 3']);
  expect(asked).toHaveLength(4);
});

test('one turn serves as many as there is room for', async () => {
  const log: number[] = [];
  const { turns, asked } = setup(() => log.length % 40 === 0);
  for (let i = 0; i < 100; i++) turns.wait({}, () => log.push(i));
  const served: number[] = [];
  for (let turn = 0; turn < asked.length; turn++) {
    asked[turn]?.grant();
    for (let round = 0; round < 10; round++) await settled();
    served.push(log.length);
  }
  expect(served).toEqual([40, 80, 100]);
  expect(log).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('whoever comes while others wait waits too; nobody does where there is room', () => {
  const { turns } = setup(() => false);
  expect(turns.due).toBe(false);
  turns.wait({}, () => undefined);
  expect(turns.due).toBe(true);
});
