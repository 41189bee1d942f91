import { ClusterRole, type KubernetesObject, type PolicyRule } from '@orrery/api';
import { describe, expect, it } from 'vitest';
import { type TestApi, testApi } from '../api.fixture.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });

const role = (name: string, rules: PolicyRule[], labels: object = {}, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels },
    rules,
    ...more,
  }) as KubernetesObject;

const gathers = (...names: string[]) => ({
  aggregationRule: { clusterRoleSelectors: names.map((name) => ({ matchLabels: { [`to-${name}`]: 'true' } })) },
});
const to = (name: string) => ({ [`to-${name}`]: 'true' });

async function resources({ admin, sim }: TestApi, name: string): Promise<unknown> {
  await sim.idle();
  return (await admin.get(ClusterRole, name)).rules?.flatMap((one) => one.resources ?? []) ?? [];
}

describe('an aggregated role', () => {
  it('has the rules of the selected roles, each once, in the order of their names', async () => {
    const api = await testApi();
    await api.admin.create(role('z', [rule('pods'), rule('nodes')], to('all')));
    await api.admin.create(role('all', [rule('forgotten')], to('all'), gathers('all')));
    await api.admin.create(role('a', [rule('secrets'), rule('pods')], to('all')));
    await api.admin.create(role('other', [rule('events')], to('other')));
    expect(await resources(api, 'all')).toEqual(['secrets', 'pods', 'nodes']);
  });

  it('follows them: new, changed, no longer labelled, gone', async () => {
    const api = await testApi();
    await api.admin.create(role('all', [], {}, gathers('all', 'more')));
    await api.admin.create(role('a', [rule('pods')], to('all')));
    await api.admin.create(role('b', [rule('nodes')], to('more')));
    const seen = [await resources(api, 'all')];
    await api.admin.patch(ClusterRole, 'a', { type: 'merge', patch: { rules: [rule('secrets')] } });
    seen.push(await resources(api, 'all'));
    await api.admin.patch(ClusterRole, 'b', { type: 'merge', patch: { metadata: { labels: null } } });
    seen.push(await resources(api, 'all'));
    await api.admin.delete(ClusterRole, 'a');
    seen.push(await resources(api, 'all'));
    expect(seen).toEqual([['pods', 'nodes'], ['secrets', 'nodes'], ['secrets'], []]);
  });

  it('can be aggregated itself', async () => {
    const api = await testApi();
    await api.admin.create(role('outer', [], {}, gathers('outer')));
    await api.admin.create(role('inner', [], to('outer'), gathers('inner')));
    await api.admin.create(role('a', [rule('pods')], to('inner')));
    expect(await resources(api, 'outer')).toEqual(['pods']);
  });

  it('is left alone when the server is disposed', async () => {
    const api = await testApi();
    await api.admin.create(role('all', [], {}, gathers('all')));
    api.server[Symbol.dispose]();
    await api.admin.create(role('a', [rule('pods')], to('all')));
    expect(await resources(api, 'all')).toEqual([]);
  });
});

it('the default roles admin, edit and view contain the rules of their parts, and those that a custom kind adds', async () => {
  const api = await testApi();
  for (const object of bootstrapPolicy()) await api.admin.create(object);
  const websites: PolicyRule = { verbs: ['get'], apiGroups: ['demo.orrery.dev'], resources: ['websites'] };
  const label = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  await api.admin.create(role('website-viewer', [websites], label));
  await api.sim.idle();
  for (const name of ['view', 'edit', 'admin']) {
    const { rules } = await api.admin.get(ClusterRole, name);
    expect(rules).toContainEqual(websites);
    const part = await api.admin.get(ClusterRole, `system:aggregate-to-${name}`);
    for (const one of part.rules ?? []) expect(rules).toContainEqual(one);
  }
});
