import { Ipv4Range } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { type PodRangeOptions, PodRanges } from './pod-ranges.ts';

const services = Ipv4Range.of('10.96.0.0/16');

/** The ranges of nodes 1 to `count`, by number. */
function ranges(
  count: number,
  options: PodRangeOptions = {},
): { readonly all: PodRanges; readonly of: readonly string[] } {
  const all = new PodRanges(options, [services]);
  return { all, of: ['', ...Array.from({ length: count }, (_, i) => all.take(`node${i + 1}`))] };
}

describe("nodes' Pod ranges", () => {
  const { of } = ranges(8192);
  test.for([
    [1, '10.224.0.0/24'],
    [2, '10.224.1.0/24'],
    [257, '10.225.0.0/24'],
    [3073, '10.236.0.0/24'],
    [5000, '10.243.135.0/24'],
    [8192, '10.255.255.0/24'],
  ] as const)('node %d has %s', ([node, expected]) => {
    expect(of[node]).toBe(expected);
  });

  test('are valid, distinct and apart from the Services', () => {
    expect(new Set(of.slice(1)).size).toBe(8192);
    for (const text of of.slice(1)) {
      const range = Ipv4Range.of(text);
      expect(range.toString()).toBe(text);
      expect(range.overlaps(services)).toBe(false);
    }
  });

  test.for([
    ['as many as there are', {}, 8192, '10.224.0.0/11 has room for 8192 of /24'],
    ['in a small range', { clusterCidr: '10.244.0.0/22' }, 4, '10.244.0.0/22 has room for 4 of /24'],
    [
      'of small ranges',
      { clusterCidr: '10.244.0.0/24', nodeCidrMaskSize: 26 },
      4,
      '10.244.0.0/24 has room for 4 of /26',
    ],
    [
      'with a range as large as the cluster',
      { clusterCidr: '10.244.0.0/24' },
      1,
      '10.244.0.0/24 has room for 1 of /24',
    ],
    ['beside the Services', { clusterCidr: '10.96.0.0/15' }, 256, '10.96.0.0/15 has room for 256 of /24'],
    [
      'at the end of all addresses',
      { clusterCidr: '255.255.255.0/24', nodeCidrMaskSize: 30 },
      64,
      'room for 64 of /30',
    ],
  ] as const)('one node too many %s', ([, options, room, message]) => {
    const { all } = ranges(room, options);
    expect(() => all.take('another')).toThrow(message);
    expect(() => all.take('another')).toThrow('no Pod range is left for node another');
    expect(() => all.take('another')).toThrow('--cluster-cidr');
    expect(all.take('node1')).toBe(ranges(1, options).of[1]);
  });

  test('skip those of the Services', () => {
    expect(ranges(2, { clusterCidr: '10.96.0.0/15' }).of.slice(1)).toEqual(['10.97.0.0/24', '10.97.1.0/24']);
  });

  test('stay with their nodes, and one that was released comes last', () => {
    const { all } = ranges(3, { clusterCidr: '10.244.0.0/22' });
    expect(all.take('node2')).toBe('10.244.1.0/24');
    all.release('node1');
    all.release('node1');
    all.release('nobody');
    expect(all.take('node4')).toBe('10.244.3.0/24');
    expect(all.take('node5')).toBe('10.244.0.0/24');
    expect(() => all.take('node6')).toThrow('no Pod range is left');
  });

  test('are not allocated again when nodes already have them', () => {
    const all = new PodRanges({ clusterCidr: '10.244.0.0/22' });
    all.occupy('old', '10.244.0.0/24');
    all.occupy('old', '10.244.0.0/24');
    all.occupy('wide', '10.244.2.0/23');
    all.occupy('elsewhere', '192.0.2.0/24');
    all.occupy('other-family', 'fd00::/64');
    expect(all.take('new')).toBe('10.244.1.0/24');
    expect(all.take('old')).toBe('10.244.0.0/24');
    expect(all.take('elsewhere')).toBe('192.0.2.0/24');
    expect(() => all.take('other-family')).toThrow('no Pod range is left');
    all.release('wide');
    expect([all.take('a'), all.take('b')]).toEqual(['10.244.2.0/24', '10.244.3.0/24']);
  });

  test('are free only when no node holds any part of them', () => {
    const all = new PodRanges({ clusterCidr: '10.244.0.0/24' });
    all.occupy('one', '10.244.0.0/25');
    all.occupy('two', '10.244.0.128/25');
    all.release('one');
    expect(() => all.take('three')).toThrow('no Pod range is left');
    all.occupy('two', '10.9.0.0/24');
    expect(all.take('three')).toBe('10.244.0.0/24');
  });
});

describe('a cluster range', () => {
  test.for([
    [
      '10.244.0.0',
      24,
      'cluster CIDR 10.244.0.0: must be a range of IPv4 addresses in CIDR notation, such as 10.244.0.0/16',
    ],
    ['fd00::/48', 64, 'cluster CIDR fd00::/48: must be a range of IPv4 addresses'],
    ['10.256.0.0/16', 24, 'cluster CIDR 10.256.0.0/16: must be a range of IPv4 addresses'],
    ['10.244.1.0/16', 24, 'cluster CIDR 10.244.1.0/16: has bits set beyond its prefix; write 10.244.0.0/16'],
    ['10.244.0.0/31', 31, 'cluster CIDR 10.244.0.0/31: is too small'],
    ['10.244.0.0/16', 15, 'node CIDR mask size 15: must be a whole number from 16 to 30'],
    ['10.244.0.0/16', 31, 'node CIDR mask size 31: must be a whole number from 16 to 30'],
    ['10.244.0.0/16', 24.5, 'node CIDR mask size 24.5: must be a whole number'],
    ['10.0.0.0/8', 25, 'node CIDR mask size 25: must be a whole number from 8 to 24'],
  ] as const)('%s divided into /%d is refused', ([clusterCidr, nodeCidrMaskSize, message]) => {
    expect(() => new PodRanges({ clusterCidr, nodeCidrMaskSize })).toThrow(message);
  });

  test('must not be reserved as a whole', () => {
    expect(() => new PodRanges({ clusterCidr: '10.96.4.0/22' }, [services])).toThrow(
      'cluster CIDR 10.96.4.0/22: all of it is reserved (10.96.0.0/16)',
    );
  });
});
