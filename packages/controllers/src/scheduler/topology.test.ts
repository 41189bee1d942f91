import type { Pod, Stored } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { testNode, testPod } from '../workload/objects.fixture.ts';
import { outcome, testCluster } from './cluster.fixture.ts';

const zoneKey = 'topology.kubernetes.io/zone';
const hostKey = 'kubernetes.io/hostname';
const zoned = (name: string, zone: string) => testNode(name, { metadata: { labels: { [zoneKey]: zone } } });
const nodes = [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b')];
const labels = { app: 'web' };
const web = (name: string, more: Partial<Stored['metadata']> = {}) => testPod(name, { metadata: { labels, ...more } });

function spreading(constraint: object): Stored<Pod> {
  const full = {
    maxSkew: 1,
    topologyKey: zoneKey,
    whenUnsatisfiable: 'DoNotSchedule' as const,
    labelSelector: { matchLabels: labels },
    ...constraint,
  };
  return testPod('p', { metadata: { labels }, spec: { topologySpreadConstraints: [full] } });
}

describe('topology spread', () => {
  test('a domain that would be too far ahead is refused', () => {
    const cluster = testCluster(nodes, [[web('w1'), 'a1']]);
    expect(outcome(cluster, spreading({}))).toBe('b1');
  });

  test('the message when no domain is left', () => {
    const cluster = testCluster([zoned('a1', 'a'), testNode('x')], [[web('w1'), 'a1']]);
    const message = outcome(cluster, spreading({ minDomains: 2 }));
    expect(message).toBe(
      "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });

  test('Pods that are being deleted and Pods of other namespaces do not count', () => {
    const cluster = testCluster(
      [zoned('a1', 'a'), zoned('b1', 'b')],
      [
        [web('w1', { deletionTimestamp: '2026-01-01T00:00:00Z' }), 'a1'],
        [web('w2', { namespace: 'other' }), 'a1'],
        [web('w3'), 'b1'],
      ],
    );
    expect(outcome(cluster, spreading({}))).toBe('a1');
  });

  test('with fewer domains than minDomains the least count is 0', () => {
    const cluster = testCluster([zoned('a1', 'a')], [[web('w1'), 'a1']]);
    expect(outcome(cluster, spreading({}))).toBe('a1');
    expect(outcome(cluster, spreading({ minDomains: 2 }))).toBe(
      "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
    );
  });

  test('ScheduleAnyway only prefers', () => {
    const cluster = testCluster(nodes, [
      [web('w1'), 'a1'],
      [web('w2'), 'b1'],
      [web('w3'), 'b1'],
    ]);
    const pod = spreading({ whenUnsatisfiable: 'ScheduleAnyway', topologyKey: hostKey });
    expect(outcome(cluster, pod)).toBe('a2');
  });

  test('matchLabelKeys narrow the selector to the own values of the Pod', () => {
    const old = testPod('o', { metadata: { labels: { ...labels, rev: '1' } } });
    const cluster = testCluster(
      [zoned('a1', 'a'), zoned('b1', 'b')],
      [
        [old, 'a1'],
        [old, 'a1'],
      ],
    );
    const constraint = { maxSkew: 1, topologyKey: zoneKey, whenUnsatisfiable: 'DoNotSchedule' as const };
    const pod = testPod('p', {
      metadata: { labels: { ...labels, rev: '2' } },
      spec: {
        nodeSelector: { [zoneKey]: 'a' },
        topologySpreadConstraints: [{ ...constraint, labelSelector: { matchLabels: labels }, matchLabelKeys: ['rev'] }],
      },
    });
    expect(outcome(cluster, pod)).toBe('a1');
  });
});

function withAffinity(affinity: object, more: object = {}): Stored<Pod> {
  return testPod('p', { spec: { affinity, ...more } });
}
const term = (topologyKey: string, more: object = {}) => ({
  topologyKey,
  labelSelector: { matchLabels: labels },
  ...more,
});
const required = (...terms: object[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms });
const preferred = (weight: number, podAffinityTerm: object) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm }],
});

describe('inter-pod affinity', () => {
  test('a required affinity goes where a matching Pod is, in the same domain', () => {
    const cluster = testCluster(nodes, [[web('w'), 'b1']]);
    expect(outcome(cluster, withAffinity({ podAffinity: required(term(zoneKey)) }))).toBe('b1');
  });

  test('without a matching Pod it is refused, and preemption would not help', () => {
    expect(outcome(testCluster(nodes), withAffinity({ podAffinity: required(term(zoneKey)) }))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    );
  });

  test('the first Pod of a set that wants to be together may go anywhere', () => {
    const pod = testPod('p', {
      metadata: { labels },
      spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(zoneKey)] } } },
    });
    expect(outcome(testCluster([zoned('a1', 'a')]), pod)).toBe('a1');
  });

  test('a required anti-affinity keeps away from matching Pods', () => {
    const cluster = testCluster([zoned('a1', 'a'), zoned('a2', 'a')], [[web('w'), 'a1']]);
    expect(outcome(cluster, withAffinity({ podAntiAffinity: required(term(hostKey)) }))).toBe('a2');
    expect(outcome(cluster, withAffinity({ podAntiAffinity: required(term(zoneKey)) }))).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    );
  });

  test('a Pod that is there keeps away those that it does not want', () => {
    const lonely = withAffinity({ podAntiAffinity: required(term(zoneKey)) });
    const cluster = testCluster([zoned('a1', 'a')], [[lonely, 'a1']]);
    expect(outcome(cluster, web('w'))).toBe(
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
  });

  test('a term without namespaces is about the own namespace; an empty namespace selector about all', () => {
    const cluster = testCluster(nodes, [[web('w', { namespace: 'other' }), 'b1']]);
    expect(outcome(cluster, withAffinity({ podAffinity: required(term(zoneKey)) }))).toContain('pod affinity rules');
    const everywhere = term(zoneKey, { namespaceSelector: {} });
    expect(outcome(cluster, withAffinity({ podAffinity: required(everywhere) }))).toBe('b1');
    const named = term(zoneKey, { namespaces: ['other'] });
    expect(outcome(cluster, withAffinity({ podAffinity: required(named) }))).toBe('b1');
  });

  test('preferred affinity attracts, preferred anti-affinity repels', () => {
    const cluster = testCluster([testNode('x'), testNode('y')], [[web('w'), 'x']]);
    expect(outcome(cluster, withAffinity({ podAffinity: preferred(100, term(hostKey)) }))).toBe('x');
    expect(outcome(cluster, withAffinity({ podAntiAffinity: preferred(100, term(hostKey)) }))).toBe('y');
  });
});
