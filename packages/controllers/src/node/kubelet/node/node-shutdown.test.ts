import type { Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { endedByShutdown, shutdownGroups, shutdownRefusal } from './node-shutdown.ts';

const pod = (name: string, priority?: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [], ...(priority === undefined ? {} : { priority }) },
});

describe('the order of a shutdown', () => {
  const grace = { shutdownGracePeriod: 30_000, shutdownGracePeriodCriticalPods: 10_000 };
  const groups = (pods: readonly Pod[], given = grace) =>
    shutdownGroups(pods, (one) => one, given).map(
      (group) => `${group.pods.map(({ metadata }) => metadata.name).join(' ')}: ${group.grace / 1000}s`,
    );

  test.each<[string, readonly Pod[], Parameters<typeof groups>[1], readonly string[]]>([
    [
      'regular Pods first, critical ones after',
      [pod('critical', 2_000_000_000), pod('web'), pod('node', 2_000_001_000), pod('high', 1_999_999_999)],
      grace,
      ['web high: 20s', 'critical node: 10s'],
    ],
    ['a group of none is not waited for', [pod('critical', 2_000_000_000)], grace, ['critical: 10s']],
    ['no Pods, no wait', [], grace, []],
    [
      'without a grace period there is no graceful shutdown',
      [pod('web')],
      { shutdownGracePeriod: 0, shutdownGracePeriodCriticalPods: 0 },
      [],
    ],
    [
      'nor with a part that is longer than the whole',
      [pod('web')],
      { shutdownGracePeriod: 10_000, shutdownGracePeriodCriticalPods: 20_000 },
      [],
    ],
  ])('%s', (_rule, pods, given, expected) => {
    expect(groups(pods, given)).toEqual(expected);
  });
});

test('Terminated: what a Pod becomes', () => {
  const message = 'Pod was terminated in response to imminent node shutdown.';
  expect(endedByShutdown(5000)).toEqual({
    reason: 'Terminated',
    message,
    grace: 5000,
    disruption: { status: 'True', reason: 'TerminationByKubelet', message },
  });
});

test('NodeShutdown: why a new Pod is refused', () => {
  expect(shutdownRefusal).toEqual({
    reason: 'NodeShutdown',
    message: 'Pod was rejected as the node is shutting down.',
  });
});
