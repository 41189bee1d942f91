import { describe, expect, test } from 'vitest';
import { testContainer, testNode, testPod } from '../workload/objects.fixture.ts';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { ClusterState } from './cluster-state.ts';
import type { ClusterChange } from './plugin.ts';
import { type PodInfo, podInfo } from './pod-info.ts';
import { RetryHints } from './retry-hints.ts';

const cluster = new ClusterState({
  namespaceLabels: (name) => ({ team: name === 'default' ? 'red' : 'blue' }),
  siblingSelector: () => undefined,
});
const hints = new RetryHints(builtinSchedulerPlugins, cluster);
const web = { app: 'web' };
const other = (labels: { readonly [key: string]: string }, spec: object = {}, namespace = 'default') =>
  podInfo(testPod('other', { metadata: { labels, namespace }, spec }));
const near = (kind: 'podAffinity' | 'podAntiAffinity', labels = web) => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: labels } }],
    },
  },
});
const spread = {
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: web } },
  ],
};
const waiting = (spec: object, labels = {}) => podInfo(testPod('waiting', { metadata: { labels }, spec }));
const placed = (pod: PodInfo): ClusterChange => ({ type: 'podPlaced', pod });
const gone = (pod: PodInfo): ClusterChange => ({ type: 'podGone', pod });
const changed = (pod: PodInfo): ClusterChange => ({ type: 'podChanged', pod });
const node = testNode('n');
const cpu = (amount: string) => ({ containers: [testContainer({ cpu: amount })] });

describe('a change may help a Pod that was rejected', () => {
  const rows: readonly [rule: string, plugin: string, pod: PodInfo, change: ClusterChange, helps: boolean][] = [
    ['affinity: a Pod came that it wants', 'InterPodAffinity', waiting(near('podAffinity')), placed(other(web)), true],
    ['affinity: another came', 'InterPodAffinity', waiting(near('podAffinity')), placed(other({ app: 'x' })), false],
    [
      'affinity: one came in another namespace',
      'InterPodAffinity',
      waiting(near('podAffinity')),
      placed(other(web, {}, 'elsewhere')),
      false,
    ],
    ['affinity: the last that it wants went', 'InterPodAffinity', waiting(near('podAffinity')), gone(other(web)), true],
    ['affinity: another went', 'InterPodAffinity', waiting(near('podAffinity')), gone(other({ app: 'x' })), false],
    ['anti-affinity: one it avoids went', 'InterPodAffinity', waiting(near('podAntiAffinity')), gone(other(web)), true],
    [
      'anti-affinity: one it avoids came',
      'InterPodAffinity',
      waiting(near('podAntiAffinity')),
      placed(other(web)),
      false,
    ],
    [
      'anti-affinity: one that avoids it went',
      'InterPodAffinity',
      waiting({}, web),
      gone(other({}, near('podAntiAffinity'))),
      true,
    ],
    [
      'anti-affinity: one that avoids others went',
      'InterPodAffinity',
      waiting({}, { app: 'x' }),
      gone(other({}, near('podAntiAffinity'))),
      false,
    ],
    ['labels changed', 'InterPodAffinity', waiting(near('podAffinity')), changed(other({ app: 'x' })), true],
    ['spread: one that counts went', 'PodTopologySpread', waiting(spread), gone(other(web)), true],
    ['spread: one that counts came', 'PodTopologySpread', waiting(spread), placed(other(web)), true],
    ['spread: another went', 'PodTopologySpread', waiting(spread), gone(other({ app: 'x' })), false],
    ['spread: in another namespace', 'PodTopologySpread', waiting(spread), gone(other(web, {}, 'elsewhere')), false],
    ['spread: labels changed', 'PodTopologySpread', waiting(spread), changed(other({ app: 'x' })), true],
    ['room: a Pod went', 'NodeResourcesFit', waiting(cpu('1')), gone(other({})), true],
    ['room: a Pod came', 'NodeResourcesFit', waiting(cpu('1')), placed(other({})), false],
    ['room: a large enough node', 'NodeResourcesFit', waiting(cpu('1')), { type: 'nodeAdded', node }, true],
    ['room: a node that is too small', 'NodeResourcesFit', waiting(cpu('9')), { type: 'nodeAdded', node }, false],
    ['a plugin that is unknown', 'Nobody', waiting({}), placed(other({})), true],
  ];
  test.each(rows)('%s', (_, plugin, pod, change, helps) => {
    const queued = { pod, attempts: 1, timestamp: 0, rejectedBy: new Set([plugin]) };
    expect(hints.mayHelp(change, queued)).toBe(helps);
    // What is not asked about a type would never hear of a change that helps.
    if (helps) expect(hints.typesOf(queued)?.has(change.type) ?? true).toBe(true);
  });

  test('nothing rejected it: anything may help', () => {
    const queued = { pod: waiting({}), attempts: 1, timestamp: 0, rejectedBy: new Set<string>() };
    expect(hints.mayHelp(placed(other({})), queued)).toBe(true);
    expect(hints.typesOf(queued)).toBeUndefined();
  });
});
