import { describe, expect, test } from 'vitest';
import type { Pod } from '../kinds.ts';
import { missingFields, quotaApplies, quotaUsage, type ResourceKind, trackedBy } from './index.ts';

const now = Date.parse('2026-01-01T00:10:00Z');
const pods: ResourceKind = { group: '', resource: 'pods' };
const pod = (spec: Partial<Pod['spec']> = {}, status: Pod['status'] = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec: { containers: [{ name: 'main' }], ...spec },
  status,
});
const of = (kind: ResourceKind, object: object) =>
  Object.fromEntries(
    [...quotaUsage(kind, { apiVersion: 'v1', kind: 'X', ...object }, now)].map(([name, amount]) => [
      name,
      amount.toString(),
    ]),
  );
const resources = {
  requests: { cpu: '500m', memory: '1Gi', 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' },
  limits: { cpu: '1', memory: '2Gi', 'example.com/gpu': '2' },
};

test.each([
  ['pods', 'pods.'],
  ['cpu', 'pods.'],
  ['requests.memory', 'pods.'],
  ['limits.ephemeral-storage', 'pods.'],
  ['requests.example.com/gpu', 'pods.'],
  ['hugepages-2Mi', 'pods.'],
  ['count/pods', 'pods.'],
  ['count/deployments.apps', 'deployments.apps'],
  ['count/rules.a.b.c', 'rules.a.b.c'],
  ['services.nodeports', 'services.'],
  ['requests.storage', 'persistentvolumeclaims.'],
  ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims.'],
  ['secrets', 'secrets.'],
  ['example.com/gpu', undefined],
  ['deployments', undefined],
])('%s is counted on %s', (name, kind) => {
  const tracked = trackedBy(name);
  expect(tracked === undefined ? undefined : `${tracked.resource}.${tracked.group}`).toBe(kind);
});

describe('what is used', () => {
  test('by a Pod', () => {
    const spec = { containers: [{ name: 'main', resources }], overhead: { cpu: '100m' } };
    expect(of(pods, pod(spec))).toEqual({
      'count/pods': '1',
      pods: '1',
      cpu: '600m',
      'requests.cpu': '600m',
      'limits.cpu': '1100m',
      memory: '1Gi',
      'requests.memory': '1Gi',
      'limits.memory': '2Gi',
      'requests.example.com/gpu': '2',
      'hugepages-2Mi': '4Mi',
      'requests.hugepages-2Mi': '4Mi',
    });
  });

  test('by a Pod that has ended, or should have: only its place in the store', () => {
    expect(of(pods, pod({}, { phase: 'Failed' }))).toEqual({ 'count/pods': '1' });
    const leaving = { deletionTimestamp: '2026-01-01T00:09:00Z', deletionGracePeriodSeconds: 30 };
    expect(of(pods, pod({}, { phase: 'Running' }, leaving))).toEqual({ 'count/pods': '1' });
    expect(of(pods, pod({}, {}, { ...leaving, deletionGracePeriodSeconds: 60 }))).toMatchObject({ pods: '1' });
  });

  test.each([
    [{ type: 'ClusterIP', ports: [{ port: 1 }] }, '0', '0'],
    [{ type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] }, '2', '0'],
    [{ type: 'LoadBalancer', ports: [{ port: 1 }] }, '1', '1'],
    [
      {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        ports: [{ port: 1 }, { port: 2, nodePort: 30_000 }],
      },
      '1',
      '1',
    ],
  ])('by a Service %j', (spec, nodePorts, balancers) => {
    expect(of({ group: '', resource: 'services' }, { metadata: {}, spec })).toEqual({
      'count/services': '1',
      services: '1',
      'services.nodeports': nodePorts,
      'services.loadbalancers': balancers,
    });
  });

  test('by a claim', () => {
    const spec = { storageClassName: 'gold', resources: { requests: { storage: '3Gi' } } };
    const claim = { metadata: {}, spec, status: { allocatedResources: { storage: '5Gi' } } };
    expect(of({ group: '', resource: 'persistentvolumeclaims' }, claim)).toEqual({
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'requests.storage': '5Gi',
      'gold.storageclass.storage.k8s.io/requests.storage': '5Gi',
    });
  });

  test('by anything else', () => {
    expect(of({ group: '', resource: 'secrets' }, {})).toEqual({ 'count/secrets': '1', secrets: '1' });
    expect(of({ group: 'apps', resource: 'deployments' }, {})).toEqual({ 'count/deployments.apps': '1' });
  });
});

describe('a quota applies', () => {
  const guaranteed = pod({ containers: [{ name: 'main', resources: { limits: resources.limits } }] });
  const across = pod({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: ['other'] }],
      },
    },
  });
  const selector = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values?: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) }] },
  });
  const hard = { pods: '1' };
  const classed = pod({ priorityClassName: 'high' });

  test.each([
    ['to every Pod without scopes', { hard }, pod(), true],
    ['not where it limits nothing of the kind', { hard: { services: '1' } }, pod(), false],
    ['Terminating', { hard, scopes: ['Terminating'] }, pod({ activeDeadlineSeconds: 0 }), true],
    ['Terminating', { hard, scopes: ['Terminating'] }, pod(), false],
    ['NotTerminating', { hard, scopes: ['NotTerminating'] }, pod(), true],
    ['BestEffort', { hard, scopes: ['BestEffort'] }, pod(), true],
    ['BestEffort', { hard, scopes: ['BestEffort'] }, guaranteed, false],
    ['NotBestEffort', { hard, scopes: ['NotBestEffort'] }, guaranteed, true],
    ['all scopes together', { hard, scopes: ['NotBestEffort', 'Terminating'] }, guaranteed, false],
    ['In', { hard, ...selector('In', ['high']) }, classed, true],
    ['In', { hard, ...selector('In', ['low']) }, classed, false],
    ['NotIn', { hard, ...selector('NotIn', ['high']) }, pod(), true],
    ['Exists', { hard, ...selector('Exists') }, pod(), false],
    ['DoesNotExist', { hard, ...selector('DoesNotExist') }, pod(), true],
    ['CrossNamespacePodAffinity', { hard, scopes: ['CrossNamespacePodAffinity'] }, across, true],
    ['CrossNamespacePodAffinity', { hard, scopes: ['CrossNamespacePodAffinity'] }, pod(), false],
  ])('%s', (_what, spec, object, applies) => {
    expect(quotaApplies(spec as Parameters<typeof quotaApplies>[0], pods, object)).toBe(applies);
  });

  test('to nothing but Pods with scopes', () => {
    const spec = { hard: { services: '1' }, scopes: ['NotTerminating' as const] };
    expect(quotaApplies(spec, { group: '', resource: 'services' }, pod())).toBe(false);
  });
});

test.each([
  [[{ name: 'a', resources }], ['requests.cpu', 'limits.memory', 'pods'], undefined],
  [[{ name: 'b' }, { name: 'a' }], ['requests.cpu'], 'requests.cpu for: a,b'],
  [
    [{ name: 'a', resources: { requests: { cpu: '1' } } }],
    ['cpu', 'limits.cpu', 'memory'],
    'limits.cpu for: a; memory for: a',
  ],
  [[{ name: 'a' }], ['limits.ephemeral-storage'], undefined],
])('what containers do not say', (containers, hard, missing) => {
  expect(missingFields(pod({ containers }), hard)).toBe(missing);
  expect(missingFields(pod({ containers, resources: { requests: { cpu: '1' } } }), hard)).toBeUndefined();
});
