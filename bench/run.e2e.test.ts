import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rowNames } from './rows.ts';

const program = join(import.meta.dirname, 'run.ts');
const bench = (...args: readonly string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

test('a quick run prints a line for each figure, and writes the JSON', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-test-'));
  const file = join(folder, 'figures.json');
  const { status, stdout, stderr } = bench('request-path', '--quick', '--output', file);
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^request-path: a Pod is read +[\d.]+ {2}µs +[\d.]+ s$/m);
  expect(stdout).toContain('1 row, 0 failed; no goal judged');
  expect(stderr).toBe('1/1 request-path, 0 s\n');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ quick: true, rows: [{ row: 'request-path' }] });
  rmSync(folder, { recursive: true });
});

test('--json prints nothing but JSON', () => {
  const { stdout } = bench('request-path', '--quick', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    node: process.version,
    rows: [{ figures: [{ name: 'renew' }, {}, {}, {}] }],
  });
});

test('an unknown row is refused, with the names of all rows', () => {
  const { status, stdout, stderr } = bench('nothing');
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toBe(`bench: there is no row "nothing"; rows: ${rowNames.join(', ')}\n`);
});

test('an interrupted run ends the process that measures', async () => {
  const child = spawn(process.execPath, [program, 'day-of-probes'], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(child.stderr, 'data');
  const measuring = await childrenOf(child);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  expect(measuring.length).toBeGreaterThan(0);
  for (const pid of measuring) await gone(pid);
});

/** The processes that a process has started, as soon as there is one. */
async function childrenOf({ pid }: ChildProcess): Promise<readonly number[]> {
  for (;;) {
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    const found = stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(Number);
    if (found.length > 0) return found;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((wake) => setTimeout(wake, 20));
}

function isAlive(pid: number): boolean {
  return (
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .stdout.trim()
      .replace(/^Z.*/, '') !== ''
  );
}
