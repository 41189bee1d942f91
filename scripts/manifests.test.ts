import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents } from './documents.ts';
import { manifests, oldestNode, published, publishedDoors, root } from './manifests.ts';
import { codeBlocks } from './markdown.ts';
import { importsOf, isProduct, packageOf, typescriptFiles } from './sources.ts';

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

/** What is declared without being imported: tools, and what they are for. */
const tools: { readonly [name: string]: string } = {
  '@biomejs/biome': 'lints and formats (pnpm lint)',
  '@types/node': 'types of Node',
  '@types/ws': 'types of ws',
  knip: 'finds what nobody imports (pnpm lint)',
  node: 'runs everything',
  typescript: 'checks types and builds (pnpm typecheck, pnpm build)',
};

describe('what is declared is imported', () => {
  const programs = [
    ...typescriptFiles(root).map((path) => ({ file: relative(root, path), text: readFileSync(path, 'utf8') })),
    // The code of the documents runs at the root.
    ...documents.flatMap(({ text }) => codeBlocks(text).map((block) => ({ file: 'a document', text: block.text }))),
  ];
  const files = programs.map(({ file, text }) => ({ file, imports: new Set(importsOf(text).map(packageOf)) }));
  const unused = (declared: object | undefined, by: (file: string) => boolean) =>
    Object.keys(declared ?? {}).filter((name) => !files.some(({ file, imports }) => by(file) && imports.has(name)));

  test.each(manifests.filter(({ folder }) => folder !== '.'))('by $name', ({ folder, ...manifest }) => {
    const isOwn = (file: string) => file.startsWith(`${folder}/`);
    expect(unused(manifest.dependencies, (file) => isOwn(file) && isProduct(file))).toEqual([]);
    expect(unused(manifest.devDependencies, isOwn)).toEqual([]);
  });

  test('by the tests, the benchmarks, the scripts and the documents of the workspace, but for its tools', () => {
    const { dependencies, devDependencies } = manifests.find(({ folder }) => folder === '.') ?? {};
    expect(dependencies).toBeUndefined();
    const isOfWorkspace = (file: string) => !file.startsWith('packages/') || !isProduct(file);
    expect(unused(devDependencies, isOfWorkspace).sort()).toEqual(Object.keys(tools).sort());
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
