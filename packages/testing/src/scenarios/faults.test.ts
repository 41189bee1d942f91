import { Deployment, Pod, ReplicaSet } from '@orrery/api';
import { describe, expect, onTestFailed, test } from 'vitest';
import type { FaultRule } from '../faults/fault-rules.ts';
import { type SimulatedCluster, type SimulateOptions, simulate } from '../simulate.ts';
import { badLinks } from './bad-links.fixture.ts';

/** The whole cluster on faulty links: it still reaches the desired state, and nothing else is left behind. */

const web = (replicas: number, image = 'nginx'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image }] },
    },
  },
});

/** A summary of what exists: `3 of 3 available, 3 Pods, …`. */
async function state(cluster: SimulatedCluster): Promise<string> {
  const { status } = await cluster.get(Deployment, 'default/web');
  const pods = await cluster.list(Pod, { namespace: 'default' });
  const sets = await cluster.list(ReplicaSet, { namespace: 'default' });
  const running = pods.filter((pod) => pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
  return `${status?.availableReplicas} available, ${running.length} of ${pods.length} Pods run, ${sets.length} ReplicaSets`;
}

/** A Deployment that is created, scaled and changed while the links are faulty, and left alone once they work again. */
async function live(faults: FaultRule | readonly FaultRule[], seed: number): Promise<SimulatedCluster> {
  const cluster = await simulate({ nodes: 2, faults, seed });
  onTestFailed(() => console.error(`seed ${seed}, path ${cluster.choices.path()}`));
  await cluster.apply(web(2));
  await cluster.advance('1m');
  await cluster.apply(web(4));
  await cluster.advance('1m');
  await cluster.apply(web(3, 'nginx:2'));
  await cluster.advance('3m');
  cluster.faults.use();
  await cluster.advance('10m');
  await cluster.settle();
  return cluster;
}

const end = '3 available, 3 of 3 Pods run, 2 ReplicaSets';

describe.each<[string, FaultRule, readonly string[]]>([
  ['latency', { latency: { min: 1, max: '2s' } }, []],
  ['loss', { loss: 0.2 }, ['lost request', 'lost answer']],
  ['conflicts', { conflict: 0.3 }, ['conflict']],
  ['crashes', { crash: 0.05 }, ['crash before', 'crash after']],
  ['broken watches', { watchDrop: 0.1 }, ['watch drop']],
  ['expired watches', { watchExpiry: 0.1 }, ['watch expiry']],
  ['stalled watches', { watchStall: 0.1 }, ['watch stall']],
])('a Deployment settles after %s', (_, rule, sorts) => {
  test.each([1, 2, 3])('with the seed %d', async (seed) => {
    const cluster = await live(rule, seed);
    expect(await state(cluster)).toBe(end);
    for (const sort of sorts) expect([...cluster.faults.happened.keys()]).toContain(sort);
    await cluster.close();
  });
});

test('a Deployment becomes available under all faults at once, and has no extra Pod when they end', async () => {
  const happened = new Set<string>();
  const crashed = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const cluster = await simulate({
      nodes: 2,
      seed,
      faults: badLinks,
      inspect: ({ type, actor, ...event }) => {
        if (type === 'log' && 'message' in event && event.message.endsWith('has crashed')) crashed.add(actor);
      },
    });
    onTestFailed(() => console.error(`seed ${seed}, path ${cluster.choices.path()}`));
    let available = 0;
    const watch = cluster.client.watch(Deployment, { namespace: 'default' }).subscribe((event) => {
      if (event.type !== 'BOOKMARK') available = event.object.status?.availableReplicas ?? 0;
    });
    await cluster.apply(web(3));
    await cluster.run(() => available === 3, { within: '1h' });
    watch.unsubscribe();
    cluster.faults.use();
    await cluster.advance('10m');
    await cluster.settle();
    expect(`seed ${seed}: ${await state(cluster)}`).toBe(`seed ${seed}: 3 available, 3 of 3 Pods run, 1 ReplicaSets`);
    for (const sort of cluster.faults.happened.keys()) happened.add(sort);
    await cluster.close();
  }
  expect(happened.size).toBe(8);
  for (const actor of [
    'deployment-controller',
    'replicaset-controller',
    'default-scheduler',
    'kubelet-node1',
    'kubelet-node2',
  ])
    expect(crashed).toContain(actor);
}, 120_000);

describe('a run', () => {
  /** Runs a cluster under all faults; returns its history, and the path that reproduces it. */
  async function lived(options: Pick<SimulateOptions, 'seed' | 'path'>) {
    const cluster = await simulate({ nodes: 2, faults: badLinks, recorded: true, ...options });
    await cluster.apply(web(3));
    await cluster.advance('2m');
    const history = cluster.history().map(({ revision, writes }) => `${revision} ${writes}`);
    const path = cluster.choices.path();
    await cluster.close();
    return { history, path };
  }

  test('is repeated byte for byte by its path, whatever the seed', async () => {
    const first = await lived({ seed: 3 });
    const again = await lived({ seed: 4, path: String(first.path) });
    expect(again.history.length).toBeGreaterThan(100);
    expect(again.history).toEqual(first.history);
    expect(String(again.path)).toBe(String(first.path));
    expect((await lived({ seed: 4 })).history).not.toEqual(first.history);
  });

  test('continues after a prefix of its path as it did before', async () => {
    const first = await lived({ seed: 3 });
    const again = await lived({ path: first.path.prefix(300) });
    expect(again.history).toEqual(first.history);
    const other = await lived({ seed: 4, path: first.path.prefix(300) });
    expect(other.history).not.toEqual(first.history);
    expect([...other.path.prefix(300)]).toEqual([...first.path.prefix(300)]);
  });

  test('diverges where a choice differs', async () => {
    const first = await lived({ seed: 3 });
    const choices = [...first.path];
    const step = choices.findIndex(({ what, chosen }, i) => i > 200 && what === 'fault' && chosen === 0);
    expect(choices[step]?.chosen).toBe(0);
    const other = await lived({ path: first.path.choosing(step, 1) });
    expect([...other.path].slice(0, step)).toEqual(choices.slice(0, step));
    expect([...other.path][step]).toEqual({ ...choices[step], chosen: 1 });
    const parted = other.history.findIndex((line, i) => line !== first.history[i]);
    expect(parted).toBeGreaterThan(50);
    expect(parted).toBeLessThan(first.history.length);
  });

  test('that does not match its path fails, and names the step', async () => {
    const { path } = await lived({ seed: 3 });
    const other = simulate({ nodes: 3, faults: badLinks, path });
    await expect(other).rejects.toThrow(
      /^the run does not fit its path: step \d+ of the path is [a-z ]+ \d+ of \d+, the run asks for [a-z ]+ among \d+ \(.*\)$/,
    );
  });
});
