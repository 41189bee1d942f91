import { describe, expect, it } from 'vitest';
import { defaultPriorityLevels } from './default-configuration.ts';
import { defaultRequestLimits, levelLimits, listSeats } from './level-limits.ts';

describe('seats of priority levels', () => {
  it("are those of Kubernetes' own levels", () => {
    const limits = levelLimits(defaultPriorityLevels, defaultRequestLimits);
    const seats = Object.fromEntries(
      Array.from(limits, ([name, { nominal, lendable }]) => [name, [nominal, lendable]]),
    );
    expect(seats).toEqual({
      exempt: [undefined, 0],
      'catch-all': [13, 0],
      system: [74, 24],
      'node-high': [98, 25],
      'leader-election': [25, 0],
      'workload-high': [98, 49],
      'workload-low': [245, 221],
      'global-default': [49, 25],
    });
  });

  it('limit one request to a part of the level', () => {
    const limits = levelLimits(defaultPriorityLevels, defaultRequestLimits);
    expect(limits.get('global-default')?.perRequest).toBe(8);
    expect(limits.get('catch-all')?.perRequest).toBe(2);
    const few = levelLimits(defaultPriorityLevels, { readOnly: 4, mutating: 2 });
    expect(few.get('global-default')).toMatchObject({ nominal: 1, perRequest: 1 });
  });

  it('default as the API does', () => {
    const level = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'own' },
      spec: { type: 'Limited', limited: { borrowingLimitPercent: 10, limitResponse: { type: 'Queue' } } },
    } as const;
    expect(levelLimits([level], { readOnly: 60, mutating: 40 }).get('own')).toEqual({
      nominal: 100,
      lendable: 0,
      borrowing: 10,
      perRequest: 12,
      queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 },
    });
  });

  it.each([
    [0, 1],
    [1, 1],
    [100, 1],
    [101, 2],
    [950, 10],
    [150_000, 10],
  ])('a list of %i objects takes %i', (objects, seats) => expect(listSeats(objects)).toBe(seats));
});
