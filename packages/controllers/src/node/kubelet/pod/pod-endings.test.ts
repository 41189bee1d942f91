import { expect, test } from 'vitest';
import { PodEndings } from './pod-endings.ts';
import type { PodRecord } from './pod-records.ts';

const record: PodRecord = { uid: 'u', pod: undefined, gone: false, acceptedAt: 0 };
const verdict = { reason: 'Evicted', message: 'too much' };

test('a Pod runs until it must stop, and goes from stage to stage', () => {
  const endings = new PodEndings();
  expect([endings.stage(record), endings.signal(record).aborted, endings.verdict(record)]).toEqual([
    'running',
    false,
    undefined,
  ]);
  endings.begin(record, verdict);
  expect([endings.stage(record), endings.signal(record).aborted]).toEqual(['running', true]);
  endings.terminate(record, 1000);
  expect(endings.stage(record)).toBe('terminating');
  endings.terminated(record);
  expect(endings.stage(record)).toBe('terminated');
});

test('a deletion takes nothing from why the node ends the Pod', () => {
  const endings = new PodEndings();
  endings.begin(record, verdict);
  endings.begin(record);
  expect(endings.verdict(record)).toBe(verdict);
});

test('a grace can only be shortened, and only while containers are being stopped', () => {
  const endings = new PodEndings();
  expect(endings.shorten(record, 1)).toBe(false);
  endings.terminate(record, 1000);
  expect([1000, 2000, 900, 950, 100].map((grace) => endings.shorten(record, grace))).toEqual([
    false,
    false,
    true,
    false,
    true,
  ]);
  endings.terminated(record);
  expect(endings.shorten(record, 1)).toBe(false);
});

test('whoever waits for the end of a Pod hears of it once it is settled', async () => {
  const endings = new PodEndings();
  let ended = 0;
  const all = Promise.all([endings.ended(record), endings.ended(record)].map((one) => one.then(() => ended++)));
  await Promise.resolve();
  expect(ended).toBe(0);
  endings.settle(record);
  await all;
  expect(ended).toBe(2);
});
