import { controllerOf, controllerReference, labelSelectorMatcher, Pod, ReplicaSet, type Stored } from '@orrery/api';
import type { Cache, IndexEntry } from '@orrery/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testPod, testReplicaSet } from './objects.fixture.ts';
import { orphansOf } from './orphans.ts';
import { indexBySelector } from './selector-index.ts';

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'stage'), fc.constantFrom('web', 'db', 'canary'));
const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(fc.constantFrom('web', 'db', 'canary'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    key: fc.constantFrom('app', 'tier'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
);
const selector = fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) });
const namespace = fc.constantFrom('shop', 'shop-2');

/** A cache with nothing but one index. */
function indexed(objects: readonly Stored[]): Cache {
  const list = ({ rule, value }: IndexEntry) => objects.filter((object) => rule.values(object).includes(value));
  return { list } as unknown as Cache;
}

const names = (objects: readonly Stored[]) => objects.map(({ metadata }) => metadata.name).sort();

test('the index finds the objects whose selector matches, as asking each does', () => {
  const sets = indexBySelector(ReplicaSet, ({ spec }) => labelSelectorMatcher(spec.selector));
  fc.assert(
    fc.property(fc.array(fc.tuple(namespace, selector), { maxLength: 8 }), namespace, labels, (all, where, carried) => {
      const objects = all.map(([of, selects], i) =>
        testReplicaSet(`set${i}`, { metadata: { namespace: of }, spec: { selector: selects } }),
      );
      const wanted = objects.filter(
        ({ metadata, spec }) => metadata.namespace === where && labelSelectorMatcher(spec.selector).matches(carried),
      );
      expect(names(sets.selecting(indexed(objects), where, carried))).toEqual(names(wanted));
    }),
    { numRuns: 500 },
  );
});

test('the index finds the orphans that a selector matches, as asking each does', () => {
  const orphans = orphansOf(Pod);
  const owner = controllerReference(ReplicaSet, testReplicaSet('owner'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(namespace, labels, fc.boolean()), { maxLength: 8 }),
      namespace,
      selector,
      (all, where, selects) => {
        const pods = all.map(([of, carried, owned], i) =>
          testPod(`pod${i}`, {
            metadata: { namespace: of, labels: carried, ...(owned ? { ownerReferences: [owner] } : {}) },
          }),
        );
        const matcher = labelSelectorMatcher(selects);
        const wanted = pods.filter(
          (pod) =>
            pod.metadata.namespace === where && controllerOf(pod) === undefined && matcher.matches(pod.metadata.labels),
        );
        expect(names(orphans.selectedBy(indexed(pods), where, matcher))).toEqual(names(wanted));
      },
    ),
    { numRuns: 500 },
  );
});
