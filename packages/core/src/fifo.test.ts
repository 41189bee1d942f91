import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

describe('a fifo', () => {
  test('gives out what was put in, in the same order, whatever happens between', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 2, arbitrary: fc.integer({ min: -300, max: -1 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fifo = new Fifo<number>();
        const expected: number[] = [];
        let next = 0;
        for (const count of steps) {
          for (let i = 0; i < count; i++) {
            fifo.push(next);
            expected.push(next++);
          }
          for (let i = 0; i < -count; i++) expect(fifo.shift()).toBe(expected.shift());
          expect(fifo.length).toBe(expected.length);
          expect(fifo.first).toBe(expected[0]);
        }
      }),
    );
  });

  test('is empty after it was cleared', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 2000; i++) fifo.push(i);
    fifo.shift();
    fifo.clear();
    expect(fifo.length).toBe(0);
    expect([fifo.first, fifo.shift()]).toEqual([undefined, undefined]);
  });
});
