import { type Kind, type KubernetesObject, type PolicyRule, Role, RoleBinding } from '@orrery/api';
import type { UserInfo } from '@orrery/core';
import { describe, expect, it } from 'vitest';
import { configMapNamed, refusal, type TestApi, testApi } from '../api.fixture.ts';
import type { AccessAttributes } from '../request-path.ts';
import { uncoveredRules } from './covering.ts';
import { createRbacAuthorizer } from './rbac-authorizer.ts';
import { ruleAllows } from './rules.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const group = 'rbac.authorization.k8s.io';

function resource(verb: string, text: string, name = '', namespace = 'default'): AccessAttributes {
  const [full = '', subresource = ''] = text.split('/');
  const [plural = '', ...rest] = full.split('.');
  return { verb, group: rest.join('.'), version: 'v1', resource: plural, subresource, namespace, name };
}

const rule = (verbs: string[], apiGroups: string[], resources: string[], resourceNames?: string[]): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames === undefined ? {} : { resourceNames }),
});

describe('a rule', () => {
  it.each<[string, PolicyRule, AccessAttributes, boolean]>([
    ['allows its verb on its resource', rule(['get'], [''], ['pods']), resource('get', 'pods'), true],
    ['allows no other verb', rule(['get'], [''], ['pods']), resource('list', 'pods'), false],
    ['allows no other resource', rule(['get'], [''], ['pods']), resource('get', 'secrets'), false],
    ['allows no other group', rule(['get'], [''], ['pods']), resource('get', 'pods.apps'), false],
    ['allows any verb with *', rule(['*'], [''], ['pods']), resource('escalate', 'pods'), true],
    ['allows any group with *', rule(['get'], ['*'], ['pods']), resource('get', 'pods.x.io'), true],
    ['allows any resource with *', rule(['get'], [''], ['*']), resource('get', 'pods'), true],
    ['allows any subresource with *', rule(['get'], [''], ['*']), resource('get', 'pods/log'), true],
    ['for a resource says nothing of subresources', rule(['get'], [''], ['pods']), resource('get', 'pods/log'), false],
    [
      'for a subresource says nothing of the resource',
      rule(['get'], [''], ['pods/log']),
      resource('get', 'pods'),
      false,
    ],
    ['allows its subresource', rule(['get'], [''], ['pods/log']), resource('get', 'pods/log'), true],
    [
      'allows a subresource of all with */',
      rule(['get'], ['*'], ['*/scale']),
      resource('get', 'deployments.apps/scale'),
      true,
    ],
    ['allows none but its subresource with */', rule(['get'], ['*'], ['*/scale']), resource('get', 'pods/log'), false],
    ['with names allows those', rule(['get'], [''], ['pods'], ['a', 'b']), resource('get', 'pods', 'b'), true],
    ['with names allows no others', rule(['get'], [''], ['pods'], ['a']), resource('get', 'pods', 'b'), false],
    ['with names allows no request without', rule(['list'], [''], ['pods'], ['a']), resource('list', 'pods'), false],
    ['for resources allows no path', rule(['get'], ['*'], ['*']), { verb: 'get', path: '/healthz' }, false],
    ['allows its path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, { verb: 'get', path: '/healthz' }, true],
    [
      'allows no path below',
      { verbs: ['get'], nonResourceURLs: ['/healthz'] },
      { verb: 'get', path: '/healthz/x' },
      false,
    ],
    [
      'allows paths below with *',
      { verbs: ['get'], nonResourceURLs: ['/healthz/*'] },
      { verb: 'get', path: '/healthz/x' },
      true,
    ],
    ['allows any path with *', { verbs: ['get'], nonResourceURLs: ['*'] }, { verb: 'get', path: '/metrics' }, true],
    [
      'for paths allows its verbs alone',
      { verbs: ['get'], nonResourceURLs: ['*'] },
      { verb: 'post', path: '/x' },
      false,
    ],
  ])('%s', (_, given, attributes, allowed) => {
    expect(ruleAllows(given, attributes)).toBe(allowed);
  });
});

type Subject = NonNullable<RoleBinding['subjects']>[number];

const role = (kind: 'Role' | 'ClusterRole', name: string, rules: PolicyRule[], more: object = {}): KubernetesObject =>
  ({
    apiVersion,
    kind,
    metadata: { name, ...(kind === 'Role' ? { namespace: 'default' } : {}) },
    rules,
    ...more,
  }) as KubernetesObject;

const binding = (
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  name: string,
  [roleKind, roleName]: readonly ['Role' | 'ClusterRole', string],
  ...subjects: Subject[]
): KubernetesObject =>
  ({
    apiVersion,
    kind,
    metadata: { name, ...(kind === 'RoleBinding' ? { namespace: 'default' } : {}) },
    roleRef: { apiGroup: group, kind: roleKind, name: roleName },
    subjects,
  }) as KubernetesObject;

const user = (name: string): Subject => ({ kind: 'User', apiGroup: group, name });
const jane: UserInfo = { username: 'jane', groups: ['developers', 'system:authenticated'] };
const robot: UserInfo = {
  username: 'system:serviceaccount:default:robot',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
};

describe('roles', () => {
  const reader = rule(['get'], [''], ['pods']);

  it.each<[string, KubernetesObject[], UserInfo, AccessAttributes, boolean]>([
    [
      'bound in a namespace allow there',
      [role('Role', 'r', [reader]), binding('RoleBinding', 'b', ['Role', 'r'], user('jane'))],
      jane,
      resource('get', 'pods', 'p'),
      true,
    ],
    [
      'bound in a namespace allow nowhere else',
      [role('Role', 'r', [reader]), binding('RoleBinding', 'b', ['Role', 'r'], user('jane'))],
      jane,
      resource('get', 'pods', 'p', 'other'),
      false,
    ],
    [
      'bound in a namespace do not allow requests across all namespaces',
      [role('Role', 'r', [reader]), binding('RoleBinding', 'b', ['Role', 'r'], user('jane'))],
      jane,
      resource('get', 'pods', '', ''),
      false,
    ],
    [
      'of the cluster, bound in a namespace, allow there alone',
      [role('ClusterRole', 'r', [reader]), binding('RoleBinding', 'b', ['ClusterRole', 'r'], user('jane'))],
      jane,
      resource('get', 'pods', '', ''),
      false,
    ],
    [
      'of the cluster, bound for the cluster, allow everywhere',
      [role('ClusterRole', 'r', [reader]), binding('ClusterRoleBinding', 'b', ['ClusterRole', 'r'], user('jane'))],
      jane,
      resource('get', 'pods', 'p', 'other'),
      true,
    ],
    [
      'allow nobody else',
      [role('ClusterRole', 'r', [reader]), binding('ClusterRoleBinding', 'b', ['ClusterRole', 'r'], user('joe'))],
      jane,
      resource('get', 'pods'),
      false,
    ],
    [
      'bound to a group allow its members',
      [
        role('ClusterRole', 'r', [reader]),
        binding('ClusterRoleBinding', 'b', ['ClusterRole', 'r'], {
          kind: 'Group',
          apiGroup: group,
          name: 'developers',
        }),
      ],
      jane,
      resource('get', 'pods'),
      true,
    ],
    [
      'bound to a service account allow it',
      [
        role('Role', 'r', [reader]),
        binding('RoleBinding', 'b', ['Role', 'r'], { kind: 'ServiceAccount', name: 'robot', namespace: 'default' }),
      ],
      robot,
      resource('get', 'pods'),
      true,
    ],
    [
      'bound to a service account of another namespace do not',
      [
        role('Role', 'r', [reader]),
        binding('RoleBinding', 'b', ['Role', 'r'], { kind: 'ServiceAccount', name: 'robot', namespace: 'other' }),
      ],
      robot,
      resource('get', 'pods'),
      false,
    ],
    [
      'bound to all service accounts of a namespace allow them',
      [
        role('Role', 'r', [reader]),
        binding('RoleBinding', 'b', ['Role', 'r'], {
          kind: 'Group',
          apiGroup: group,
          name: 'system:serviceaccounts:default',
        }),
      ],
      robot,
      resource('get', 'pods'),
      true,
    ],
    ['that do not exist allow nothing', [], jane, resource('get', 'pods'), false],
  ])('%s', async (_, objects, who, attributes, allowed) => {
    const { admin, store } = await testApi();
    for (const object of objects) await admin.create(object);
    expect(createRbacAuthorizer(store).authorize(who, attributes).allowed).toBe(allowed ? true : undefined);
  });

  it('report the binding through which they allow', async () => {
    const { admin, store } = await testApi();
    await admin.create(role('Role', 'r', [reader]));
    await admin.create(binding('RoleBinding', 'b', ['Role', 'r'], user('jane')));
    expect(createRbacAuthorizer(store).authorize(jane, resource('get', 'pods')).reason).toBe(
      'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"',
    );
  });

  it('are read as they are now, regardless of earlier decisions', async () => {
    const { admin, store } = await testApi();
    const authorizer = createRbacAuthorizer(store);
    const allowed = () => authorizer.authorize(jane, resource('get', 'pods')).allowed === true;
    const seen = [allowed()];
    const made = (await admin.create(role('Role', 'r', [reader]))) as Role;
    const bound = (await admin.create(binding('RoleBinding', 'b', ['Role', 'r'], user('jane')))) as RoleBinding;
    seen.push(allowed());
    await admin.update({ ...made, rules: [] });
    seen.push(allowed());
    await admin.patch(Role, 'default/r', { type: 'merge', patch: { rules: [reader] } });
    seen.push(allowed());
    await admin.update({ ...bound, subjects: [] });
    seen.push(allowed());
    await admin.update({ ...bound, metadata: { ...bound.metadata, resourceVersion: '' } });
    seen.push(allowed());
    await admin.delete(Role, 'default/r');
    seen.push(allowed());
    expect(seen).toEqual([false, true, false, true, false, true, false]);
  });
});

describe('a request', () => {
  const readable = async (): Promise<TestApi> => {
    const api = await testApi();
    await api.admin.create(configMapNamed('c'));
    await api.admin.create(role('Role', 'r', [rule(['get', 'create'], [''], ['configmaps'], ['c'])]));
    await api.admin.create(binding('RoleBinding', 'b', ['Role', 'r'], user('jane')));
    return api;
  };
  const maps = (api: TestApi) => api.server.kinds.byKind('v1', 'ConfigMap') as Kind;

  it('that is allowed is answered', async () => {
    const api = await readable();
    expect((await api.server.client(jane).get(maps(api), 'default/c')).metadata.name).toBe('c');
  });

  it('for a Namespace is allowed by a Role in it', async () => {
    const api = await testApi();
    await api.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } } as KubernetesObject);
    await api.admin.create(role('Role', 'r', [rule(['get', 'list'], [''], ['namespaces'])]));
    await api.admin.create(binding('RoleBinding', 'b', ['Role', 'r'], user('jane')));
    const client = api.server.client(jane);
    const kind = api.server.kinds.byKind('v1', 'Namespace') as Kind;
    expect((await client.get(kind, 'default')).metadata.name).toBe('default');
    const other = await refusal(client.get(kind, 'other'));
    const why = 'User "jane" cannot get resource "namespaces" in API group "" in the namespace "other"';
    expect(other.message).toBe(`namespaces "other" is forbidden: ${why}`);
    expect((await refusal(client.list(kind, {}))).message).toContain('at the cluster scope');
  });

  it.each<[string, (api: TestApi) => Promise<unknown>, string]>([
    [
      'for an object',
      (api) => api.server.client(jane).get(maps(api), 'default/d'),
      'configmaps "d" is forbidden: User "jane" cannot get resource "configmaps" in API group "" in the namespace "default"',
    ],
    [
      'for a collection',
      (api) => api.server.client(jane).list(maps(api), {}),
      'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" at the cluster scope',
    ],
    [
      'for a subresource',
      (api) => api.server.client(jane).getSubresource(maps(api), 'default/c', 'status'),
      'configmaps "c" is forbidden: User "jane" cannot get resource "configmaps/status" in API group "" in the namespace "default"',
    ],
    [
      'to create what only a rule with names allows',
      (api) => api.server.client(jane).create(configMapNamed('c')),
      'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "default"',
    ],
    [
      'for a path',
      (api) => api.server.authorize(jane, { verb: 'get', path: '/metrics' }),
      'forbidden: User "jane" cannot get path "/metrics"',
    ],
  ])('that is not allowed says why: %s', async (_, request, message) => {
    const refused = await refusal(request(await readable()));
    expect([refused.code, refused.reason, refused.message]).toEqual([403, 'Forbidden', message]);
  });
});

