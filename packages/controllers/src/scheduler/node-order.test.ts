import { createSeededRandom } from '@orrery/core';
import { describe, expect, test } from 'vitest';
import { NodeOrder } from './node-order.ts';

const named = (name: string) => ({ name });

describe('the order of nodes', () => {
  const rows: readonly [rule: string, nodes: readonly (readonly [string, string])[], order: string][] = [
    [
      'without zones, by name',
      [
        ['c', ''],
        ['a', ''],
        ['b', ''],
      ],
      'a b c',
    ],
    [
      'zones take turns',
      [
        ['a1', 'a'],
        ['a2', 'a'],
        ['b1', 'b'],
      ],
      'a1 b1 a2',
    ],
    [
      'the zone with the lowest name begins',
      [
        ['n3', 'a'],
        ['n1', 'b'],
        ['n2', 'c'],
        ['n4', 'b'],
      ],
      'n1 n2 n3 n4',
    ],
    [
      'a longer zone ends alone',
      [
        ['a', 'x'],
        ['b', 'x'],
        ['c', 'x'],
        ['d', 'y'],
      ],
      'a d b c',
    ],
    ['none', [], ''],
  ];
  test.each(rows)('%s', (_, nodes, expected) => {
    const order = new NodeOrder();
    for (const [name, zone] of nodes) order.add(named(name), zone);
    expect(order.list.map(({ name }) => name).join(' ')).toBe(expected);
  });

  test('is the same however nodes came and went', () => {
    const random = createSeededRandom(1);
    const kept = new NodeOrder();
    const zones = new Map<string, string>();
    for (let i = 0; i < 500; i++) {
      const name = `n${random.integer(40)}`;
      const before = zones.get(name);
      if (before !== undefined) kept.delete(named(name), before);
      zones.delete(name);
      if (random.integer(3) > 0) {
        const zone = `z${random.integer(4)}`;
        zones.set(name, zone);
        kept.add(named(name), zone);
      }
      const anew = new NodeOrder();
      for (const [each, zone] of zones) anew.add(named(each), zone);
      expect(kept.list).toEqual(anew.list);
    }
  });

  test('is the same list while nothing comes or goes', () => {
    const order = new NodeOrder();
    order.add(named('a'), '');
    const { list } = order;
    order.delete(named('b'), '');
    expect(order.list).toBe(list);
  });
});
