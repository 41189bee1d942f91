import { describe, expect, it } from 'vitest';
import type { AccessAttributes } from '../request-path.ts';
import { defaultFlowSchemas } from './default-configuration.ts';
import { byPrecedence, flowOf, schemaOf } from './flow-request.ts';

const schemas = defaultFlowSchemas.toSorted(byPrecedence);
const account = 'system:serviceaccount';
const authenticated = 'system:authenticated';

function on(verb: string, path: string, namespace = ''): AccessAttributes {
  if (path.startsWith('/')) return { verb, path };
  const [group = '', resource = '', subresource = ''] = path.split('.');
  return { verb, group, version: 'v1', resource, subresource, namespace, name: '' };
}

const pods = on('list', '.pods', 'default');
const leases = on('update', 'coordination-k8s-io.leases', 'kube-system');
const lease: AccessAttributes = { ...leases, group: 'coordination.k8s.io' } as AccessAttributes;

describe('the default flow schemas', () => {
  it.each([
    ['an administrator', 'kubernetes-admin', ['system:masters', authenticated], pods, 'exempt'],
    ['a health check of anybody', 'system:anonymous', ['system:unauthenticated'], on('get', '/readyz'), 'probes'],
    ['one check of them', 'system:anonymous', ['system:unauthenticated'], on('get', '/readyz/ping'), 'probes'],
    ['another path', 'system:anonymous', ['system:unauthenticated'], on('get', '/version'), 'global-default'],
    ['a path that only begins alike', 'jane', [authenticated], on('get', '/readyzz'), 'global-default'],
    [
      'a node and its Node',
      'system:node:n1',
      ['system:nodes', authenticated],
      on('patch', '.nodes.status'),
      'system-node-high',
    ],
    ['a node and its Lease', 'system:node:n1', ['system:nodes', authenticated], lease, 'system-node-high'],
    ['a node and Pods', 'system:node:n1', ['system:nodes', authenticated], pods, 'system-nodes'],
    ['the scheduler and its Lease', 'system:kube-scheduler', [authenticated], lease, 'system-leader-election'],
    ['the scheduler and Pods', 'system:kube-scheduler', [authenticated], pods, 'kube-scheduler'],
    ['the controller manager', 'system:kube-controller-manager', [authenticated], pods, 'kube-controller-manager'],
    [
      'a system account and a Lease',
      `${account}:kube-system:a`,
      ['system:serviceaccounts', authenticated],
      lease,
      'system-leader-election',
    ],
    [
      'a system account',
      `${account}:kube-system:a`,
      ['system:serviceaccounts', authenticated],
      pods,
      'kube-system-service-accounts',
    ],
    [
      'an account of a namespace with a longer name',
      `${account}:kube-system2:a`,
      ['system:serviceaccounts', authenticated],
      pods,
      'service-accounts',
    ],
    ['an account', `${account}:default:a`, ['system:serviceaccounts', authenticated], pods, 'service-accounts'],
    ['a user', 'jane', [authenticated], pods, 'global-default'],
    ['nobody', 'jane', [], pods, undefined],
  ] as const)('%s', (_, username, groups, attributes, schema) => {
    expect(schemaOf(schemas, { user: { username, groups }, attributes })?.metadata.name).toBe(schema);
  });

  it('distinguish flows by user or by namespace', () => {
    const by = (name: string) => schemas.find(({ metadata }) => metadata.name === name);
    const request = { user: { username: 'jane', groups: [] }, attributes: pods };
    const flow = (name: string) => flowOf(by(name) as (typeof schemas)[number], request);
    expect([flow('global-default'), flow('kube-scheduler'), flow('exempt')]).toEqual([
      'global-default\njane',
      'kube-scheduler\ndefault',
      'exempt\n',
    ]);
  });
});

it('a flow schema whose rules lack their lists matches nothing, and fails for nobody', () => {
  const broken = (rules: unknown) =>
    ({ metadata: { name: 'a' }, spec: { matchingPrecedence: 1, rules } }) as unknown as (typeof schemas)[number];
  const all = { kind: 'Group', group: { name: '*' } };
  const user = { username: 'jane', groups: [authenticated] };
  for (const rules of [[{}], [{ subjects: [all], nonResourceRules: [{}], resourceRules: [{}] }]]) {
    for (const attributes of [pods, on('get', '/version')]) {
      expect(schemaOf([broken(rules), ...schemas], { user, attributes })?.metadata.name).toBe('global-default');
    }
  }
});
