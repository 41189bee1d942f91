import type { Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testContainer, testPod } from '../workload/objects.fixture.ts';
import { podRequests, scoredRequests } from './resources.ts';

const gi = 1024 ** 3;

function requestsOf(spec: Partial<Pod['spec']>): object {
  return Object.fromEntries(podRequests(testPod('p', { spec })));
}

describe('what a Pod asks for as a whole', () => {
  const sidecar = (requests: { [resource: string]: string }) => testContainer(requests, { restartPolicy: 'Always' });
  const rows: readonly [rule: string, spec: Partial<Pod['spec']>, expected: object][] = [
    [
      'containers are summed, cpu in thousandths and memory in bytes',
      { containers: [testContainer({ cpu: '500m', memory: '1Gi' }), testContainer({ cpu: '1', memory: '1Gi' })] },
      { cpu: 1500, memory: 2 * gi },
    ],
    [
      'the largest init container counts when it is more than the containers together',
      {
        initContainers: [testContainer({ memory: '3Gi' }), testContainer({ memory: '4Gi' })],
        containers: [testContainer({ memory: '1Gi' })],
      },
      { memory: 4 * gi },
    ],
    [
      'sidecars count with the containers',
      { initContainers: [sidecar({ memory: '1Gi' })], containers: [testContainer({ memory: '1Gi' })] },
      { memory: 2 * gi },
    ],
    [
      'an init container needs room beside the sidecars that start before it',
      {
        initContainers: [sidecar({ memory: '1Gi' }), testContainer({ memory: '4Gi' }), sidecar({ memory: '1Gi' })],
        containers: [testContainer({ memory: '1Gi' })],
      },
      { memory: 5 * gi },
    ],
    [
      'Pod-level requests replace cpu and memory of the containers, nothing else',
      {
        resources: { requests: { cpu: '2', memory: '1Gi' } },
        containers: [testContainer({ cpu: '500m', memory: '4Gi', 'example.com/gpu': '1' })],
      },
      { cpu: 2000, memory: gi, 'example.com/gpu': 1 },
    ],
    ['overhead comes on top', { overhead: { cpu: '250m' }, containers: [testContainer({ cpu: '1' })] }, { cpu: 1250 }],
  ];
  test.each(rows)('%s', (_, spec, expected) => {
    expect(requestsOf(spec)).toEqual(expected);
  });

  test('for scores a container that asks for nothing counts for 100m cpu and 200 MiB', () => {
    const spec = { containers: [testContainer({}), testContainer({ cpu: '1' })] };
    expect(scoredRequests(testPod('p', { spec }))).toEqual({ cpu: 1100, memory: 400 * 1024 * 1024 });
  });
});
