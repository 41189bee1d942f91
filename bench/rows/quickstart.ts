import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { orrery } from '../orrery-process.ts';
import { atMost, defineRow } from '../row.ts';

/** As a user starts it; the figures are those that the command itself prints. */
export default defineRow({
  what: 'orrery up --wait on the quickstart, from process start',
  full: {},
  quick: {},
  figures: {
    controlPlane: { what: 'control plane answers', unit: 'ms', goal: atMost(500) },
    firstPod: { what: 'first Pod is Ready', unit: 'ms', goal: atMost(1_000) },
    memory: { what: 'memory', unit: 'MB', goal: atMost(150) },
  },
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-'));
    try {
      const args = [orrery, 'up', '--wait', '--port', '0', '--kubeconfig', join(folder, 'kubeconfig')];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      const found = /control plane after (\d+) ms, first Pod ready after (\d+) ms, (\d+) MB/.exec(output);
      if (status !== 0 || found === null) throw new Error(`orrery up ended with ${status}:\n${output}`);
      const [controlPlane = Number.NaN, firstPod = Number.NaN, memory = Number.NaN] = found.slice(1).map(Number);
      return { controlPlane: { value: controlPlane }, firstPod: { value: firstPod }, memory: { value: memory } };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
