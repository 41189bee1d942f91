import type { Pod, Stored } from '@orrery/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testPod } from './objects.fixture.ts';
import { PodCounts } from './pod-counts.ts';
import { isActive, isAvailable, isReady, isTerminal } from './pod-state.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

interface State {
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
  readonly node: string | undefined;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly deleting: boolean;
  /** Seconds before `now`; undefined while it is not ready. */
  readonly ready: number | undefined;
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const anyState: fc.Arbitrary<State> = fc.record({
  name: fc.constantFrom(...names),
  labels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('web', 'db'), { maxKeys: 2 }),
  node: fc.constantFrom(undefined, 'n1', 'n2'),
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
  deleting: fc.boolean(),
  ready: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
});

function podIn({ name, labels, node, phase, deleting, ready }: State): Stored<Pod> {
  const since = new Date(now - (ready ?? 0) * 1000).toISOString();
  return testPod(name, {
    spec: node === undefined ? {} : { nodeName: node },
    metadata: { labels, ...(deleting ? { deletionTimestamp: since } : {}) },
    status: {
      phase,
      conditions: ready === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
    },
  });
}

describe('counts that are kept', () => {
  test('equal the counts that a walk takes, after any changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyState, fc.boolean()), { maxLength: 60 }), (changes) => {
        const counts = new PodCounts();
        const pods = new Map<string, Stored<Pod>>();
        for (const [state, gone] of changes) {
          const before = pods.get(state.name);
          if (before !== undefined) counts.remove(before);
          pods.delete(state.name);
          if (gone) continue;
          const pod = podIn(state);
          counts.add(pod);
          pods.set(state.name, pod);
        }
        const active = [...pods.values()].filter(isActive);
        const ready = active.filter(isReady);
        const isWeb = (labels: { readonly [key: string]: string } | undefined) => labels?.app === 'web';
        expect(counts.active).toBe(active.length);
        expect(counts.ready).toBe(ready.length);
        const onNodes = Map.groupBy(
          active.filter(({ spec }) => spec.nodeName !== undefined),
          ({ spec }) => spec.nodeName,
        );
        expect(counts.nodes).toEqual(new Map([...onNodes].map(([node, there]) => [node, there.length])));
        expect(counts.unfinished).toBe([...pods.values()].filter((pod) => !isTerminal(pod)).length);
        expect(counts.activeWith(isWeb)).toBe(active.filter(({ metadata }) => isWeb(metadata.labels)).length);
        for (const minReadySeconds of [0, 5, 10, 19]) {
          expect(counts.available(minReadySeconds, now)).toBe(
            active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
          );
          const waits = ready
            .filter((pod) => !isAvailable(pod, minReadySeconds, now))
            .map(
              (pod) => Date.parse(pod.status?.conditions?.[0]?.lastTransitionTime ?? '') + minReadySeconds * 1000 - now,
            );
          expect(counts.untilAvailable(minReadySeconds, now)).toBe(waits.length === 0 ? undefined : Math.min(...waits));
        }
        expect([...counts.groups].every(({ active }) => active > 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('ask about the labels of a thousand Pods of one template once', () => {
    const counts = new PodCounts();
    for (let i = 0; i < 1000; i++) counts.add(testPod(`web-${i}`, { metadata: { labels: { app: 'web' } } }));
    let asked = 0;
    expect(counts.activeWith(() => ++asked > 0)).toBe(1000);
    expect(asked).toBe(1);
  });
});
