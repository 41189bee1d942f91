import { ConfigMap, Namespace, Pod } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import {
  configMap,
  createConfigMaps,
  expectFrozen,
  namesOf,
  type OpenClient,
  pod,
  Region,
  refusal,
} from './client-under-test.fixture.ts';

/** What `delete` and `deleteCollection` must hold. */
export function deletesContract(name: string, open: OpenClient): void {
  describe(`${name}: delete`, () => {
    it('returns nothing when the object is gone', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      expect(await client.delete(ConfigMap, 'default/c')).toBeUndefined();
      expect((await refusal(client.delete(ConfigMap, 'default/c'))).reason).toBe('NotFound');
      const region = { apiVersion: 'contract.orrery.dev/v1', kind: 'Region', metadata: { name: 'r' } };
      await client.create({ ...region, spec: { continent: 'Asia' } });
      expect(await client.delete(Region, 'r')).toBeUndefined();
      expect((await client.list(Region)).items).toEqual([]);
    });

    it.each(['', '.', '..', 'a/b'])('finds no object named %j, and deletes nothing else', async (n) => {
      const { client } = await open();
      await createConfigMaps(client, 2);
      expect((await refusal(client.delete(ConfigMap, { namespace: 'default', name: n }))).reason).toBe('NotFound');
      expect((await client.list(ConfigMap)).items).toHaveLength(2);
    });

    it('returns an object that waits for its finalizers, frozen', async () => {
      const { client } = await open();
      await client.create(configMap('c', '1', { finalizers: ['test.dev/hold'] }));
      const left = await client.delete(ConfigMap, 'default/c');
      expect(left?.metadata).toMatchObject({ name: 'c', finalizers: ['test.dev/hold'], deletionGracePeriodSeconds: 0 });
      expect(left?.metadata.deletionTimestamp).toBeTypeOf('string');
      expectFrozen(left);
      expect(await client.get(ConfigMap, 'default/c')).toEqual(left);
      expect(await client.delete(ConfigMap, 'default/c')).toEqual(left);
    });

    it('gives a Pod on a node its grace period, and can shorten it', async () => {
      const { client } = await open();
      await client.create(pod('p', { nodeName: 'n' }));
      const left = await client.delete(Pod, 'default/p');
      expect(left?.metadata.deletionGracePeriodSeconds).toBe(30);
      const shorter = await client.delete(Pod, 'default/p', { gracePeriodSeconds: 5 });
      expect(shorter?.metadata.deletionGracePeriodSeconds).toBe(5);
      const longer = await client.delete(Pod, 'default/p', { gracePeriodSeconds: 60 });
      expect(longer?.metadata.deletionGracePeriodSeconds).toBe(5);
    });

    it('returns nothing of a Pod that is removed at once, whatever its state was', async () => {
      const { client } = await open();
      await client.create(pod('waits'));
      expect(await client.delete(Pod, 'default/waits')).toBeUndefined();
      await client.create(pod('runs', { nodeName: 'n' }));
      expect(await client.delete(Pod, 'default/runs', { gracePeriodSeconds: 0 })).toBeUndefined();
      await client.create(pod('ends', { nodeName: 'n' }));
      await client.delete(Pod, 'default/ends');
      expect(await client.delete(Pod, 'default/ends', { gracePeriodSeconds: 0 })).toBeUndefined();
      expect((await client.list(Pod)).items).toEqual([]);
    });

    it('only succeeds when its preconditions hold', async () => {
      const { client } = await open();
      const { metadata } = await client.create(configMap('c'));
      const { uid, resourceVersion } = metadata;
      for (const preconditions of [
        { uid: 'other' },
        { resourceVersion: '1000000' },
        { uid, resourceVersion: '9999' },
      ]) {
        const error = await refusal(client.delete(ConfigMap, 'default/c', { preconditions }));
        expect(error).toMatchObject({ code: 409, reason: 'Conflict' });
      }
      await client.delete(ConfigMap, 'default/c', { preconditions: { uid, resourceVersion } });
      expect((await client.list(ConfigMap)).items).toEqual([]);
    });

    it.each([
      ['Foreground', ['foregroundDeletion']],
      ['Orphan', ['orphan']],
    ] as const)('adds a finalizer for the propagation policy %s', async (propagationPolicy, finalizers) => {
      const { client } = await open();
      await client.create(configMap('c'));
      const left = await client.delete(ConfigMap, 'default/c', { propagationPolicy });
      expect(left?.metadata.finalizers).toEqual(finalizers);
    });

    it('adds none for background deletion', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      expect(await client.delete(ConfigMap, 'default/c', { propagationPolicy: 'Background' })).toBeUndefined();
    });

    it('runs dry', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      expect(await client.delete(ConfigMap, 'default/c', { dryRun: true })).toBeUndefined();
      expect((await client.list(ConfigMap)).items).toHaveLength(1);
      await client.create(pod('p', { nodeName: 'n' }));
      await client.delete(Pod, 'default/p', { dryRun: true });
      expect((await client.get(Pod, 'default/p')).metadata.deletionTimestamp).toBeUndefined();
    });

    it('returns a Namespace that waits for its contents', async () => {
      const { client } = await open();
      await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
      const left = await client.delete(Namespace, 'n');
      expect(left).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Terminating' } });
    });
  });

  describe(`${name}: deleteCollection`, () => {
    it('deletes what the selector matches, in one namespace', async () => {
      const { client } = await open();
      await client.create(configMap('a', '1', { labels: { app: 'x' } }));
      await client.create(configMap('b', '1', { labels: { app: 'y' } }));
      await client.create(configMap('a', '1', { namespace: 'other', labels: { app: 'x' } }));
      expect(
        await client.deleteCollection(ConfigMap, { namespace: 'default', labelSelector: 'app=x' }),
      ).toBeUndefined();
      const { items } = await client.list(ConfigMap);
      expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['default/b', 'other/a']);
      await client.deleteCollection(ConfigMap, { namespace: 'default' });
      expect(namesOf((await client.list(ConfigMap)).items)).toEqual(['a']);
    });

    it('takes delete options', async () => {
      const { client } = await open();
      await client.create(pod('p', { nodeName: 'n' }));
      await client.deleteCollection(Pod, { namespace: 'default' }, { dryRun: true });
      expect((await client.get(Pod, 'default/p')).metadata.deletionTimestamp).toBeUndefined();
      await client.deleteCollection(Pod, { namespace: 'default' }, { gracePeriodSeconds: 7 });
      expect((await client.get(Pod, 'default/p')).metadata.deletionGracePeriodSeconds).toBe(7);
    });

    it('deletes cluster-scoped objects', async () => {
      const { client } = await open();
      const region = { apiVersion: 'contract.orrery.dev/v1', kind: 'Region', spec: { continent: 'Asia' } };
      for (const n of ['a', 'b']) await client.create({ ...region, metadata: { name: n } });
      await client.deleteCollection(Region, { fieldSelector: 'metadata.name!=a' });
      expect(namesOf((await client.list(Region)).items)).toEqual(['a']);
    });

    it('is refused for all namespaces at once', async () => {
      const { client } = await open();
      await createConfigMaps(client, 2);
      for (const selection of [{}, { namespace: '' }]) {
        const error = await refusal(client.deleteCollection(ConfigMap, selection));
        expect(error).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
      }
      expect((await client.list(ConfigMap)).items).toHaveLength(2);
    });
  });
}
