import type { PodSpec } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { nodeAllows } from './node-selector.ts';

const labels = { zone: 'a', cpus: '8', ssd: '' };

function required(...nodeSelectorTerms: object[]): PodSpec {
  return {
    containers: [],
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  } as unknown as PodSpec;
}
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

describe('a node is allowed', () => {
  const rows: readonly [rule: string, spec: PodSpec, allowed: boolean][] = [
    ['when nothing is asked', { containers: [] }, true],
    ['when nodeSelector matches', { containers: [], nodeSelector: { zone: 'a' } }, true],
    ['not when one label of nodeSelector differs', { containers: [], nodeSelector: { zone: 'a', cpus: '9' } }, false],
    ['by In', required(expression('zone', 'In', 'a', 'b')), true],
    ['by NotIn when the label is absent', required(expression('rack', 'NotIn', 'x')), true],
    ['not by NotIn when the value is listed', required(expression('zone', 'NotIn', 'a')), false],
    ['by Exists whatever the value', required(expression('ssd', 'Exists')), true],
    ['by DoesNotExist', required(expression('rack', 'DoesNotExist')), true],
    ['by Gt on integers', required(expression('cpus', 'Gt', '7')), true],
    ['not by Lt when equal', required(expression('cpus', 'Lt', '8')), false],
    ['by any of several terms', required(expression('zone', 'In', 'z'), expression('zone', 'In', 'a')), true],
    ['not by an empty term', required({}), false],
    [
      'by its name as a field',
      required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }),
      true,
    ],
    [
      'only when nodeSelector and affinity both match',
      { ...required(expression('zone', 'In', 'a')), nodeSelector: { zone: 'b' } },
      false,
    ],
  ];
  test.each(rows)('%s', (_, spec, allowed) => {
    expect(nodeAllows(spec, 'n1', labels)).toBe(allowed);
  });
});
