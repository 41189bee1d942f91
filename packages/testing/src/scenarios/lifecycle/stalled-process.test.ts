import { Node } from '@orrery/api';
import { type Cluster, createCluster } from '@orrery/cluster';
import { type Clock, createSimulation, type Milliseconds } from '@orrery/core';
import { expect, onTestFinished, test } from 'vitest';

/** A clock that can jump, as the wall clock does for a process that was stalled: timers that came due meanwhile fire late. */
function jumpingClock(clock: Clock): { readonly clock: Clock; jump(by: Milliseconds): void } {
  let lost = 0;
  return {
    clock: {
      now: () => clock.now() + lost,
      monotonic: () => clock.monotonic() + lost,
      sleep: (duration, signal) => clock.sleep(duration, signal),
      schedule: (duration, task) => clock.schedule(duration, task),
    },
    jump: (by) => {
      lost += by;
    },
  };
}

async function health(cluster: Cluster): Promise<readonly string[]> {
  const { items } = await cluster.client.list(Node);
  return items.map(({ metadata, spec, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    return `${metadata.name} ready=${ready} taints=${(spec.taints ?? []).map(({ key }) => key).join()}`;
  });
}

const healthy = ['node1 ready=True taints=', 'node2 ready=True taints=', 'node3 ready=True taints='];

test.each([1, 2, 3])('a process that was stalled for three minutes considers no node dead (seed %d)', async (seed) => {
  const simulation = createSimulation({ seed });
  const { clock, jump } = jumpingClock(simulation.environment.clock);
  const cluster = await createCluster({ environment: { ...simulation.environment, clock }, nodes: 3 });
  onTestFinished(() => cluster.close());
  await simulation.settle();
  await simulation.advance('1m');
  expect(await health(cluster)).toEqual(healthy);

  jump(180_000);
  for (let second = 0; second < 90; second++) {
    await simulation.advance('1s');
    expect(await health(cluster)).toEqual(healthy);
  }

  // A node that goes silent is still detected.
  await cluster.nodes.stop('node2');
  await simulation.advance('65s');
  expect((await health(cluster))[1]).toMatch(/^node2 ready=Unknown taints=.*unreachable/);
});

/** A clock that is set while the machine goes on: the wall clock jumps, and nothing else. */
function settableClock(clock: Clock): { readonly clock: Clock; set(by: Milliseconds): void } {
  let off = 0;
  return {
    clock: {
      now: () => clock.now() + off,
      monotonic: () => clock.monotonic(),
      sleep: (duration, signal) => clock.sleep(duration, signal),
      schedule: (duration, task) => clock.schedule(duration, task),
    },
    set: (by) => {
      off += by;
    },
  };
}

const hour = 3_600_000;

test.each([
  ['forward', [hour]],
  ['back', [-hour]],
  ['back and forth', [-hour, 2 * hour, -hour]],
])('a clock that is set %s makes no node dead, and hides none that is', async (_where, steps) => {
  const simulation = createSimulation();
  const { clock, set } = settableClock(simulation.environment.clock);
  const cluster = await createCluster({ environment: { ...simulation.environment, clock }, nodes: 3 });
  onTestFinished(() => cluster.close());
  await simulation.settle();
  await simulation.advance('1m');
  for (const by of steps) {
    set(by);
    for (let second = 0; second < 30; second++) {
      await simulation.advance('1s');
      expect(await health(cluster)).toEqual(healthy);
    }
  }
  await cluster.nodes.stop('node2');
  const [last = 0] = steps.slice(-1);
  await simulation.advance('20s');
  set(-last);
  await simulation.advance('20s');
  expect((await health(cluster))[1]).toMatch(/^node2 ready=(True|False) /);
  await simulation.advance('25s');
  expect((await health(cluster))[1]).toMatch(/^node2 ready=Unknown taints=.*unreachable/);
});
