import type { Pod } from '@orrery/api';
import { expect, test } from 'vitest';
import { isCritical, noRoom, preemptionVictims } from './preemption.ts';

function pod(name: string, cpu: number, priority = 0, limits = false): Pod {
  const amount = { cpu: String(cpu), memory: '1Mi' };
  const resources = cpu === 0 ? {} : limits ? { limits: amount, requests: amount } : { requests: amount };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { priority, containers: [{ name: 'c', resources }] },
  };
}
const cpuOf = ({ spec }: Pod) => Number(spec.containers[0]?.resources?.requests?.cpu ?? 0);
const critical = pod('critical', 2, 2_000_001_000);

test.for<readonly [string, readonly Pod[], number, readonly string[] | undefined]>([
  ['nobody when there is room', [pod('a', 1)], 2, []],
  ['Burstable before Guaranteed', [pod('a', 2, 0, true), pod('b', 2)], 0, ['b']],
  ['lower priority first', [pod('a', 2, 5), pod('b', 2, 1)], 0, ['b']],
  ['as many as it needs', [pod('a', 1), pod('b', 1), pod('c', 1)], 0, ['a', 'b']],
  ['none that does not help', [pod('a', 0), pod('b', 2)], 0, ['b']],
  ['never a critical one', [pod('a', 4, 2_000_000_000)], 0, undefined],
  ['not if all are too few', [pod('a', 1)], 0, undefined],
])('makes room: %s', ([, others, free, expected]) => {
  const fits = (gone: readonly Pod[]) => free + gone.reduce((sum, one) => sum + cpuOf(one), 0) >= cpuOf(critical);
  expect(preemptionVictims(critical, others, fits)?.map(({ metadata }) => metadata.name)).toEqual(expected);
});

test('a Pod is critical from the priority of system-cluster-critical on', () => {
  expect([1_999_999_999, 2_000_000_000].map((priority) => isCritical(pod('p', 1, priority)))).toEqual([false, true]);
});

test('UnexpectedAdmissionError: a critical Pod is refused when all others together have too little', () => {
  const shortage = (resource: string, missing: number) => ({
    reason: `OutOf${resource}`,
    message: '',
    shortage: { resource, missing },
  });
  const others = [pod('a', 1), pod('b', 4, 2_000_000_000)];
  expect(noRoom(critical, others, [shortage('pods', 1), shortage('cpu', 2000)])).toEqual({
    reason: 'UnexpectedAdmissionError',
    message:
      'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]',
  });
});
