import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The packages as the registry would get them, installed into an empty folder and used. */
const root = resolve(import.meta.dirname, '..');
const names = readdirSync(join(root, 'packages'));
let folder = '';

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-packages-'));
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  run(process.execPath, [join(root, 'scripts/build.ts')], root);
  for (const name of names)
    run('npx', ['--yes', 'pnpm@12', 'pack', '--pack-destination', tarballs], join(root, 'packages', name));
  const files = readdirSync(tarballs);
  expect(files).toHaveLength(names.length);
  const dependencies = Object.fromEntries(
    names.map((name) => [
      `@orrery/${name}`,
      `file:tarballs/${files.find((file) => file.startsWith(`orrery-${name}-`))}`,
    ]),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides: dependencies }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a program starts a simulated cluster with the installed packages', () => {
  writeFileSync(
    join(folder, 'program.mjs'),
    `import { Pod } from '@orrery/api';
     import { simulate } from '@orrery/testing';
     const cluster = await simulate();
     await cluster.apply('apiVersion: v1\\nkind: Pod\\nmetadata: { name: web, namespace: default }\\nspec: { containers: [{ name: web, image: nginx }] }');
     await cluster.settle();
     console.log((await cluster.client.get(Pod, { namespace: 'default', name: 'web' })).status.phase);
     await cluster.close();`,
  );
  expect(run(process.execPath, ['program.mjs'], folder)).toBe('Running\n');
});

test('the declarations tell a program its types', () => {
  writeFileSync(
    join(folder, 'typed.ts'),
    `import { Pod } from '@orrery/api';
     import { createCluster } from '@orrery/cluster';
     import { defineController } from '@orrery/core';
     const cluster = await createCluster({ nodes: 1 });
     const phase: string | undefined = (await cluster.client.get(Pod, { namespace: 'default', name: 'x' })).status?.phase;
     // @ts-expect-error: a Pod's phase is no number
     const wrong: number = (await cluster.client.get(Pod, { namespace: 'default', name: 'x' })).status?.phase;
     export const controller = defineController({ name: 'x', for: Pod, reconcile: (pod) => void pod.spec.containers });
     export { phase, wrong };`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'esnext',
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    '--types',
    '',
  ];
  run(join(root, 'node_modules/.bin/tsc'), [...options, 'typed.ts'], folder);
});

test('the command is installed and helps', () => {
  expect(run(process.execPath, [join(folder, 'node_modules/@orrery/cli/bin/orrery.js'), '--help'], folder)).toContain(
    'Usage: orrery',
  );
});

test('nothing but what a package needs is in it', () => {
  for (const name of names) {
    const { exports } = JSON.parse(
      readFileSync(join(folder, 'node_modules/@orrery', name, 'package.json'), 'utf8'),
    ) as { exports: object };
    expect(JSON.stringify(exports)).not.toContain('/src/');
    const files = readdirSync(join(folder, 'node_modules/@orrery', name), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|fixture|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  }
});
