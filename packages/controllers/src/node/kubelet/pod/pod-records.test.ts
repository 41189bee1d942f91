import { Pod, type Stored } from '@orrery/api';
import { createSimulation } from '@orrery/core';
import { expect, test } from 'vitest';
import { PerPod } from './per-pod.ts';
import { onlyStatusChanged, PodRecords } from './pod-records.ts';

function pod(uid: string, metadata: Partial<Stored<Pod>['metadata']> = {}): Stored<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', uid, resourceVersion: '1', creationTimestamp: '', ...metadata },
    spec: { containers: [] },
  };
}

const { clock } = createSimulation({ start: 1000 }).environment;
const recordsOver = (...inCache: readonly Stored<Pod>[]) =>
  new PodRecords(
    {
      get: (kind, key) =>
        kind.kind === Pod.kind ? (inCache.find(({ metadata }) => key === `n/${metadata.name}`) as never) : undefined,
    },
    clock,
  );

test('a Pod that was found on the node is gone until the API shows it', () => {
  const records = recordsOver();
  const record = records.adopt('u');
  expect(record).toEqual({ uid: 'u', pod: undefined, gone: true, acceptedAt: 1000 });
  expect(records.adopt('u')).toBe(record);
  expect(records.update(pod('u'))).toBe(record);
  expect(record).toMatchObject({ pod: pod('u'), gone: false });
});

test('a Pod is removed once, and keeps what it was', () => {
  const records = recordsOver();
  const record = records.update(pod('u'));
  const last = pod('u', { deletionGracePeriodSeconds: 0 });
  expect(records.remove(last)).toBe(record);
  expect(record).toMatchObject({ pod: last, gone: true });
  expect(records.remove(last)).toBeUndefined();
  expect(records.remove(pod('unknown'))).toBeUndefined();
  expect(records.all()).toEqual([record]);
  records.forget(record);
  expect(records.get('u')).toBeUndefined();
});

test('the current Pod is that of the cache, unless it is another of the same name', () => {
  const newer = pod('u', { resourceVersion: '2' });
  const records = recordsOver(newer);
  const record = records.update(pod('u'));
  expect(records.current(record)).toBe(newer);
  expect(records.current(records.update(pod('v')))).toBeUndefined();
  records.remove(pod('u'));
  expect(records.current(record)).toBeUndefined();
});

test('what a part keeps of a Pod is the record’s own', () => {
  const records = recordsOver();
  const notes = new PerPod<string[]>(() => []);
  const record = records.adopt('u');
  notes.of(record).push('seen');
  expect(notes.of(record)).toEqual(['seen']);
  expect(notes.of(records.adopt('v'))).toEqual([]);
  records.forget(record);
  expect(notes.of(records.adopt('u'))).toEqual([]);
});

test.for<readonly [string, Partial<Stored<Pod>['metadata']>, boolean]>([
  ['another status', { resourceVersion: '2' }, true],
  ['another generation', { generation: 2 }, false],
  ['a deletion', { deletionTimestamp: 't' }, false],
  ['a shorter grace', { deletionGracePeriodSeconds: 1 }, false],
])('%s changes nothing that the Pod should be: %s', ([, changed, expected]) => {
  const before = pod('u', { generation: 1 });
  expect(onlyStatusChanged(before, { ...pod('u', { generation: 1, ...changed }), spec: { containers: [] } })).toBe(
    expected,
  );
});
