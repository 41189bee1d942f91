import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RoundLimits } from './measure-row.ts';
import type { Round } from './result.ts';

/** Which round a process measures. */
export interface RoundRequest {
  readonly row: string;
  readonly quick: boolean;
}

/** What begins the line with which a round's process reports. */
export const reportMark = 'orrery-bench-round ';

const processes = new Set<ChildProcess>();

/**
 * Measures one round of a row in a process of its own.
 * @throws Error with what the process printed on standard error, if it fails
 */
export async function measureRound({ row, quick }: RoundRequest, { seconds, heap }: RoundLimits): Promise<Round> {
  const file = join(import.meta.dirname, 'round.ts');
  const flags = ['--expose-gc', ...(heap === undefined ? [] : [`--max-old-space-size=${heap}`])];
  // A group of its own, so that what a row starts is ended with it.
  const child = spawn(process.execPath, [...flags, file, row, ...(quick ? ['--quick'] : [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  processes.add(child);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, seconds * 1000);
  try {
    let report: string | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(reportMark)) report = line.slice(reportMark.length);
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-maximumSaid);
    });
    const ending = await ended(child);
    if (late) throw new Error(`ended after ${seconds} s, its limit\n${said}`.trimEnd());
    if (ending !== 'code 0' || report === undefined) throw new Error(`${said}\nended with ${ending}`.trim());
    return JSON.parse(report) as Round;
  } finally {
    clearTimeout(timer);
    kill(child);
    processes.delete(child);
  }
}

/** Kills every process that measures, and what those have started. */
export function killRounds(): void {
  for (const child of processes) kill(child);
}

/** Characters of standard error that an error shows. */
const maximumSaid = 4_000;

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The whole group has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
