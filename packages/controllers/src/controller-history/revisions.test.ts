import { type ControllerRevision, deepFreeze, type PodTemplateSpec, type Stored } from '@orrery/api';
import { expect, test } from 'vitest';
import { holdsTemplate, nextRevision, revisionHash, revisionsToDelete, templatePatch } from './revisions.ts';

const template: PodTemplateSpec = deepFreeze({
  spec: { containers: [{ name: 'a', image: 'nginx' }] },
  metadata: { labels: { app: 'a' } },
});

function revision(number: number, data: unknown = {}): Stored<ControllerRevision> {
  const metadata = { name: `r${number}`, uid: `u${number}`, resourceVersion: '1', creationTimestamp: '' };
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata,
    revision: number,
    data,
  } as Stored<ControllerRevision>;
}

test('a revision holds a patch that puts the template in place, spelled as Kubernetes does', () => {
  expect(JSON.stringify(templatePatch(template))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"image":"nginx","name":"a","resources":{}}]}}}}',
  );
});

test('a revision is known by what it holds, whatever the order of fields', () => {
  const same = { spec: { template: { ...templatePatch(template).spec.template } } };
  expect(holdsTemplate(revision(1, same), template)).toBe(true);
  expect(holdsTemplate(revision(1, same), { ...template, metadata: {} })).toBe(false);
  expect(holdsTemplate(revision(1), template)).toBe(false);
});

test('a collision gives another name', () => {
  const hashes = [undefined, 1, 2].map((count) => revisionHash(template, count));
  expect(new Set(hashes).size).toBe(3);
  expect(revisionHash(template, 1)).toBe(hashes[1]);
});

test('the next revision is above all', () => {
  expect(nextRevision([])).toBe(1);
  expect(nextRevision([revision(3), revision(1)])).toBe(4);
});

test.each([
  [-1, []],
  [0, []],
  [1, ['r1']],
  [2, ['r1', 'r2']],
])('of the unused, the %i oldest go', (excess, names) => {
  const unused = [revision(3), revision(1), revision(2)];
  expect(revisionsToDelete(unused, excess).map(({ metadata }) => metadata.name)).toEqual(names);
});
