import {
  builtinKind,
  ClusterRole,
  ConfigMap,
  Deployment,
  type Kind,
  type KubernetesObject,
  Namespace,
  Node,
  Pod,
  type PolicyRule,
  Role,
  RoleBinding,
  Secret,
} from '@orrery/api';
import type { Client } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** Roles, bindings, and what they allow (Kubernetes "Using RBAC Authorization"). */

const rbac = 'rbac.authorization.k8s.io';
const jane = { username: 'jane', groups: ['team', 'system:authenticated'] };
const inDefault = (name: string) => ({ namespace: 'default', name });

async function withRole(
  rules: readonly PolicyRule[],
  kind: 'Role' | 'ClusterRole' = 'Role',
  binding: 'RoleBinding' | 'ClusterRoleBinding' = 'RoleBinding',
) {
  const cluster = await podScenario();
  await cluster.apply([
    {
      apiVersion: `${rbac}/v1`,
      kind,
      metadata: { name: 'r', ...(kind === 'Role' ? { namespace: 'default' } : {}) },
      rules,
    } as KubernetesObject,
    {
      apiVersion: `${rbac}/v1`,
      kind: binding,
      metadata: { name: 'b', ...(binding === 'RoleBinding' ? { namespace: 'default' } : {}) },
      subjects: [{ kind: 'Group', apiGroup: rbac, name: 'team' }],
      roleRef: { apiGroup: rbac, kind, name: 'r' },
    } as KubernetesObject,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('c') },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('d') },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } },
  ]);
  await cluster.settle();
  return { cluster, client: cluster.as(jane) };
}

const refused = { code: 403 };

