import { ConfigMap, Deployment, type Kind, Pod, Service } from '@orrery/api';
import { type SimulatedCluster, simulate } from '@orrery/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import website from './plugin.ts';
import { Website } from './website.ts';

/** The whole cluster in virtual time: API server, scheduler, kubelets, the built-in controllers, and ours. */
let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = await simulate({ nodes: 2, plugins: [website] });
});

afterEach(async () => {
  await cluster.close();
});

const site = (html: string, replicas = 2) => `
apiVersion: demo.orrery.dev/v1
kind: Website
metadata: { name: hello, namespace: default }
spec: { replicas: ${replicas}, html: "${html}" }
`;

const key = { namespace: 'default', name: 'hello' };
const status = async () => (await cluster.client.get(Website, key)).status;
const pods = async () => (await cluster.client.list(Pod, { labelSelector: 'website=hello' })).items;
const page = async (url = 'http://hello.default') => {
  const { stdout } = await cluster.exec('default/visitor', ['wget', '-q', '-O', '-', url]);
  return stdout;
};

/** A Pod to ask from. */
const visitor = `
apiVersion: v1
kind: Pod
metadata: { name: visitor, namespace: default }
spec: { containers: [{ name: shell, image: busybox, command: ["sleep", "1d"] }] }
`;

test('a website is served by its Pods', async () => {
  await cluster.apply(site('Hello!'));
  await cluster.apply(visitor);
  await cluster.advance('10s');
  expect((await pods()).map(({ status }) => status?.phase)).toEqual(['Running', 'Running']);
  for (const pod of await pods()) expect(await page(`http://${pod.status?.podIP}`)).toBe('Hello!');
  expect(await page((await status())?.url)).toBe('Hello!');
});

test('a changed page reaches the visitors, and no web server is restarted for it', async () => {
  await cluster.apply(site('Hello!'));
  await cluster.apply(visitor);
  await cluster.advance('10s');
  const before = (await pods()).map(({ metadata }) => metadata.uid);
  await cluster.apply(site('Nice to see you.'));
  await cluster.advance('2m');
  expect(await page()).toBe('Nice to see you.');
  expect((await pods()).map(({ metadata }) => metadata.uid)).toEqual(before);
});

describe('the status', () => {
  const ready = async () => (await status())?.conditions?.find(({ type }) => type === 'Ready');

  test('is not Ready while an image is missing, and says how many servers are', async () => {
    await cluster.apply(site('Hello!').replace('replicas: 2', 'replicas: 2, image: "nowhere.example/nothing"'));
    await cluster.advance('10s');
    expect(await status()).toMatchObject({ readyReplicas: 0, observedGeneration: 1 });
    expect(await ready()).toMatchObject({ status: 'False', message: '0 of 2 web servers are ready' });
  });

  test('becomes Ready as the Pods do, and follows when a node is lost', async () => {
    await cluster.apply(site('Hello!', 4));
    await cluster.advance('10s');
    expect(await ready()).toMatchObject({ status: 'True', reason: 'Serving' });
    await cluster.nodes.stop('node1');
    await cluster.advance('1m');
    expect(await ready()).toMatchObject({ status: 'False', message: '2 of 4 web servers are ready' });
    await cluster.advance('10m');
    expect(await ready()).toMatchObject({ status: 'True' });
  });
});

test('scaling the website scales its Deployment, and a change to the Deployment is undone', async () => {
  await cluster.apply(site('Hello!'));
  await cluster.settle();
  await cluster.client.patch(Website, key, { type: 'merge', patch: { spec: { replicas: 5 } } });
  await cluster.settle();
  expect((await cluster.client.get(Deployment, key)).spec.replicas).toBe(5);
  await cluster.client.patch(Deployment, key, { type: 'merge', patch: { spec: { replicas: 1 } } });
  await cluster.settle();
  expect((await cluster.client.get(Deployment, key)).spec.replicas).toBe(5);
});

test('all that a website was made of goes with it', async () => {
  await cluster.apply(site('Hello!'));
  await cluster.advance('10s');
  await cluster.client.delete(Website, key);
  await cluster.advance('1m');
  const kinds: readonly Kind[] = [Website, Deployment, Service, ConfigMap];
  for (const kind of kinds) {
    const { items } = await cluster.client.list(kind, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('hello');
  }
  expect(await pods()).toEqual([]);
});

test('a website without a page is refused', async () => {
  await expect(cluster.apply(site(''))).rejects.toThrow('spec.html in body should be at least 1 chars long');
});

test('every seed leads to the same end, whatever the order in which the loops act', async () => {
  for (let seed = 2; seed < 10; seed++) {
    const other = await simulate({ seed, nodes: 2, plugins: [website] });
    await other.apply(site('Hello!'));
    await other.advance('10s');
    expect((await other.client.get(Website, key)).status?.readyReplicas, `seed ${seed}`).toBe(2);
    await other.close();
  }
});
