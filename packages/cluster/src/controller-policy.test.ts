import { ConfigMap, defineKind, isForbidden, type ObjectOf, type Secret, schema } from '@orrery/api';
import { createSimulation, defineController, definePlugin } from '@orrery/core';
import { expect, test } from 'vitest';
import { createCluster } from './create-cluster.ts';

const Note = defineKind({
  group: 'demo.orrery.dev',
  version: 'v1',
  kind: 'Note',
  schema: schema.object({ status: schema.object({ seen: schema.boolean() }) }),
  subresources: { status: true },
});
type Note = ObjectOf<typeof Note>;

test("a plugin's controller may do what its kinds and rules say, and nothing else", async () => {
  const simulation = createSimulation();
  const outcomes = new Map<string, string>();
  const controller = defineController({
    name: 'note-controller',
    for: Note,
    owns: [ConfigMap],
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    async reconcile(note, { client }) {
      const attempt = async (what: string, call: () => Promise<unknown>) => {
        if (outcomes.has(what)) return;
        const outcome = await call().then(
          () => 'allowed',
          (error: unknown) => (isForbidden(error) ? (error as Error).message : String(error)),
        );
        outcomes.set(what, outcome);
      };
      const metadata = { name: note.metadata.name, namespace: 'default' };
      await attempt('create what it owns', () =>
        client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata }),
      );
      await attempt('write its status', () => client.updateStatus<Note>({ ...note, status: { seen: true } }));
      await attempt('create another kind', () => client.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata }));
      await attempt('delete its own object', () => client.delete(Note, metadata));
    },
  });
  const plugin = definePlugin({ name: 'notes', kinds: [Note], controllers: [controller] });
  const cluster = await createCluster({ environment: simulation.environment, nodes: 0, plugins: [plugin] });
  await cluster.apply({
    apiVersion: 'demo.orrery.dev/v1',
    kind: 'Note',
    metadata: { name: 'a', namespace: 'default' },
  });
  await simulation.settle();
  await cluster.close();
  const account = 'User "system:serviceaccount:kube-system:note-controller"';
  expect([...outcomes]).toEqual([
    ['create what it owns', 'allowed'],
    ['write its status', 'allowed'],
    [
      'create another kind',
      expect.stringContaining(`${account} cannot create resource "secrets" in API group "" in the namespace "default"`),
    ],
    [
      'delete its own object',
      `notes.demo.orrery.dev "a" is forbidden: ${account} cannot delete resource "notes" in API group "demo.orrery.dev" in the namespace "default"`,
    ],
  ]);
});
