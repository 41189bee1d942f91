import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment, EndpointSlice, Endpoints, Node, Pod } from '@orrery/api';
import { defineController, definePlugin } from '@orrery/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../../simulate.ts';
import { type CrowdSize, crowd, gate } from './crowd.fixture.ts';
import { VisitCounter, type Visits } from './visits.fixture.ts';

/** A change, as `docs/performance.md` names them in the columns of its table. */
const changes = ['not ready', 'replaced', 'bare', 'cordoned', 'deployed'] as const;
type Change = (typeof changes)[number];
type Costs = ReadonlyMap<Change, Visits>;

/** What all loops visit for each change, in a cluster of that size. */
async function costsAmong(size: CrowdSize): Promise<Costs> {
  using counter = new VisitCounter();
  const cluster = await simulate({ nodes: 1, engine: await crowd(size), link: counter.link });
  try {
    const each = size.pods / size.workloads;
    await expectState(cluster, each, each);
    const [pod] = await cluster.list(Pod, { fieldSelector: 'spec.nodeName=node1' });
    const key = `default/${pod?.metadata.name}`;
    const costOf = (change: () => Promise<unknown>) =>
      counter.during(async () => {
        await change();
        await cluster.settle();
      });
    const costs = new Map<Change, Visits>();
    const shut = { status: { conditions: [{ type: gate, status: 'False' }] } };
    costs.set(
      'not ready',
      await costOf(() => cluster.client.patch(Pod, key, { type: 'strategic', patch: shut }, { subresource: 'status' })),
    );
    await expectState(cluster, each, each - 1);
    costs.set('replaced', await costOf(() => cluster.client.delete(Pod, key)));
    // Nobody opens the gate of the new one.
    await expectState(cluster, each, each - 1);
    costs.set('bare', await costOf(() => cluster.client.create<Pod>(barePod)));
    costs.set('deployed', await costOf(() => cluster.apply(oneMore)));
    const cordon = { spec: { unschedulable: true } };
    costs.set('cordoned', await costOf(() => cluster.client.patch(Node, 'node1', { type: 'merge', patch: cordon })));
    await expectState(cluster, each, each - 1);
    expect((await cluster.get(Deployment, 'default/extra')).status).toMatchObject({ availableReplicas: 1 });
    expect((await cluster.get(Node, 'node1')).spec?.taints).toMatchObject([
      { key: 'node.kubernetes.io/unschedulable' },
    ]);
    return costs;
  } finally {
    await cluster.close();
  }
}

/** A Pod that no controller has, and that nothing selects. */
const barePod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'bare', namespace: 'default', labels: { app: 'bare' } },
  spec: { nodeName: 'node1', enableServiceLinks: false, containers: [{ name: 'main', image: 'nginx' }] },
};

/** A Deployment of one replica, and its Service. */
const oneMore = `
apiVersion: v1
kind: Service
metadata: { name: extra, namespace: default }
spec: { selector: { app: extra }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: extra, namespace: default }
spec:
  selector: { matchLabels: { app: extra } }
  template:
    metadata: { labels: { app: extra } }
    spec: { enableServiceLinks: false, containers: [{ name: main, image: nginx }] }
`;

/** All loops have done their work: the counts say so, and the endpoints. */
async function expectState(cluster: SimulatedCluster, replicas: number, ready: number): Promise<void> {
  const { status } = await cluster.get(Deployment, 'default/web0');
  expect([status?.replicas, status?.readyReplicas ?? 0]).toEqual([replicas, ready]);
  const slices = await cluster.list(EndpointSlice, { labelSelector: 'kubernetes.io/service-name=web0' });
  const conditions = slices.flatMap(({ endpoints }) => endpoints?.map((endpoint) => endpoint.conditions) ?? []);
  expect([conditions.length, conditions.filter((one) => one?.ready).length]).toEqual([replicas, ready]);
  const { subsets = [] } = await cluster.get(Endpoints, 'default/web0');
  expect(subsets.flatMap(({ addresses }) => addresses ?? [])).toHaveLength(Math.min(ready, 1000));
}

/** What the document says: by loop, how many objects it visits at most for each change. */
function documented(): ReadonlyMap<string, ReadonlyMap<Change, number>> {
  const text = readFileSync(join(import.meta.dirname, '../../../../../docs/performance.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \|[^|]*((?:\| *\d+ )+)\|$/gm)];
  return new Map(
    rows.map(([, loop = '', cells = '']) => {
      const figures = cells.split('|').slice(1).map(Number);
      return [loop, new Map(changes.map((change, i) => [change, figures[i] ?? 0]))];
    }),
  );
}

/**
 * Which nodes a new Pod is held against is the scheduler's own matter (`percentageOfNodesToScore`), and more Pods need more nodes.
 */
const growsWithNodes = (loop: string, change: Change) => loop === 'scheduler' && change === 'replaced';

describe.each([
  ['Pods of one Deployment', { pods: 150, workloads: 1 }, { pods: 15_000, workloads: 1 }],
  ['Pods of as many Deployments and Services', { pods: 15, workloads: 15 }, { pods: 1500, workloads: 1500 }],
])('one change among a hundred times more %s', (_, few, many) => {
  let costs: { readonly few: Costs; readonly many: Costs };
  beforeAll(async () => {
    costs = { few: await costsAmong(few), many: await costsAmong(many) };
  });

  test.each(changes)('costs every loop the same: %s', (change) => {
    const [before, after] = [costs.few.get(change), costs.many.get(change)];
    expect(before?.size).toBeGreaterThan(5);
    const grown = [...(after ?? [])].filter(
      ([loop, visits]) => visits > 2 * (before?.get(loop) ?? 0) && !growsWithNodes(loop, change),
    );
    expect(grown).toEqual([]);
  });

  test.each(changes)('costs every loop no more than is documented: %s', (change) => {
    const figures = documented();
    expect(figures.size).toBeGreaterThan(10);
    const visits = [...(costs.few.get(change) ?? []), ...(costs.many.get(change) ?? [])];
    const over = visits.filter(
      ([loop, count]) => count > (figures.get(loop)?.get(change) ?? 0) && !growsWithNodes(loop, change),
    );
    expect(over).toEqual([]);
  });
});

test('a loop that walks all Pods is found out', async () => {
  using counter = new VisitCounter();
  const walker = defineController({
    name: 'walker',
    for: Deployment,
    reads: [Pod],
    reconcile: (_, { cache }) => void cache.list(Pod, { namespace: 'default' }).filter(({ status }) => status),
  });
  const plugins = [definePlugin({ name: 'walker', controllers: [walker] })];
  const cluster = await simulate({
    nodes: 1,
    engine: await crowd({ pods: 30, workloads: 1 }),
    link: counter.link,
    plugins,
  });
  const visits = await counter.during(async () => {
    await cluster.client.patch(Deployment, 'default/web0', {
      type: 'merge',
      patch: { metadata: { labels: { a: 'b' } } },
    });
    await cluster.settle();
  });
  await cluster.close();
  expect(visits.get('core')).toBeGreaterThanOrEqual(30);
});
