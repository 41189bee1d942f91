import { type Container, type Pod, type PodSpec, restartsAfter } from '@orrery/api';
import type { ContainerState } from '@orrery/runtimes';
import { describe, expect, test } from 'vitest';
import { restartsWhenKilled, shouldStart } from './restart-policy.ts';

type Policy = PodSpec['restartPolicy'];

function pod(restartPolicy: Policy, deleted = false): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { containers: [], ...(restartPolicy === undefined ? {} : { restartPolicy }) },
  };
}
const plain: Container = { name: 'c', image: 'i' };

describe('a container is started', () => {
  test.each<[string, Policy, ContainerState | undefined, number, boolean, boolean]>([
    ['never in a Pod that is being deleted', 'Always', undefined, 0, true, false],
    ['nor again in one', 'Always', 'EXITED', 1, true, false],
    ['when nothing was made of it', 'Never', undefined, 0, false, true],
    ['not while it runs', 'Always', 'RUNNING', 0, false, false],
    ['when it was made and not started', 'Never', 'CREATED', 0, false, true],
    ['when nobody knows of it', 'Never', 'UNKNOWN', 0, false, true],
    ['Always: after success', 'Always', 'EXITED', 0, false, true],
    ['Always: after failure', 'Always', 'EXITED', 1, false, true],
    ['OnFailure: not after success', 'OnFailure', 'EXITED', 0, false, false],
    ['OnFailure: after failure', 'OnFailure', 'EXITED', 1, false, true],
    ['Never: not after success', 'Never', 'EXITED', 0, false, false],
    ['Never: not after failure', 'Never', 'EXITED', 1, false, false],
  ])('%s', (_rule, policy, state, exitCode, deleted, expected) => {
    expect(shouldStart(plain, pod(policy, deleted), state && { state, exitCode })).toBe(expected);
  });
});

describe('an exit calls for a restart', () => {
  const rules = (operator: 'In' | 'NotIn', ...values: number[]): Partial<Container> => ({
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }],
  });
  test.each<[string, Partial<Container>, Policy, number, boolean]>([
    ['by the Pod’s policy, which is Always if none is named', {}, undefined, 0, true],
    ['by the container’s policy before the Pod’s', { restartPolicy: 'Never' }, 'Always', 1, false],
    ['by the container’s policy even when the Pod’s says no', { restartPolicy: 'OnFailure' }, 'Never', 1, true],
    ['by a rule that names the exit code', rules('In', 42), 'Never', 42, true],
    ['not by a rule that names others', rules('In', 42), 'Always', 1, false],
    ['by a rule that excludes others', rules('NotIn', 42), 'Never', 1, true],
    ['not by a rule that excludes it', rules('NotIn', 42), 'Never', 42, false],
  ])('%s', (_rule, more, policy, exitCode, expected) => {
    expect(restartsAfter({ ...plain, ...more }, policy, exitCode)).toBe(expected);
  });
});

test.each<[Policy, boolean]>([
  ['Always', true],
  ['OnFailure', true],
  ['Never', false],
])('a container that the kubelet killed comes back under %s: %s', (policy, expected) => {
  expect(restartsWhenKilled(plain, pod(policy))).toBe(expected);
});
