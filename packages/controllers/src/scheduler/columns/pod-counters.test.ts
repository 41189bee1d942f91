import { expect, test } from 'vitest';
import { testNode, testPod } from '../../workload/objects.fixture.ts';
import { testCluster } from '../cluster.fixture.ts';
import type { ClusterState, PodGroup } from '../cluster-state.ts';
import { podInfo } from '../pod-info.ts';

const hostname = 'kubernetes.io/hostname';
const labelled = (name: string, value: string) => podInfo(testPod(name, { metadata: { labels: { app: value } } }));

/** How often a counter was asked for the weight of a group. */
function counting(cluster: ClusterState, name = 'web') {
  let asked = 0;
  const rule = () => ({
    topologyKey: hostname,
    weightOf: ({ labels }: PodGroup) => {
      asked++;
      return labels?.app === name ? 1 : 0;
    },
  });
  const total = () => cluster.counters.get(name, rule, () => cluster.groupsOf('default')).total;
  total();
  return { total, asked: () => asked };
}

test('a Pod of a known group costs one sum, and no question', () => {
  const cluster = testCluster(['a', 'b'].map((name) => testNode(name)));
  cluster.add(labelled('w0', 'web'), 'a');
  const { total, asked } = counting(cluster);
  const before = asked();
  for (let i = 1; i <= 100; i++) cluster.add(labelled(`w${i}`, 'web'), i % 2 === 0 ? 'a' : 'b');
  expect(total()).toBe(101);
  expect(asked()).toBe(before);
});

test('a group is asked about once, when its first Pod comes, and again if it comes back', () => {
  const cluster = testCluster([testNode('a')]);
  const { total, asked } = counting(cluster);
  cluster.add(labelled('w', 'web'), 'a');
  cluster.add(labelled('x', 'other'), 'a');
  expect([total(), asked()]).toEqual([1, 2]);
  cluster.remove('uid-w');
  expect(total()).toBe(0);
  cluster.add(labelled('w', 'web'), 'a');
  expect([total(), asked()]).toEqual([1, 3]);
});

test('a counter that is dropped for others is made anew with the same sum', () => {
  const cluster = testCluster([testNode('a')]);
  cluster.add(labelled('w', 'web'), 'a');
  const { total } = counting(cluster);
  for (let i = 0; i < 300; i++) counting(cluster, `app-${i}`);
  cluster.add(labelled('v', 'web'), 'a');
  expect(total()).toBe(2);
  cluster.remove('uid-v');
  expect(total()).toBe(1);
});

test('Pods of a node that does not exist count as soon as it does', () => {
  const cluster = testCluster([]);
  const { total } = counting(cluster);
  cluster.add(labelled('w', 'web'), 'late');
  expect(total()).toBe(0);
  cluster.setNode(testNode('late'));
  expect(total()).toBe(1);
  cluster.removeNode('late');
  expect(total()).toBe(0);
});