describe('rules', () => {
  test('a Role allows its verbs for its resources in its namespace, and nothing else', async () => {
    const { client } = await withRole([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);
    await expect(client.get(ConfigMap, inDefault('c'))).resolves.toBeDefined();
    await expect(client.list(ConfigMap, { namespace: 'default' })).resolves.toBeDefined();
    await expect(client.delete(ConfigMap, inDefault('c'))).rejects.toThrow(
      'configmaps "c" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" in the namespace "default"',
    );
    await expect(client.list(ConfigMap, { namespace: 'other' })).rejects.toMatchObject(refused);
    await expect(client.list(ConfigMap)).rejects.toThrow(
      'cannot list resource "configmaps" in API group "" at the cluster scope',
    );
    await expect(client.get(Secret, inDefault('c'))).rejects.toMatchObject(refused);
    await expect(client.list(Deployment, { namespace: 'default' })).rejects.toThrow('in API group "apps"');
  });

  test('resourceNames leave only those objects: they can be read and watched by name, not listed', async () => {
    const { client } = await withRole([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['c'], verbs: ['get', 'list', 'delete', 'create'] },
    ]);
    await expect(client.get(ConfigMap, inDefault('c'))).resolves.toBeDefined();
    await expect(client.get(ConfigMap, inDefault('d'))).rejects.toMatchObject(refused);
    await expect(client.list(ConfigMap, { namespace: 'default' })).rejects.toMatchObject(refused);
    const { items } = await client.list(ConfigMap, { namespace: 'default', fieldSelector: 'metadata.name=c' });
    expect(items).toHaveLength(1);
    // The name of a created object is not known at request time.
    await expect(
      client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('c') }),
    ).rejects.toMatchObject(refused);
  });

  test('a rule for a resource does not cover its subresources, nor vice versa', async () => {
    const { cluster, client } = await withRole([
      { apiGroups: [''], resources: ['pods/status'], verbs: ['get', 'update'] },
    ]);
    const pod = await cluster.start({ containers: [service()] });
    await expect(client.get(Pod, inDefault('web'))).rejects.toMatchObject(refused);
    await expect(client.update<Pod>(pod)).rejects.toMatchObject(refused);
    await expect(client.updateStatus<Pod>(await cluster.pod())).resolves.toBeDefined();
    await expect(client.getSubresource(Pod as Kind, inDefault('web'), 'log')).rejects.toThrow(
      'cannot get resource "pods/log"',
    );
  });

  test.for<readonly [string, PolicyRule, boolean]>([
    ['* for verbs', { apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }, true],
    ['* for groups', { apiGroups: ['*'], resources: ['configmaps'], verbs: ['get'] }, true],
    ['* for resources', { apiGroups: [''], resources: ['*'], verbs: ['get'] }, true],
    ['another group', { apiGroups: ['apps'], resources: ['*'], verbs: ['*'] }, false],
    ['a path', { nonResourceURLs: ['*'], verbs: ['*'] }, false],
  ])('%s: %s', async ([, rule, allowed]) => {
    const nonResource = 'nonResourceURLs' in rule;
    const { client } = await withRole(
      [rule],
      nonResource ? 'ClusterRole' : 'Role',
      nonResource ? 'ClusterRoleBinding' : 'RoleBinding',
    );
    const got = client.get(ConfigMap, inDefault('c'));
    if (allowed) await expect(got).resolves.toBeDefined();
    else await expect(got).rejects.toMatchObject(refused);
  });

  test('a ClusterRole bound in a namespace applies only there; bound cluster-wide, everywhere', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps', 'nodes'], verbs: ['get', 'list'] }];
    const narrow = await withRole(rules, 'ClusterRole');
    await expect(narrow.client.list(ConfigMap, { namespace: 'default' })).resolves.toBeDefined();
    await expect(narrow.client.list(ConfigMap, { namespace: 'other' })).rejects.toMatchObject(refused);
    await expect(narrow.client.list(Node)).rejects.toMatchObject(refused);
    const wide = await withRole(rules, 'ClusterRole', 'ClusterRoleBinding');
    await expect(wide.client.list(ConfigMap)).resolves.toBeDefined();
    await expect(wide.client.list(Node)).resolves.toBeDefined();
  });

  test('a change to a role or a binding takes effect immediately', async () => {
    const { cluster, client } = await withRole([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
    await expect(client.get(ConfigMap, inDefault('c'))).resolves.toBeDefined();
    const role = await cluster.client.get(Role, inDefault('r'));
    await cluster.client.update<Role>({ ...role, rules: [] });
    await expect(client.get(ConfigMap, inDefault('c'))).rejects.toMatchObject(refused);
    await cluster.client.update<Role>({
      ...(await cluster.client.get(Role, inDefault('r'))),
      rules: [...(role.rules ?? [])],
    });
    await expect(client.get(ConfigMap, inDefault('c'))).resolves.toBeDefined();
    await cluster.client.delete(RoleBinding, inDefault('b'));
    await expect(client.get(ConfigMap, inDefault('c'))).rejects.toMatchObject(refused);
  });

  test('a binding’s role cannot be exchanged', async () => {
    const { cluster } = await withRole([]);
    const binding = await cluster.client.get(RoleBinding, inDefault('b'));
    await expect(
      cluster.client.update<RoleBinding>({ ...binding, roleRef: { ...binding.roleRef, name: 'other' } }),
    ).rejects.toThrow('cannot change roleRef');
  });
});

