import { FileError } from '../files/file-error.ts';
import { bytesOf } from '../files/tree.ts';
import { type Description, NullDescription } from '../process/description.ts';
import { type OpenMode, openPath } from '../process/open.ts';
import { Pipe } from '../process/pipe.ts';
import type { Redirection } from './ast.ts';
import { expandText } from './expansion.ts';
import type { Dialect, Shell } from './shell.ts';

/** A redirection that could not be made. */
export class RedirectionError extends Error {
  override readonly name = 'RedirectionError';
}

/** What the descriptors were before; undefined ones were closed. */
export type Saved = readonly (readonly [number, Description | undefined])[];

const modes: { readonly [operator: string]: OpenMode } = {
  '<': 'read',
  '>': 'write',
  '>|': 'write',
  '>>': 'append',
  '<>': 'read-write',
  '&>': 'write',
  '&>>': 'append',
};

/** Applies redirections to the shell's own descriptors. Give the result to {@link restore}. @throws RedirectionError */
export async function redirect(shell: Shell, redirections: readonly Redirection[]): Promise<Saved> {
  const saved: [number, Description | undefined][] = [];
  try {
    for (const redirection of redirections) {
      const description = await target(shell, redirection);
      put(shell, saved, redirection.descriptor, description);
      if (redirection.operator.startsWith('&>')) put(shell, saved, 2, description);
      if (redirection.operator === '>&' && description !== undefined && bothStreams.has(redirection)) {
        put(shell, saved, 2, description);
      }
    }
    return saved;
  } catch (error) {
    restore(shell, saved);
    throw error;
  }
}

/** `>&file`, Bash's other way to write `&>file`. */
const bothStreams = new WeakSet<Redirection>();

function put(
  shell: Shell,
  saved: [number, Description | undefined][],
  number: number,
  description: Description | undefined,
): void {
  const before = shell.process.descriptors[number]?.retain();
  try {
    shell.process.redirect(number, description);
  } catch (error) {
    before?.release();
    if (!(error instanceof FileError)) throw error;
    throw new RedirectionError(`${number}: ${error.reason}`);
  }
  saved.push([number, before]);
}

/** Gives the descriptors back what they were. */
export function restore(shell: Shell, saved: Saved): void {
  for (const [number, description] of [...saved].reverse()) {
    if (!shell.process.ended) shell.process.redirect(number, description);
    description?.release();
  }
}

/** Keeps the redirections: `exec >file`. */
export function keep(saved: Saved): void {
  for (const [, description] of saved) description?.release();
}

async function target(shell: Shell, redirection: Redirection): Promise<Description | undefined> {
  const { operator } = redirection;
  const text = await expandText(shell.expansion, redirection.target);
  switch (operator) {
    case '<<':
      return textSource(text);
    case '<<<':
      return textSource(`${text}\n`);
    case '<&':
    case '>&': {
      if (text === '-') return undefined;
      if (!/^\d+$/.test(text)) {
        bothStreams.add(redirection);
        return open(shell, text, '&>');
      }
      const description = shell.process.descriptors[Number(text)];
      if (description === undefined) throw new RedirectionError(badDescriptor(shell.dialect, text));
      return description;
    }
    default:
      return open(shell, text, operator);
  }
}

function badDescriptor(dialect: Dialect, number: string): string {
  return dialect === 'ash' ? `dup2(${number}): Bad file descriptor` : `${number}: Bad file descriptor`;
}

function textSource(text: string): Description {
  const pipe = new Pipe();
  pipe.push(bytesOf(text));
  pipe.end();
  return pipe.reader;
}

function open(shell: Shell, path: string, operator: string): Description {
  const mode = modes[operator] ?? 'read';
  try {
    return openPath(shell.process, path, mode);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new RedirectionError(openText(shell.dialect, path, mode, error));
  }
}

function openText(dialect: Dialect, path: string, mode: OpenMode, error: FileError): string {
  if (dialect === 'bash') return `${path}: ${error.reason}`;
  const verb = mode === 'read' ? 'open' : 'create';
  const can = dialect === 'ash' ? "can't" : 'cannot';
  if (error.code !== 'ENOENT') return `${can} ${verb} ${path}: ${error.reason}`;
  if (dialect === 'ash') return `${can} ${verb} ${path}: ${mode === 'read' ? 'no such file' : 'nonexistent directory'}`;
  return `${can} ${verb} ${path}: ${mode === 'read' ? 'No such file' : 'Directory nonexistent'}`;
}

/** Standard input of background commands in a script. */
export function emptyInput(): Description {
  return new NullDescription();
}
