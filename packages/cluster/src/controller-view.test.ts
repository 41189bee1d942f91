import { ConfigMap, defineKind, type ObjectOf, Secret, schema } from '@orrery/api';
import {
  type Controller,
  createSimulation,
  defineController,
  defineIndex,
  definePlugin,
  type ReconcileContext,
} from '@orrery/core';
import { expect, test } from 'vitest';
import { createCluster } from './create-cluster.ts';

const Website = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Website',
  schema: schema.object({ spec: schema.object({ html: schema.string() }).optional() }),
});
type Website = ObjectOf<typeof Website>;

/** The errors of a cluster's controllers in the second after a Website is created. */
async function run(...controllers: readonly Controller[]): Promise<readonly string[]> {
  const simulation = createSimulation();
  const failures: string[] = [];
  simulation.environment.inspector.events.subscribe((event) => {
    if (event.type === 'failed') failures.push(event.error);
  });
  const plugin = definePlugin({ name: 'sites', kinds: [Website], controllers });
  const cluster = await createCluster({ environment: simulation.environment, nodes: 1, plugins: [plugin] });
  const metadata = { name: 'a', namespace: 'default' };
  const page: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { kind: 'Page', owner: 'a' } };
  await cluster.apply(page);
  await simulation.settle();
  await cluster.apply({ apiVersion: 'demo.orrery.dev/v1', kind: 'Website', metadata });
  await simulation.advance('1s');
  await cluster.close();
  return failures;
}

function site(name: string, reconcile: (context: ReconcileContext) => void, more: object = {}): Controller {
  return defineController<Website>({ name, for: Website, ...more, reconcile: (_, context) => reconcile(context) });
}

test('a plugin that declares only Website cannot list Secrets, which built-in controllers have watched', async () => {
  const failures = await run(site('website-controller', ({ cache }) => cache.list(Secret)));
  expect(new Set(failures)).toEqual(
    new Set(['website-controller reads v1/Secret, which it does not declare: add Secret to reads']),
  );
});

test('declaring the kind in the field that the error names fixes it', async () => {
  expect(await run(site('website-controller', ({ cache }) => cache.list(Secret), { reads: [Secret] }))).toEqual([]);
});

test('indexes of two plugins over one kind never collide', async () => {
  const byKind = defineIndex(ConfigMap, ({ data }) => (data?.kind === undefined ? [] : [data.kind]));
  const byOwner = defineIndex(ConfigMap, ({ data }) => (data?.owner === undefined ? [] : [data.owner]));
  const found: { [controller: string]: readonly number[] } = {};
  const count = (name: string, index: typeof byKind) =>
    site(
      name,
      ({ cache }) => {
        found[name] = ['Page', 'a'].map((value) => cache.list(index.at(value)).length);
      },
      { reads: [ConfigMap], indexes: [index] },
    );
  expect(await run(count('one', byKind), count('two', byOwner))).toEqual([]);
  expect(found).toEqual({ one: [1, 0], two: [0, 1] });
});
