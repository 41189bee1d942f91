import { CronJob, Event, Job } from '@orrery/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

async function started(spec: string, script = 'true'): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 1, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(`
apiVersion: batch/v1
kind: CronJob
metadata: { name: tick, namespace: default }
spec:
  ${spec.trim().replaceAll('\n', '\n  ')}
  jobTemplate:
    metadata: { labels: { of: tick }, annotations: { note: hello } }
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers: [{ name: main, image: busybox, command: [sh, -c, '${script}'] }]
`);
  await cluster.settle();
  return cluster;
}

const key = { namespace: 'default', name: 'tick' };
const jobs = async (cluster: SimulatedCluster) => (await cluster.list(Job)).map(({ metadata }) => metadata.name);
const patch = (cluster: SimulatedCluster, spec: object) =>
  cluster.client.patch(CronJob, key, { type: 'merge', patch: { spec } });

async function events(cluster: SimulatedCluster): Promise<readonly string[]> {
  const all = await cluster.list(Event, { fieldSelector: 'involvedObject.kind=CronJob' });
  return all.map(({ reason, message }) => `${reason}: ${message}`);
}

/** Minutes from the epoch to the beginning of the simulation. */
const start = Date.parse('2026-01-01T00:00:00Z') / 60_000;

describe('a CronJob', () => {
  test('creates a Job at each of its times, and follows it', async () => {
    const cluster = await started('schedule: "*/5 * * * *"\ntimeZone: Asia/Kolkata');
    await cluster.advance('5m1s');
    expect(await jobs(cluster)).toEqual([`tick-${start + 5}`]);
    const [job] = await cluster.list(Job);
    expect(job?.metadata).toMatchObject({
      labels: { of: 'tick' },
      annotations: {
        note: 'hello',
        'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T05:35:00+05:30',
      },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', controller: true }],
    });
    await cluster.advance('10s');
    const { status } = await cluster.get(CronJob, key);
    expect(status).toMatchObject({ lastScheduleTime: '2026-01-01T00:05:00Z' });
    expect(status?.active ?? []).toEqual([]);
    expect(status?.lastSuccessfulTime).toBe(job?.status?.completionTime ?? '2026-01-01T00:05:01Z');
    expect(await events(cluster)).toEqual([
      `SuccessfulCreate: Created job tick-${start + 5}`,
      `SawCompletedJob: Saw completed job: tick-${start + 5}, condition: Complete`,
    ]);
  });

  test('keeps the last three Jobs that succeeded and the last that failed', async () => {
    const cluster = await started('schedule: "* * * * *"');
    await cluster.advance('6m10s');
    expect(await jobs(cluster)).toEqual([4, 5, 6].map((minute) => `tick-${start + minute}`));
    expect(await events(cluster)).toContain(`SuccessfulDelete: Deleted job tick-${start + 1}`);
    const failing = await started('schedule: "* * * * *"', 'exit 1');
    await failing.advance('4m10s');
    expect(await jobs(failing)).toEqual([`tick-${start + 4}`]);
  });

  test('lets Jobs overlap, waits for the one before, or replaces it', async () => {
    const allowing = await started('schedule: "* * * * *"', 'sleep 1000');
    await allowing.advance('3m10s');
    expect((await allowing.get(CronJob, key)).status?.active).toHaveLength(3);

    const forbidding = await started('schedule: "* * * * *"\nconcurrencyPolicy: Forbid', 'sleep 150');
    await forbidding.advance('3m10s');
    expect(await jobs(forbidding)).toEqual([`tick-${start + 1}`]);
    expect(await events(forbidding)).toContain(
      'JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid',
    );
    await forbidding.advance('30s');
    // The one that was missed last starts once the way is free.
    expect(await jobs(forbidding)).toEqual([1, 3].map((minute) => `tick-${start + minute}`));

    const replacing = await started('schedule: "* * * * *"\nconcurrencyPolicy: Replace', 'sleep 1000');
    await replacing.advance('3m10s');
    expect(await jobs(replacing)).toEqual([`tick-${start + 3}`]);
    expect((await replacing.get(CronJob, key)).status?.active).toMatchObject([{ name: `tick-${start + 3}` }]);
  });

  test('creates none while it is suspended, and the last that was missed afterwards', async () => {
    const cluster = await started('schedule: "* * * * *"\nsuspend: true');
    await cluster.advance('3m30s');
    expect(await jobs(cluster)).toEqual([]);
    await patch(cluster, { suspend: false });
    await cluster.settle();
    expect(await jobs(cluster)).toEqual([`tick-${start + 3}`]);
  });

  test('warns of more than a hundred missed times, and of one that is too late', async () => {
    const cluster = await started('schedule: "* * * * *"\nsuspend: true');
    await cluster.advance('120m30s');
    await patch(cluster, { suspend: false });
    await cluster.settle();
    expect(await jobs(cluster)).toEqual([`tick-${start + 120}`]);
    expect(await events(cluster)).toContain(
      'TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    );
    const late = await started('schedule: "0 * * * *"\nsuspend: true\nstartingDeadlineSeconds: 60');
    await late.advance('65m');
    await patch(late, { suspend: false });
    await late.settle();
    expect(await jobs(late)).toEqual([]);
  });

  test('with another schedule begins at its next time', async () => {
    const cluster = await started('schedule: "0 12 * * *"');
    await cluster.advance('5m30s');
    await patch(cluster, { schedule: '*/2 * * * *' });
    await cluster.settle();
    expect(await jobs(cluster)).toEqual([]);
    await cluster.advance('1m');
    expect(await jobs(cluster)).toEqual([`tick-${start + 6}`]);
  });

  test('forgets a Job that is gone', async () => {
    const cluster = await started('schedule: "0 * * * *"', 'sleep 10000');
    await cluster.advance('61m');
    await cluster.client.delete(Job, `default/tick-${start + 60}`, { propagationPolicy: 'Background' });
    await cluster.settle();
    expect((await cluster.get(CronJob, key)).status?.active ?? []).toEqual([]);
    expect(await events(cluster)).toContain(`MissingJob: Active job went missing: tick-${start + 60}`);
  });

  test('whose schedule names no time says so', async () => {
    const cluster = await started('schedule: "59 23 31 2 *"');
    expect(await events(cluster)).toEqual([
      'InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
    ]);
  });
});

test('a Job is deleted with its Pods when its time after its end is over', async () => {
  const cluster = await simulate({ nodes: 1, faults: [] });
  onTestFinished(() => cluster.close());
  await cluster.apply(`
apiVersion: batch/v1
kind: Job
metadata: { name: short, namespace: default }
spec:
  ttlSecondsAfterFinished: 60
  template: { spec: { restartPolicy: Never, containers: [{ name: main, image: busybox, command: ['true'] }] } }
`);
  await cluster.advance('50s');
  expect(await jobs(cluster)).toEqual(['short']);
  await cluster.advance('20s');
  expect(await jobs(cluster)).toEqual([]);
});
