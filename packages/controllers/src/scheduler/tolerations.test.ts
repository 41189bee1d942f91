import type { Taint, Toleration } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { tolerates, untoleratedTaint } from './tolerations.ts';

const taint: Taint = { key: 'disk', value: '5', effect: 'NoSchedule' };

describe('a toleration tolerates a taint', () => {
  const rows: readonly [rule: string, toleration: object, tolerated: boolean][] = [
    ['with the same key, value and effect', { key: 'disk', value: '5', effect: 'NoSchedule' }, true],
    ['with no effect: every effect', { key: 'disk', operator: 'Equal', value: '5' }, true],
    ['not with another effect', { key: 'disk', value: '5', effect: 'NoExecute' }, false],
    ['not with another value', { key: 'disk', value: '6' }, false],
    ['not with another key', { key: 'cpu', value: '5' }, false],
    ['by Exists whatever the value', { key: 'disk', operator: 'Exists' }, true],
    ['by Exists without a key: every taint', { operator: 'Exists' }, true],
    ['not without a key unless by Exists', { value: '5' }, false],
    ['by Lt when the taint is below', { key: 'disk', operator: 'Lt', value: '6' }, true],
    ['not by Lt when it is not below', { key: 'disk', operator: 'Lt', value: '5' }, false],
    ['by Gt when the taint is above', { key: 'disk', operator: 'Gt', value: '4' }, true],
    ['not by Gt when a side is no integer', { key: 'disk', operator: 'Gt', value: 'x' }, false],
  ];
  test.each(rows)('%s', (_, toleration, tolerated) => {
    expect(tolerates(toleration as Toleration, taint)).toBe(tolerated);
  });

  test('the first untolerated taint of the wanted effects is found', () => {
    const taints: Taint[] = [{ key: 'soft', effect: 'PreferNoSchedule' }, taint, { key: 'late', effect: 'NoExecute' }];
    expect(untoleratedTaint(taints, [{ key: 'disk', operator: 'Exists' }], ['NoSchedule', 'NoExecute'])?.key).toBe(
      'late',
    );
  });
});
