import { createSeededRandom } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { testContainer, testNode, testPod } from '../workload/objects.fixture.ts';
import { builtinSchedulerPlugins } from './builtin-plugins.ts';
import { testCluster } from './cluster.fixture.ts';
import { ColumnarPlacer } from './columns/columnar-placer.ts';
import { createPlacer } from './placer.ts';
import type { SchedulerPlugin } from './plugin.ts';
import { podInfo } from './pod-info.ts';

const large = podInfo(testPod('large', { spec: { containers: [testContainer({ cpu: '9' })] } }));
const notOnA: SchedulerPlugin = {
  name: 'NotOnA',
  filter: () => (node) => (node.name === 'a' ? { reasons: ['node(s) were a'], unresolvable: true } : undefined),
};

function placed(plugins: readonly SchedulerPlugin[]): string {
  const cluster = testCluster(['a', 'b'].map((name) => testNode(name)));
  const placer = createPlacer(cluster, plugins, createSeededRandom(1));
  const { placement } = placer.place(large, { percentageOfNodesToScore: 0, start: 0 });
  return placement.type === 'placed' ? placement.node : placement.type;
}

describe('plugins that know only the public interface', () => {
  test('one after the built-in ones filters what they let pass', () => {
    const anySize: SchedulerPlugin = { name: 'NodeResourcesFit' };
    const replaced = builtinSchedulerPlugins.map((plugin) => (plugin.name === anySize.name ? anySize : plugin));
    expect(placed([...builtinSchedulerPlugins, notOnA])).toBe('unfit');
    expect(placed([...replaced, notOnA])).toBe('b');
  });

  test('one in the place of a built-in one has all decided by plugins', () => {
    const cluster = testCluster([]);
    const random = createSeededRandom(1);
    const { name } = builtinSchedulerPlugins[0] as SchedulerPlugin;
    const replaced = [{ name }, ...builtinSchedulerPlugins.slice(1)];
    expect(createPlacer(cluster, [...builtinSchedulerPlugins, notOnA], random)).toBeInstanceOf(ColumnarPlacer);
    expect(createPlacer(cluster, replaced, random)).not.toBeInstanceOf(ColumnarPlacer);
  });
});
