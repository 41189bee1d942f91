import type { Pod, RuntimeClass } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { overheadFault, withClass } from './runtime-class.ts';

const pod = (spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'main' }], ...spec },
});
const runtimeClass = (more: Partial<RuntimeClass> = {}): RuntimeClass => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'r' },
  handler: 'runc',
  ...more,
});
const overhead = { podFixed: { cpu: '100m', memory: '64Mi' } };

describe('a Pod of a RuntimeClass', () => {
  test('gets its overhead, node selector and tolerations', () => {
    const own = { key: 'own', operator: 'Exists' as const };
    const theirs = { key: 'theirs', operator: 'Equal' as const, value: 'x' };
    const scheduling = { nodeSelector: { disk: 'ssd' }, tolerations: [theirs, own] };
    const given = pod({ nodeSelector: { zone: 'a' }, tolerations: [own] });
    expect(withClass(given, runtimeClass({ overhead, scheduling }))).toEqual(
      pod({ nodeSelector: { zone: 'a', disk: 'ssd' }, tolerations: [own, theirs], overhead: overhead.podFixed }),
    );
  });

  test.each([
    [
      'equal tolerations become one',
      [{ key: 'a', operator: 'Exists' as const }],
      [{ key: 'a', operator: 'Exists' as const }],
      [{ key: 'a', operator: 'Exists' as const }],
    ],
    [
      'the wider one stays',
      [{ key: 'a', operator: 'Equal' as const, value: 'x' }],
      [{ operator: 'Exists' as const }],
      [{ operator: 'Exists' as const }],
    ],
    [
      'a shorter time is included in a longer one',
      [{ key: 'a', operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: 10 }],
      [{ key: 'a', operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: 20 }],
      [{ key: 'a', operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: 20 }],
    ],
  ])('%s', (_what, own, theirs, merged) => {
    const result = withClass(pod({ tolerations: own }), runtimeClass({ scheduling: { tolerations: theirs } }));
    expect((result as Pod).spec.tolerations).toEqual(merged);
  });

  test('is refused where they contradict each other', () => {
    expect(withClass(pod({ overhead: { cpu: '1' } }), runtimeClass({ overhead }))).toBe(
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
    const scheduling = { nodeSelector: { disk: 'ssd' } };
    expect(withClass(pod({ nodeSelector: { disk: 'hdd' } }), runtimeClass({ scheduling }))).toBe(
      'conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd',
    );
  });

  test('has the overhead of its class, and no other', () => {
    const same = { cpu: '0.1', memory: '65536Ki' };
    expect(overheadFault(pod({ overhead: same }), runtimeClass({ overhead }))).toBeUndefined();
    expect(overheadFault(pod(), runtimeClass({ overhead }))).toContain("doesn't match");
    expect(overheadFault(pod({ overhead: same }), undefined)).toBe(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    expect(overheadFault(pod(), runtimeClass())).toBeUndefined();
  });
});
