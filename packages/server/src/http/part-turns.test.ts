import { describe, expect, it } from 'vitest';
import { partTurns } from './part-turns.ts';

/** Counts turns of the event loop until stopped. */
function countTurns(): { readonly turn: () => number; stop(): void } {
  let turns = 0;
  let stopped = false;
  const next = () => {
    turns++;
    if (!stopped) setImmediate(next);
  };
  setImmediate(next);
  return {
    turn: () => turns,
    stop: () => {
      stopped = true;
    },
  };
}

describe('parts of long responses', () => {
  it('have one turn of the event loop each, in rotation', async () => {
    const { turn, stop } = countTurns();
    const sent: [string, number][] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(
        (name) =>
          new Promise<void>((resolve) => {
            let parts = 0;
            const send = () => {
              sent.push([name, turn()]);
              if (++parts === 3) resolve();
              else partTurns.later(send);
            };
            partTurns.later(send);
          }),
      ),
    );
    stop();
    expect(sent.map(([name]) => name).join('')).toBe('abcabcabc');
    expect(new Set(sent.map(([, at]) => at)).size).toBe(9);
  });
});
