import { FileError, reasonOf } from '../files/file-error.ts';
import type { Process } from '../process/process.ts';

/** Prints `name: message` on standard error. */
export async function complain(process: Process, message: string): Promise<void> {
  const own = process.argv[0] ?? '';
  await process.stderr.write(`${own.slice(own.lastIndexOf('/') + 1)}: ${message}\n`);
}

/** The words for a failed file operation: BusyBox's with `can't`, GNU's with `cannot`. */
export function cannot(process: Process, verb: string, path: string, error: unknown): string {
  const reason = reasonOf(error);
  return process.realm.flavor === 'busybox'
    ? `can't ${verb} '${path}': ${reason}`
    : `cannot ${verb} '${path}': ${reason}`;
}

/** What a path costs, in steps ({@link Process.step}). */
const perPath = 1 / 4;

/** Runs a step for each path; a file error is printed and makes the exit code 1. */
export async function forEachPath(
  process: Process,
  paths: readonly string[],
  step: (path: string) => void | Promise<void>,
  words: (path: string, error: FileError) => string,
): Promise<number> {
  let status = 0;
  for (const path of paths) {
    const pause = process.step(perPath);
    if (pause !== undefined) await pause;
    try {
      await step(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await complain(process, words(path, error));
      status = 1;
    }
  }
  return status;
}

/** A program called without what it needs. */
export async function missingOperand(process: Process): Promise<number> {
  await complain(process, 'missing operand');
  return 1;
}
