import type { Node, Stored } from '@orrery/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testNode } from '../workload/objects.fixture.ts';
import { readyCondition } from './health.ts';
import { Zones, zoneOf } from './zones.ts';

const change = fc.record({
  name: fc.constantFrom('n1', 'n2', 'n3', 'n4'),
  gone: fc.boolean(),
  zone: fc.constantFrom('a', 'b'),
  ready: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const, undefined),
});

test('counts of zones that are kept equal those that a walk over all nodes takes, after any changes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const zones = new Zones();
      const nodes = new Map<string, Stored<Node>>();
      for (const { name, gone, zone, ready } of changes) {
        const node = testNode(name, {
          metadata: { labels: { 'topology.kubernetes.io/zone': zone } },
          status: ready === undefined ? {} : { conditions: [{ type: 'Ready', status: ready }] },
        });
        if (gone) nodes.delete(name);
        else nodes.set(name, node);
        zones.set(name, gone ? undefined : node);
      }
      const walked = [...Map.groupBy(nodes.values(), zoneOf)].map(([zone, members]) => {
        const ready = members.filter((node) => readyCondition(node)?.status === 'True').length;
        return [zone, { nodes: members.length, ready }] as const;
      });
      expect(zones.counts).toEqual(new Map(walked));
    }),
    { numRuns: 300 },
  );
});
