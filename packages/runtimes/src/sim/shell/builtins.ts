import { FileError } from '../files/file-error.ts';
import { baseName, resolvePath } from '../files/path.ts';
import { textOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import { ArithmeticError, evaluate } from './arithmetic.ts';
import { ConditionError, testArguments } from './condition.ts';
import { Jump, ShellError } from './control-flow.ts';
import { declarationBuiltins } from './declarations.ts';
import { echo } from './echo.ts';
import { findExecutable } from './executable.ts';
import { jobBuiltins } from './job-builtins.ts';
import { formatting, printed } from './printf.ts';
import { read } from './read-builtin.ts';
import type { Shell } from './shell.ts';

/** A command that the shell carries out itself. */
export type Builtin = (shell: Shell, args: readonly string[], name: string) => number | Promise<number>;

async function cd(shell: Shell, args: readonly string[]): Promise<number> {
  const { process, variables } = shell;
  const [target = variables.get('HOME') ?? '/'] = args.filter((arg) => !/^-[LP]+$/.test(arg) && arg !== '--');
  const wanted = target === '-' ? (variables.get('OLDPWD') ?? process.directory) : target;
  const path = resolvePath(process.directory, wanted);
  try {
    const node = process.files.lookup(path);
    if (node.kind !== 'directory' && node.kind !== 'dynamic') throw new FileError('ENOTDIR', path);
    if (!process.files.allows(node, 1)) throw new FileError('EACCES', path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const why =
      shell.dialect === 'bash'
        ? `cd: ${target}: ${error.reason}`
        : `cd: can't cd to ${target}${shell.dialect === 'ash' ? `: ${error.reason}` : ''}`;
    await shell.complain(why);
    return shell.dialect === 'bash' ? 1 : 2;
  }
  variables.set('OLDPWD', process.directory);
  variables.set('PWD', path);
  process.directory = path;
  if (target === '-') await process.stdout.write(`${path}\n`);
  return 0;
}

async function exit(shell: Shell, args: readonly string[]): Promise<number> {
  if (args[0] !== undefined && !/^-?\d+$/.test(args[0])) {
    await shell.complain(
      `exit: ${shell.dialect === 'bash' ? `${args[0]}: numeric argument required` : `Illegal number: ${args[0]}`}`,
    );
    shell.status = 2;
  } else if (args[0] !== undefined) shell.status = Number(args[0]) & 255;
  return shell.process.exit(await shell.finish());
}

async function source(shell: Shell, args: readonly string[], name: string): Promise<number> {
  const [file, ...positional] = args;
  if (file === undefined) throw new ShellError(`${name}: filename argument required`);
  const path = file.includes('/') ? file : (sourcePath(shell, file) ?? file);
  let text: string;
  try {
    text = textOf(shell.process.files.readFile(shell.process.path(path)));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (shell.dialect === 'bash') {
      await shell.complain(`${file}: ${error.reason}`);
      return 1;
    }
    throw new ShellError(`${name}: can't open '${file}': ${error.reason}`);
  }
  const before = shell.positional;
  if (positional.length > 0) shell.positional = positional;
  try {
    return await shell.execution.evaluate(text);
  } catch (error) {
    if (error instanceof Jump && error.kind === 'return') return error.count;
    throw error;
  } finally {
    shell.positional = before;
  }
}

function sourcePath(shell: Shell, file: string): string | undefined {
  for (const directory of (shell.variables.get('PATH') ?? '').split(':')) {
    if (shell.process.files.stat(shell.process.path(`${directory}/${file}`))?.type === 'file')
      return `${directory}/${file}`;
  }
  return undefined;
}

const knownOptions: { readonly [name: string]: string } = {
  errexit: 'e',
  nounset: 'u',
  xtrace: 'x',
  noglob: 'f',
  noexec: 'n',
  allexport: 'a',
  verbose: 'v',
  monitor: 'm',
  pipefail: 'pipefail',
};

/** Takes `-eux`, `+x`, `-o pipefail` off the front. @throws ShellError on an unknown one */
export function takeOptions(options: Set<string>, args: readonly string[], extra = ''): readonly string[] {
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] as string;
    if (!/^[-+]./.test(arg) || arg === '--') break;
    const on = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      const name = letter === 'o' ? knownOptions[args[++at] ?? ''] : letter;
      if (name === undefined || !(`abefhmnuvxCEBHPTl${extra}`.includes(name) || name === 'pipefail')) {
        throw new ShellError(`illegal option ${letter === 'o' ? `-o ${args[at]}` : arg}`);
      }
      if (on) options.add(name);
      else options.delete(name);
    }
  }
  return args.slice(at);
}

