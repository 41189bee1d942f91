import { describe, expect, test } from 'vitest';
import { helpText, readCommandLine, UsageError } from './command-line.ts';

const rows = ['liveness', 'replicas-1000', 'start'];

describe('the command line of the benchmark', () => {
  test('measures all rows at full size, and prints the table', () => {
    expect(readCommandLine([], rows)).toEqual({ rows, quick: false, json: false, help: false });
  });

  test('measures the named rows, each once, in the order of all rows', () => {
    expect(readCommandLine(['start', 'liveness', 'start'], rows).rows).toEqual(['liveness', 'start']);
  });

  test('takes options before and after names, and the separator that pnpm passes on', () => {
    expect(readCommandLine(['--', '--quick', 'start', '--json', '--output', 'figures.json'], rows)).toEqual({
      rows: ['start'],
      quick: true,
      json: true,
      output: 'figures.json',
      help: false,
    });
  });

  test('names all rows when it is given an unknown one', () => {
    expect(() => readCommandLine(['start', 'stop'], rows)).toThrow(
      new UsageError('there is no row "stop"; rows: liveness, replicas-1000, start'),
    );
  });

  test.each([['--fast'], ['--output'], ['--quick=yes']])('refuses %s', (option) => {
    expect(() => readCommandLine([option], rows)).toThrow(UsageError);
  });

  test('lists options and rows in its help', () => {
    expect(readCommandLine(['-h'], rows).help).toBe(true);
    for (const word of [...rows, '--quick', '--json', '--output']) expect(helpText(rows)).toContain(word);
  });
});