describe('default roles', () => {
  async function bound(role: string): Promise<{ cluster: PodScenario; client: Client }> {
    const cluster = await podScenario();
    await cluster.apply({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: inDefault('b'),
      subjects: [{ kind: 'User', apiGroup: rbac, name: 'jane' }],
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    } as KubernetesObject);
    return { cluster, client: cluster.as(jane) };
  }
  const can = async (client: Client, verb: string, resource: string, namespace = 'default') => {
    const [name = '', subresource = ''] = resource.split('/');
    const [plain = '', group = ''] = name.split(/\.(.*)/);
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource: plain, subresource, namespace } },
    } as KubernetesObject;
    return ((await client.create(body)) as KubernetesObject & { status: { allowed: boolean } }).status.allowed;
  };

  test.for<readonly [string, readonly string[], readonly string[]]>([
    [
      'view',
      [
        'get pods',
        'list configmaps',
        'watch deployments.apps',
        'get pods/log',
        'list podpresets.settings.k8s.io',
        'get serviceaccounts',
      ],
      ['get secrets', 'create pods', 'delete configmaps', 'list roles.rbac.authorization.k8s.io', 'create pods/exec'],
    ],
    [
      'edit',
      [
        'get secrets',
        'create pods',
        'delete deployments.apps',
        'create pods/exec',
        'update configmaps',
        'create serviceaccounts/token',
        'impersonate serviceaccounts',
        'patch deployments.apps/scale',
      ],
      [
        'list roles.rbac.authorization.k8s.io',
        'create rolebindings.rbac.authorization.k8s.io',
        'update resourcequotas',
        'delete namespaces',
      ],
    ],
    [
      'admin',
      [
        'get secrets',
        'create pods',
        'create rolebindings.rbac.authorization.k8s.io',
        'update roles.rbac.authorization.k8s.io',
        'create localsubjectaccessreviews.authorization.k8s.io',
      ],
      ['update resourcequotas', 'create nodes', 'create clusterroles.rbac.authorization.k8s.io', 'update pods/status'],
    ],
    ['cluster-admin', ['delete namespaces', 'update pods/status', 'create anything.acme.com'], []],
  ])('%s', async ([role, allowed, forbidden]) => {
    const { client } = await bound(role);
    const answers = async (asked: readonly string[]) => {
      const wrong: string[] = [];
      for (const text of asked) {
        const [verb = '', resource = ''] = text.split(' ');
        if ((await can(client, verb, resource)) !== (asked === allowed)) wrong.push(text);
      }
      return wrong;
    };
    expect(await answers(allowed)).toEqual([]);
    expect(await answers(forbidden)).toEqual([]);
    expect(await can(client, 'get', 'pods', 'kube-system')).toBe(false);
  });

  test('roles labelled for view, edit or admin are aggregated into them and into the roles that include them', async () => {
    const { cluster, client } = await bound('admin');
    expect(await can(client, 'get', 'websites.acme.com')).toBe(false);
    await cluster.client.create<ClusterRole>({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'websites', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ apiGroups: ['acme.com'], resources: ['websites'], verbs: ['get', 'list'] }],
    });
    await cluster.settle();
    expect(await can(client, 'get', 'websites.acme.com')).toBe(true);
    expect(await can(client, 'delete', 'websites.acme.com')).toBe(false);
    await cluster.client.delete(ClusterRole, 'websites');
    await cluster.settle();
    expect(await can(client, 'get', 'websites.acme.com')).toBe(false);
  });

  test('authenticated users may use discovery and review their own access; others may not', async () => {
    const cluster = await podScenario();
    const client = cluster.as(jane);
    const path = (user: typeof jane, at: string) => cluster.server.authorize(user, { verb: 'get', path: at });
    await expect(path(jane, '/api')).resolves.toBeUndefined();
    await expect(path(jane, '/apis/apps/v1')).resolves.toBeUndefined();
    await expect(path(jane, '/openapi/v3')).resolves.toBeUndefined();
    await expect(path(jane, '/metrics')).rejects.toThrow('User "jane" cannot get path "/metrics"');
    expect(await can(client, 'get', 'pods')).toBe(false);
    const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
    await expect(path(anonymous, '/version')).resolves.toBeUndefined();
    await expect(path(anonymous, '/api')).rejects.toMatchObject(refused);
  });
});

