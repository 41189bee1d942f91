import { ConfigMap, type Kind, Namespace, Pod, Secret, type Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { createSimulation } from '../clock/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { defineController } from '../define-controller.ts';
import { defineIndex, ownedBy } from '../define-index.ts';
import type { Inspection } from '../inspection.ts';
import { createManager, type ManagerOptions } from '../manager/manager.ts';
import { openTestServer } from '../server.fixture.ts';
import { createCache } from './watching-cache.ts';

const values = ({ metadata }: Stored) => [metadata.name];
const byName = defineIndex(Pod, values);
const other = defineIndex(Pod, values);

/** Runs a manager in which another controller has ConfigMaps, Pods, Secrets and an index of Pods at hand. */
async function run(controllers: readonly Controller[], options: Partial<ManagerOptions> = {}) {
  const simulation = createSimulation();
  const { environment } = simulation;
  const server = await openTestServer(environment);
  const failed: string[] = [];
  environment.inspector.events.subscribe((event: Inspection) => event.type === 'failed' && failed.push(event.error));
  await server.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
  const manager = createManager({ environment, clientFor: () => server.client, ...options });
  const everything = { kinds: [ConfigMap, Pod, Secret], indexes: [other] };
  await manager.add({ name: 'everything', ...everything, start: () => undefined });
  for (const controller of controllers) await manager.add(controller);
  await manager.start();
  await simulation.advance(1);
  return { manager, failed, server, simulation };
}

/** The context that a controller by hand gets. */
async function contextOf(declared: Partial<Controller>, options?: Partial<ManagerOptions>): Promise<ControllerContext> {
  const { promise, resolve } = Promise.withResolvers<ControllerContext>();
  await run([{ name: 'nosy', kinds: [ConfigMap, Pod], ...declared, start: resolve }], options);
  return promise;
}

const undeclared = 'nosy reads v1/Secret, which it does not declare: add Secret to kinds';

describe('a controller sees only what it declared, whatever others have at hand', () => {
  test('get, list, changes and sync of another kind name the controller, the kind and the field to add', async () => {
    const { cache } = await contextOf({});
    expect(cache.list(ConfigMap)).toHaveLength(1);
    expect(() => cache.get(Secret, 'default/a')).toThrow(undeclared);
    expect(() => cache.list(Secret)).toThrow(undeclared);
    expect(() => cache.list(ownedBy(Secret, 'uid'))).toThrow(undeclared);
    expect(() => cache.changes(Secret)).toThrow(undeclared);
    await expect(cache.sync(ConfigMap, Secret)).rejects.toThrow(undeclared);
  });

  test('another value of a declared kind is the same kind', async () => {
    const { cache } = await contextOf({});
    const again: Kind<ConfigMap> = { ...ConfigMap };
    expect(cache.get(again, 'default/a')).toBe(cache.get(ConfigMap, 'default/a'));
  });

  test('an index must be declared, those by namespace and owner need not be', async () => {
    const { cache } = await contextOf({ indexes: [byName] });
    expect(cache.list(byName.at('a'))).toEqual([]);
    expect(cache.list(ownedBy(Pod, 'uid'))).toEqual([]);
    expect(cache.list(ConfigMap, { namespace: 'default' })).toHaveLength(1);
    expect(() => cache.list(other.at('a'))).toThrow(
      'nosy reads an index of v1/Pod, which it does not declare: add it to indexes',
    );
  });

  test('a controller that says any may read every kind, which it syncs itself', async () => {
    const { cache } = await contextOf({ kinds: 'any' });
    expect(cache.list(Secret)).toEqual([]);
    expect(() => cache.list(Namespace)).toThrow('has not synced v1/Namespace');
  });

  test('a cache of its own shows no more', async () => {
    const simulation = createSimulation();
    const { environment } = simulation;
    const { client } = await openTestServer(environment);
    const cacheFor = () => createCache({ client, environment, actor: 'own', indexes: [other] });
    const { cache } = await contextOf({ indexes: [byName] }, { cacheFor });
    expect(() => cache.list(Secret)).toThrow(undeclared);
    expect(() => cache.list(other.at('a'))).toThrow('add it to indexes');
    expect(cache.list(byName.at('a'))).toEqual([]);
  });
});

describe('a controller made by defineController', () => {
  const nosy = (read: (context: Pick<ControllerContext, 'cache'>) => void, more: object = {}) =>
    defineController({
      name: 'nosy',
      for: ConfigMap,
      ...more,
      reconcile: (_, context) => read(context),
    });

  test.each([
    ['reads', {}, 'nosy reads v1/Secret, which it does not declare: add Secret to reads'],
    ['nothing else', { owns: [Secret] }, undefined],
    ['nothing else', { watches: [{ kind: Secret, map: () => [] }] }, undefined],
    ['nothing else', { reads: [Secret] }, undefined],
  ])('the error says to add it to %s: %o', async (_, declared, error) => {
    const { failed } = await run([nosy(({ cache }) => cache.list(Secret), declared)]);
    expect(failed[0]).toBe(error);
  });

  test('may list by an index that it declares', async () => {
    const read = ({ cache }: Pick<ControllerContext, 'cache'>) => cache.list(byName.at('a'));
    const { failed } = await run([nosy(read, { reads: [Pod], indexes: [byName] })]);
    expect(failed).toEqual([]);
    const without = await run([nosy(read, { reads: [Pod] })]);
    expect(without.failed[0]).toContain('add it to indexes');
  });
});
