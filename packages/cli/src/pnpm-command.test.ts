import { expect, test } from 'vitest';
import { pnpmCommand } from './pnpm-command.ts';

const cases: readonly [name: string, path: string, there: string[], command: string][] = [
  ['calls an installed pnpm by name', '/usr/bin:/bin', ['/usr/bin/pnpm'], 'pnpm'],
  ['falls back to npx without one', '/usr/bin:/bin', [], 'npx pnpm@12'],
  [
    "npx' own copy is not installed",
    '/root/.npm/_npx/abc/node_modules/.bin:/bin',
    ['/root/.npm/_npx/abc/node_modules/.bin/pnpm'],
    'npx pnpm@12',
  ],
  [
    "a project's copy is not installed",
    '/work/node_modules/.bin:/bin',
    ['/work/node_modules/.bin/pnpm'],
    'npx pnpm@12',
  ],
];
test.each(cases)('%s', (_name, PATH, there, command) => {
  expect(pnpmCommand({ PATH }, (path) => there.includes(path))).toBe(command);
});
