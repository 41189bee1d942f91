import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Document, documents } from './documents.ts';
import { codeBlocks, relativeLinks } from './markdown.ts';

/** What documents claim is held by tests: links, the files that they show, and that no command escapes the tests that run them. */
const root = resolve(import.meta.dirname, '..');

/** Commands that .ci/run runs; every other command of a document is in a `console` block, which a test runs. */
const runByCi = ['npx --yes pnpm@12 start', 'npx --yes pnpm@12 test', 'pnpm typecheck', 'pnpm lint'];
/** Commands that people run, and that only their readers can see to. */
const forPeople = ['CONTRIBUTING.md'];

describe.each(documents.map((document) => [document.path, document] as const))('%s', (path, document) => {
  test('leads only to what is there', () => {
    const broken = relativeLinks(document.text).filter((link) => !existsSync(resolve(root, dirname(path), link)));
    expect(broken).toEqual([]);
  });

  test('shows files as they are', () => {
    for (const { file, text, line } of codeBlocks(document.text)) {
      if (file === undefined) continue;
      const content = readFileSync(join(root, file), 'utf8');
      // Lines of three dots stand for what is left out.
      for (const part of text.split(/^\s*\/\/ \.\.\.\n?/m))
        expect(content, `${path}:${line}`).toContain(part.trimEnd());
    }
  });

  test('has no command that nothing runs', () => {
    if (forPeople.includes(path)) return;
    expect(shellCommands(document).filter((command) => !runByCi.includes(command))).toEqual([]);
  });
});

test('every package and every example has a README', () => {
  const folders = globSync(['packages/*/', 'examples/{clusters,controllers,plugins}/*/'], { cwd: root });
  const without = folders.filter((folder) => !existsSync(join(root, folder, 'README.md')));
  expect(without.map((folder) => relative(root, folder))).toEqual([]);
});

function shellCommands({ text }: Document): readonly string[] {
  return codeBlocks(text)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'zsh'].includes(language))
    .flatMap((block) => block.text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}
