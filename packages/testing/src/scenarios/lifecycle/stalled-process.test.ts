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
