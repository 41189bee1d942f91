import type { KubernetesObject } from '@orrery/api';
import { expect, test } from 'vitest';
import { hintsFor } from './hints.ts';

const object = (apiVersion: string, kind: string): KubernetesObject =>
  ({ apiVersion, kind, metadata: { name: `${kind.toLowerCase()}-1` } }) as KubernetesObject;

test('suggests commands for a Pod, a Deployment and a node', () => {
  const hints = hintsFor([object('v1', 'Pod'), object('apps/v1', 'Deployment')], undefined, 'node1', 'pnpm');
  expect(hints).toContain('pnpm kubectl exec -it pod-1 -- sh ');
  expect(hints).toContain('pnpm kubectl scale deployment deployment-1 --replicas=5 ');
  expect(hints).toContain('pnpm orrery node stop node1 ');
});

test('does not mistake a custom kind for a Pod or a Deployment', () => {
  const objects = ['Pod', 'Deployment'].map((kind) => object('demo.orrery.dev/v1', kind));
  const commands = hintsFor(objects, undefined, undefined, 'pnpm')
    .split('\n')
    .filter((line) => line.startsWith('  '));
  expect(commands).toEqual(['  pnpm kubectl get pods -o wide -w   # watch the Pods']);
});
