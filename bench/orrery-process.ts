import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The file of the command `orrery`. */
export const orrery = join(import.meta.dirname, '../packages/cli/bin/orrery.js');

/** Megabytes (10⁶ bytes) of memory that another process holds. */
export function residentMegabytesOf(pid: number): number {
  return (Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024) / 1e6;
}