async function set(shell: Shell, args: readonly string[]): Promise<number> {
  if (args.length === 0) {
    for (const name of shell.variables.names()) {
      const value = shell.variables.get(name);
      if (value !== undefined) await shell.process.stdout.write(`${name}='${value.replaceAll("'", "'\\''")}'\n`);
    }
    return 0;
  }
  if (args.length === 1 && (args[0] === '-o' || args[0] === '+o')) {
    for (const [name, letter] of Object.entries(knownOptions)) {
      await shell.process.stdout.write(`${name.padEnd(16)}${shell.options.has(letter) ? 'on' : 'off'}\n`);
    }
    return 0;
  }
  const rest = takeOptions(shell.options, args);
  if (rest[0] === '--') shell.positional = rest.slice(1);
  else if (rest.length > 0) shell.positional = rest;
  return 0;
}

function jump(kind: 'break' | 'continue'): Builtin {
  return (shell, args) => {
    if (shell.loops === 0) return 0;
    throw new Jump(kind, Math.max(1, Number(args[0] ?? 1)));
  };
}

async function type(shell: Shell, args: readonly string[]): Promise<number> {
  let status = 0;
  for (const name of args.filter((arg) => !arg.startsWith('-'))) {
    const text = describe(shell, name);
    if (text === undefined) status = shell.dialect === 'bash' ? 1 : 127;
    await shell.process.stdout.write(`${text ?? `${name}: not found`}\n`);
  }
  return status;
}

function describe(shell: Shell, name: string): string | undefined {
  if (shell.functions.has(name)) return `${name} is a function`;
  if (builtins.has(name)) return `${name} is a shell builtin`;
  const found = findExecutable(shell.process, [name], shell.variables.get('PATH'));
  return 'exitCode' in found ? undefined : `${name} is ${found.path}`;
}

async function command(shell: Shell, args: readonly string[]): Promise<number> {
  const [flag, ...names] = args;
  if (flag === '-v' || flag === '-V') {
    let status = 0;
    for (const name of names) {
      const text = flag === '-V' ? describe(shell, name) : location(shell, name);
      if (text === undefined) status = 127;
      else await shell.process.stdout.write(`${text}\n`);
    }
    return shell.dialect === 'bash' && status !== 0 ? 1 : status;
  }
  const words = flag === '-p' || flag === '--' ? names : args;
  const [name] = words;
  if (name === undefined) return 0;
  const builtin = builtins.get(name);
  if (builtin !== undefined) return builtin(shell, words.slice(1), name);
  return shell.execution.run(words);
}

function location(shell: Shell, name: string): string | undefined {
  if (shell.functions.has(name) || builtins.has(name)) return name;
  const found = findExecutable(shell.process, [name], shell.variables.get('PATH'));
  return 'exitCode' in found ? undefined : found.path;
}

async function execute(shell: Shell, args: readonly string[]): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words.length === 0) return 0;
  return shell.execution.replace(words);
}

async function getopts(shell: Shell, args: readonly string[]): Promise<number> {
  const [specification = '', variable = 'opt', ...given] = args;
  const words = given.length > 0 ? given : shell.positional;
  const { variables } = shell;
  const [indexText = '1', offsetText = '1'] = (variables.get('OPTIND') ?? '1').split(':');
  let index = Number(indexText);
  // Where several letters stand in one word, the place in it is kept with the index.
  const offset = Number(variables.get('__OPTOFFSET') ?? offsetText);
  const word = words[index - 1];
  const finish = () => {
    variables.set(variable, '?');
    variables.set('__OPTOFFSET', '1');
    return 1;
  };
  if (word === undefined || !word.startsWith('-') || word === '-') return finish();
  if (word === '--') {
    variables.set('OPTIND', String(index + 1));
    return finish();
  }
  const letter = word[offset] ?? '';
  const at = specification.replace(/^:/, '').indexOf(letter);
  const takesValue = specification.replace(/^:/, '')[at + 1] === ':';
  let nextOffset = offset + 1;
  if (nextOffset >= word.length || (at >= 0 && takesValue)) {
    index++;
    nextOffset = 1;
  }
  if (at < 0 || letter === ':') {
    variables.set(variable, '?');
    if (specification.startsWith(':')) variables.set('OPTARG', letter);
    else await shell.process.stderr.write(`${shell.name}: illegal option -- ${letter}\n`);
  } else if (takesValue) {
    const inline = word.slice(offset + 1);
    const value = inline !== '' ? inline : words[index++ - 1];
    variables.set(variable, value === undefined ? (specification.startsWith(':') ? ':' : '?') : letter);
    variables.set('OPTARG', value ?? letter);
  } else {
    variables.set(variable, letter);
    variables.unset('OPTARG');
  }
  variables.set('OPTIND', String(index));
  variables.set('__OPTOFFSET', String(nextOffset));
  return 0;
}

