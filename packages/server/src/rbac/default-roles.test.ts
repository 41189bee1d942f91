import { ClusterRole, type PolicyRule } from '@orrery/api';
import { expect, it } from 'vitest';
import { refusal, testApi } from '../api.fixture.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';
import { defaultRoles } from './default-roles.ts';

/** `create pods/eviction.policy` for each combination of a rule. */
function permissions(rules: readonly PolicyRule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ verbs, apiGroups = [], resources = [], resourceNames = [''] }) =>
      verbs.flatMap((verb) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => resourceNames.map((name) => `${verb} ${resource}.${group} ${name}`.trim())),
        ),
      ),
    ),
  );
}

/** How many permissions Kubernetes 1.35 gives: a change of the list is seen here. */
it.each([
  ['system:aggregate-to-admin', 17],
  ['system:aggregate-to-edit', 229],
  ['system:aggregate-to-view', 180],
  ['system:auth-delegator', 2],
  ['system:basic-user', 3],
  ['system:certificates.k8s.io:certificatesigningrequests:nodeclient', 1],
  ['system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', 1],
  ['system:certificates.k8s.io:kube-apiserver-client-approver', 1],
  ['system:certificates.k8s.io:kube-apiserver-client-kubelet-approver', 1],
  ['system:certificates.k8s.io:kubelet-serving-approver', 1],
  ['system:certificates.k8s.io:legacy-unknown-approver', 1],
  ['system:discovery', 0],
  ['system:heapster', 15],
  ['system:kube-aggregator', 6],
  ['system:kube-dns', 4],
  ['system:kubelet-api-admin', 11],
  ['system:monitoring', 1],
  ['system:node-bootstrapper', 4],
  ['system:node-problem-detector', 8],
  ['system:node-proxier', 17],
  ['system:persistent-volume-provisioner', 19],
  ['system:public-info-viewer', 0],
  ['system:service-account-issuer-discovery', 0],
  ['system:volume-scheduler', 13],
])('%s has Kubernetes\u2019 %i permissions', (name, count) => {
  expect(permissions(defaultRoles[name]?.rules ?? []).size).toBe(count);
});

it.each(['admin', 'edit'])('%s reads endpoints and does not write them (CVE-2021-25740)', async (name) => {
  const api = await testApi();
  for (const object of bootstrapPolicy()) await api.admin.create(object);
  await api.sim.settle();
  const held = permissions((await api.admin.get(ClusterRole, name)).rules ?? []);
  for (const resource of ['endpoints.', 'endpointslices.discovery.k8s.io']) {
    const verbs = [...held].filter((one) => one.endsWith(` ${resource}`)).map((one) => one.split(' ')[0]);
    expect(verbs.sort()).toEqual(['get', 'list', 'watch']);
  }
  expect(held).toContain('create pods.');
});

it('a user with the role edit cannot create an EndpointSlice', async () => {
  const api = await testApi();
  for (const object of bootstrapPolicy()) await api.admin.create(object);
  await api.admin.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'jane', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  } as never);
  await api.sim.settle();
  const jane = api.server.client({ username: 'jane', groups: [] });
  const meta = { name: 'a', namespace: 'default' };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta,
    addressType: 'IPv4',
    endpoints: [],
  };
  expect((await refusal(jane.create(slice as never))).code).toBe(403);
  await jane.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta } as never);
});
