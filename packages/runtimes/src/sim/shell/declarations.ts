import { evaluate } from './arithmetic.ts';
import type { Builtin } from './builtins.ts';
import { ShellError } from './control-flow.ts';
import type { Shell } from './shell.ts';

/** `name=value` taken apart; no value where there is no `=`. */
function split(argument: string): {
  readonly name: string;
  readonly append: boolean;
  readonly value: string | undefined;
} {
  const match = /^([A-Za-z_]\w*)(?:(\+?)=([\s\S]*))?$/.exec(argument);
  if (match === null) throw new ShellError(`${argument}: bad variable name`);
  return { name: match[1] as string, append: match[2] === '+', value: match[3] };
}

function put(shell: Shell, argument: string): string {
  const { name, append, value } = split(argument);
  if (value === undefined) return name;
  const integer = shell.variables.find(name)?.integer;
  const scope = {
    get: (other: string) => shell.variables.get(other) ?? '',
    set: (other: string, _index: number | undefined, text: string) => shell.variables.set(other, text),
  };
  const text = integer ? String(evaluate(value, scope)) : value;
  shell.variables.set(name, append ? (shell.variables.get(name) ?? '') + text : text);
  return name;
}

const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

async function exportBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  const remove = args[0] === '-n';
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (names.length === 0) {
    for (const [name, value] of [...shell.variables.environment()].sort()) {
      await shell.process.stdout.write(
        shell.dialect === 'bash'
          ? `declare -x ${name}="${value.replace(/["\\$`]/g, '\\$&')}"\n`
          : `export ${name}=${quoted(value)}\n`,
      );
    }
  }
  for (const argument of names) shell.variables.of(put(shell, argument)).exported = !remove;
  return 0;
}

async function readonlyBuiltin(shell: Shell, args: readonly string[]): Promise<number> {
  for (const argument of args.filter((arg) => !arg.startsWith('-'))) {
    shell.variables.of(put(shell, argument)).readonly = true;
  }
  return 0;
}

function local(shell: Shell, args: readonly string[]): number {
  for (const argument of args) {
    if (argument.startsWith('-')) continue;
    if (!shell.variables.local(split(argument).name)) throw new ShellError('local: not in a function');
    put(shell, argument);
  }
  attributes(shell, args);
  return 0;
}

async function declare(shell: Shell, args: readonly string[]): Promise<number> {
  const flags = args.filter((arg) => /^[-+]/.test(arg)).join('');
  const names = args.filter((arg) => !/^[-+]/.test(arg));
  if (flags.includes('f') || flags.includes('F')) {
    for (const name of names) if (!shell.functions.has(name)) return 1;
    return 0;
  }
  if (flags.includes('p')) return print(shell, names);
  for (const argument of names) if (!flags.includes('g')) shell.variables.local(split(argument).name);
  attributes(shell, args);
  for (const argument of names) put(shell, argument);
  return 0;
}

function attributes(shell: Shell, args: readonly string[]): void {
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  for (const argument of args) {
    if (/^[-+]/.test(argument)) continue;
    const variable = shell.variables.of(split(argument).name);
    if (flags.includes('A')) {
      variable.associative = true;
      if (!(variable.value instanceof Map)) variable.value = new Map();
    }
    if (flags.includes('a') && !(variable.value instanceof Map)) {
      variable.value = new Map(variable.value === undefined ? [] : [['0', variable.value]]);
    }
    if (flags.includes('x')) variable.exported = true;
    if (flags.includes('i')) variable.integer = true;
    if (flags.includes('r')) variable.readonly = true;
  }
}

async function print(shell: Shell, names: readonly string[]): Promise<number> {
  let status = 0;
  for (const name of names.length === 0 ? shell.variables.names() : names) {
    const variable = shell.variables.find(name);
    if (variable === undefined) {
      await shell.complain(`declare: ${name}: not found`);
      status = 1;
      continue;
    }
    const isArray = variable.value instanceof Map;
    const flag = `${isArray ? (variable.associative ? 'A' : 'a') : ''}${variable.exported ? 'x' : ''}${variable.readonly ? 'r' : ''}`;
    const value = isArray
      ? `(${shell.variables
          .elements(name)
          .map(([key, element]) => `[${key}]="${element}"`)
          .join(' ')})`
      : `"${shell.variables.get(name) ?? ''}"`;
    await shell.process.stdout.write(`declare -${flag || '-'} ${name}=${value}\n`);
  }
  return status;
}

function unset(shell: Shell, args: readonly string[]): number {
  const functions = args[0] === '-f';
  for (const argument of args.filter((arg) => !arg.startsWith('-'))) {
    const element = /^([A-Za-z_]\w*)\[(.*)\]$/.exec(argument);
    if (functions) shell.functions.delete(argument);
    else if (element !== null) shell.variables.unset(element[1] as string, element[2]);
    else if (shell.variables.find(argument) !== undefined) shell.variables.unset(argument);
    else shell.functions.delete(argument);
  }
  return 0;
}

/** Builtins that declare variables. */
export const declarationBuiltins: readonly (readonly [string, Builtin])[] = [
  ['export', exportBuiltin],
  ['readonly', readonlyBuiltin],
  ['local', local],
  ['declare', declare],
  ['typeset', declare],
  ['unset', unset],
];
