import type { PodSpec } from '@orrery/api';
import { expect, test } from 'vitest';
import { testNode } from '../workload/objects.fixture.ts';
import { daemonPodSpec, eligibility } from './eligibility.ts';
import { afterFailure, keepFor } from './failure-back-off.ts';

const taint = (key: string, effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule') => ({ key, effect });

test.each<[string, Partial<PodSpec>, Parameters<typeof testNode>[1], [boolean, boolean]]>([
  ['any node', {}, {}, [true, true]],
  ['the node that the template names', { nodeName: 'n' }, {}, [true, true]],
  ['another node than it names', { nodeName: 'm' }, {}, [false, false]],
  [
    'a node with the labels selected',
    { nodeSelector: { disk: 'ssd' } },
    { metadata: { labels: { disk: 'ssd' } } },
    [true, true],
  ],
  ['a node without them', { nodeSelector: { disk: 'ssd' } }, {}, [false, false]],
  ['a tainted node', {}, { spec: { taints: [taint('gpu', 'NoSchedule')] } }, [false, true]],
  ['a node whose taint ends Pods', {}, { spec: { taints: [taint('gpu', 'NoExecute')] } }, [false, false]],
  ['a node whose taint only asks', {}, { spec: { taints: [taint('gpu', 'PreferNoSchedule')] } }, [true, true]],
  ['a node in trouble', {}, { spec: { taints: [taint('node.kubernetes.io/not-ready', 'NoExecute')] } }, [true, true]],
  [
    'a node that is not ready for new Pods',
    {},
    { spec: { taints: [taint('node.kubernetes.io/not-ready', 'NoSchedule')] } },
    [false, true],
  ],
  [
    'a cordoned node',
    {},
    { spec: { taints: [taint('node.kubernetes.io/unschedulable', 'NoSchedule')] } },
    [true, true],
  ],
  [
    'no network for one that needs none',
    { hostNetwork: true },
    { spec: { taints: [taint('node.kubernetes.io/network-unavailable', 'NoSchedule')] } },
    [true, true],
  ],
])('%s', (_, spec, node, [run, stay]) => {
  expect(eligibility(daemonPodSpec({ containers: [], ...spec }), testNode('n', node))).toEqual({ run, stay });
});

test('a toleration of a while becomes one for ever', () => {
  const brief = {
    key: 'node.kubernetes.io/not-ready',
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 5,
  } as const;
  const { tolerations } = daemonPodSpec({ containers: [], tolerations: [brief] });
  expect(tolerations?.[0]).toEqual({ key: brief.key, operator: 'Exists', effect: 'NoExecute' });
  expect(tolerations).toHaveLength(6);
});

test('failed Pods are kept for longer each time, up to a quarter of an hour', () => {
  let now = 0;
  let failures = afterFailure(undefined, 1, now);
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    const wait = keepFor(failures, 1, now);
    waits.push(wait / 1000);
    now += wait;
    expect(keepFor(failures, 1, now)).toBe(0);
    failures = afterFailure(failures, 1, now);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  expect(keepFor(failures, 2, now)).toBe(0);
  expect(keepFor(failures, 1, now + 31 * 60_000)).toBe(0);
  expect(afterFailure(failures, 1, now + 31 * 60_000).wait).toBe(1000);
});