describe('a user who grants permissions', () => {
  const grantor = async (...rules: PolicyRule[]): Promise<TestApi> => {
    const api = await testApi();
    const roles = rule(['create', 'update', 'patch', 'get'], [group], ['roles', 'rolebindings', 'clusterroles']);
    await api.admin.create(role('ClusterRole', 'held', [roles, ...rules]));
    await api.admin.create(binding('ClusterRoleBinding', 'held', ['ClusterRole', 'held'], user('jane')));
    return api;
  };
  const wanted = rule(['get', 'list'], [''], ['secrets']);

  it.each<[string, PolicyRule[]]>([
    ['has them', [rule(['get', 'list', 'watch'], [''], ['secrets', 'pods'])]],
    ['has them in several rules', [rule(['get'], [''], ['secrets']), rule(['list'], ['*'], ['*'])]],
    ['may escalate', [rule(['escalate'], [group], ['roles'])]],
  ])('may write a role with rules if it %s', async (_, rules) => {
    const api = await grantor(...rules);
    await api.server.client(jane).create(role('Role', 'r', [wanted]));
  });

  it('may not write a role with rules that they lack', async () => {
    const api = await grantor(rule(['get'], [''], ['secrets']));
    expect(await refusal(api.server.client(jane).create(role('Role', 'r', [wanted])))).toMatchObject({
      code: 403,
      message:
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["developers" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["list"]}',
    });
    await api.admin.create(role('Role', 'r', []));
    const patch = { type: 'merge', patch: { rules: [wanted] } } as const;
    expect((await refusal(api.server.client(jane).patch(Role, 'default/r', patch))).code).toBe(403);
  });

  it('may label a role whose rules they lack', async () => {
    const api = await grantor();
    await api.admin.create(role('Role', 'r', [wanted]));
    const patch = { type: 'merge', patch: { metadata: { labels: { a: 'b' } } } } as const;
    await api.server.client(jane).patch(Role, 'default/r', patch);
  });

  it('may create an aggregated role only with all permissions', async () => {
    const aggregated = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } };
    const api = await grantor(wanted);
    const made = role('ClusterRole', 'r', [], aggregated);
    expect((await refusal(api.server.client(jane).create(made))).code).toBe(403);
    const mighty = await grantor(rule(['*'], ['*'], ['*']));
    await mighty.server.client(jane).create(made);
  });

  it.each<[string, PolicyRule[]]>([
    ['has its rights', [wanted]],
    ['may bind it', [rule(['bind'], [group], ['roles'], ['r'])]],
  ])('may bind a role if it %s', async (_, rules) => {
    const api = await grantor(...rules);
    await api.admin.create(role('Role', 'r', [wanted]));
    await api.server.client(jane).create(binding('RoleBinding', 'b', ['Role', 'r'], user('joe')));
  });

  it('may not bind a role whose rules they lack, nor a missing one', async () => {
    const api = await grantor();
    await api.admin.create(role('Role', 'r', [wanted]));
    const client = api.server.client(jane);
    const bound = binding('RoleBinding', 'b', ['Role', 'r'], user('joe'));
    expect((await refusal(client.create(bound))).code).toBe(403);
    expect((await refusal(client.create(binding('RoleBinding', 'b', ['Role', 'x'], user('joe'))))).code).toBe(404);
    await api.admin.create(bound);
    const patch = { type: 'merge', patch: { subjects: [user('jim')] } } as const;
    expect((await refusal(client.patch(RoleBinding, 'default/b', patch))).code).toBe(403);
  });

  it('are compared without listing every combination of long lists', () => {
    const names = (prefix: string) => Array.from({ length: 160 }, (_, i) => `${prefix}${i}`);
    const wide = rule(names('verb'), names('group'), names('resource'));
    const held = { verbs: wide.verbs, apiGroups: ['*'], resources: ['*'], resourceNames: [] };
    expect(uncoveredRules([held], [wide])).toEqual([]);
    const less = { ...held, verbs: wide.verbs.slice(1) };
    expect(uncoveredRules([less], [wide])).toEqual([{ ...wide, verbs: ['verb0'] }]);
    // Two rules together hold what none of them holds alone.
    const rest = { ...held, verbs: ['verb0'], apiGroups: names('group').slice(5) };
    expect(uncoveredRules([less, rest], [wide])).toHaveLength(5 * 160);
  });

  it.each<[string, PolicyRule[], PolicyRule[], PolicyRule[]]>([
    ['nothing of nothing', [], [], []],
    [
      'a resource with names is covered by one without',
      [rule(['get'], [''], ['pods'])],
      [rule(['get'], [''], ['pods'], ['a'])],
      [],
    ],
    [
      'a resource without names is not covered by one with',
      [rule(['get'], [''], ['pods'], ['a'])],
      [rule(['get'], [''], ['pods'])],
      [rule(['get'], [''], ['pods'])],
    ],
    ['a subresource is covered by */', [rule(['get'], [''], ['*/log'])], [rule(['get'], [''], ['pods/log'])], []],
    [
      '* is covered by * alone',
      [rule(['get'], [''], ['pods'])],
      [rule(['get'], [''], ['*'])],
      [rule(['get'], [''], ['*'])],
    ],
    [
      'verbs of one thing are put together',
      [rule(['get'], [''], ['pods'])],
      [rule(['get', 'list', 'watch'], [''], ['pods', 'nodes'])],
      [rule(['list', 'watch'], [''], ['pods']), rule(['get', 'list', 'watch'], [''], ['nodes'])],
    ],
    [
      'paths are covered by patterns',
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/x', '/metrics'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }],
    ],
  ])('lacks: %s', (_, owned, asked, missing) => {
    const held = owned.map((one) => ({ apiGroups: [], resources: [], resourceNames: [], ...one }));
    const rules = held.map(({ nonResourceURLs, ...one }) =>
      nonResourceURLs === undefined ? one : { verbs: one.verbs, nonResourceURLs },
    );
    const order = (list: readonly PolicyRule[]) => list.map((one) => JSON.stringify(one)).sort();
    expect(order(uncoveredRules(rules, asked).map(sorted))).toEqual(order(missing.map(sorted)));
  });
});

function sorted({ verbs, ...rest }: PolicyRule): PolicyRule {
  return { ...rest, verbs: [...verbs].sort() };
}