describe('reviews', () => {
  const review = async (client: Client, kind: string, spec: object, status = 'status') => {
    const group = kind === 'SelfSubjectReview' ? 'authentication.k8s.io/v1' : 'authorization.k8s.io/v1';
    const kindOf: Kind = builtinKind(group, kind);
    const body = { apiVersion: group, kind: kindOf.kind, spec } as unknown as KubernetesObject;
    return ((await client.create(body)) as unknown as { [field: string]: unknown })[status];
  };

  test('auth whoami', async () => {
    const cluster = await podScenario();
    expect(await review(cluster.as({ ...jane, uid: '7', extra: { a: ['b'] } }), 'SelfSubjectReview', {})).toEqual({
      userInfo: { username: 'jane', uid: '7', groups: jane.groups, extra: { a: ['b'] } },
    });
  });

  test('auth can-i reports the reason', async () => {
    const { client } = await withRole([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
    const ask = (verb: string) =>
      review(client, 'SelfSubjectAccessReview', {
        resourceAttributes: { verb, resource: 'configmaps', namespace: 'default' },
      });
    expect(await ask('get')).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/default" of Role "r" to Group "team"',
    });
    expect(await ask('delete')).toEqual({ allowed: false });
  });

  test('auth can-i --list', async () => {
    const { client } = await withRole([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
    expect(await review(client, 'SelfSubjectRulesReview', { namespace: 'default' })).toMatchObject({
      resourceRules: expect.arrayContaining([
        { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: [] },
      ]),
      nonResourceRules: expect.arrayContaining([expect.objectContaining({ verbs: ['get'] })]),
      incomplete: false,
    });
  });

  test('can-i for another user requires permission', async () => {
    const { cluster, client } = await withRole([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
    const spec = {
      user: 'someone',
      groups: ['team'],
      resourceAttributes: { verb: 'get', resource: 'configmaps', namespace: 'default' },
    };
    expect(await review(cluster.client, 'SubjectAccessReview', spec)).toMatchObject({ allowed: true });
    await expect(review(client, 'SubjectAccessReview', spec)).rejects.toMatchObject(refused);
  });
});

describe('impersonation', () => {
  test('needs the right for the user, and for each group', async () => {
    const { cluster } = await withRole(
      [{ apiGroups: [''], resources: ['users'], resourceNames: ['bob'], verbs: ['impersonate'] }],
      'ClusterRole',
      'ClusterRoleBinding',
    );
    const as = (username: string, groups: readonly string[] = []) =>
      cluster.server.authenticate({
        certificate: { commonName: 'jane', organizations: ['team'] },
        impersonate: { username, groups },
      });
    expect(await as('bob')).toEqual({ username: 'bob', groups: ['system:authenticated'] });
    await expect(as('alice')).rejects.toThrow('User "jane" cannot impersonate resource "users"');
    await expect(as('bob', ['system:masters'])).rejects.toThrow('cannot impersonate resource "groups"');
    await expect(as('system:serviceaccount:default:default')).rejects.toThrow(
      'cannot impersonate resource "serviceaccounts"',
    );
  });
});

describe('privilege escalation', () => {
  const manage: PolicyRule = { apiGroups: [rbac], resources: ['roles', 'rolebindings'], verbs: ['create'] };
  const reads: PolicyRule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
  const role = (rules: PolicyRule[]): Role => ({
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata: inDefault('mine'),
    rules,
  });

  test('a user cannot grant permissions he does not hold, neither by a role nor by a binding', async () => {
    const { client } = await withRole([manage, reads]);
    await expect(client.create<Role>(role([reads]))).resolves.toBeDefined();
    await expect(
      client.create<Role>({ ...role([{ ...reads, verbs: ['get', 'delete'] }]), metadata: inDefault('more') }),
    ).rejects.toThrow('is attempting to grant RBAC permissions not currently held');
    await expect(
      client.create<RoleBinding>({
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: inDefault('up'),
        subjects: [{ kind: 'User', apiGroup: rbac, name: 'jane' }],
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
      }),
    ).rejects.toThrow('is attempting to grant RBAC permissions not currently held');
  });

  test('the verbs escalate and bind lift that', async () => {
    const { client } = await withRole([
      manage,
      { apiGroups: [rbac], resources: ['roles'], verbs: ['escalate'] },
      { apiGroups: [rbac], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['view'] },
    ]);
    await expect(client.create<Role>(role([{ ...reads, verbs: ['*'] }]))).resolves.toBeDefined();
    const bind = (name: string, to: string) =>
      client.create<RoleBinding>({
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: inDefault(name),
        subjects: [{ kind: 'User', apiGroup: rbac, name: 'jane' }],
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: to },
      });
    await expect(bind('viewer', 'view')).resolves.toBeDefined();
  });
});

test('a controller can do only what its role allows', async () => {
  const cluster = await podScenario();
  const controller = cluster.as({
    username: 'system:serviceaccount:kube-system:replicaset-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  });
  await expect(controller.list(Pod)).resolves.toBeDefined();
  await expect(controller.list(Secret)).rejects.toMatchObject(refused);
  await expect(controller.delete(Namespace, 'default')).rejects.toMatchObject(refused);
});
