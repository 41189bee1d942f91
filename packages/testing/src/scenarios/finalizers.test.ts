import { defineKind, isNotFound, Namespace, type ObjectOf, type Stored, schema } from '@orrery/api';
import { defineController, definePlugin } from '@orrery/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type SimulatedCluster, simulate } from '../simulate.ts';

const Bucket = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Bucket',
  schema: schema.object({ spec: schema.object({ size: schema.integer() }) }),
});
type Bucket = ObjectOf<typeof Bucket>;

const finalizer = 'demo.orrery.dev/bucket-controller';
const key = { namespace: 'default', name: 'photos' };

/** A system outside the cluster, which can be out of order. */
class World {
  readonly buckets = new Map<string, number>();
  readonly log: string[] = [];
  broken = false;

  make(bucket: Stored<Bucket>): void {
    this.log.push(`make ${bucket.metadata.name}`);
    if (!bucket.metadata.finalizers?.includes(finalizer)) this.log.push('made without a finalizer');
    if (bucket.metadata.deletionTimestamp !== undefined) this.log.push('made what is being deleted');
    this.buckets.set(bucket.metadata.uid, bucket.spec.size);
  }

  empty(bucket: Stored<Bucket>): void {
    this.log.push(`empty ${bucket.metadata.name}`);
    if (this.broken) throw new Error('the world does not answer');
    this.buckets.delete(bucket.metadata.uid);
  }
}

function bucketController(world: World) {
  return defineController({
    name: 'bucket-controller',
    for: Bucket,
    backOff: { base: '10s', max: '1m', jitter: 0.2 },
    async reconcile(bucket, { clock }) {
      await clock.sleep('1s');
      world.make(bucket);
    },
    async finalize(bucket, { clock }) {
      await clock.sleep('1s');
      world.empty(bucket);
    },
  });
}

let cluster: SimulatedCluster;

afterEach(async () => {
  await cluster.close();
});

async function start(seed: number): Promise<World> {
  const world = new World();
  const plugin = definePlugin({ name: 'buckets', kinds: [Bucket], controllers: [bucketController(world)] });
  cluster = await simulate({ seed, nodes: 1, plugins: [plugin] });
  return world;
}

const bucket = (namespace = 'default', finalizers: readonly string[] = []): Bucket => ({
  apiVersion: 'demo.orrery.dev/v1',
  kind: 'Bucket',
  metadata: { name: 'photos', namespace, finalizers },
  spec: { size: 5 },
});

const find = async (namespace = 'default') =>
  cluster.client.get(Bucket, { ...key, namespace }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });

describe.each([1, 2, 3, 4, 5])('seed %i', (seed) => {
  test('what a controller created outside is cleaned up before its object is removed, however often that fails', async () => {
    const world = await start(seed);
    await cluster.apply(bucket());
    await cluster.advance('10s');
    expect((await find())?.metadata.finalizers).toEqual([finalizer]);
    expect([...world.buckets.values()]).toEqual([5]);

    world.broken = true;
    await cluster.client.delete(Bucket, key);
    await cluster.advance('5m');
    const tries = world.log.filter((line) => line === 'empty photos').length;
    expect(tries).toBeGreaterThan(3);
    expect((await find())?.metadata.finalizers).toEqual([finalizer]);
    expect(world.buckets.size).toBe(1);

    world.broken = false;
    await cluster.advance('2m');
    expect(await find()).toBeUndefined();
    expect(world.buckets.size).toBe(0);
    expect(world.log).toEqual(['make photos', ...Array.from({ length: tries + 1 }, () => 'empty photos')]);
  });

  test('a controller that was down finalizes what was deleted meanwhile, and recreates it under another UID', async () => {
    const world = await start(seed);
    await cluster.apply(bucket());
    await cluster.advance('10s');
    await cluster.manager.remove('bucket-controller');
    await cluster.client.delete(Bucket, key);
    await cluster.advance('1h');
    expect((await find())?.metadata.deletionTimestamp).toBeDefined();
    expect(world.buckets.size).toBe(1);

    await cluster.manager.add(bucketController(world));
    await cluster.advance('10s');
    expect(await find()).toBeUndefined();
    await cluster.apply(bucket());
    await cluster.advance('10s');
    expect(world.log).toEqual(['make photos', 'empty photos', 'make photos']);
    expect([...world.buckets.keys()]).toEqual([(await find())?.metadata.uid]);
  });

  test("another controller's finalizer stays, whenever it was added", async () => {
    const world = await start(seed);
    await cluster.apply(bucket('default', ['demo.orrery.dev/first']));
    await cluster.advance('10s');
    const patch = { metadata: { finalizers: ['demo.orrery.dev/first', finalizer, 'demo.orrery.dev/last'] } };
    await cluster.client.patch(Bucket, key, { type: 'merge', patch });
    await cluster.client.delete(Bucket, key);
    await cluster.advance('1m');
    expect((await find())?.metadata.finalizers).toEqual(['demo.orrery.dev/first', 'demo.orrery.dev/last']);
    expect(world.buckets.size).toBe(0);
    expect(world.log.filter((line) => line === 'empty photos')).toHaveLength(1);
    await cluster.client.patch(Bucket, key, { type: 'merge', patch: { metadata: { finalizers: null } } });
    expect(await find()).toBeUndefined();
  });

  test('a namespace is removed when its contents are finalized', async () => {
    const world = await start(seed);
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, bucket('shop')]);
    await cluster.advance('10s');
    world.broken = true;
    await cluster.client.delete(Namespace, 'shop');
    await cluster.advance('1m');
    expect((await cluster.client.get(Namespace, 'shop')).status?.phase).toBe('Terminating');
    world.broken = false;
    await cluster.advance('5m');
    expect(world.buckets.size).toBe(0);
    await expect(cluster.client.get(Namespace, 'shop')).rejects.toThrow('not found');
  });
});
