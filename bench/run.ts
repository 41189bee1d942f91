import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './measured.ts';

/**
 * Runs every row (or the named ones), each in a process of its own, and prints what it measured beside its goal. Goals that are
 * missed are marked and make the exit code 1, so that a slower machine or change is seen.
 */
const folder = join(import.meta.dirname, 'rows');
const wanted = process.argv.slice(2);
const rows = readdirSync(folder)
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
if (rows.length === 0) {
  process.stderr.write(`no such row; there are ${readdirSync(folder).join(', ')}\n`);
  process.exit(2);
}

let missed = 0;
for (const row of rows) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', join(folder, `${row}.ts`)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) {
    process.stdout.write(`${row}: failed\n${stderr}\n`);
    missed++;
    continue;
  }
  const { what, figures } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}') as Measured;
  process.stdout.write(`${row}: ${what}\n`);
  for (const { name, value, unit, goal } of figures) {
    const good = goal === undefined || value <= goal;
    if (!good) missed++;
    const target = goal === undefined ? '' : `   goal ${goal} ${unit}   ${good ? 'reached' : 'MISSED'}`;
    process.stdout.write(`  ${name.padEnd(44)} ${round(value).padStart(10)} ${unit}${target}\n`);
  }
}
process.exitCode = missed > 0 ? 1 : 0;

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
