import { describe, expect, test } from 'vitest';
import { ageSince, humanAge } from './age.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('humanAge', () => {
  test.each([
    ['under two minutes: seconds', 119 * second + 999, '119s'],
    ['nothing', 0, '0s'],
    ['from two minutes: minutes and seconds', 2 * minute + 5 * second, '2m5s'],
    ['no second unit when it is zero', 2 * minute, '2m'],
    ['up to ten minutes', 10 * minute - 1, '9m59s'],
    ['from ten minutes: minutes', 10 * minute + 30 * second, '10m'],
    ['up to three hours', 3 * hour - 1, '179m'],
    ['from three hours: hours and minutes', 3 * hour + 5 * minute, '3h5m'],
    ['full hours', 5 * hour, '5h'],
    ['from eight hours: hours', 8 * hour + 59 * minute, '8h'],
    ['up to two days', 2 * day - 1, '47h'],
    ['from two days: days and hours', 2 * day + 3 * hour, '2d3h'],
    ['full days', 7 * day, '7d'],
    ['from eight days: days', 8 * day + 23 * hour, '8d'],
    ['up to two years', 730 * day - 1, '729d'],
    ['from two years: years and days', 730 * day + 5 * day, '2y5d'],
    ['full years', 3 * 365 * day, '3y'],
    ['from eight years: years', 8 * 365 * day + 100 * day, '8y'],
    ['a second ahead is now', -1999, '0s'],
    ['further ahead is invalid', -2000, '<invalid>'],
  ])('%s', (_rule, milliseconds, text) => {
    expect(humanAge(milliseconds)).toBe(text);
  });
});

test('the age of nothing is unknown, of no time invalid', () => {
  expect(ageSince(undefined, 0)).toBe('<unknown>');
  expect(ageSince(null, 0)).toBe('<unknown>');
  expect(ageSince('yesterday', 0)).toBe('<invalid>');
  expect(ageSince('1970-01-01T00:00:00Z', 90_000)).toBe('90s');
});
