import { Deployment, Node, Pod } from '@orrery/api';
import { createSimulation, definePlugin, type Inspection } from '@orrery/core';
import { interceptClient, type Link, LoopCrash } from '@orrery/core/assembly';
import { expect, onTestFinished, test } from 'vitest';
import { createCluster } from './create-cluster.ts';

async function cluster(link: Link, nodes = 1) {
  const simulation = createSimulation();
  const { environment } = simulation;
  const inspected: Inspection[] = [];
  environment.inspector.events.subscribe((event) => inspected.push(event));
  const plugin = definePlugin({
    name: 'of-ones-own',
    controllers: [{ name: 'of-ones-own', kinds: [Pod], start: () => undefined }],
  });
  const made = await createCluster({ environment, nodes, link, plugins: [plugin] });
  onTestFinished(() => made.close());
  await simulation.settle();
  return { ...made, simulation, inspected };
}

const web: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    },
  },
};

/** The actor crashes right after its first matching request has taken effect. */
function crashAfter(of: string, verb: string, kind: string): Link & { crashes(): number } {
  let crashes = 0;
  const link: Link = (client, actor) =>
    interceptClient(client, {
      request: async (request, send) => {
        const answer = await send();
        if (crashes > 0 || actor !== of || request.verb !== verb || request.kind !== kind) return answer;
        crashes++;
        throw new LoopCrash('killed');
      },
      watch: (_, open) => open(),
    });
  return Object.assign(link, { crashes: () => crashes });
}

test('a link wraps the client of every loop, under a stable name', async () => {
  const actors: string[] = [];
  await cluster((client, actor) => {
    actors.push(actor);
    return client;
  }, 2);
  const own = actors.filter((actor) => !actor.endsWith(' events') && !actor.endsWith(' cache'));
  expect(own.toSorted()).toEqual([
    'cronjob-controller',
    'daemonset-controller',
    'default-scheduler',
    'deployment-controller',
    'disruption-controller',
    'endpoint-controller',
    'endpointslice-controller',
    'generic-garbage-collector',
    'job-controller',
    'kubelet-node1',
    'kubelet-node2',
    'namespace-controller',
    'node-controller',
    'node-ipam-controller',
    'node-power',
    'of-ones-own',
    'pod-garbage-collector',
    'replicaset-controller',
    'replication-controller',
    'resourcequota-controller',
    'root-ca-cert-publisher',
    'secret-projector-node1',
    'secret-projector-node2',
    'service-account-controller',
    'service-proxy',
    'statefulset-controller',
    'taint-eviction-controller',
    'tokens-controller',
    'ttl-after-finished-controller',
  ]);
  expect(actors.filter((actor) => actor.endsWith(' cache'))).toEqual([
    'controller-manager cache',
    'kubelet-node1 cache',
    'kubelet-node2 cache',
  ]);
  expect(actors.filter((actor) => actor.endsWith(' events')).toSorted()).toEqual(
    own.map((actor) => `${actor} events`).toSorted(),
  );
});

test('all requests of loops pass through links, and those of users and tests never do', async () => {
  const linked = new Map<string, number>();
  const count = (actor: string) => void linked.set(actor, (linked.get(actor) ?? 0) + 1);
  const { client, simulation, inspected } = await cluster((inner, actor) =>
    interceptClient(inner, {
      request: (_, send) => {
        count(actor);
        return send();
      },
      watch: (_, open) => {
        count(actor);
        return open();
      },
    }),
  );
  await client.create(web);
  await simulation.settle();
  const seen = new Map<string, number>();
  for (const { type, actor } of inspected)
    if (type === 'read' || type === 'wrote') seen.set(actor, (seen.get(actor) ?? 0) + 1);
  expect(linked).toEqual(seen);
  expect(linked.get('kubelet-node1')).toBeGreaterThan(4);
});

test('a controller that crashes right after a write sees it after the restart, and does not repeat it', async () => {
  const link = crashAfter('deployment-controller', 'create', 'apps/v1/ReplicaSet');
  const { client, simulation, inspected } = await cluster(link);
  await client.create(web);
  await simulation.settle();
  expect(link.crashes()).toBe(1);
  expect((await client.get(Deployment, 'default/web')).status?.availableReplicas).toBe(2);
  const made = inspected.filter(
    (event) => event.type === 'wrote' && event.kind === 'apps/v1/ReplicaSet' && event.verb === 'create',
  );
  expect(made).toMatchObject([{ error: 'killed' }]);
});

test("a kubelet's crash ends its node's whole process, which restarts while the containers keep running", async () => {
  const link = crashAfter('kubelet-node1', 'update', 'v1/Pod');
  const { client, simulation, nodes, environment } = await cluster(link);
  const before = environment.clock.now();
  await client.create(web);
  await simulation.settle();
  expect(link.crashes()).toBe(1);
  expect(environment.clock.now() - before).toBe(10_000);
  const { items } = await client.list(Pod, { namespace: 'default' });
  expect(items.map(({ status }) => status?.containerStatuses?.[0]?.restartCount)).toEqual([0, 0]);
  expect((await client.get(Node, 'node1')).status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'True' }),
  );
  expect(nodes.find('node1')).toBeDefined();
});

test('a machine that is switched off after its kubelet has crashed stays off', async () => {
  const link = crashAfter('kubelet-node1', 'update', 'v1/Pod');
  const { client, simulation, nodes } = await cluster(link);
  await client.create(web);
  await simulation.idle();
  expect(link.crashes()).toBe(1);
  await nodes.stop('node1');
  await simulation.advance('1m');
  expect(nodes.running('node1')).toBe(false);
});
