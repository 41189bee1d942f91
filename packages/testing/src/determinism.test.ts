import { Deployment, keyOf, Pod } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { examples, readExample } from './examples.fixture.ts';
import type { RecordedCommit } from './recording-engine.ts';
import { simulate } from './simulate.ts';

interface Life {
  readonly history: readonly RecordedCommit[];
  /** The final state, without what the seed may choose: generated names, nodes, times. */
  readonly end: readonly string[];
}

/** Runs an example: it starts, clients change everything at once, a node dies, and the cluster settles. */
async function live(name: string, seed: number): Promise<Life> {
  const { nodes, objects } = readExample(name);
  const cluster = await simulate({ nodes, seed, recorded: true });
  await cluster.apply(objects);
  await cluster.settle();
  await cluster.advance('5m');
  const { client } = cluster;
  const [first, ...others] = await cluster.list(Pod);
  const touched = others.map((pod) =>
    client.patch(Pod, keyOf(pod), { type: 'merge', patch: { metadata: { labels: { touched: 'yes' } } } }),
  );
  const scaled = (await cluster.list(Deployment)).map((deployment) =>
    client.patch(Deployment, keyOf(deployment), { type: 'merge', patch: { spec: { replicas: 4 } } }),
  );
  await Promise.all([...(first === undefined ? [] : [client.delete(Pod, keyOf(first))]), ...touched, ...scaled]);
  await cluster.advance('5m');
  const pods = (await cluster.list(Pod)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  // A Pod without a controller is lost with its node, which depends on the seed: only replicas are replaced.
  await cluster.nodes.stop(cluster.nodes.names[0] ?? '');
  await cluster.advance('10m');
  const deployments = await cluster.list(Deployment);
  const history = [...cluster.history()];
  await cluster.close();
  const ends = [
    ...pods.map(({ metadata, status }) => `${metadata.ownerReferences?.[0]?.name ?? metadata.name} ${status?.phase}`),
    ...deployments.map(({ metadata, status }) => `${metadata.name} has ${status?.readyReplicas} ready`),
  ];
  return { history, end: ends.sort() };
}

/** The writes in order, without their values. */
function orderOf({ history }: Life): string {
  return history.map(({ writes }) => /"(?:put|delete)":"[^"]*"/g.exec(writes)?.[0]).join('\n');
}

describe.each(examples)('the example %s', (name) => {
  test('has the same history for the same seed, byte for byte', async () => {
    const [one, other] = [await live(name, 7), await live(name, 7)];
    expect(one.history.length).toBeGreaterThan(100);
    expect(firstDifference(one, other)).toBeUndefined();
  });

  test('differs for another seed, and reaches the same final state', async () => {
    const lives = [await live(name, 1), await live(name, 2), await live(name, 3)];
    expect(new Set(lives.map(orderOf)).size).toBe(3);
    for (const { end } of lives) expect(end).toEqual(lives[0]?.end);
  });
});

/** Short enough to read when it fails. */
function firstDifference(one: Life, other: Life): readonly (RecordedCommit | undefined)[] | undefined {
  const length = Math.max(one.history.length, other.history.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [one.history[i], other.history[i]];
    if (a?.revision !== b?.revision || a?.writes !== b?.writes) return [a, b];
  }
  return undefined;
}
