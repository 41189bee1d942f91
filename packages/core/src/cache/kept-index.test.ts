import { keyOf, keyString, Pod, type Stored } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineIndex } from '../define-index.ts';
import { KeptIndex } from './kept-index.ts';

interface Sum {
  cpu: number;
}

const nodesOf = ({ metadata }: Stored<Pod>) => (metadata.labels?.nodes ?? '').split(' ').filter((node) => node !== '');
const cpuOf = ({ metadata }: Stored<Pod>) => Number(metadata.labels?.cpu ?? 0);
const byNode = defineIndex<Pod, Sum>(Pod, nodesOf, {
  create: () => ({ cpu: 0 }),
  add: (sum, pod) => {
    sum.cpu += cpuOf(pod);
  },
  remove: (sum, pod) => {
    sum.cpu -= cpuOf(pod);
  },
});

const nodes = ['n1', 'n2', 'n3'];
const change = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  gone: fc.boolean(),
  nodes: fc.subarray(nodes),
  cpu: fc.nat({ max: 9 }),
});

test('what an index keeps under a value is what a walk over all objects finds, after any changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const index = new KeptIndex(byNode.rule);
      const pods = new Map<string, Stored<Pod>>();
      for (const { name, gone, nodes: on, cpu } of changes) {
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { namespace: 'default', name, labels: { nodes: on.join(' '), cpu: String(cpu) } },
          spec: { containers: [] },
        } as unknown as Stored<Pod>;
        const key = keyString(keyOf(pod));
        const before = pods.get(key);
        if (!gone) {
          index.put(key, pod, before);
          pods.set(key, pod);
        } else if (before !== undefined) {
          index.remove(key, before);
          pods.delete(key);
        }
      }
      for (const node of nodes) {
        const there = [...pods.values()]
          .filter((pod) => nodesOf(pod).includes(node))
          .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
        expect(index.at(node)).toEqual(there);
        expect(new Set(index.each(node))).toEqual(new Set(there));
        expect(index.count(node)).toBe(there.length);
        const cpu = there.reduce((sum, pod) => sum + cpuOf(pod), 0);
        expect(index.sum(node)).toEqual(there.length === 0 ? undefined : { cpu });
      }
    }),
    { numRuns: 300 },
  );
});
