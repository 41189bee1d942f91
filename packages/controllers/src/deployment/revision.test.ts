import { describe, expect, test } from 'vitest';
import { testDeployment, testSet } from './deployment.fixture.ts';
import {
  annotations,
  findNewReplicaSet,
  newReplicaSetAnnotations,
  nextRevision,
  previousRevision,
  replicaSetsToDelete,
} from './revision.ts';

describe('the new ReplicaSet', () => {
  test('is the oldest with the same template', () => {
    const sets = [
      testSet('late', 1, { created: 2 }),
      testSet('early', 1, { created: 1 }),
      testSet('other', 1, { image: 'nginx' }),
    ];
    expect(findNewReplicaSet(testDeployment(), sets)?.metadata.name).toBe('early');
  });

  test('is found whatever its hash label', () => {
    const set = testSet('a', 1);
    const labels = { app: 'web', 'pod-template-hash': 'x' };
    const hashed = { ...set, spec: { ...set.spec, template: { ...set.spec.template, metadata: { labels } } } };
    expect(findNewReplicaSet(testDeployment(), [hashed])).toBe(hashed);
  });

  test('is missing when no template is the same', () => {
    expect(findNewReplicaSet(testDeployment(), [testSet('other', 1, { image: 'nginx' })])).toBeUndefined();
  });
});

describe('revisions', () => {
  test('a new one is above all old ones', () => {
    expect(nextRevision([testSet('a', 1, { revision: 4 }), testSet('b', 1)])).toBe(5);
    expect(nextRevision([])).toBe(1);
  });

  test('the one before the latest is where a rollback goes', () => {
    expect(previousRevision([testSet('a', 1, { revision: 4 }), testSet('b', 1, { revision: 2 })])).toBe(2);
    expect(previousRevision([testSet('a', 1, { revision: 4 })])).toBe(0);
  });

  test('a set that is used again gets a new revision and remembers the former', () => {
    const noted = newReplicaSetAnnotations(testDeployment(), { [annotations.revision]: '1' }, 3, true);
    expect(noted).toEqual({ [annotations.revision]: '3', [annotations.revisionHistory]: '1' });
    const again = newReplicaSetAnnotations(testDeployment(), noted, 5, true);
    expect(again).toEqual({ [annotations.revision]: '5', [annotations.revisionHistory]: '1,3' });
  });

  test('a revision never falls', () => {
    const current = { [annotations.revision]: '7' };
    expect(newReplicaSetAnnotations(testDeployment(), current, 3, true)).toEqual(current);
  });

  test('the history holds 2000 characters and forgets the oldest', () => {
    const history = Array.from({ length: 500 }, (_, i) => 1000 + i).join(',');
    const noted = newReplicaSetAnnotations(
      testDeployment(),
      { [annotations.revision]: '1500', [annotations.revisionHistory]: history },
      1501,
      true,
    )[annotations.revisionHistory];
    expect(noted?.length).toBeLessThanOrEqual(2000);
    expect(noted?.endsWith(',1500')).toBe(true);
  });

  test("the Deployment's annotations are copied, but not its bookkeeping nor kubectl's", () => {
    const own = {
      team: 'a',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      [annotations.revision]: '9',
      [annotations.rollback]: '1',
    };
    const noted = newReplicaSetAnnotations(testDeployment({}, { metadata: { annotations: own } }), undefined, 1, false);
    expect(noted).toEqual({ team: 'a', [annotations.revision]: '1' });
  });
});

describe('history beyond its limit', () => {
  const names = (limit: number, ...sets: ReturnType<typeof testSet>[]) =>
    replicaSetsToDelete(testDeployment({ revisionHistoryLimit: limit }), sets).map(({ metadata }) => metadata.name);
  const old = (name: string, revision: number, more = {}) => testSet(name, 0, { revision, ...more });

  test('the lowest revisions go', () => {
    expect(names(1, old('c', 3), old('a', 1), old('b', 2))).toEqual(['a', 'b']);
  });
  test('a limit of 0 keeps none', () => {
    expect(names(0, old('a', 1))).toEqual(['a']);
  });
  test('sets with replicas, or whose size is not observed yet, stay', () => {
    expect(names(0, testSet('a', 1, { revision: 1 }), old('b', 2, { observed: false }), old('c', 3))).toEqual(['c']);
  });
});
