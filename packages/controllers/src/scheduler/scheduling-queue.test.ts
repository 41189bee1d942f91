import { createSimulation } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { testNode, testPod } from '../workload/objects.fixture.ts';
import { type PodInfo, podInfo } from './pod-info.ts';
import { backOffAfter, type Hint, type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';

function setup(hint: Hint = () => true) {
  const simulation = createSimulation();
  const queue = new SchedulingQueue(simulation.environment.clock, hint, () => {});
  const pop = () => queue.pop() as QueuedPod;
  return { simulation, queue, pop };
}
const info = (name: string, spec = {}): PodInfo => podInfo(testPod(name, { spec }));
const change = { type: 'nodeAdded', node: testNode('n') } as const;

describe('the scheduling queue', () => {
  test('higher priority comes first, then who waits longer', () => {
    const { queue, pop } = setup();
    for (const pod of [info('old'), info('new'), info('urgent', { priority: 10 })]) queue.put(pod);
    expect([pop(), pop(), pop()].map(({ pod }) => pod.pod.metadata.name)).toEqual(['urgent', 'old', 'new']);
    expect(queue.pop()).toBeUndefined();
  });

  test('back-off is 1 s after the first try and doubles up to 10 s', () => {
    expect([0, 1, 2, 3, 4, 5, 9].map(backOffAfter)).toEqual([0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  test('a parked Pod comes back only when a change may help, and not before its back-off', async () => {
    const { simulation, queue, pop } = setup((_, { rejectedBy }) => rejectedBy.has('NodeResourcesFit'));
    queue.put(info('a'));
    queue.put(info('b'));
    queue.park(pop(), new Set(['NodeResourcesFit']));
    queue.park(pop(), new Set(['NodeAffinity']));
    queue.changed(change);
    expect(queue.hasActive).toBe(false);
    await simulation.advance(999);
    expect(queue.hasActive).toBe(false);
    await simulation.advance(1);
    expect(pop().pod.pod.metadata.name).toBe('a');
    expect(queue.hasActive).toBe(false);
  });

  test('after the back-off has passed a change activates at once', async () => {
    const { simulation, queue, pop } = setup();
    queue.put(info('a'));
    queue.park(pop(), new Set());
    await simulation.advance('5s');
    expect(queue.hasActive).toBe(false);
    queue.changed(change);
    expect(queue.hasActive).toBe(true);
  });

  test('what nothing has helped for five minutes is tried again', async () => {
    const { simulation, queue, pop } = setup();
    queue.put(info('a'));
    queue.park(pop(), new Set());
    await simulation.advance('299s');
    expect(queue.hasActive).toBe(false);
    await simulation.advance('1s');
    expect(queue.hasActive).toBe(true);
  });

  test('a gated Pod is held until its gates are gone', () => {
    const { queue } = setup();
    const gated = info('a', { schedulingGates: [{ name: 'wait' }] });
    queue.put(gated);
    queue.changed(change);
    expect(queue.hasActive).toBe(false);
    queue.put(info('a'));
    expect(queue.hasActive).toBe(true);
  });

  test('a change of status does not bring a parked Pod back, a change of labels does', async () => {
    const { simulation, queue, pop } = setup();
    const first = info('a');
    queue.put(first);
    queue.park(pop(), new Set());
    await simulation.advance('2s');
    queue.put({ ...first, pod: { ...first.pod, status: { phase: 'Pending' } } });
    expect(queue.hasActive).toBe(false);
    queue.put({ ...first, pod: { ...first.pod, metadata: { ...first.pod.metadata, labels: { a: 'b' } } } });
    expect(queue.hasActive).toBe(true);
  });

  test('a deleted Pod is gone from wherever it was', async () => {
    const { simulation, queue, pop } = setup();
    queue.put(info('a'));
    queue.put(info('b'));
    queue.delete('uid-a');
    const b = pop();
    expect(b.pod.uid).toBe('uid-b');
    queue.park(b, new Set());
    queue.delete('uid-b');
    await simulation.advance('10m');
    expect(queue.hasActive).toBe(false);
  });
});
