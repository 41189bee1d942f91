import fc from 'fast-check';
import { toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../runtime.ts';
import { LogBuffer } from './log-buffer.ts';

function linesOf(log: LogBuffer): LogEntry[] {
  let lines: LogEntry[] = [];
  log
    .read(false)
    .pipe(toArray())
    .subscribe((all) => {
      lines = all;
    });
  return lines;
}

describe('a log', () => {
  test('returns every line with its time and stream, repeated or not', () => {
    const lazy = { length: 5, render: (time: number) => `at ${time}\n` };
    const line = fc.record({
      text: fc.constantFrom<(string | typeof lazy)[]>('a\n', 'b\n', lazy),
      stream: fc.constantFrom<('stdout' | 'stderr')[]>('stdout', 'stderr'),
      wait: fc.constantFrom(0, 10, 10, 20),
    });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        let now = 1000;
        const log = new LogBuffer({ now: () => now });
        const written = lines.map(({ text, stream, wait }) => {
          now += wait;
          log.append(stream, text);
          return { time: now, stream, text: typeof text === 'string' ? text : text.render(now) };
        });
        expect(linesOf(log)).toEqual(written);
      }),
    );
  });

  test('loses its oldest lines and keeps its newest when it is too long', () => {
    let now = 0;
    const log = new LogBuffer({ now: () => now }, 10_000);
    for (let i = 0; i < 2000; i++) {
      now += 10;
      log.append('stdout', i % 500 < 400 ? 'same\n' : `line ${i}\n`);
    }
    const lines = linesOf(log);
    expect(lines.at(-1)).toEqual({ time: 20_000, stream: 'stdout', text: 'line 1999\n' });
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.length).toBeLessThan(400);
    expect(lines.map(({ time }) => time)).toEqual(lines.map((_, i) => 20_000 - (lines.length - 1 - i) * 10));
  });

  test('that repeats one line at one pace loses its oldest lines too', () => {
    let now = 0;
    const log = new LogBuffer({ now: () => now }, 1000);
    for (let i = 0; i < 10_000; i++) {
      now += 10;
      log.append('stdout', 'ok\n');
    }
    const lines = linesOf(log);
    expect(lines.at(-1)?.time).toBe(100_000);
    expect(lines.length).toBeLessThan(40);
  });
});
