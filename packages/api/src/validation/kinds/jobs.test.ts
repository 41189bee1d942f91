import { describe, expect, it } from 'vitest';
import * as kinds from '../../kinds.ts';
import { createFaults, updateFaults } from './faults.fixture.ts';

const podSpec = { containers: [{ name: 'c', image: 'busybox' }] };
const selector = { matchLabels: { app: 'web' } };
const template = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: podSpec };
const never = { ...template, spec: { ...podSpec, restartPolicy: 'Never' } };

type Case = [rule: string, found: () => string[], expected: string[]];

const table = (cases: Case[]): void =>
  it.each(cases)('%s', (_rule, found, expected) => {
    expect(found()).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

describe('a CronJob', () => {
  const cronJob = (spec: object, metadata: object = {}) =>
    createFaults(
      kinds.CronJob,
      { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: never } }, ...spec } },
      metadata,
    );
  const refused = (schedule: string, why: string): Case => [
    `refuses the schedule ${JSON.stringify(schedule)}`,
    () => cronJob({ schedule }),
    [`spec.schedule: Invalid value: ${JSON.stringify(schedule)}: ${why}`],
  ];
  const accepted = (schedule: string): Case => [`takes the schedule ${schedule}`, () => cronJob({ schedule }), []];
  table([
    ...['*/5 0-12/2 1,15 JAN-mar sun', '0 0 ? * 6', '@daily', '@every 1h30m', '5/15 * * * *'].map(accepted),
    ['needs a schedule', () => cronJob({ schedule: '' }), ['spec.schedule: Required value']],
    refused('* * * *', 'expected exactly 5 fields, found 4: [* * * *]'),
    refused('60 * * * *', 'end of range (60) above maximum (59): 60'),
    refused('* * 0 * *', 'beginning of range (0) below minimum (1): 0'),
    refused('5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'),
    refused('*/0 * * * *', 'step of range should be a positive number: */0'),
    refused('x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
    refused('@often', 'unrecognized descriptor: @often'),
    [
      'has no zone in its schedule',
      () => cronJob({ schedule: 'TZ=UTC * * * * *' }),
      [
        'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'has a zone that exists',
      () => cronJob({ timeZone: 'Mars/Olympus' }),
      ['spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus'],
    ],
    ['has a machine-dependent zone', () => cronJob({ timeZone: 'Local' }), ['timeZone must be an explicit time zone']],
    [
      'has no offset for a zone',
      () => cronJob({ timeZone: '+02:00' }),
      ['spec.timeZone: Invalid value: "+02:00": unknown time zone +02:00'],
    ],
    [
      'may keep a zone that its schedule had, but no other beside it',
      () => {
        const spec = {
          schedule: 'TZ=UTC * * * * *',
          jobTemplate: { spec: { template: never } },
          concurrencyPolicy: 'Allow',
        };
        const kept = updateFaults(kinds.CronJob, { spec: { ...spec, schedule: 'TZ=UTC 0 * * * *' } }, { spec });
        return [...kept, ...updateFaults(kinds.CronJob, { spec: { ...spec, timeZone: 'UTC' } }, { spec })];
      },
      [
        'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule',
      ],
    ],
    [
      'does not select by itself',
      () => cronJob({ jobTemplate: { spec: { template: never, selector, manualSelector: true } } }),
      [
        'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: ',
      ],
    ],
    [
      'has a policy of overlap',
      () => cronJob({ concurrencyPolicy: 'Queue' }),
      ['spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      'has room in its name for the time',
      () => cronJob({}, { name: 'a'.repeat(53) }),
      ['must be no more than 52 characters'],
    ],
    [
      'has a valid Job in its template',
      () => cronJob({ jobTemplate: { spec: { template } } }),
      ['spec.jobTemplate.spec.template.spec.restartPolicy: Required value'],
    ],
  ]);
});
