import { expect, test } from 'vitest';
import { deletionConditions } from './conditions.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const lines = (conditions: ReturnType<typeof deletionConditions>) =>
  conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);

test('an empty namespace has five conditions that are False', () => {
  expect(lines(deletionConditions(undefined, [], [], now))).toEqual([
    'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining=False ContentRemoved: All content successfully removed',
    'NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished',
  ]);
});

test('what is left is counted by resource, and by finalizer', () => {
  const remaining = [
    { resource: 'pods.', count: 2, finalizers: new Map([['example.com/hold', 1]]) },
    { resource: 'jobs.batch', count: 1, finalizers: new Map() },
  ];
  expect(lines(deletionConditions(undefined, remaining, [], now)).slice(3)).toEqual([
    'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: jobs.batch has 1 resource instances, pods. has 2 resource instances',
    'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  ]);
});

test('times change only with the status', () => {
  const before = deletionConditions(undefined, [], [], now);
  expect(deletionConditions(before, [], [], now + 60_000)).toEqual(before);
  const failed = deletionConditions(before, [], ['pods.: no'], now + 60_000);
  expect(failed[2]?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
  expect(failed[0]?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
});
