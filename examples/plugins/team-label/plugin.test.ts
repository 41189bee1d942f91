import { Deployment, isForbidden, Pod } from '@orrery/api';
import { type SimulatedCluster, simulate } from '@orrery/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import plugin from './plugin.ts';

let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = await simulate({ nodes: 1, plugins: [plugin] });
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'storefront' } } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'attic' } },
  ]);
  await cluster.settle();
});

afterEach(async () => {
  await cluster.close();
});

const pod = (namespace: string, labels: { [key: string]: string } = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'box', namespace, labels },
  spec: { containers: [{ name: 'box', image: 'nginx' }] },
});

test("a Pod without a team gets its namespace's, beside its other labels", async () => {
  const created = await cluster.client.create(pod('shop', { size: 'small' }));
  expect(created.metadata.labels).toEqual({ size: 'small', team: 'storefront' });
});

test("a Pod's own team is kept", async () => {
  const created = await cluster.client.create(pod('shop', { team: 'movers' }));
  expect(created.metadata.labels).toEqual({ team: 'movers' });
});

test('a Pod of nobody is refused with 403, and nothing is stored', async () => {
  const refusal = await cluster.client.create(pod('attic')).catch((error: unknown) => error);
  expect(isForbidden(refusal)).toBe(true);
  expect(String(refusal)).toBe(
    'StatusError: pods "box" is forbidden: no team: give the Pod, or the namespace attic, a label "team"',
  );
  expect((await cluster.client.list(Pod, { namespace: 'attic' })).items).toEqual([]);
});

test('the Pods of a Deployment are asked too', async () => {
  const containers = [{ name: 'box', image: 'nginx' }];
  const deployment = (namespace: string): Deployment => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'boxes', namespace },
    spec: {
      selector: { matchLabels: { app: 'boxes' } },
      template: { metadata: { labels: { app: 'boxes' } }, spec: { containers } },
    },
  });
  await cluster.apply([deployment('shop'), deployment('attic')]);
  await cluster.advance('1m');
  const status = async (namespace: string) =>
    (await cluster.client.get(Deployment, { namespace, name: 'boxes' })).status;
  expect((await status('shop'))?.readyReplicas).toBe(1);
  expect((await status('attic'))?.conditions).toContainEqual(
    expect.objectContaining({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }),
  );
});

test('what is not a new Pod passes', async () => {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'free', namespace: 'attic' } };
  await expect(cluster.client.create(config)).resolves.toBeDefined();
});
