import { ConfigMap, Deployment, Pod } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import {
  configMap,
  expectFrozen,
  namesOf,
  type OpenClient,
  pod,
  Region,
  refusal,
  revisionOf,
  Website,
} from './client-under-test.fixture.ts';

/** What `create`, `update` and `updateStatus` must hold. */
export function writesContract(name: string, open: OpenClient): void {
  describe(`${name}: create`, () => {
    it('returns what was stored, frozen, with the metadata that the server adds', async () => {
      const { client } = await open();
      const created = await client.create(configMap('c'));
      expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { value: '1' } });
      const { uid, resourceVersion, creationTimestamp, namespace } = created.metadata;
      expect(uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(resourceVersion)).toBeGreaterThan(0);
      expect(creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(namespace).toBe('default');
      expectFrozen(created);
    });

    it('puts a namespaced object without a namespace into default, and a cluster-scoped one into no namespace', async () => {
      const { client } = await open();
      const created = await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } });
      expect(created.metadata.namespace).toBe('default');
      const region = { apiVersion: 'contract.orrery.dev/v1', kind: 'Region', spec: { continent: 'Asia' } };
      await client.create({ ...region, metadata: { name: 'r' } });
      expect((await client.get(Region, 'r')).metadata.namespace).toBeUndefined();
    });

    it('generates names', async () => {
      const { client } = await open();
      const { metadata } = await client.create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { generateName: 'c-', namespace: 'default' },
      });
      expect(metadata.name).toMatch(/^c-[a-z0-9]{5}$/);
    });

    it('sets defaults', async () => {
      const { client } = await open();
      const created = await client.create(pod('p'));
      expect(created.spec).toMatchObject({ restartPolicy: 'Always', terminationGracePeriodSeconds: 30 });
    });

    it('refuses a name that is taken', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      const error = await refusal(client.create(configMap('c')));
      expect(error).toMatchObject({
        code: 409,
        reason: 'AlreadyExists',
        message: 'configmaps "c" already exists',
      });
    });

    it('refuses an invalid object, with a cause for each field', async () => {
      const { client } = await open();
      const wrong = pod('p', { containers: [{ name: 'A', image: '' }], restartPolicy: 'Sometimes' });
      const error = await refusal(client.create(wrong));
      expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
      expect(error.message).toMatch(/^Pod "p" is invalid: \[/);
      const { causes = [], ...about } = error.status.details ?? {};
      expect(about).toEqual({ name: 'p', kind: 'Pod' });
      expect(causes.map(({ field, reason }) => `${field} ${reason}`)).toEqual(
        expect.arrayContaining([
          'spec.containers[0].name FieldValueInvalid',
          'spec.containers[0].image FieldValueRequired',
          'spec.restartPolicy FieldValueNotSupported',
        ]),
      );
      for (const { message } of causes) expect(message).toBeTypeOf('string');
    });

    it('refuses an unknown kind', async () => {
      const { client } = await open();
      const object = { apiVersion: 'nowhere.example/v1', kind: 'Unheard', metadata: { name: 'x' } };
      const error = await refusal(client.create(object));
      expect(error).toMatchObject({ code: 400, reason: 'BadRequest' });
      expect(error.message).toMatch(/^no matches for kind "Unheard" in version "nowhere\.example\/v1"/);
    });

    it('runs dry', async () => {
      const { client } = await open();
      const before = await revisionOf(client);
      const answer = await client.create(configMap('c'), { dryRun: true });
      expect(answer).toMatchObject({ metadata: { name: 'c' }, data: { value: '1' } });
      expect((await refusal(client.create({ ...pod('p'), spec: {} }, { dryRun: true }))).code).toBe(422);
      expect(await revisionOf(client)).toBe(before);
    });

    it('records field managers', async () => {
      const { client } = await open();
      const { metadata } = await client.create(configMap('c'), { fieldManager: 'the-creator' });
      expect(metadata.managedFields).toMatchObject([{ manager: 'the-creator', operation: 'Update' }]);
    });

    it.each([
      ['warns by default', {}, 1],
      ['warns', { fieldValidation: 'Warn' as const }, 1],
      ['drops it silently', { fieldValidation: 'Ignore' as const }, 0],
    ])('handles an unknown field as recorded: %s', async (_, options, warned) => {
      const { client, warnings } = await open();
      const created = await client.create({ ...configMap('c'), 'cölor "\\': 'red' }, options);
      expect(Object.keys(created).sort()).toEqual(['apiVersion', 'data', 'kind', 'metadata']);
      expect(warnings).toEqual(Array.from({ length: warned }, () => `unknown field ${JSON.stringify('cölor "\\')}`));
    });

    it('refuses an unknown field when validation is strict', async () => {
      const { client, warnings } = await open();
      const error = await refusal(client.create({ ...configMap('c'), color: 'red' }, { fieldValidation: 'Strict' }));
      expect(error).toMatchObject({ code: 400, reason: 'BadRequest' });
      expect(error.message).toContain('strict decoding error: unknown field "color"');
      expect(warnings).toEqual([]);
    });

    it('keeps every character of a text', async () => {
      const { client } = await open();
      const data = { text: 'ü 日本 \u2028 "quoted" \\ \n', empty: '' };
      const created = await client.create({ ...configMap('c'), data });
      expect(created.data).toEqual(data);
      expect((await client.get(ConfigMap, 'default/c')).data).toEqual(data);
    });
  });

  describe(`${name}: update`, () => {
    it('replaces the object, and moves its revision', async () => {
      const { client } = await open();
      const created = await client.create(configMap('c', '1', { labels: { a: 'b' } }));
      const updated = await client.update({ ...configMap('c'), data: { other: '2' } });
      expect(updated).toMatchObject({ data: { other: '2' }, metadata: { uid: created.metadata.uid } });
      expect(updated.data).toEqual({ other: '2' });
      expect(updated.metadata.labels).toBeUndefined();
      expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
      expect(await client.get(ConfigMap, 'default/c')).toEqual(updated);
      expectFrozen(updated);
    });

    it('that changes nothing makes no revision', async () => {
      const { client } = await open();
      const created = await client.create(configMap('c'));
      expect((await client.update(created)).metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    });

    it('only succeeds at the revision that it names', async () => {
      const { client } = await open();
      const first = await client.create(configMap('c'));
      await client.update({ ...first, data: { value: '2' } });
      const error = await refusal(client.update({ ...first, data: { value: '3' } }));
      expect(error).toMatchObject({ code: 409, reason: 'Conflict' });
      expect(error.status.details).toMatchObject({ name: 'c', kind: 'configmaps' });
      expect((await client.get(ConfigMap, 'default/c')).data).toEqual({ value: '2' });
    });

    it('lets one of many updates of the same revision win', async () => {
      const { client } = await open();
      const first = await client.create(configMap('c'));
      const updates = ['2', '3', '4', '5'].map((value) => client.update({ ...first, data: { value } }));
      const results = await Promise.allSettled(updates);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('refuses a missing object, and a change to an immutable field', async () => {
      const { client } = await open();
      expect((await refusal(client.update(configMap('none')))).reason).toBe('NotFound');
      const created = await client.create(pod('p'));
      const changed = { ...created, spec: { ...created.spec, nodeName: 'elsewhere' } };
      expect(await refusal(client.update(changed))).toMatchObject({ code: 422, reason: 'Invalid' });
    });

    it('runs dry', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      expect((await client.update(configMap('c', '2'), { dryRun: true })).data).toEqual({ value: '2' });
      expect((await client.get(ConfigMap, 'default/c')).data).toEqual({ value: '1' });
    });

    it('removes the object with its last finalizer', async () => {
      const { client } = await open();
      await client.create(configMap('c', '1', { finalizers: ['test.dev/hold'] }));
      await client.delete(ConfigMap, 'default/c');
      const held = await client.get(ConfigMap, 'default/c');
      await client.update({ ...held, metadata: { ...held.metadata, finalizers: [] } });
      expect((await refusal(client.get(ConfigMap, 'default/c'))).reason).toBe('NotFound');
    });
  });

  describe(`${name}: updateStatus`, () => {
    it('writes the status and leaves the spec alone', async () => {
      const { client } = await open();
      const created = await client.create(pod('p'));
      await client.updateStatus({ ...created, spec: { containers: [] }, status: { phase: 'Running' } });
      const stored = await client.get(Pod, 'default/p');
      expect(stored.status?.phase).toBe('Running');
      expect(stored.spec).toEqual(created.spec);
    });

    it('keeps spec and status of a custom kind apart', async () => {
      const { client } = await open();
      const metadata = { name: 'w', namespace: 'default' };
      const site = { apiVersion: 'contract.orrery.dev/v1', kind: 'Website', metadata } as const;
      const created = await client.create({ ...site, spec: { title: 'a', servers: 2 }, status: { ready: 5 } });
      expect(created.status).toBeUndefined();
      const ready = await client.updateStatus({ ...created, spec: { title: 'x', servers: 2 }, status: { ready: 1 } });
      await client.update({ ...ready, spec: { title: 'b', servers: 2 }, status: { ready: 9 } });
      const stored = await client.get(Website, 'default/w');
      expect(stored).toMatchObject({ spec: { title: 'b' }, status: { ready: 1 } });
      expect(stored.metadata.generation).toBe(2);
    });

    it('refuses a stale revision, and kinds without a status', async () => {
      const { client } = await open();
      const first = await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
      await client.update({ ...first, metadata: { ...first.metadata, labels: { a: 'b' } } });
      expect((await refusal(client.updateStatus({ ...first, status: { phase: 'Active' } }))).reason).toBe('Conflict');
      await client.create(configMap('c'));
      expect((await refusal(client.updateStatus(configMap('c')))).code).toBe(404);
    });
  });

  describe(`${name}: concurrent writes`, () => {
    it('all succeed', async () => {
      const { client } = await open();
      const count = 100;
      await Promise.all(Array.from({ length: count }, (_, n) => client.create(configMap(`c${n}`))));
      expect((await client.list(ConfigMap)).items).toHaveLength(count);
      expect(namesOf((await client.list(Deployment)).items)).toEqual([]);
    });
  });
}
