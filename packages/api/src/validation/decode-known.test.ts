import { describe, expect, it } from 'vitest';
import type { Kind } from '../kind.ts';
import { Lease, Pod } from '../kinds.ts';
import { deepFreeze, type KubernetesObject } from '../object.ts';
import { decodeObject } from './decode.ts';

const stored = deepFreeze({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: 'b' }, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { containers: [{ name: 'c', image: 'nginx', resources: { limits: { cpu: '1' } } }] },
});

const withSpec = (spec: object): object => ({ ...stored, spec: { ...stored.spec, ...spec } });

describe('a body that shares parts with the stored object', () => {
  it.each<[string, object]>([
    ['nothing changed', stored],
    ['another label', { ...stored, metadata: { ...stored.metadata, labels: { ...stored.metadata.labels, c: 'd' } } }],
    ['a label taken away', { ...stored, metadata: { ...stored.metadata, labels: {} } }],
    ['a field that is null', withSpec({ nodeName: null })],
    ['an item more', withSpec({ containers: [...stored.spec.containers, { name: 'd', image: 'x', args: [] }] })],
    ['a quantity in another form', withSpec({ overhead: { cpu: '1000m' } })],
    ['an unknown field', withSpec({ color: 'red' })],
    ['an unknown field that every JavaScript object has', withSpec({ constructor: {}, toString: 'x' })],
  ])('is decoded as if nothing was known: %s', (_, body) => {
    expect(decodeObject(Pod as Kind, body, 'Warn', stored as KubernetesObject)).toEqual(
      decodeObject(Pod as Kind, body, 'Warn'),
    );
  });

  it.each<[string, object]>([
    ['a field', withSpec({ nodeName: 7 })],
    ['an item of a list', withSpec({ containers: [stored.spec.containers[0], 'c'] })],
    ['a value of a map', { ...stored, metadata: { ...stored.metadata, labels: { a: 'b', c: 1 } } }],
  ])('is refused with the same words for the wrong type of %s', (_, body) => {
    const fault = (known?: KubernetesObject) => {
      try {
        decodeObject(Pod as Kind, body, 'Warn', known);
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('it was not refused');
    };
    expect(fault(stored as KubernetesObject)).toBe(fault());
  });

  it('returns the same object when nothing changes', () => {
    expect(decodeObject(Pod as Kind, stored, 'Strict', stored as KubernetesObject).object).toBe(stored);
  });

  it('keeps the canonical time of a field that is equal and not shared', () => {
    const lease = { apiVersion: Lease.apiVersion, kind: 'Lease', spec: { renewTime: '2026-01-01T00:00:00.000000Z' } };
    const body = structuredClone(lease);
    expect(decodeObject(Lease as Kind, body, 'Warn', lease as KubernetesObject).object).toEqual(lease);
  });
});
