import { ConfigMap, Deployment, Pod, Service } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import type { Patch } from '../../client.ts';
import { configMap, expectFrozen, type OpenClient, pod, refusal, Website } from './client-under-test.fixture.ts';

/** What `patch` and `apply` must hold. */
export function patchesContract(name: string, open: OpenClient): void {
  describe(`${name}: patch`, () => {
    it.each<[string, Patch]>([
      ['JSON patch', { type: 'json', operations: [{ op: 'add', path: '/data/new', value: '2' }] }],
      ['merge patch', { type: 'merge', patch: { data: { new: '2' } } }],
      ['strategic merge patch', { type: 'strategic', patch: { data: { new: '2' } } }],
    ])('changes what a %s names', async (_, patch) => {
      const { client } = await open();
      await client.create(configMap('c'));
      const patched = await client.patch(ConfigMap, 'default/c', patch);
      expect(patched.data).toEqual({ value: '1', new: '2' });
      expect(await client.get(ConfigMap, { namespace: 'default', name: 'c' })).toEqual(patched);
      expectFrozen(patched);
    });

    it('removes by null, and by a remove operation', async () => {
      const { client } = await open();
      await client.create(configMap('c', '1', { labels: { a: 'b' } }));
      const merged = await client.patch(ConfigMap, 'default/c', {
        type: 'merge',
        patch: { metadata: { labels: { a: null } } },
      });
      expect(merged.metadata.labels?.a).toBeUndefined();
      const operated = await client.patch(ConfigMap, 'default/c', {
        type: 'json',
        operations: [
          { op: 'test', path: '/data/value', value: '1' },
          { op: 'remove', path: '/data/value' },
          { op: 'add', path: '/metadata/annotations', value: {} },
          { op: 'add', path: '/metadata/annotations/a.dev~1b', value: '2' },
        ],
      });
      expect(operated.data ?? {}).toEqual({});
      expect(operated.metadata.annotations).toEqual({ 'a.dev/b': '2' });
    });

    it('merges lists by key only when it is strategic', async () => {
      const { client } = await open();
      const sidecar = { name: 'sidecar', image: 'busybox' };
      await client.create(pod('p', { containers: [{ name: 'main', image: 'nginx' }, sidecar] }));
      const patch = { spec: { containers: [{ name: 'main', image: 'nginx:2' }] } };
      const strategic = await client.patch(Pod, 'default/p', { type: 'strategic', patch });
      expect(strategic.spec.containers).toMatchObject([{ name: 'main', image: 'nginx:2' }, sidecar]);
      // A list that is replaced loses the sidecar, and containers of a Pod may not go.
      expect((await refusal(client.patch(Pod, 'default/p', { type: 'merge', patch }))).reason).toBe('Invalid');
    });

    it('of a custom kind is merge or JSON, never strategic', async () => {
      const { client } = await open();
      const site = { apiVersion: 'contract.orrery.dev/v1', kind: 'Website', spec: { title: 'a' } };
      await client.create({ ...site, metadata: { name: 'w', namespace: 'default' } });
      const patch = { spec: { title: 'b' } };
      expect((await client.patch(Website, 'default/w', { type: 'merge', patch })).spec.title).toBe('b');
      const error = await refusal(client.patch(Website, 'default/w', { type: 'strategic', patch }));
      expect(error).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    });

    it('writes to a subresource', async () => {
      const { client } = await open();
      await client.create(pod('p'));
      const patch = { status: { phase: 'Running' }, metadata: { labels: { a: 'b' } } };
      const patched = await client.patch(Pod, 'default/p', { type: 'merge', patch }, { subresource: 'status' });
      expect(patched.status?.phase).toBe('Running');
      const ignored = await client.patch(Pod, 'default/p', { type: 'merge', patch: { status: { phase: 'Failed' } } });
      expect(ignored.status?.phase).toBe('Running');
    });

    it.each<[string, Patch, number]>([
      [
        'a test that does not hold',
        { type: 'json', operations: [{ op: 'test', path: '/data/value', value: '9' }] },
        422,
      ],
      ['a revision that is past', { type: 'merge', patch: { metadata: { resourceVersion: '1' } } }, 409],
      ['a field of the wrong type', { type: 'merge', patch: { data: { value: 1 } } }, 400],
      ['what is not valid', { type: 'merge', patch: { metadata: { labels: { a: '!' } } } }, 422],
    ])('refuses %s', async (_, patch, code) => {
      const { client } = await open();
      await client.create(configMap('before'));
      const { metadata } = await client.create(configMap('c'));
      expect((await refusal(client.patch(ConfigMap, 'default/c', patch))).code).toBe(code);
      expect((await client.get(ConfigMap, 'default/c')).metadata.resourceVersion).toBe(metadata.resourceVersion);
      const other = client.patch(ConfigMap, 'default/none', { type: 'merge', patch: {} });
      expect((await refusal(other)).reason).toBe('NotFound');
    });

    it('supports dry runs, field managers and field validation', async () => {
      const { client, warnings } = await open();
      await client.create(configMap('c'), { fieldManager: 'creator' });
      const patch: Patch = { type: 'merge', patch: { data: { value: '2' }, color: 'red' } };
      expect((await client.patch(ConfigMap, 'default/c', patch, { dryRun: true })).data).toEqual({ value: '2' });
      expect((await client.get(ConfigMap, 'default/c')).data).toEqual({ value: '1' });
      expect(warnings).toEqual(['unknown field "color"']);
      const strict = client.patch(ConfigMap, 'default/c', patch, { fieldValidation: 'Strict' });
      expect((await refusal(strict)).message).toContain('strict decoding error: unknown field "color"');
      const options = { fieldManager: 'patcher', fieldValidation: 'Ignore' as const };
      const { metadata } = await client.patch(ConfigMap, 'default/c', patch, options);
      expect(metadata.managedFields?.map(({ manager }) => manager)).toContain('patcher');
      expect(warnings).toHaveLength(1);
    });

    it('loses none of many concurrent patches', async () => {
      const { client } = await open();
      await client.create(configMap('c'));
      const patches = Array.from({ length: 10 }, (_, n) =>
        client.patch(ConfigMap, 'default/c', { type: 'merge', patch: { data: { [`k${n}`]: '1' } } }),
      );
      await Promise.all(patches);
      expect(Object.keys((await client.get(ConfigMap, 'default/c')).data ?? {})).toHaveLength(11);
    });
  });

  describe(`${name}: apply`, () => {
    it('creates a missing object, and writes nothing when nothing changes', async () => {
      const { client } = await open();
      const applied = await client.apply(configMap('c'), { fieldManager: 'me' });
      expect(applied).toMatchObject({ data: { value: '1' }, metadata: { namespace: 'default' } });
      expect(applied.metadata.managedFields).toMatchObject([{ manager: 'me', operation: 'Apply' }]);
      expectFrozen(applied);
      const again = await client.apply(configMap('c'), { fieldManager: 'me' });
      expect(again.metadata.resourceVersion).toBe(applied.metadata.resourceVersion);
    });

    it('removes fields that its manager no longer sets, and keeps those of others', async () => {
      const { client } = await open();
      await client.apply({ ...configMap('c'), data: { mine: '1', gone: '1' } }, { fieldManager: 'me' });
      await client.apply({ ...configMap('c'), data: { theirs: '1' } }, { fieldManager: 'they' });
      const applied = await client.apply({ ...configMap('c'), data: { mine: '2' } }, { fieldManager: 'me' });
      expect(applied.data).toEqual({ mine: '2', theirs: '1' });
    });

    it('conflicts with other managers, and names them, unless it is forced', async () => {
      const { client } = await open();
      await client.apply(configMap('c', 'mine'), { fieldManager: 'me' });
      const error = await refusal(client.apply(configMap('c', 'theirs'), { fieldManager: 'they' }));
      expect(error).toMatchObject({ code: 409, reason: 'Conflict' });
      expect(error.status.details?.causes).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "me"', field: '.data.value' },
      ]);
      const forced = await client.apply(configMap('c', 'theirs'), { fieldManager: 'they', force: true });
      expect(forced.data).toEqual({ value: 'theirs' });
    });

    it('merges lists by key', async () => {
      const { client } = await open();
      const port = (number: number) => ({ name: `p${number}`, port: number });
      const service = (ports: object[]) => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', namespace: 'default' },
        spec: { ports },
      });
      await client.apply(service([port(80)]), { fieldManager: 'one' });
      await client.apply(service([port(81)]), { fieldManager: 'two' });
      const { spec } = await client.get(Service, 'default/s');
      expect(spec.ports?.map(({ port: number }) => number).sort()).toEqual([80, 81]);
    });

    it('applies custom kinds, and to a subresource', async () => {
      const { client } = await open();
      const metadata = { name: 'w', namespace: 'default' };
      const site = { apiVersion: 'contract.orrery.dev/v1', kind: 'Website', metadata } as const;
      await client.apply({ ...site, spec: { title: 'a' } }, { fieldManager: 'me' });
      await client.apply({ ...site, status: { ready: 3 } }, { fieldManager: 'me', subresource: 'status' });
      const stored = await client.get(Website, 'default/w');
      expect(stored).toMatchObject({ spec: { title: 'a', servers: 1 }, status: { ready: 3 } });
    });

    it('supports dry runs and field validation', async () => {
      const { client, warnings } = await open();
      const me = { fieldManager: 'me' };
      await client.apply({ ...configMap('c'), color: 'red' }, { ...me, dryRun: true });
      expect((await refusal(client.get(ConfigMap, 'default/c'))).reason).toBe('NotFound');
      expect(warnings).toEqual(['unknown field "color"']);
      const strict = client.apply({ ...configMap('c'), color: 'red' }, { ...me, fieldValidation: 'Strict' });
      expect((await refusal(strict)).code).toBeGreaterThanOrEqual(400);
      const kept = await client.list(Deployment);
      expect(kept.items).toEqual([]);
    });
  });
}
