import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleSteps } from './console-document.ts';
import { root, runDocument } from './console-runner.ts';
import { documents } from './documents.ts';
import { codeBlocks } from './markdown.ts';

/** Documents are run: their commands with real kubectl, their code by Node, after its types have been checked. */
const withCommands = documents.filter(({ text }) => consoleSteps(text).length > 0);

test.each(withCommands.map(({ path }) => path))('the commands of %s do what it says', async (path) => {
  await runDocument(join(root, path));
});

const programs = documents.flatMap(({ path, text }) =>
  codeBlocks(text)
    .filter(({ language, file }) => language === 'ts' && file === undefined)
    .map((block) => ({ ...block, where: `${path}:${block.line}` })),
);

describe('the code of the documents', () => {
  // Inside the workspace, where its packages are found.
  const folder = join(root, '.scratch-documents');
  const fileOf = (where: string) => join(folder, `${where.replaceAll(/[^A-Za-z0-9]+/g, '-')}.ts`);

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const { text, where } of programs) writeFileSync(fileOf(where), `${text}\nexport {};\n`);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', include: ['*.ts'] }));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('has right types', () => {
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const { stdout } = spawnSync(tsc, ['--noEmit', '-p', folder], { cwd: root, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  test.each(programs.map(({ where }) => where))('runs: %s', (where) => {
    const { status, stderr } = spawnSync(process.execPath, [fileOf(where)], { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
