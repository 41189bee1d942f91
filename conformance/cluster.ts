import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SuiteError } from './build-suite.ts';

const orrery = join(import.meta.dirname, '../packages/cli/bin/orrery.js');

/** How long a cluster may take to start, and how often it is looked for, in milliseconds. */
const startMs = 60_000;
const pollMs = 100;

/**
 * A fresh cluster of three nodes on the real clock, in a process of its own; `kubeconfig` is written. Disposing it stops it.
 * @throws SuiteError when it does not start
 */
export async function startCluster(kubeconfig: string): Promise<AsyncDisposable> {
  const args = ['up', '--no-examples', '--nodes', '3', '--port', '0', '--kubeconfig', kubeconfig];
  const child = spawn(process.execPath, [orrery, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const end = performance.now() + startMs;
  while (!existsSync(kubeconfig)) {
    if (child.exitCode !== null) throw new SuiteError(`the cluster ended with exit code ${child.exitCode}`);
    if (performance.now() > end) {
      await stop(child);
      throw new SuiteError(`the cluster has not started within ${startMs / 1000} s`);
    }
    await setTimeout(pollMs);
  }
  return { [Symbol.asyncDispose]: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
