import { beforeEach, describe, expect, test } from 'vitest';
import type { ContainerUsage, NodeUsage } from '../runtime.ts';
import { createFixture, type Fixture } from './sim.fixture.ts';

let fixture: Fixture;
let sandbox: string;

beforeEach(async () => {
  fixture = createFixture();
  sandbox = await fixture.sandbox('web');
});

const script = (text: string) => ({ command: ['sh', '-c', text] });
const node = (): NodeUsage => ({ ...(fixture.runtime.nodeUsage?.() as NodeUsage) });
const of = (id: string) => fixture.runtime.containerUsage?.(id) as ContainerUsage;
/** What a step adds to what is used of the node. */
async function added(step: () => Promise<unknown>): Promise<NodeUsage> {
  const before = node();
  await step();
  const after = node();
  return {
    memoryBytes: after.memoryBytes - before.memoryBytes,
    storageBytes: after.storageBytes - before.storageBytes,
    inodes: after.inodes - before.inodes,
    processes: after.processes - before.processes,
  };
}

describe('node usage', () => {
  test('memory: held by processes until they end', async () => {
    const before = node().memoryBytes;
    const id = await fixture.container(sandbox, 'polinux/stress', {
      command: ['stress', '--vm', '2', '--vm-bytes', '10M'],
    });
    await fixture.simulation.idle();
    expect(of(id).memoryBytes).toBe(20 * 1024 ** 2);
    expect(node().memoryBytes - before).toBe(20 * 1024 ** 2);
    await fixture.runtime.stopContainer(id, 0);
    expect(node().memoryBytes).toBe(before);
  });

  test('storage: images', async () => {
    const { storageBytes } = await added(() => fixture.runtime.pullImage('busybox'));
    const [image] = await fixture.runtime.listImages();
    expect(storageBytes).toBe(image?.sizeBytes);
    expect((await added(() => fixture.runtime.pullImage('busybox'))).storageBytes).toBe(0);
    expect((await added(async () => fixture.runtime.removeImage?.(image?.imageRef ?? ''))).storageBytes).toBe(
      -storageBytes,
    );
    expect(await fixture.runtime.listImages()).toEqual([]);
  });

  test('storage and inodes: only the container’s own layer counts, not its image', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('sleep 1d'));
    const before = of(id);
    const grown = await added(() => fixture.run(id, 'head -c 1000 /dev/zero > /tmp/a; head -c 500 /dev/zero > /tmp/b'));
    expect(grown).toMatchObject({ storageBytes: 1500, memoryBytes: 0 });
    expect(of(id).writableLayerBytes - before.writableLayerBytes).toBe(1500);
    expect(before.writableLayerBytes).toBeLessThan(100);
    const shrunk = await added(() => fixture.run(id, 'rm /tmp/a /tmp/b'));
    expect(shrunk).toMatchObject({ storageBytes: -1500, inodes: -2 });
    await fixture.run(id, 'head -c 1000 /dev/zero > /tmp/a');
    expect((await added(() => fixture.runtime.removeContainer(id))).storageBytes).toBeLessThanOrEqual(-1000);
  });

  test('storage: files of the node, among them volumes', async () => {
    const { files } = fixture.runtime;
    const grown = await added(async () => files.writeFile('/var/lib/kubelet/file', new Uint8Array(300)));
    expect(grown).toMatchObject({ storageBytes: 300, inodes: 1 });
    const mount = { containerPath: '/data', hostPath: '/data', readonly: false, propagation: 'PRIVATE' as const };
    const id = await fixture.container(sandbox, 'busybox', { ...script('sleep 1d'), mounts: [mount] });
    const before = of(id).writableLayerBytes;
    expect((await added(() => fixture.run(id, 'head -c 700 /dev/zero > /data/a'))).storageBytes).toBe(700);
    expect(of(id).writableLayerBytes).toBe(before);
  });

  test('storage: logs, until their container is removed', async () => {
    const id = await fixture.container(sandbox, 'busybox', script('sleep 1; yes 123456789 | head -n 1000'));
    const grown = await added(() => fixture.simulation.advance('5s'));
    expect(of(id).logBytes).toBeGreaterThanOrEqual(10_000);
    expect(grown.storageBytes).toBe(of(id).logBytes);
    await fixture.runtime.removeContainer(id);
    expect(node().storageBytes).toBeLessThan(10_000 + ((await fixture.runtime.listImages())[0]?.sizeBytes ?? 0));
  });

  test('processes: all that run on it', async () => {
    let id = '';
    const grown = await added(async () => {
      id = await fixture.container(sandbox, 'busybox', script('sleep 1d & sleep 1d & wait'));
      await fixture.simulation.settle();
    });
    expect(grown.processes).toBe(3);
    expect(of(id).processes).toBe(3);
  });

  test('a removed container uses nothing and is unknown', () => {
    expect(() => of('none')).toThrow('not found');
  });
});
