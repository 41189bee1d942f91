import type { Deployment } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testDeployment, testSet } from './deployment.fixture.ts';
import { isScaling, rollingStep, rolloutBounds, type Scaling, scaleStep } from './rollout.ts';

type Rolling = NonNullable<NonNullable<Deployment['spec']['strategy']>['rollingUpdate']>;
const rolling = (maxSurge: Rolling['maxSurge'], maxUnavailable: Rolling['maxUnavailable']) => ({
  strategy: { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge, maxUnavailable } },
});
const text = (scalings: readonly Scaling[]) =>
  scalings.map(({ replicaSet, replicas }) => `${replicaSet.metadata.name}=${replicas}`).join(' ');

describe('how far a rollout may go', () => {
  const rows: readonly [rule: string, replicas: number, strategy: object, expected: readonly [number, number]][] = [
    ['the defaults are 25 %: surge rounded up, unavailable down', 10, {}, [3, 2]],
    ['percentages of few replicas', 1, {}, [1, 0]],
    ['numbers are taken as they are', 10, rolling(1, 0), [1, 0]],
    ['both 0 by rounding makes one unavailable', 1, rolling(0, '25%'), [0, 1]],
    ['no more unavailable than there are', 2, rolling(0, 5), [0, 2]],
    ['Recreate knows neither', 10, { strategy: { type: 'Recreate' } }, [0, 0]],
  ];
  test.each(rows)('%s', (_, replicas, strategy, [maxSurge, maxUnavailable]) => {
    expect(rolloutBounds(testDeployment({ replicas, ...strategy }))).toEqual({ maxSurge, maxUnavailable });
  });
});

describe('the next step of a rolling update', () => {
  const rows: readonly [
    rule: string,
    spec: Partial<Deployment['spec']>,
    sets: readonly ReturnType<typeof testSet>[],
    step: string,
  ][] = [
    ['the new one grows first, as far as the surge allows', {}, [testSet('new', 0), testSet('old', 10)], 'new=3'],
    [
      'then old ones shrink as far as availability allows',
      {},
      [testSet('new', 3, { available: 0 }), testSet('old', 10)],
      'old=8',
    ],
    ['new ones that are available allow more', {}, [testSet('new', 3), testSet('old', 10)], 'old=5'],
    [
      'unhealthy old replicas go first, oldest set first',
      {},
      [
        testSet('new', 3, { available: 0 }),
        testSet('a', 6, { created: 1 }),
        testSet('b', 4, { created: 2, available: 2 }),
      ],
      'b=2',
    ],
    [
      'unavailable new replicas hold back the old ones',
      rolling(0, 1),
      [testSet('new', 1, { available: 0 }), testSet('old', 9)],
      '',
    ],
    ['a new one that is too large shrinks to what is wanted', { replicas: 3 }, [testSet('new', 5)], 'new=3'],
    ['nothing is left to do', {}, [testSet('new', 10), testSet('old', 0)], ''],
    ['the last step takes the old ones away', {}, [testSet('new', 10), testSet('old', 2)], 'old=0'],
    ['with no surge the old ones shrink first', rolling(0, 2), [testSet('new', 0), testSet('old', 10)], 'old=8'],
  ];
  test.each(rows)('%s', (_, spec, [newSet, ...old], step) => {
    expect(text(rollingStep(testDeployment(spec), newSet as ReturnType<typeof testSet>, old))).toBe(step);
  });

  test('a rollout with these steps ends, and never leaves its bounds', () => {
    for (const [surge, unavailable] of [
      [1, 0],
      [0, 1],
      ['25%', '25%'],
      ['100%', '100%'],
      [3, 0],
    ] as const) {
      const deployment = testDeployment(rolling(surge, unavailable));
      const bounds = rolloutBounds(deployment);
      let sets = { new: 0, old: 10 };
      for (let i = 0; sets.new !== 10 || sets.old !== 0; i++) {
        expect(i).toBeLessThan(50);
        const step = rollingStep(deployment, testSet('new', sets.new), [testSet('old', sets.old)]);
        expect(step).not.toEqual([]);
        for (const { replicaSet, replicas } of step) sets = { ...sets, [replicaSet.metadata.name]: replicas };
        expect(sets.new + sets.old).toBeLessThanOrEqual(10 + bounds.maxSurge);
        expect(sets.new + sets.old).toBeGreaterThanOrEqual(10 - bounds.maxUnavailable);
      }
    }
  });
});

describe('scaling', () => {
  test('is noticed by the noted desired number of an active set', () => {
    expect(isScaling(testDeployment({ replicas: 5 }), [testSet('a', 3, { desired: 3 })])).toBe(true);
    expect(isScaling(testDeployment({ replicas: 3 }), [testSet('a', 3, { desired: 3 })])).toBe(false);
    expect(isScaling(testDeployment({ replicas: 5 }), [testSet('a', 0, { desired: 3 })])).toBe(false);
    expect(isScaling(testDeployment({ replicas: 5 }), [testSet('a', 3)])).toBe(false);
  });

  const rows: readonly [rule: string, replicas: number, sets: readonly ReturnType<typeof testSet>[], step: string][] = [
    ['a single active set is sized straight', 5, [testSet('new', 3)], 'new=5'],
    ['of none active the new one', 5, [testSet('new', 0), testSet('old', 0)], 'new=5'],
    [
      'several grow in proportion; the largest gets what rounding leaves',
      15,
      [testSet('new', 8, { max: 13, created: 2 }), testSet('old', 5, { max: 13, created: 1 })],
      'new=12 old=7',
    ],
    [
      'several shrink in proportion',
      5,
      [testSet('new', 8, { max: 13, created: 2 }), testSet('old', 5, { max: 13, created: 1 })],
      'new=4 old=3',
    ],
    [
      'to nothing when nothing is wanted',
      0,
      [testSet('new', 8, { max: 13, created: 2 }), testSet('old', 5, { max: 13, created: 1 })],
      'new=0 old=0',
    ],
    ['old ones go when the new one is saturated', 5, [testSet('new', 5, { desired: 5 }), testSet('old', 2)], 'old=0'],
  ];
  test.each(rows)('%s', (_, replicas, [newSet, ...old], step) => {
    expect(text(scaleStep(testDeployment({ replicas }), newSet, old))).toBe(step);
  });
});
