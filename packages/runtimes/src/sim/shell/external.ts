import type { FileError } from '../files/file-error.ts';
import { textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import { findExecutable, tooManyArguments } from './executable.ts';
import type { Shell } from './shell.ts';

/** What a command runs that is neither function nor builtin, unless it is given more than the kernel accepts. */
export function findExternal(
  process: Process,
  words: readonly string[],
  path: string | undefined,
  environment: ReadonlyMap<string, string>,
): ReturnType<typeof findExecutable> {
  const found = findExecutable(process, words, path);
  if ('exitCode' in found) return found;
  const error = tooManyArguments(found.path, found.argv, environment);
  return error === undefined ? found : { exitCode: 126, path: found.path, error };
}

/** A text file without `#!`, run by a copy of this shell. */
export function scriptOf(shell: Shell, path: string): (process: Process) => Promise<number> {
  return async (process) => {
    const fork = shell.fork(process);
    fork.name = path;
    fork.positional = process.args;
    return fork.runText(textOf(process.files.readFile(process.path(path))));
  };
}

/** Prints why a command could not be run, in the words of the shell. */
export async function complainOf(shell: Shell, name: string, error: 'not found' | FileError): Promise<void> {
  const missing = error === 'not found' || error.code === 'ENOENT';
  if (!missing) return shell.complain(`${name}: ${error.reason}`);
  if (shell.dialect !== 'bash') return shell.complain(`${name}: not found`);
  await shell.complain(error === 'not found' ? `${name}: command not found` : `${name}: No such file or directory`);
}
