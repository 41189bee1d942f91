import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifests, oldestNode, published, publishedDoors, root } from './manifests.ts';

describe('the packages', () => {
  test('are all seen', () => {
    expect(manifests.map(({ folder }) => folder)).toEqual(
      expect.arrayContaining(['.', 'examples/controllers/website', 'examples/plugins/team-label', 'packages/api']),
    );
    expect(published.every(({ folder }) => folder.startsWith('packages/'))).toBe(true);
  });

  test('run on one and the same oldest Node', () => {
    expect(new Set(published.map(({ engines }) => engines?.node))).toEqual(new Set(['>=24']));
    expect(oldestNode()).toBe('24.0.0');
  });

  test('have a built file behind each door', () => {
    for (const manifest of published) {
      const built = publishedDoors(manifest).map(([door, source]) => {
        const file = source.replace('./src/', './dist/').replace(/\.ts$/, '');
        return [door, { types: `${file}.d.ts`, default: `${file}.js` }];
      });
      expect(manifest.publishConfig?.exports).toEqual(Object.fromEntries(built));
    }
  });
});

describe('the workspace', () => {
  test('starts with the Node that the documents name, and pins the one that it runs on', () => {
    const workspace = manifests.find(({ folder }) => folder === '.');
    expect(workspace?.engines?.node).toBe('>=20');
    for (const document of ['README.md', 'CONTRIBUTING.md'])
      expect(readFileSync(join(root, document), 'utf8')).toContain('Node 20 or newer');
    expect(workspace?.devDependencies?.node).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('has the types of the oldest Node on which the packages run, so that nothing newer is called', () => {
    const workspace = manifests.find(({ folder }) => folder === '.');
    expect(workspace?.devDependencies?.['@types/node']).toBe(`^${oldestNode()}`);
  });
});
