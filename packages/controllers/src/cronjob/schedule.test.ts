import { describe, expect, test } from 'vitest';
import { parseSchedule } from './schedule.ts';
import { zoneTimestamp } from './zone-clock.ts';

/** The next times of a schedule, in UTC to the minute. */
function times(schedule: string, from: string, count: number, zone?: string): readonly string[] {
  const parsed = parseSchedule(schedule, zone);
  const found: string[] = [];
  let time: number | undefined = Date.parse(from);
  while (found.length < count) {
    time = parsed.next(time);
    if (time === undefined) break;
    found.push(new Date(time).toISOString().slice(0, 16));
  }
  return found;
}

// What robfig/cron v3, which Kubernetes uses, answers.
describe('a schedule', () => {
  test.each<[rule: string, schedule: string, from: string, expected: readonly string[]]>([
    ['is due after the time, not at it', '* * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:01', '2026-01-01T00:02']],
    [
      'has steps',
      '*/20 3 * * *',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T03:00', '2026-01-01T03:20', '2026-01-01T03:40', '2026-01-02T03:00'],
    ],
    [
      'has steps from a number on',
      '35/10 3 * * *',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T03:35', '2026-01-01T03:45', '2026-01-01T03:55', '2026-01-02T03:35'],
    ],
    [
      'has ranges, lists and names',
      '0 0 1,15 feb-MAR ?',
      '2026-01-01T00:00:00Z',
      ['2026-02-01T00:00', '2026-02-15T00:00', '2026-03-01T00:00'],
    ],
    [
      'of a day of the month and one of the week is due on both',
      '0 0 13 * fri',
      '2026-01-03T00:00:00Z',
      ['2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00'],
    ],
    [
      'of any day of the month is due on those of the week',
      '0 0 ? * fri',
      '2026-01-03T00:00:00Z',
      ['2026-01-09T00:00', '2026-01-16T00:00'],
    ],
    ['takes steps of one for any', '0 0 */1 * fri', '2026-01-03T00:00:00Z', ['2026-01-09T00:00', '2026-01-16T00:00']],
    ['is named', '@weekly', '2026-01-01T00:00:00Z', ['2026-01-04T00:00', '2026-01-11T00:00']],
    ['is every so often', '@every 1h30m', '2026-01-01T00:00:00Z', ['2026-01-01T01:30', '2026-01-01T03:00']],
    ['may wait for a leap year', '0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00']],
    ['may never be due', '59 23 31 2 *', '2026-01-01T00:00:00Z', []],
  ])('%s', (_, schedule, from, expected) => {
    expect(times(schedule, from, expected.length || 1)).toEqual(expected);
  });

  test.each<[rule: string, schedule: string, from: string, expected: readonly string[]]>([
    ['follows the clocks of its zone', '30 9 * * *', '2026-03-07T00:00:00Z', ['2026-03-07T14:30', '2026-03-08T13:30']],
    ['leaves out a time that clocks skip', '30 2 * * *', '2026-03-07T12:00:00Z', ['2026-03-09T06:30']],
    [
      'is due twice at a time that clocks show twice',
      '30 1 * * *',
      '2026-11-01T00:00:00Z',
      ['2026-11-01T05:30', '2026-11-01T06:30', '2026-11-02T06:30'],
    ],
    ['is due in an hour that clocks skip to', '0 3 * * *', '2026-03-08T00:00:00Z', ['2026-03-08T07:00']],
    [
      'is due once a year in summer',
      '30 1 1 11 *',
      '2026-01-01T00:00:00Z',
      ['2026-11-01T05:30', '2026-11-01T06:30', '2027-11-01T05:30'],
    ],
  ])('in New York %s', (_, schedule, from, expected) => {
    expect(times(schedule, from, expected.length, 'America/New_York')).toEqual(expected);
  });

  test('in a zone of half hours is due by its clocks', () => {
    expect(times('0 0 * * *', '2026-01-01T00:00:00Z', 1, 'Asia/Kolkata')).toEqual(['2026-01-01T18:30']);
    expect(zoneTimestamp(Date.parse('2026-01-01T18:30:00Z'), 'Asia/Kolkata')).toBe('2026-01-02T00:00:00+05:30');
    expect(zoneTimestamp(Date.parse('2026-01-01T18:30:00Z'), 'UTC')).toBe('2026-01-01T18:30:00Z');
  });

  test('needs a zone that exists', () => {
    expect(() => parseSchedule('* * * * *', 'Mars/Olympus')).toThrow(RangeError);
  });
});
