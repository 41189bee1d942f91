import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Choices, createChoices } from './choices.ts';
import { Path } from './path.ts';

/** What a run asks for: a count, or weights. */
type Question = number | readonly number[];

const question: fc.Arbitrary<Question> = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc
    .array(fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 1, noNaN: true })), { minLength: 1, maxLength: 5 })
    .filter((weights) => weights.some((weight) => weight > 0)),
);
const questions = fc.array(question, { minLength: 1, maxLength: 60 });

const ask = (choices: Choices, all: readonly Question[]) =>
  all.map((one) => (typeof one === 'number' ? choices.choose(one, 'turn') : choices.weigh(one, 'fault')));

test('the same seed chooses the same, and a path repeats it whatever the seed', () => {
  fc.assert(
    fc.property(questions, fc.nat(), fc.nat(), (all, seed, other) => {
      const first = createChoices({ seed });
      const chosen = ask(first, all);
      expect(ask(createChoices({ seed }), all)).toEqual(chosen);
      const path = first.path();
      expect(path.length).toBe(first.made);
      const again = createChoices({ seed: other, path: String(path) });
      expect(ask(again, all)).toEqual(chosen);
      expect(String(again.path())).toBe(String(path));
      expect(again.misfit).toBeUndefined();
    }),
  );
});

test('the beginning of a path goes on from its seed as the run did', () => {
  fc.assert(
    fc.property(questions, fc.nat(), fc.nat(60), (all, seed, length) => {
      const first = createChoices({ seed });
      const chosen = ask(first, all);
      expect(ask(createChoices({ path: first.path().prefix(length) }), all)).toEqual(chosen);
    }),
  );
});

test('a path with another choice at one step goes that way', () => {
  const path = Path.of(
    1,
    [4, 4, 4].map((count) => ({ what: 'turn', count, chosen: 0 })),
  );
  expect(ask(createChoices({ path: path.choosing(1, 3) }), [4, 4])).toEqual([0, 3]);
});

test('it can be read at any time, and does not change then', () => {
  const choices = createChoices();
  ask(choices, [3, 3]);
  const path = choices.path();
  ask(choices, [3, 3]);
  expect(path.length).toBe(2);
  expect(choices.path().length).toBe(4);
});

describe('a run that does not fit its path', () => {
  const path = Path.of(1, [
    { what: 'turn', count: 3, chosen: 2 },
    { what: 'turn', count: 2, chosen: 1 },
    { what: 'fault', count: 2, chosen: 1 },
  ]);

  test('is recorded at which step what differs, and the seed goes on', () => {
    const choices = createChoices({ path });
    expect(choices.choose(3, 'turn')).toBe(2);
    expect(choices.misfit).toBeUndefined();
    choices.choose(4, 'turn', () => 'a, b, c, d');
    expect(choices.misfit).toMatchObject({
      name: 'PathError',
      step: 1,
      message:
        'the run does not fit its path: step 1 of the path is turn 1 of 2, the run asks for turn among 4 (a, b, c, d)',
    });
    choices.choose(2, 'fault');
    expect(choices.made).toBe(3);
  });

  test('may ask as many of another sort', () => {
    const choices = createChoices({ path });
    choices.choose(3, 'turn');
    choices.choose(2, 'turn');
    choices.weigh([1, 1], 'latency');
    expect(choices.misfit?.message).toContain('step 2 of the path is fault 1 of 2, the run asks for latency among 2');
  });

  test('a run that is longer fits', () => {
    const choices = createChoices({ path });
    choices.choose(3, 'turn');
    choices.choose(2, 'turn');
    choices.choose(2, 'fault');
    choices.choose(9, 'anything');
    expect(choices.misfit).toBeUndefined();
  });
});

test('where there is one possibility, nothing is chosen', () => {
  const choices = createChoices();
  expect([choices.choose(1, 'turn'), choices.weigh([0, 0.1, 0], 'fault'), choices.made]).toEqual([0, 1, 0]);
});

test('choices are as likely as their weights', () => {
  const choices = createChoices({ seed: 3 });
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) {
    const chosen = choices.weigh([0.7, 0, 0.1, 0.2], 'fault');
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  expect(counts.map((count) => Math.round(count / 1000))).toEqual([14, 0, 2, 4]);
});

test.each([[[]], [[0, 0]], [[1, -1]], [[1, Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])(
  '%j are no weights',
  (weights) => {
    expect(() => createChoices().weigh(weights, 'fault')).toThrow(RangeError);
  },
);

test.each([0, -1, 1.5])('there is no choice among %d', (count) => {
  expect(() => createChoices().choose(count, 'turn')).toThrow(RangeError);
});

test('a run that never ends keeps the beginning of its path, which its seed goes on from', () => {
  const choices = createChoices({ seed: 5 });
  const kept = 1 << 24;
  for (let i = 0; i < kept + 5000; i++) choices.choose(3, 'turn');
  expect(choices.made).toBe(kept + 5000);
  expect(choices.path().length).toBeLessThanOrEqual(kept);
  expect(choices.path().length).toBeGreaterThan(kept - 100);
}, 30_000);
