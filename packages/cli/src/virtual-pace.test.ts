import type { Stored } from '@orrery/api';
import { powerAnnotation } from '@orrery/cluster';
import { expect, test } from 'vitest';
import { createPace } from './virtual-pace.ts';

const minute = 60_000;

function pod(ready: boolean, generation = 1, uid = 'a'): Stored {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: uid, uid, generation, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  } as Stored;
}

test('time is free from when an object is unready until it is ready', () => {
  const pace = createPace();
  expect(pace.free(0)).toBe(false);
  pace.seen(pod(false), 0);
  expect(pace.free(minute)).toBe(true);
  pace.seen(pod(true), minute);
  expect(pace.free(minute)).toBe(false);
});

test('each generation has ten minutes in total', () => {
  const pace = createPace();
  pace.seen(pod(false), 0);
  pace.seen(pod(true), 6 * minute);
  pace.seen(pod(false), 60 * minute);
  expect(pace.free(63 * minute)).toBe(true);
  expect(pace.free(64 * minute)).toBe(false);
  pace.seen(pod(false, 2), 70 * minute);
  expect(pace.free(79 * minute)).toBe(true);
  expect(pace.free(80 * minute)).toBe(false);
});

test('a deleted object holds nothing back, others still do', () => {
  const pace = createPace();
  pace.seen(pod(false, 1, 'a'), 0);
  pace.seen(pod(false, 1, 'b'), minute);
  pace.gone(pod(false, 1, 'b'), 2 * minute);
  expect(pace.free(9 * minute)).toBe(true);
  expect(pace.free(10 * minute)).toBe(false);
  pace.gone(pod(false, 1, 'a'), 3 * minute);
  expect(pace.free(3 * minute)).toBe(false);
});

test('a Node that was switched off is on its way until it is unready; a custom kind of that name is no machine', () => {
  const node = (apiVersion: string): Stored =>
    ({
      apiVersion,
      kind: 'Node',
      metadata: {
        name: 'n1',
        uid: apiVersion,
        resourceVersion: '1',
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: { [powerAnnotation]: 'off' },
      },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }) as Stored;
  const pace = createPace();
  pace.seen(node('demo.orrery.dev/v1'), 0);
  expect(pace.free(0)).toBe(false);
  pace.seen(node('v1'), 0);
  expect(pace.free(0)).toBe(true);
});
