import { ClusterRole, ConfigMap, Node, Pod } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import {
  type ClientUnderTest,
  configMap,
  createConfigMaps,
  expectFrozen,
  namesOf,
  type OpenClient,
  pod,
  Region,
  refusal,
  revisionOf,
  Website,
} from './client-under-test.fixture.ts';

/** What `get` and `list` must hold. */
export function readsContract(name: string, open: OpenClient): void {
  describe(`${name}: get`, () => {
    it('returns the object, frozen, by key or by the text of its key', async () => {
      const { client } = await open();
      const created = await client.create(configMap('c'));
      const got = await client.get(ConfigMap, { namespace: 'default', name: 'c' });
      expect(got).toEqual(created);
      expect(got).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { value: '1' } });
      expect(await client.get(ConfigMap, 'default/c')).toEqual(created);
      expectFrozen(got);
    });

    it('returns cluster-scoped objects by name', async () => {
      const { client } = await open();
      await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
      expect((await client.get(Node, 'n')).metadata.name).toBe('n');
      expect((await client.get(Node, { namespace: '', name: 'n' })).metadata.name).toBe('n');
    });

    it.each(['system:a', 'a b', 'a?b&c=d', 'a#b', 'a+b', 'ü', '日本'])(
      'finds an object named %j, whatever a URL makes of it',
      async (n) => {
        const { client } = await open();
        const role = {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: n },
          rules: [],
        };
        const { metadata } = await client.create(role);
        expect((await client.get(ClusterRole, n)).metadata.uid).toBe(metadata.uid);
        await client.patch(ClusterRole, n, { type: 'merge', patch: { metadata: { labels: { a: 'b' } } } });
        const fieldSelector = `metadata.name=${n.replace(/[\\,=]/g, '\\$&')}`;
        expect(namesOf((await client.list(ClusterRole, { fieldSelector })).items)).toEqual([n]);
        await client.delete(ClusterRole, n);
        expect((await refusal(client.get(ClusterRole, n))).reason).toBe('NotFound');
      },
    );

    it.each(['', '.', '..', 'a/b', '../default/c', '%2e%2e'])(
      'finds no object named %j, and reads nothing else',
      async (n) => {
        const { client } = await open();
        await client.create(configMap('c'));
        expect((await refusal(client.get(ConfigMap, { namespace: 'default', name: n }))).reason).toBe('NotFound');
      },
    );

    it('reads at a revision that is there already, or at any', async () => {
      const { client } = await open();
      const { metadata } = await client.create(configMap('c'));
      const { resourceVersion } = metadata;
      expect((await client.get(ConfigMap, 'default/c', { resourceVersion })).metadata.uid).toBe(metadata.uid);
      expect((await client.get(ConfigMap, 'default/c', { resourceVersion: '0' })).metadata.uid).toBe(metadata.uid);
    });

    it('names what is not there', async () => {
      const { client } = await open();
      const error = await refusal(client.get(ConfigMap, 'default/none'));
      expect(error).toMatchObject({ code: 404, reason: 'NotFound', message: 'configmaps "none" not found' });
      expect(error.status.details).toEqual({ name: 'none', kind: 'configmaps' });
      expect((await refusal(client.get(Website, 'default/none'))).message).toBe(
        'websites.contract.orrery.dev "none" not found',
      );
    });
  });

  describe(`${name}: list`, () => {
    it('returns all objects, in key order, frozen, with their type and the revision', async () => {
      const { client } = await open();
      for (const n of ['b', 'a', 'c']) await client.create(configMap(n));
      await client.create(configMap('a', '1', { namespace: 'other' }));
      const list = await client.list(ConfigMap);
      expect(list.items.map(({ metadata: { namespace, name: n } }) => `${namespace}/${n}`)).toEqual([
        'default/a',
        'default/b',
        'default/c',
        'other/a',
      ]);
      expect(list.items[0]).toEqual(await client.get(ConfigMap, 'default/a'));
      expect(list.metadata.resourceVersion).toBe(await revisionOf(client));
      expectFrozen(list);
    });

    it('returns custom kinds, namespaced and cluster-scoped', async () => {
      const { client } = await open();
      const site = { apiVersion: 'contract.orrery.dev/v1', kind: 'Website', spec: { title: 'a' } } as const;
      await client.create({ ...site, metadata: { name: 'w', namespace: 'default' } });
      await client.create({
        apiVersion: 'contract.orrery.dev/v1',
        kind: 'Region',
        metadata: { name: 'r' },
        spec: { continent: 'Asia' },
      });
      expect((await client.list(Website)).items).toMatchObject([{ kind: 'Website', spec: { title: 'a', servers: 1 } }]);
      expect((await client.list(Region)).items).toMatchObject([{ kind: 'Region', metadata: { name: 'r' } }]);
    });

    it.each([
      ['a namespace', { namespace: 'other' }, ['d']],
      ['a namespace of no name, which is all', { namespace: '' }, ['a', 'b', 'd']],
      ['labels', { labelSelector: 'tier in (web,db),app=x' }, ['a', 'b']],
      ['labels that are not there', { labelSelector: '!tier' }, ['d']],
      ['fields', { fieldSelector: 'metadata.name!=a,metadata.namespace=default' }, ['b']],
      ['labels and fields', { labelSelector: 'app', fieldSelector: 'metadata.name=b' }, ['b']],
    ])('selects by %s', async (_, options, expected) => {
      const { client } = await open();
      await client.create(configMap('a', '1', { labels: { app: 'x', tier: 'web' } }));
      await client.create(configMap('b', '1', { labels: { app: 'x', tier: 'db' } }));
      await client.create(configMap('d', '1', { namespace: 'other' }));
      expect(namesOf((await client.list(ConfigMap, options)).items)).toEqual(expected);
    });

    it('selects Pods by node', async () => {
      const { client } = await open();
      await client.create(pod('a', { nodeName: 'n1' }));
      await client.create(pod('b', { nodeName: 'n2' }));
      expect(namesOf((await client.list(Pod, { fieldSelector: 'spec.nodeName=n2' })).items)).toEqual(['b']);
    });

    it('returns pages of one revision, whatever is written in between', async () => {
      const { client } = await open();
      await createConfigMaps(client, 5);
      const first = await client.list(ConfigMap, { limit: 2 });
      expect(namesOf(first.items)).toEqual(['c0', 'c1']);
      expect(first.metadata.remainingItemCount).toBe(3);
      await client.create(configMap('c1a'));
      await client.delete(ConfigMap, 'default/c3');
      const second = await next(client, first.metadata.continue);
      expect(namesOf(second.items)).toEqual(['c2', 'c3']);
      const third = await next(client, second.metadata.continue);
      expect(namesOf(third.items)).toEqual(['c4']);
      expect(third.metadata.continue).toBeUndefined();
      expect(third.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    it('reads the past at an exact revision', async () => {
      const { client } = await open();
      await createConfigMaps(client, 2);
      const resourceVersion = await revisionOf(client);
      await client.delete(ConfigMap, 'default/c0');
      const past = await client.list(ConfigMap, { resourceVersion, resourceVersionMatch: 'Exact' });
      expect(namesOf(past.items)).toEqual(['c0', 'c1']);
      const present = await client.list(ConfigMap, { resourceVersion, resourceVersionMatch: 'NotOlderThan' });
      expect(namesOf(present.items)).toEqual(['c1']);
    });

    it('refuses a page or a revision that has expired', async () => {
      const { client, compact } = await open();
      await createConfigMaps(client, 4);
      const { metadata } = await client.list(ConfigMap, { limit: 1 });
      await client.create(configMap('more'));
      await compact();
      const page = await refusal(next(client, metadata.continue));
      expect(page).toMatchObject({ code: 410, reason: 'Expired' });
      expect(page.status.metadata.continue).toBeTypeOf('string');
      const { resourceVersion } = metadata;
      const exact = client.list(ConfigMap, { resourceVersion, resourceVersionMatch: 'Exact' });
      expect(await refusal(exact)).toMatchObject({ code: 410, reason: 'Expired' });
    });

    it.each([
      ['a label selector that does not parse', { labelSelector: 'a in' }, 400],
      ['a field that cannot be selected by', { fieldSelector: 'data.value=1' }, 400],
      ['a continue token that is none', { continue: '%%' }, 400],
      ['a revision that is none', { resourceVersion: 'x' }, 400],
      ['an exact match without a revision', { resourceVersionMatch: 'Exact' as const }, 422],
    ])('refuses %s', async (_, options, code) => {
      const { client } = await open();
      expect((await refusal(client.list(ConfigMap, options))).code).toBe(code);
    });
  });
}

function next(client: ClientUnderTest['client'], token: string | undefined) {
  if (token === undefined) throw new Error('the list ended too early');
  return client.list(ConfigMap, { limit: 2, continue: token });
}
