import { FileError } from '../files/file-error.ts';
import { textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { shellName, takeOptions } from './builtins.ts';
import { Jump, ShellError } from './control-flow.ts';
import { defaultPath } from './executable.ts';
import { runInteractively } from './interactive.ts';
import { syntaxText } from './messages.ts';
import { parseIfComplete, ShellSyntaxError } from './parser.ts';
import { longestCommand, parseCached, pieceSize } from './script-cache.ts';
import { type Dialect, Shell } from './shell.ts';
import { Variables } from './variables.ts';

/** A shell as a program: `sh -c …`, `sh script`, `sh < script`, or at a prompt. */
export function shellProgram(dialect: Dialect): Program {
  return async (process) => {
    const options = new Set<string>();
    let rest: readonly string[];
    try {
      rest = takeOptions(
        options,
        process.args.filter((arg) => !/^--(login|norc|noprofile|posix)$/.test(arg)),
        'cils',
      );
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      await process.stderr.write(`${process.argv[0]}: ${error.message}\n`);
      return 2;
    }
    if (rest[0] === '--') rest = rest.slice(1);
    const script = options.has('c') ? rest[0] : undefined;
    if (options.has('c') && script === undefined) {
      await process.stderr.write(`${process.argv[0]}: -c requires an argument\n`);
      return 2;
    }
    const operands = script === undefined ? rest : rest.slice(1);
    const file = script === undefined && !options.has('s') ? operands[0] : undefined;
    const terminal = process.descriptors[0]?.terminal !== undefined && process.descriptors[2]?.terminal !== undefined;
    const interactive = options.has('i') || (terminal && script === undefined && file === undefined);
    for (const letter of 'cils') options.delete(letter);
    const ownName = process.argv[0] ?? 'sh';
    const shell = new Shell(process, {
      dialect,
      name:
        (script !== undefined || file !== undefined ? operands[0] : undefined) ??
        (dialect === 'bash' ? shellName(ownName) : ownName),
      positional: script !== undefined || file !== undefined ? operands.slice(1) : operands,
      variables: variablesOf(process, dialect),
      options,
      interactive,
    });
    if (script !== undefined) return runText(shell, script);
    if (file !== undefined) return runFile(shell, file);
    return interactive ? runInteractively(shell) : runInput(shell);
  };
}

function variablesOf(process: Process, dialect: Dialect): Variables {
  const variables = new Variables();
  for (const [name, value] of process.environment) {
    if (!/^[A-Za-z_]\w*$/.test(name)) continue;
    variables.set(name, value);
    variables.of(name).exported = true;
  }
  if (variables.get('PATH') === undefined) variables.set('PATH', defaultPath);
  variables.set('PWD', process.directory);
  variables.set('IFS', ' \t\n');
  variables.set('OPTIND', '1');
  variables.set('PPID', String(process.parent?.pid ?? 0));
  if (dialect === 'bash') {
    variables.set('BASH_VERSION', '5.2.15(1)-release');
    variables.set('HOSTNAME', process.realm.hostname);
  }
  const level = Number(variables.get('SHLVL') ?? 0) + 1;
  variables.set('SHLVL', String(level));
  variables.of('SHLVL').exported = true;
  return variables;
}

async function runText(shell: Shell, text: string): Promise<number> {
  try {
    return await shell.runText(text);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    await shell.complain(syntaxText(shell, error));
    return 2;
  }
}

async function runFile(shell: Shell, file: string): Promise<number> {
  try {
    return await runText(shell, textOf(shell.process.files.readFile(shell.process.path(file))));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = shell.dialect === 'bash' ? `${file}: ${error.reason}` : `can't open '${file}': ${error.reason}`;
    shell.name = shellName(shell.process.argv[0] ?? 'sh');
    await shell.complain(reason);
    return error.code === 'ENOENT' ? (shell.dialect === 'bash' ? 127 : 2) : 126;
  }
}

/** Reads commands from standard input, line by line, so that commands can read what follows them. */
async function runInput(shell: Shell): Promise<number> {
  const input = shell.process.stdin;
  let text = '';
  let looked = 0;
  for (;;) {
    const line = await input.readLine();
    if (line !== undefined) text += line;
    if (line === undefined && text === '') break;
    // What is long and unfinished is not looked at again for each line.
    if (line !== undefined && text.length > pieceSize && text.length < looked + looked / 16) continue;
    looked = text.length;
    await shell.process.step(text.length / 500);
    try {
      // At the end of the input, what is still incomplete is an error.
      if (text.length > longestCommand) throw new ShellSyntaxError('memory exhausted', 1);
      const list = line === undefined ? parseCached(text) : parseIfComplete(text);
      if (list === undefined) continue;
      text = '';
      looked = 0;
      await shell.execution.list(list, false);
    } catch (error) {
      if (error instanceof ShellSyntaxError) {
        await shell.complain(syntaxText(shell, error));
        shell.status = 2;
        break;
      }
      if (error instanceof Jump) {
        if (error.kind === 'return') shell.status = error.count;
        break;
      }
      if (!(error instanceof ShellError)) throw error;
      await shell.complain(error.message);
      shell.status = error.exitCode;
      break;
    }
    if (line === undefined) break;
  }
  return shell.finish();
}
