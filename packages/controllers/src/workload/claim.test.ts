import { describe, expect, test } from 'vitest';
import { claimDecision } from './claim.ts';
import { testPod, testReplicaSet } from './objects.fixture.ts';
import { slowStart } from './slow-start.ts';

const owner = testReplicaSet('web');
const going = testReplicaSet('web', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
const reference = (uid: string) => [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid, controller: true }];
const mine = { ownerReferences: reference(owner.metadata.uid) };
const selected = { labels: { app: 'web' } };

describe('an object near a controller', () => {
  const rows: readonly [rule: string, metadata: object, owner: typeof going, decision: string][] = [
    ['is kept when it is owned and selected', { ...mine, ...selected }, owner, 'keep'],
    ['is released when it is owned and no longer selected', mine, owner, 'release'],
    ['is not released by an owner that is going', mine, going, 'ignore'],
    [
      'is ignored when somebody else controls it',
      { ownerReferences: reference('other'), ...selected },
      owner,
      'ignore',
    ],
    ['is adopted when it is selected and nobody controls it', selected, owner, 'adopt'],
    ['is not adopted by an owner that is going', selected, going, 'ignore'],
    ['is not adopted while it is going', { ...selected, deletionTimestamp: '2026-01-01T00:00:00Z' }, owner, 'ignore'],
    ['is ignored when nothing connects it', {}, owner, 'ignore'],
  ];
  test.each(rows)('%s', (_, metadata, by, decision) => {
    expect(claimDecision(testPod('p', { metadata }), by, owner.spec.selector)).toBe(decision);
  });
});

describe('slow start', () => {
  test('makes batches of 1, 2, 4 … and all calls when none fails', async () => {
    const batches: number[] = [];
    let open = 0;
    const result = await slowStart(10, async () => {
      open++;
      await Promise.resolve();
      if (open > 0) batches.push(open);
      open = 0;
    });
    expect(batches).toEqual([1, 2, 4, 3]);
    expect(result).toEqual({ succeeded: 10 });
  });

  test('stops after the first batch with an error', async () => {
    let calls = 0;
    const result = await slowStart(100, async (index) => {
      calls++;
      if (index === 2) throw new Error('quota');
    });
    expect(calls).toBe(3);
    expect(result.succeeded).toBe(2);
    expect(result.error).toEqual(new Error('quota'));
  });
});
