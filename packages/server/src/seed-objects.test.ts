import { deepFreeze, type KubernetesObject, Namespace } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { refusal, type TestApi, testApi } from './api.fixture.ts';
import { aggregatedSeeds, bootstrapPolicy, systemPriorityClasses } from './index.ts';

const fieldManager = 'kube-apiserver';
const namespaces = ['default', 'kube-system'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
}));
const bodies: readonly KubernetesObject[] = deepFreeze([...namespaces, ...systemPriorityClasses, ...bootstrapPolicy()]);

/** All that is stored, without what differs from one create to the next. */
function stored({ stored, server }: TestApi): readonly KubernetesObject[] {
  const all = new Set(bodies.map(({ apiVersion = '', kind = '' }) => server.kinds.byKind(apiVersion, kind)));
  return [...all].flatMap((kind) =>
    stored(kind as typeof Namespace).map(({ metadata: { uid, ...metadata }, ...object }) => ({ ...object, metadata })),
  );
}

function withoutRevision(object: KubernetesObject): KubernetesObject {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

describe('seeds', () => {
  it('become the objects that creates make of them, in this process and again in the next cluster', async () => {
    const created = await testApi();
    for (const body of bodies) await created.admin.create(body, { fieldManager });
    await created.sim.settle();
    for (let cluster = 0; cluster < 2; cluster++) {
      const seeded = await testApi();
      await seeded.server.seed(bodies, { fieldManager });
      await seeded.sim.settle();
      expect(stored(seeded)).toEqual(stored(created));
    }
  });

  it('can be what a controller makes of them, so that it has nothing to write', async () => {
    const aggregated = await testApi();
    await aggregated.server.seed(bodies, { fieldManager });
    await aggregated.sim.settle();
    const own = deepFreeze(structuredClone(bodies));
    for (let cluster = 0; cluster < 2; cluster++) {
      const seeded = await testApi();
      await seeded.server.seed(own, { fieldManager, next: aggregatedSeeds(bootstrapPolicy()) });
      const { revision } = seeded.store;
      await seeded.sim.settle();
      expect(seeded.store.revision).toBe(revision);
      expect(stored(seeded).map(withoutRevision)).toEqual(stored(aggregated).map(withoutRevision));
    }
  });

  it('have uids of their own, and the time of their cluster', async () => {
    const first = await testApi();
    await first.server.seed(bodies, { fieldManager });
    const second = await testApi();
    await second.sim.advance('1h');
    await second.server.seed(bodies, { fieldManager });
    const uids = second.stored(Namespace).map(({ metadata }) => metadata.uid);
    expect(new Set(uids).size).toBe(2);
    const [space] = second.stored(Namespace);
    expect(space?.metadata.creationTimestamp).toBe('2026-01-01T01:00:00Z');
    expect(space?.metadata.managedFields?.[0]?.time).toBe('2026-01-01T01:00:00Z');
  });

  it('leave what is there as it is', async () => {
    const { server, admin } = await testApi();
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: { own: 'yes' } } };
    const made = await admin.create(body);
    await server.seed(bodies, { fieldManager });
    expect(await admin.get(Namespace, 'default')).toEqual(made);
  });

  it('pass admission, which may change or refuse them', async () => {
    const labelled = await testApi({
      admission: [
        {
          name: 'labels',
          matches: ({ kind }) => kind.kind === 'Namespace',
          mutate: ({ object }) => ({
            ...(object as KubernetesObject),
            metadata: { ...object?.metadata, labels: { tier: 'a' } },
          }),
        },
      ],
    });
    await labelled.server.seed(bodies, { fieldManager });
    expect((await labelled.admin.get(Namespace, 'default')).metadata.labels).toMatchObject({ tier: 'a' });
    const refusing = await testApi({
      admission: [
        {
          name: 'no',
          validate: () => {
            throw new Error('no seeds here');
          },
        },
      ],
    });
    await expect(refusing.server.seed(bodies, { fieldManager })).rejects.toThrow('no seeds here');
    const unlabelled = await testApi();
    await unlabelled.server.seed(bodies, { fieldManager });
    expect((await unlabelled.admin.get(Namespace, 'default')).metadata.labels).not.toHaveProperty('tier');
  });

  it('are checked as creates are', async () => {
    const { server } = await testApi();
    const named = (name: string) => [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }];
    expect(await refusal(server.seed(named('No Name'), {}))).toMatchObject({ code: 422, reason: 'Invalid' });
    const unknown = [{ apiVersion: 'v1', kind: 'Nothing', metadata: { name: 'a' } }];
    expect(await refusal(server.seed(unknown, {}))).toMatchObject({ code: 400 });
  });
});
