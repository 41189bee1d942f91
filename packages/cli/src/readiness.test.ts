import type { KubernetesObject } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { readiness } from './readiness.ts';

const object = (apiVersion: string, kind: string, parts: object = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', generation: 2 },
  ...parts,
});

describe('readiness', () => {
  const cases: readonly [name: string, object: KubernetesObject, reason: string | true][] = [
    [
      'a Pod is ready when its condition says so',
      object('v1', 'Pod', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }),
      true,
    ],
    ['a Pod that succeeded is ready', object('v1', 'Pod', { status: { phase: 'Succeeded' } }), true],
    [
      'a failed Pod reports its reason',
      object('v1', 'Pod', { status: { phase: 'Failed', reason: 'DeadlineExceeded' } }),
      'failed: DeadlineExceeded',
    ],
    [
      'an unschedulable Pod reports the scheduler’s message',
      object('v1', 'Pod', {
        status: {
          conditions: [
            { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
          ],
        },
      }),
      'Unschedulable: 0/3 nodes are available',
    ],
    [
      'a container that cannot start reports its reason',
      object('v1', 'Pod', {
        status: {
          containerStatuses: [
            { name: 'web', state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } },
          ],
        },
      }),
      'web: ErrImagePull: no such image',
    ],
    [
      'a Pod names its unready containers',
      object('v1', 'Pod', {
        status: { phase: 'Running', containerStatuses: [{ name: 'web', ready: false, state: {} }] },
      }),
      'not ready: web',
    ],
    ['a Pod without a status is pending', object('v1', 'Pod'), 'Pending'],
    [
      'a Deployment is ready when all replicas are new and available',
      object('apps/v1', 'Deployment', {
        spec: { replicas: 2 },
        status: { observedGeneration: 2, updatedReplicas: 2, availableReplicas: 2 },
      }),
      true,
    ],
    [
      'a Deployment reports the progress of its rollout',
      object('apps/v1', 'Deployment', { spec: { replicas: 2 }, status: { observedGeneration: 2, updatedReplicas: 1 } }),
      '1 of 2 updated',
    ],
    [
      'a Deployment reports how many replicas are available',
      object('apps/v1', 'Deployment', { spec: { replicas: 2 }, status: { observedGeneration: 2, updatedReplicas: 2 } }),
      '0 of 2 available',
    ],
    [
      'a status of an older generation does not count',
      object('apps/v1', 'Deployment', {
        spec: { replicas: 2 },
        status: { observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 },
      }),
      'not yet observed by its controller',
    ],
    [
      'an object that is being deleted is not ready',
      { ...object('v1', 'ConfigMap'), metadata: { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' } },
      'being deleted',
    ],
    ['a ConfigMap is ready as soon as it exists', object('v1', 'ConfigMap'), true],
    [
      'a custom object is ready when its condition says so',
      object('demo/v1', 'Website', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
      true,
    ],
    [
      'a custom object reports the message of its condition',
      object('demo/v1', 'Website', {
        status: { conditions: [{ type: 'Ready', status: 'False', message: 'no page' }] },
      }),
      'no page',
    ],
    [
      'a Job is ready when it is complete',
      object('batch/v1', 'Job', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }),
      true,
    ],
  ];
  test.each(cases)('%s', (_name, given, expected) => {
    expect(readiness(given)).toEqual(
      expected === true ? { ready: true, reason: '' } : { ready: false, reason: expected },
    );
  });
});

test('an object with a controller-written status is not ready until the status is written', () => {
  const site = { apiVersion: 'demo.orrery.dev/v1', kind: 'Website', metadata: { name: 'a', generation: 1 } };
  expect(readiness(site)).toEqual({ ready: true, reason: '' });
  expect(readiness(site, true)).toEqual({ ready: false, reason: 'not yet observed by its controller' });
  const available = (status: string) => ({ ...site, status: { conditions: [{ type: 'Available', status }] } });
  expect(readiness(available('False'), true).ready).toBe(false);
  expect(readiness(available('True'), true).ready).toBe(true);
});
