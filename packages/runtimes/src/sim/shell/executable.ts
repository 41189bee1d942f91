import { FileError } from '../files/file-error.ts';
import { contentAt, textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What running a command leads to. */
export interface Executable {
  /** Where it was found. */
  readonly path: string;
  /** Absent for a text file without `#!`: a shell runs it as a script, the kernel refuses. */
  readonly program: Program | undefined;
  /** As the program sees it: an interpreter and the script's path come first for `#!` files. */
  readonly argv: readonly string[];
}

/** Why a command cannot be run: 126 found but not executable, 127 not found. */
export interface NotExecutable {
  readonly exitCode: 126 | 127;
  readonly path: string;
  readonly error: 'not found' | FileError;
}

/** Finds what a command name or path runs (execvp(3)). */
export function findExecutable(
  process: Process,
  argv: readonly string[],
  path: string | undefined,
): Executable | NotExecutable {
  const [name = ''] = argv;
  if (name.includes('/')) return inspect(process, name, argv, 0);
  let refused: NotExecutable | undefined;
  for (const directory of (path ?? defaultPath).split(':')) {
    const found = inspect(process, `${directory === '' ? '.' : directory}/${name}`, argv, 0);
    if (!('exitCode' in found)) return found;
    if (found.exitCode === 126) refused ??= found;
  }
  return refused ?? { exitCode: 127, path: name, error: 'not found' };
}

/** Bytes of one argument, and of all with the environment (MAX_ARG_STRLEN, ARG_MAX). */
const longestArgument = 131_072;
const allArguments = 2 * 1024 ** 2;

/** Why a program cannot be given these arguments and this environment (execve(2)). */
export function tooManyArguments(
  path: string,
  argv: readonly string[],
  environment: ReadonlyMap<string, string>,
): FileError | undefined {
  let size = 0;
  let longest = 0;
  const add = (length: number) => {
    size += length + 9;
    longest = Math.max(longest, length);
  };
  for (const argument of argv) add(argument.length);
  for (const [name, value] of environment) add(name.length + 1 + value.length);
  return longest >= longestArgument || size > allArguments ? new FileError('E2BIG', path) : undefined;
}

/** Made once: looking through PATH finds nothing most of the time. */
const absent = new FileError('ENOENT', '');

function inspect(process: Process, path: string, argv: readonly string[], depth: number): Executable | NotExecutable {
  const { files } = process;
  let node: ReturnType<typeof files.find>;
  try {
    node = files.find(process.path(path));
    if (node === undefined) return { exitCode: 127, path, error: absent };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { exitCode: 126, path, error };
  }
  if (node.kind !== 'file' || !files.allows(node, 1))
    return { exitCode: 126, path, error: new FileError('EACCES', path) };
  if (node.program !== undefined) return { path, program: node.program, argv };
  const start = textOf(contentAt(node, 0, 256));
  const interpreter = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*?))?[ \t]*(?:\n|$)/.exec(start);
  if (interpreter === null) return { path, program: undefined, argv };
  const [, command = '', argument] = interpreter;
  const extended = [command, ...(argument ? [argument] : []), path, ...argv.slice(1)];
  if (depth >= 4) return { exitCode: 126, path, error: new FileError('ELOOP', path) };
  const found = inspect(process, command, extended, depth + 1);
  return 'exitCode' in found ? { ...found, path } : found;
}