async function test(shell: Shell, args: readonly string[], name: string): Promise<number> {
  if (name === '[') {
    if (args.at(-1) !== ']') {
      await shell.complain('[: missing ]');
      return 2;
    }
    args = args.slice(0, -1);
  }
  try {
    return testArguments(shell.process, args) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    await shell.complain(shell.dialect === 'bash' ? `${name}: ${error.message}` : error.message);
    return 2;
  }
}

function letBuiltin(shell: Shell, args: readonly string[]): number {
  const { variables } = shell;
  let value = 0;
  for (const expression of args) {
    value = evaluate(expression, {
      get: (name, index) => variables.get(name, index === undefined ? undefined : String(index)) ?? '',
      set: (name, index, text) => variables.set(name, text, index === undefined ? undefined : String(index)),
    });
  }
  if (args.length === 0) throw new ArithmeticError('expression expected');
  return value !== 0 ? 0 : 1;
}

async function printf(shell: Shell, args: readonly string[]): Promise<number> {
  const variable = args[0] === '-v' ? args[1] : undefined;
  const [format, ...values] = variable === undefined ? (args[0] === '--' ? args.slice(1) : args) : args.slice(2);
  if (format === undefined) throw new ShellError('printf: usage: printf format [arguments]');
  const held = shell.commandHolds;
  const chunks: Uint8Array[] = [];
  const errors = await printed(shell.process, formatting(format, values), (bytes) => {
    if (variable === undefined) return shell.process.stdout.write(bytes);
    chunks.push(bytes);
    shell.hold(bytes.length + 64);
  });
  if (variable !== undefined) shell.variables.set(variable, textOf(joined(chunks)));
  shell.release(held);
  for (const error of errors) await shell.complain(`printf: ${error}: invalid number`);
  return errors.length > 0 ? 1 : 0;
}

async function umask(shell: Shell, args: readonly string[]): Promise<number> {
  if (args[0] === undefined) await shell.process.stdout.write(`${shell.process.umask.toString(8).padStart(4, '0')}\n`);
  else shell.process.umask = Number.parseInt(args[0], 8) & 0o777;
  return 0;
}

async function ulimit(shell: Shell): Promise<number> {
  await shell.process.stdout.write('unlimited\n');
  return 0;
}

/** All builtins by name. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', () => 0],
  ['true', () => 0],
  ['false', () => 1],
  ['.', source],
  ['source', source],
  ['[', test],
  ['test', test],
  ['break', jump('break')],
  ['continue', jump('continue')],
  ['cd', cd],
  ['command', command],
  ['echo', (shell, args) => echo(shell.process, args, shell.dialect)],
  ['eval', (shell, args) => (args.length === 0 ? 0 : shell.execution.evaluate(args.join(' ')))],
  ['exec', execute],
  ['exit', exit],
  ['getopts', getopts],
  ['hash', () => 0],
  ['let', letBuiltin],
  ['printf', printf],
  [
    'pwd',
    async (shell) => {
      await shell.process.stdout.write(`${shell.process.directory}\n`);
      return 0;
    },
  ],
  ['read', read],
  [
    'return',
    (shell, args) => {
      throw new Jump('return', args[0] === undefined ? shell.status : Number(args[0]) & 255);
    },
  ],
  ['set', set],
  [
    'shift',
    (shell, args) => {
      const count = Number(args[0] ?? 1);
      const { positional, process } = shell;
      if (count > positional.length) return 1;
      shell.positional = positional.slice(count);
      const pause = process.step(positional.length / 1000);
      return pause === undefined ? 0 : pause.then(() => 0);
    },
  ],
  ['type', type],
  ['umask', umask],
  ['ulimit', ulimit],
  ['shopt', () => 0],
  ['alias', () => 0],
  ['unalias', () => 0],
  ...declarationBuiltins,
  ...jobBuiltins,
]);

/** `sh` for `/bin/sh`: what shells call themselves where only the last part of the path counts. */
export function shellName(path: string): string {
  return baseName(path).replace(/^-/, '');
}
