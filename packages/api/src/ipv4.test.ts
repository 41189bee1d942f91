import { describe, expect, test } from 'vitest';
import { Ipv4Range, ipv4Text, parseIpv4 } from './ipv4.ts';

describe('an IPv4 address', () => {
  test.for([
    ['0.0.0.0', 0],
    ['10.244.1.2', 183_763_202],
    ['192.168.0.255', 3_232_235_775],
    ['255.255.255.255', 4_294_967_295],
  ] as const)('%s is the number %d', ([text, value]) => {
    expect(parseIpv4(text)).toBe(value);
    expect(ipv4Text(value)).toBe(text);
  });

  test.for(['', '10.256.0.0', '10.0.0', '10.0.0.0.0', '010.0.0.1', '-1.0.0.0', '::1'])('%j is none', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });
});

describe('an IPv4 range', () => {
  test.for([
    ['10.244.0.0/16', '10.244.0.0/16', 65_536],
    ['10.244.7.9/16', '10.244.0.0/16', 65_536],
    ['255.255.255.255/32', '255.255.255.255/32', 1],
    ['200.0.0.1/1', '128.0.0.0/1', 2_147_483_648],
    ['1.2.3.4/0', '0.0.0.0/0', 4_294_967_296],
  ] as const)('%s is %s, of %d addresses', ([text, canonical, size]) => {
    expect(String(Ipv4Range.of(text))).toBe(canonical);
    expect(Ipv4Range.of(text).size).toBe(size);
  });

  test.for(['10.256.0.0/24', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/8/8', 'fd00::/8', ''])(
    '%j is none',
    (text) => {
      expect(Ipv4Range.parse(text)).toBeUndefined();
      expect(() => Ipv4Range.of(text)).toThrow('is no range of IPv4 addresses');
    },
  );

  test.for([
    ['10.96.0.0', true],
    ['10.96.255.255', true],
    ['10.97.0.0', false],
    ['10.95.255.255', false],
    ['10.960.0.1', false],
    ['fd00::1', false],
  ] as const)('10.96.0.0/16 contains %s: %s', ([address, inside]) => {
    expect(Ipv4Range.of('10.96.0.0/16').contains(address)).toBe(inside);
  });

  test.for([
    ['10.224.0.0/11', '10.244.0.0/16', true],
    ['10.224.0.0/11', '10.96.0.0/16', false],
    ['10.224.0.0/11', '10.223.255.0/24', false],
    ['10.224.0.0/11', '11.0.0.0/8', false],
    ['0.0.0.0/0', '192.168.0.0/16', true],
  ] as const)('%s overlaps %s: %s', ([one, other, both]) => {
    expect(Ipv4Range.of(one).overlaps(Ipv4Range.of(other))).toBe(both);
    expect(Ipv4Range.of(other).overlaps(Ipv4Range.of(one))).toBe(both);
  });

  test('has its addresses by their offset', () => {
    expect(Ipv4Range.of('192.168.0.0/16').at(0)).toBe('192.168.0.0');
    expect(Ipv4Range.of('192.168.0.0/16').at(256)).toBe('192.168.1.0');
    expect(Ipv4Range.of('192.168.0.0/16').at(65_535)).toBe('192.168.255.255');
    expect(() => Ipv4Range.of('192.168.0.0/16').at(65_536)).toThrow(RangeError);
    expect(() => Ipv4Range.of('192.168.0.0/16').at(-1)).toThrow(RangeError);
  });

  test('divides into parts of a longer prefix', () => {
    expect(Ipv4Range.of('10.224.0.0/11').count(24)).toBe(8192);
    expect(String(Ipv4Range.of('10.224.0.0/11').part(24, 0))).toBe('10.224.0.0/24');
    expect(String(Ipv4Range.of('10.224.0.0/11').part(24, 8191))).toBe('10.255.255.0/24');
    expect(() => Ipv4Range.of('10.224.0.0/11').part(24, 8192)).toThrow('10.224.0.0/11 has no /24 8192');
    expect(Ipv4Range.of('10.224.0.0/11').count(10)).toBe(0);
  });
});
