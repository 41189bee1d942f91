import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseNotYet, parsePassed, passedText } from './lists.ts';

function fileText(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

describe('the list of specs that are not run', () => {
  test('has a reason for each pattern', () => {
    expect(parseNotYet('# no controller\nCronJob\nJob should\n\n# too slow\ndensity\n')).toEqual([
      { pattern: 'CronJob', reason: 'no controller' },
      { pattern: 'Job should', reason: 'no controller' },
      { pattern: 'density', reason: 'too slow' },
    ]);
  });

  test('is refused where a pattern has none', () => {
    expect(() => parseNotYet('# no controller\nCronJob\n\nStatefulSet\n')).toThrow(
      'conformance/not-yet.txt gives no reason for: StatefulSet',
    );
  });

  test('names no spec that is recorded to pass', () => {
    const passed = parsePassed(fileText('passed.txt'));
    const both = parseNotYet(fileText('not-yet.txt')).flatMap(({ pattern }) =>
      passed.filter((name) => new RegExp(pattern).test(name)),
    );
    expect(both).toEqual([]);
  });
});

describe('the list of specs that pass', () => {
  test('is read as it is written', () => {
    expect(passedText(['b [Conformance]', 'a', 'b [Conformance]'])).toMatch(/^# .*\na\nb \[Conformance\]\n$/);
    expect(parsePassed(passedText(['b', 'a']))).toEqual(['a', 'b']);
    expect(passedText(parsePassed(fileText('passed.txt')))).toBe(fileText('passed.txt'));
  });
});
