import type { Process, SpawnOptions } from '../process/process.ts';
import { findExecutable, tooManyArguments } from '../shell/executable.ts';
import { complain } from './words.ts';

/** Starts a program found in PATH; undefined (and a message) where there is none. */
export async function launch(
  process: Process,
  argv: readonly string[],
  options: SpawnOptions = {},
): Promise<Process | 126 | 127> {
  const found = findExecutable(process, argv, (options.environment ?? process.environment).get('PATH'));
  if ('exitCode' in found) {
    const reason = found.error === 'not found' ? 'No such file or directory' : found.error.reason;
    await complain(
      process,
      process.realm.flavor === 'busybox' ? `can't execute '${argv[0]}': ${reason}` : `'${argv[0]}': ${reason}`,
    );
    return found.exitCode;
  }
  const { program, argv: words } = found;
  const refused = tooManyArguments(found.path, words, options.environment ?? process.environment);
  if (refused !== undefined) {
    await complain(process, `${argv[0]}: ${refused.reason}`);
    return 126;
  }
  if (program === undefined) return launch(process, ['/bin/sh', found.path, ...argv.slice(1)], options);
  return process.spawn(words, program, options);
}

/** Runs a program to completion and returns its exit code. */
export async function run(process: Process, argv: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const child = await launch(process, argv, options);
  if (typeof child === 'number') return child;
  await process.waitFor(child);
  return child.exitCode ?? 0;
}
