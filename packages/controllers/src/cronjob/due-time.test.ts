import { type CronJob, deepFreeze, type Stored } from '@orrery/api';
import { expect, test } from 'vitest';
import { impossible, lastDue, untilDue } from './due-time.ts';
import { parseSchedule } from './schedule.ts';

const created = '2026-01-01T00:00:30Z';

function cronJob(schedule: string, spec: Partial<CronJob['spec']> = {}, lastScheduleTime?: string): Stored<CronJob> {
  return deepFreeze({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: created },
    spec: { schedule, jobTemplate: {}, ...spec },
    status: lastScheduleTime === undefined ? {} : { lastScheduleTime },
  });
}

const hourly = '0 * * * *';

test.each<[string, Stored<CronJob>, now: string, time: string | undefined, missed: string]>([
  ['nothing before the first time', cronJob(hourly), '2026-01-01T00:59:59Z', undefined, 'none'],
  ['the first time', cronJob(hourly), '2026-01-01T01:00:00Z', '2026-01-01T01:00:00Z', 'none'],
  ['the last of several missed times', cronJob(hourly), '2026-01-01T04:10:00Z', '2026-01-01T04:00:00Z', 'few'],
  ['none that was run', cronJob(hourly, {}, '2026-01-01T04:00:00Z'), '2026-01-01T04:10:00Z', undefined, 'none'],
  ['the last of too many', cronJob(hourly), '2026-02-01T04:10:00Z', '2026-02-01T04:00:00Z', 'many'],
  [
    'none before the deadline',
    cronJob(hourly, { startingDeadlineSeconds: 60 }),
    '2026-01-01T04:10:00Z',
    undefined,
    'none',
  ],
  [
    'few within the deadline',
    cronJob(hourly, { startingDeadlineSeconds: 7200 }),
    '2026-02-01T04:10:00Z',
    '2026-02-01T04:00:00Z',
    'few',
  ],
  [
    'by the schedule where gaps differ',
    cronJob('30 6-16/4 * * 1-5'),
    '2026-01-12T07:00:00Z',
    '2026-01-12T06:30:00Z',
    'few',
  ],
])('a CronJob is due: %s', (_, of, now, time, missed) => {
  const due = lastDue(of, parseSchedule(of.spec.schedule), Date.parse(now));
  expect(due).toEqual({ ...(time === undefined ? {} : { time: Date.parse(time) }), missed });
});

test('a schedule that names no time is impossible', () => {
  const of = cronJob('59 23 31 2 *');
  expect(lastDue(of, parseSchedule(of.spec.schedule), Date.parse('2026-01-01T04:10:00Z'))).toBe(impossible);
});

test('it is looked at again a tenth of a second after it is due next', () => {
  const of = cronJob(hourly);
  expect(untilDue(of, parseSchedule(hourly), Date.parse('2026-01-01T00:30:00Z'))).toBe(1_800_100);
  expect(untilDue(of, parseSchedule(hourly), Date.parse('2026-01-01T01:00:00Z'))).toBe(3_600_100);
});
