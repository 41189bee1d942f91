import { Deployment, Node, Pod } from '@orrery/api';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { expect, onTestFinished, test } from 'vitest';
import { simulate } from '../simulate.ts';
import { type Trap, Traps } from './traps.ts';

const spec = { containers: [{ name: 'c', image: 'nginx' }] };
const web: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec },
  },
};

/** A cluster with traps, and the writes and failures of its loops, in order. */
async function trapped() {
  const traps = new Traps();
  const wrote: string[] = [];
  const crashed: string[] = [];
  const cluster = await simulate({
    nodes: 1,
    link: traps.link,
    machines: traps.machines(simulatedMachines()),
    inspect: (event) => {
      if (event.type === 'wrote') wrote.push(`${event.actor} ${event.verb} ${event.kind}: ${event.error ?? 'done'}`);
      if (event.type === 'log' && event.message.endsWith('has crashed')) crashed.push(event.actor);
    },
  });
  onTestFinished(() => cluster.close());
  wrote.length = 0;
  const by = (actor: string) => wrote.filter((line) => line.startsWith(`${actor} `));
  return { cluster, traps, by, crashed };
}

test.each<[string, Partial<Trap>, string]>([
  ['fails', { lost: true }, 'the connection to the server was lost'],
  ['is taken, and is the last one of its loop', { crash: 'deployment-controller' }, 'it has stepped into a trap'],
  [
    'is not taken any more by a loop that crashes',
    { crash: 'deployment-controller', lost: true },
    'it has stepped into a trap',
  ],
])('a write that springs a trap %s', async (_, trap, error) => {
  const { cluster, traps, by, crashed } = await trapped();
  traps.add({ at: 'write', after: 1, actors: ['deployment-*'], ...trap });
  await cluster.client.create(web);
  await cluster.settle();
  const creations = by('deployment-controller').filter((line) => line.includes('create apps/v1/ReplicaSet'));
  // What has taken effect is not repeated.
  expect(creations.map((line) => line.split(': ')[1])).toEqual(trap.lost === true ? [error, 'done'] : [error]);
  expect(crashed).toEqual(trap.crash === undefined ? [] : ['deployment-controller']);
  expect((await cluster.get(Deployment, 'default/web')).status?.availableReplicas).toBe(2);
});

test('a loop can crash at a write of another loop, without a request of its own', async () => {
  const { cluster, traps, by, crashed } = await trapped();
  traps.add({ at: 'write', after: 1, actors: ['deployment-controller'], crash: 'replicaset-controller' });
  await cluster.client.create(web);
  await cluster.simulation.idle();
  expect(by('replicaset-controller')[0]).toContain('it has stepped into a trap');
  expect(await cluster.list(Pod)).toEqual([]);
  expect(crashed).toEqual(['replicaset-controller']);
  await cluster.settle();
  expect(await cluster.list(Pod)).toHaveLength(2);
});

test.each([1, 2, 3])(
  'a kubelet that crashes at call %d to its runtime calls nothing more, until it is back',
  async (after) => {
    const { cluster, traps, crashed } = await trapped();
    traps.add({ at: 'call', after, crash: 'kubelet-node1' });
    await cluster.client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec,
    });
    await cluster.simulation.idle();
    // The sandbox, the container, its start.
    const runtime = cluster.nodes.runtime('node1');
    const states = (await runtime?.listContainers())?.map(({ state }) => state);
    expect(await runtime?.listPodSandboxes()).toHaveLength(1);
    expect(states).toEqual([[], ['CREATED'], ['RUNNING']][after - 1]);
    await cluster.advance('30s');
    expect(crashed).toEqual(['kubelet-node1']);
    const { status } = await cluster.get(Pod, 'default/web');
    // A container that was created and never started counts as a failed run.
    const restartCount = after === 2 ? 1 : 0;
    expect(status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount, ready: true }] });
  },
);

test('a lost call fails, and is retried', async () => {
  const { cluster, traps, crashed } = await trapped();
  traps.add({ at: 'call', after: 1, lost: true });
  await cluster.client.create<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec,
  });
  await cluster.advance('2m');
  expect((await cluster.get(Pod, 'default/web')).status?.phase).toBe('Running');
  expect(crashed).toEqual([]);
});

test("a test's own requests meet no trap, and a trap springs once", async () => {
  const { cluster, traps, crashed } = await trapped();
  traps.add({ at: 'write', after: 2, lost: true, actors: ['deployment-controller'], crash: 'deployment-controller' });
  const { name } = (await cluster.get(Node, 'node1')).metadata;
  await cluster.client.patch(Node, name, { type: 'merge', patch: { metadata: { labels: { seen: 'yes' } } } });
  await cluster.client.create(web);
  await cluster.settle();
  await cluster.advance('5m');
  expect(crashed).toEqual(['deployment-controller']);
});

test('traps can be removed', async () => {
  const { cluster, traps, crashed } = await trapped();
  traps.add({ at: 'write', after: 1, crash: 'deployment-controller' });
  traps.clear();
  await cluster.client.create(web);
  await cluster.settle();
  expect(crashed).toEqual([]);
  expect(() => traps.add({ at: 'call', after: 0 })).toThrow(RangeError);
});
