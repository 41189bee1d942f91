import { Deployment, EndpointSlice, keyOf, Pod, ReplicaSet } from '@orrery/api';
import { expect, test } from 'vitest';
import { examples, readExample } from '../examples.fixture.ts';
import { type FaultRule, PodHistory, reportingPath, type SimulatedCluster, simulate } from '../index.ts';
import { badLinks } from './bad-links.fixture.ts';

/** All examples run on faulty links for a while: they reach the same state as on good ones, and no Pod breaks a rule. */

/** The state that an example reaches, without what depends on the seed, and the rule violations on the way. */
async function live(name: string, seed: number, ...faults: readonly FaultRule[]) {
  const { nodes, objects } = readExample(name);
  const cluster = await simulate({ nodes, seed, faults });
  const history = new PodHistory({ runtime: (node) => cluster.nodes.runtime(node) });
  const watch = cluster.client.watch(Pod).subscribe((event) => history.take(event));
  return reportingPath(cluster.choices, async () => {
    await cluster.apply(objects);
    await cluster.advance('3m');
    for (const deployment of await cluster.list(Deployment))
      await cluster.client.patch(Deployment, keyOf(deployment), { type: 'merge', patch: { spec: { replicas: 4 } } });
    await cluster.advance('3m');
    cluster.faults.use();
    await cluster.advance('10m');
    const end = await state(cluster);
    const left = await whatIsLeft(cluster);
    watch.unsubscribe();
    await cluster.close();
    return { end, problems: [...history.problems, ...left] };
  });
}

async function state(cluster: SimulatedCluster): Promise<readonly string[]> {
  const [pods, sets, slices] = [
    await cluster.list(Pod),
    await cluster.list(ReplicaSet),
    await cluster.list(EndpointSlice),
  ];
  return [
    ...pods.map(
      ({ metadata, status }) => `${metadata.ownerReferences?.[0]?.name ?? metadata.name} is ${status?.phase}`,
    ),
    ...sets.map(
      ({ metadata, status }) => `${metadata.name}: ${status?.readyReplicas} of ${status?.replicas} are ready`,
    ),
    ...slices.map(({ metadata, endpoints }) => `${metadata.ownerReferences?.[0]?.name} leads to ${endpoints?.length}`),
  ].sort();
}

/** Deletes everything, and returns what is left. */
async function whatIsLeft(cluster: SimulatedCluster): Promise<readonly string[]> {
  for (const deployment of await cluster.list(Deployment)) await cluster.client.delete(Deployment, keyOf(deployment));
  for (const namespace of new Set((await cluster.list(Pod)).map(({ metadata }) => metadata.namespace ?? '')))
    await cluster.client.deleteCollection(Pod, { namespace });
  await cluster.advance('5m');
  const left = [...(await cluster.list(Pod)), ...(await cluster.list(ReplicaSet))].map(
    ({ kind, metadata }) => `${kind} ${metadata.name}`,
  );
  for (const node of cluster.nodes.names) {
    const runtime = cluster.nodes.runtime(node);
    left.push(...((await runtime?.listPodSandboxes()) ?? []).map(({ metadata }) => `sandbox of ${metadata.name}`));
    if ((runtime?.files.usage('/var/lib/kubelet/pods') ?? 0) > 0) left.push(`volumes on ${node}`);
  }
  return left;
}

test.each(examples)('the example %s reaches the same state, whatever goes wrong on the way', async (name) => {
  const good = await live(name, 1);
  expect(good.problems).toEqual([]);
  for (const seed of [1, 2]) expect(await live(name, seed, badLinks)).toEqual(good);
});
