import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median, report } from '../report.ts';

/** `orrery up --wait` on the quickstart, as a user starts it: five times, each a new process. */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-'));
const runs = Array.from({ length: 5 }, () => {
  const args = [
    join(root, 'packages/cli/bin/orrery.js'),
    'up',
    '--wait',
    '--port',
    '0',
    '--kubeconfig',
    join(folder, 'kubeconfig'),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const found = /control plane after (\d+) ms, first Pod ready after (\d+) ms, (\d+) MB/.exec(stdout);
  if (status !== 0 || found === null) throw new Error(`orrery up ended with ${status}:\n${stdout}${stderr}`);
  return found.slice(1).map(Number);
});
rmSync(folder, { recursive: true });
const column = (index: number) => median(runs.map((run) => run[index] ?? Number.NaN));
report({
  what: 'orrery up --wait on the quickstart, from process start (median of 5)',
  figures: [
    { name: 'control plane answers', value: column(0), unit: 'ms', goal: 500 },
    { name: 'first Pod is Ready', value: column(1), unit: 'ms', goal: 1000 },
    { name: 'memory', value: column(2), unit: 'MB', goal: 150 },
  ],
});
