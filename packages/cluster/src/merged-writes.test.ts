import { Deployment, type Service } from '@orrery/api';
import { createEnvironment } from '@orrery/core';
import { type ClientRequest, interceptClient, type Link } from '@orrery/core/assembly';
import { evenTurns } from '@orrery/core/fixtures';
import { filter, firstValueFrom } from 'rxjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCluster } from './create-cluster.ts';

const replicas = 300;

/** Writes by actor and what was written: `deployment-controller update apps/v1/Deployment status`. */
const writes = new Map<string, number>();

const link: Link = (client, actor) =>
  interceptClient(client, {
    request: ({ verb, kind, subresource }: ClientRequest, send) => {
      const who = actor.replace(/-node\d+$/, '');
      const what = `${who} ${verb} ${kind}${subresource === '' ? '' : ` ${subresource}`}`;
      writes.set(what, (writes.get(what) ?? 0) + 1);
      return send();
    },
    watch: (_, open) => open(),
  });

/** A Deployment of 300 Pods behind a Service, on the real clock, until all are available. */
beforeAll(async () => {
  const environment = { ...createEnvironment({ seed: 1 }), work: evenTurns() };
  await using running = new AsyncDisposableStack();
  const cluster = await createCluster({ nodes: 5, environment, link });
  running.defer(() => cluster.close());
  const app = { app: 'web' };
  await cluster.client.create<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: app, ports: [{ port: 80 }] },
  });
  writes.clear();
  await cluster.client.create<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: app },
      template: { metadata: { labels: app }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  });
  const states = cluster.client.watch(Deployment, { namespace: 'default', sendInitialEvents: true });
  const isDone = filter(
    (event: { readonly type: string; readonly object?: { readonly status?: Deployment['status'] } }) =>
      event.type !== 'BOOKMARK' && event.object?.status?.availableReplicas === replicas,
  );
  await firstValueFrom(states.pipe(isDone));
});

describe(`a burst of ${replicas} Pods`, () => {
  test.each([
    'deployment-controller update apps/v1/Deployment status',
    'replicaset-controller update apps/v1/ReplicaSet status',
    'endpoint-controller update v1/Endpoints',
    'endpointslice-controller update discovery.k8s.io/v1/EndpointSlice',
  ])('is summed up in few writes: %s', (what) => {
    expect(writes.get(what)).toBeGreaterThan(0);
    expect(writes.get(what)).toBeLessThan(replicas / 5);
  });

  test('has each Pod created and bound once, and its status written when it starts and when it runs', () => {
    expect(writes.get('replicaset-controller create v1/Pod')).toBe(replicas);
    expect(writes.get('default-scheduler create v1/Pod binding')).toBe(replicas);
    const statuses = writes.get('kubelet update v1/Pod status');
    expect(statuses).toBeGreaterThanOrEqual(2 * replicas);
    expect(statuses).toBeLessThan(3 * replicas);
  });
});
