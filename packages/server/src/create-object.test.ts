import {
  ConfigMap,
  type Deployment,
  type Kind,
  type KubernetesObject,
  type Namespace,
  type Node,
  type Pod,
} from '@orrery/api';
import { describe, expect, it } from 'vitest';
import type { AdmissionPlugin } from './admission/admission-plugin.ts';
import { configMapNamed, deployment, podNamed, refusal, type TestApi, testApi } from './api.fixture.ts';

const key = (name: string) => ({ namespace: 'default', name });
describe('create', () => {
  it('sets the fields that only the server sets, and drops what a client sent for them', async () => {
    const { admin } = await testApi();
    const made = await admin.create(
      configMapNamed('c', '1', {
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        generation: 7,
        selfLink: '/x',
      }),
    );
    const { managedFields: _, ...metadata } = made.metadata;
    expect(metadata).toEqual({
      name: 'c',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '1',
    });
    expect(Object.isFrozen(made)).toBe(true);
  });

  it('refuses a resourceVersion with 500 and no reason', async () => {
    const { admin } = await testApi();
    expect(await refusal(admin.create(configMapNamed('c', '1', { resourceVersion: '5' })))).toMatchObject({
      code: 500,
      reason: '',
      message: 'resourceVersion should not be set on objects to be created',
    });
    await admin.create(configMapNamed('c', '1', { resourceVersion: '0' }));
  });

  it('refuses a name that is in use, and reports if its object is being deleted', async () => {
    const { admin } = await testApi();
    await admin.create(configMapNamed('c', '1', { finalizers: ['a/b'] }));
    expect(await refusal(admin.create(configMapNamed('c')))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "c" already exists',
    });
    await admin.delete(ConfigMap, key('c'));
    expect((await refusal(admin.create(configMapNamed('c')))).message).toBe(
      'object is being deleted: configmaps "c" already exists',
    );
  });

  it('refuses a body for another namespace than that of the request', async () => {
    const { server, scope } = await testApi();
    const request = server.create(scope(ConfigMap as Kind, 'c', { namespace: 'other' }), configMapNamed('c'), {});
    expect(await refusal(request)).toMatchObject({
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    });
  });

  it('refuses an invalid object with 422 and one cause per fault, and stores nothing', async () => {
    const { admin, store } = await testApi();
    const faulty = await refusal(admin.create(podNamed('UPPER', {}, { containers: [{ name: 'main' }] })));
    expect(faulty).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(faulty.causes.map(({ field }) => field)).toEqual(['metadata.name', 'spec.containers[0].image']);
    expect(store.revision).toBe(0);
  });

  it('drops the status of kinds whose status is a subresource; a Pod is Pending, with its QoS class', async () => {
    const { admin } = await testApi();
    const pod = await admin.create({ ...podNamed('p'), status: { phase: 'Running', podIP: '1.2.3.4' } } as Pod);
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    const made = await admin.create({ ...deployment(), status: { replicas: 3 } } as Deployment);
    expect(made.status).toEqual({});
  });

  it('keeps the status that a node registers itself with', async () => {
    const { admin } = await testApi();
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity: { cpu: '1' } } };
    expect((await admin.create(node as unknown as Node)).status?.capacity).toEqual({ cpu: '1' });
  });

  it("sets a namespace's finalizer, phase and name label", async () => {
    const { admin } = await testApi();
    const made = await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace);
    expect(made).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('marks a Pod with scheduling gates as gated, until the last gate goes', async () => {
    const { admin } = await testApi();
    const pod = await admin.create(podNamed('p', {}, { schedulingGates: [{ name: 'a/b' }] }));
    expect(pod.status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
    ]);
    const free = await admin.update({ ...pod, spec: { ...pod.spec, schedulingGates: [] } });
    expect(free.status?.conditions ?? []).toEqual([]);
  });

  it('warns about duplicate owners, and keeps each once', async () => {
    const { server, scope, warnings } = await testApi();
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
    const body = configMapNamed('c', '1', { ownerReferences: [owner, { ...owner, uid: 'v' }, { ...owner }] });
    const { object } = await server.create(scope(ConfigMap as Kind, 'c'), body, {});
    expect(object.metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual(['u', 'v']);
    expect(warnings).toEqual([expect.stringContaining('duplicate UID(s) observed: u')]);
  });

  it('generates a name from generateName: 58 bytes of it and five characters', async () => {
    const { admin } = await testApi();
    const made = await admin.create(configMapNamed('', '1', { generateName: `${'x'.repeat(60)}-` }));
    expect(made.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect((await admin.create(configMapNamed('kept', '1', { generateName: 'x-' }))).metadata.name).toBe('kept');
  });

  it('tries eight generated names, then fails with a hint to retry', async () => {
    const { admin, sim } = await testApi();
    let asked = 0;
    Object.assign(sim.environment, {
      random: { ...randomOf(sim), nameSuffix: () => (asked++ < 8 ? 'aaaaa' : 'bbbbb') },
    });
    await admin.create(configMapNamed('', '1', { generateName: 'x-' }));
    asked = 0;
    expect(await refusal(admin.create(configMapNamed('', '1', { generateName: 'x-' })))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "x-aaaaa" already exists, the server was not able to generate a unique name for the object',
      status: { details: { retryAfterSeconds: 1 } },
    });
    asked = 1;
    expect((await admin.create(configMapNamed('', '1', { generateName: 'x-' }))).metadata.name).toBe('x-bbbbb');
  });

  it('as a dry run does everything but store', async () => {
    const { admin, store } = await testApi();
    const made = await admin.create(configMapNamed('c'), { dryRun: true });
    expect(made.metadata).toMatchObject({ name: 'c', uid: expect.any(String) });
    expect(store.revision).toBe(0);
    await admin.create(configMapNamed('c'));
    expect((await refusal(admin.create(configMapNamed('c'), { dryRun: true }))).reason).toBe('AlreadyExists');
  });

  it('goes through admission: changed by mutation before its name is generated, refused by validation', async () => {
    const names: string[] = [];
    const plugin: AdmissionPlugin = {
      name: 'Test',
      mutate: ({ object, name }) => {
        names.push(name);
        return { ...object, data: { value: 'changed' } } as KubernetesObject;
      },
      validate: ({ name, object }) => {
        names.push(name);
        if (object?.metadata?.uid === undefined) throw new Error('no uid yet');
      },
    };
    const { admin } = await testApi({ admission: [plugin] });
    const made = await admin.create(configMapNamed('', '1', { generateName: 'x-' }));
    expect(made).toMatchObject({ data: { value: 'changed' } });
    expect(names).toEqual(['', made.metadata.name]);
  });
});

function randomOf(sim: TestApi['sim']) {
  const { random } = sim.environment;
  return {
    uuid: () => random.uuid(),
    integer: (n: number) => random.integer(n),
    fork: (name: string) => random.fork(name),
  };
}
