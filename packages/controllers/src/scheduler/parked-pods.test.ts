import { createSimulation } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { testContainer, testNode, testPod } from '../workload/objects.fixture.ts';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { ClusterState } from './cluster-state.ts';
import type { ClusterChange, SchedulerPlugin } from './plugin.ts';
import { podInfo } from './pod-info.ts';
import { RetryHints } from './retry-hints.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';

const facts = { namespaceLabels: () => undefined, siblingSelector: () => undefined };

/** A queue with `count` parked Pods that `rejectedBy` rejected, and how often a plugin was asked for its hint since. */
function parked(count: number, rejectedBy: string, podOf: (index: number) => object, added: SchedulerPlugin[] = []) {
  const simulation = createSimulation();
  let asked = 0;
  const hints = new RetryHints([...builtinSchedulerPlugins, ...added], new ClusterState(facts));
  const hint = (change: ClusterChange, queued: QueuedPod) => {
    asked++;
    return hints.mayHelp(change, queued);
  };
  const queue = new SchedulingQueue(simulation.environment.clock, hint, () => {}, hints);
  for (let i = 0; i < count; i++) {
    queue.put(podInfo(testPod(`p${i}`, podOf(i))));
    queue.park(queue.pop() as QueuedPod, new Set([rejectedBy]));
  }
  return { simulation, queue, asked: () => asked };
}

const node = testNode('n', { allocatable: { cpu: '4' } });
const large = () => ({ spec: { containers: [testContainer({ cpu: '9' })] } });
const other = podInfo(testPod('other'));

describe('what a change costs', () => {
  test('one question for all Pods that are equal, however many', () => {
    const { queue, asked } = parked(1000, 'NodeResourcesFit', large);
    queue.changed({ type: 'nodeAdded', node });
    expect(asked()).toBe(1);
    expect(queue.hasActive).toBe(false);
  });

  test('no question for Pods that changes of this type never help', () => {
    const different = (index: number) => ({ spec: { containers: [testContainer({ cpu: `${index + 5}` })] } });
    const { queue, asked } = parked(1000, 'NodeResourcesFit', different);
    queue.changed({ type: 'podPlaced', pod: other });
    queue.changed({ type: 'podChanged', pod: other });
    expect(asked()).toBe(0);
    queue.changed({ type: 'nodeAdded', node });
    expect(asked()).toBe(1000);
  });

  test('a plugin that is not built in is asked about each Pod and each change', () => {
    const added = { name: 'Added', retryOn: () => false };
    const { queue, asked } = parked(10, 'Added', large, [added]);
    queue.changed({ type: 'podPlaced', pod: other });
    expect(asked()).toBe(10);
  });
});

test('all Pods of a class that a change helps come back, in the order in which they were parked', async () => {
  const { simulation, queue } = parked(3, 'NodeResourcesFit', large);
  await simulation.advance('5s');
  queue.changed({ type: 'podGone', pod: other });
  const names = [queue.pop(), queue.pop(), queue.pop()].map((queued) => queued?.pod.pod.metadata.name);
  expect(names).toEqual(['p0', 'p1', 'p2']);
  queue.changed({ type: 'podGone', pod: other });
  expect(queue.hasActive).toBe(false);
});

test('a Pod that left is not in its class any more', async () => {
  const { simulation, queue, asked } = parked(2, 'NodeResourcesFit', large);
  await simulation.advance('5s');
  queue.delete('uid-p0');
  queue.delete('uid-p1');
  queue.changed({ type: 'podGone', pod: other });
  expect(asked()).toBe(0);
  expect(queue.hasActive).toBe(false);
});
