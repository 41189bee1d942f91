import { FileError, reasonOf } from '../files/file-error.ts';
import { Pipe } from '../process/pipe.ts';
import { type Process, ProcessGroup } from '../process/process.ts';
import { signalTexts } from '../process/signals.ts';
import { ArithmeticError } from './arithmetic.ts';
import { type Assigned, assign } from './assignment.ts';
import type { Command, List, ListItem, Redirection } from './ast.ts';
import { builtins } from './builtins.ts';
import { ConditionError } from './condition.ts';
import { evaluateCondition } from './conditional.ts';
import { Jump, ShellError } from './control-flow.ts';
import { expandArithmetic, expandPattern, expandText, expandWords } from './expansion.ts';
import { complainOf, findExternal, scriptOf } from './external.ts';
import { syntaxText, timeText } from './messages.ts';
import { isDeclaration, ShellSyntaxError } from './parser.ts';
import { matching } from './pattern.ts';
import { emptyInput, keep, RedirectionError, redirect, restore, type Saved } from './redirections.ts';
import { scriptPieces } from './script-cache.ts';
import type { Shell } from './shell.ts';
import { ReadonlyError } from './variables.ts';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** `eval`, `.` and traps in one another. */
const deepestEvaluation = 200;

/** Runs commands in a shell (POSIX "Shell Commands"). The outcome is the shell's status. */
export class Execution {
  readonly #shell: Shell;
  #evaluations = 0;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Parses and runs a text in this shell: `eval`, traps, `.`. */
  async evaluate(text: string): Promise<number> {
    const shell = this.#shell;
    if (this.#evaluations >= deepestEvaluation) throw new ShellError('maximum eval nesting level exceeded', 1);
    this.#evaluations++;
    try {
      for await (const list of scriptPieces(shell.process, text)) await this.list(list, false);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      throw new ShellError(syntaxText(shell, error));
    } finally {
      this.#evaluations--;
    }
    return shell.status;
  }

  /** `last`: nothing follows in this process, so that the last command may take its place. */
  async list(list: List, last: boolean): Promise<void> {
    for (let at = 0; at < list.length; at++) {
      const item = list[at] as ListItem;
      if (item.background) await this.#background(item);
      else await this.command(item.command, last && at === list.length - 1);
    }
  }

  async #background(item: ListItem): Promise<void> {
    const shell = this.#shell;
    const { process } = shell;
    const pause = process.step();
    if (pause !== undefined) await pause;
    const descriptors = [...process.descriptors];
    if (!shell.interactive) descriptors[0] = emptyInput();
    const child = process.fork(process.argv, {
      environment: process.environment,
      descriptors,
      ...(shell.interactive ? { group: new ProcessGroup() } : {}),
    });
    const fork = shell.fork(child);
    if (!shell.interactive) {
      child.handle('SIGINT', 'ignore');
      child.handle('SIGQUIT', 'ignore');
    }
    const job = shell.jobs.add(child, item.text);
    shell.lastBackground = child.pid;
    child.start(() => fork.runToEnd([{ ...item, background: false }]));
    shell.status = 0;
    if (shell.interactive && shell.dialect === 'bash') await process.stderr.write(`[${job.number}] ${child.pid}\n`);
  }

  async command(command: Command, last: boolean): Promise<void> {
    const shell = this.#shell;
    if (shell.options.has('n') && !shell.interactive) return;
    const pause = shell.process.step();
    if (pause !== undefined) await pause;
    switch (command.type) {
      case 'simple':
        await this.#guarded(() => this.#simple(command, last));
        shell.disconnect();
        return this.#afterCommand();
      case 'pipeline':
        await this.#pipeline(command);
        return command.negated ? undefined : this.#afterCommand();
      case 'and':
      case 'or': {
        await this.#tested(() => this.command(command.left, false));
        if ((shell.status === 0) === (command.type === 'and')) await this.command(command.right, last);
        return;
      }
      case 'function':
        shell.functions.set(command.name, command.body);
        shell.status = 0;
        return;
      default:
        return this.#guarded(() => this.#redirected(command.redirections, () => this.#compound(command)));
    }
  }

  /** Turns errors of expansion into a message and a status; those end a script, but not a prompt. */
  async #guarded(run: () => Promise<void>): Promise<void> {
    const shell = this.#shell;
    try {
      await run();
    } catch (error) {
      if (error instanceof RedirectionError) {
        await shell.complain(error.message);
        shell.status = shell.dialect === 'dash' ? 2 : 1;
      } else if (error instanceof ConditionError) {
        await shell.complain(error.message);
        shell.status = 2;
      } else if (error instanceof ArithmeticError || error instanceof ReadonlyError) {
        throw new ShellError(error.message, shell.dialect === 'bash' ? 1 : 2);
      } else throw error;
    }
  }

  async #tested(run: () => Promise<void>): Promise<void> {
    const shell = this.#shell;
    shell.tested++;
    try {
      await run();
    } finally {
      shell.tested--;
    }
  }

  async #afterCommand(): Promise<void> {
    const shell = this.#shell;
    await shell.boundary();
    if (shell.status !== 0 && shell.options.has('e') && shell.tested === 0) {
      shell.process.exit(await shell.finish());
    }
  }

  async #redirected(redirections: readonly Redirection[], run: () => Promise<void>): Promise<void> {
    if (redirections.length === 0) return run();
    const saved = await redirect(this.#shell, redirections);
    try {
      await run();
    } finally {
      restore(this.#shell, saved);
    }
  }

  async #compound(command: Exclude<Command, Of<'simple' | 'pipeline' | 'and' | 'or' | 'function'>>): Promise<void> {
    const shell = this.#shell;
    switch (command.type) {
      case 'group':
        return this.list(command.body, false);
      case 'subshell':
        return this.#subshell(command.body);
      case 'if':
        return this.#if(command);
      case 'while':
        return this.#while(command);
      case 'for':
        return this.#for(command);
      case 'arithmetic-for':
        return this.#arithmeticFor(command);
      case 'case':
        return this.#case(command);
      case 'condition':
        shell.status = (await evaluateCondition(shell, command.expression)) ? 0 : 1;
        return this.#afterCommand();
      case 'arithmetic':
        shell.status = (await expandArithmetic(shell.expansion, command.expression)) !== 0 ? 0 : 1;
        return this.#afterCommand();
    }
  }

  async #subshell(body: List): Promise<void> {
    const shell = this.#shell;
    const child = shell.process.fork(shell.process.argv, this.#foregroundOptions());
    const fork = shell.fork(child);
    child.start(() => fork.runToEnd(body));
    await this.#foreground([child]);
    shell.status = child.exitCode ?? 0;
    await this.#afterCommand();
  }

  async #if(command: Of<'if'>): Promise<void> {
    const shell = this.#shell;
    for (const clause of command.clauses) {
      await this.#tested(() => this.list(clause.condition, false));
      if (shell.status === 0) return this.list(clause.body, false);
    }
    shell.status = 0;
    if (command.otherwise !== undefined) await this.list(command.otherwise, false);
  }

  async #while(command: Of<'while'>): Promise<void> {
    const shell = this.#shell;
    let status = 0;
    for (;;) {
      await this.#tested(() => this.list(command.condition, false));
      if ((shell.status === 0) === command.until) break;
      const goOn = await this.#body(command.body);
      status = shell.status;
      if (!goOn) break;
      await shell.boundary();
    }
    shell.status = status;
  }

  async #for(command: Of<'for'>): Promise<void> {
    const shell = this.#shell;
    const held = shell.commandHolds;
    const words = command.words === undefined ? shell.positional : await expandWords(shell.expansion, command.words);
    shell.status = 0;
    try {
      await this.#loop(words, (word) => shell.variables.set(command.variable, word), command.body);
    } finally {
      shell.release(held);
    }
  }

  async #loop(words: readonly string[], set: (word: string) => void, body: List): Promise<void> {
    for (const word of words) {
      set(word);
      if (!(await this.#body(body))) break;
      await this.#shell.boundary();
    }
  }

  async #arithmeticFor(command: Of<'arithmetic-for'>): Promise<void> {
    const shell = this.#shell;
    const { expansion } = shell;
    await expandArithmetic(expansion, command.start);
    while (command.condition.length === 0 || (await expandArithmetic(expansion, command.condition)) !== 0) {
      if (!(await this.#body(command.body))) break;
      await expandArithmetic(expansion, command.step);
      await shell.boundary();
    }
  }

  /** The body of a loop; false when the loop is to end. */
  async #body(body: List): Promise<boolean> {
    const shell = this.#shell;
    shell.loops++;
    try {
      await this.list(body, false);
      return true;
    } catch (error) {
      if (!(error instanceof Jump) || (error.kind !== 'break' && error.kind !== 'continue')) throw error;
      shell.status = 0;
      if (error.count > 1 && shell.loops > 1) throw new Jump(error.kind, error.count - 1);
      return error.kind === 'continue';
    } finally {
      shell.loops--;
    }
  }

  async #case(command: Of<'case'>): Promise<void> {
    const shell = this.#shell;
    const text = await expandText(shell.expansion, command.word);
    shell.status = 0;
    let fallThrough = false;
    for (const item of command.items) {
      let matched = fallThrough;
      for (const pattern of matched ? [] : item.patterns) {
        const expanded = await expandPattern(shell.expansion, pattern);
        if (!(await shell.expansion.paced(matching(expanded, text)))) continue;
        matched = true;
        break;
      }
      if (!matched) continue;
      await this.list(item.body, false);
      if (item.end === ';;') return;
      fallThrough = item.end === ';&';
    }
  }

  async #pipeline(command: Of<'pipeline'>): Promise<void> {
    const shell = this.#shell;
    const started = shell.process.clock.now();
    const run = () => {
      const [only] = command.commands;
      return command.commands.length === 1 && only ? this.command(only, false) : this.#pipe(command.commands);
    };
    await (command.negated ? this.#tested(run) : run());
    if (command.negated) shell.status = shell.status === 0 ? 1 : 0;
    if (command.timed) await shell.process.stderr.write(timeText(shell.process.clock.now() - started));
  }

  async #pipe(commands: readonly Command[]): Promise<void> {
    const shell = this.#shell;
    const { process } = shell;
    const options = this.#foregroundOptions();
    const children: Process[] = [];
    let input = process.descriptors[0]?.retain();
    const starts: (() => void)[] = [];
    commands.forEach((command, at) => {
      const pipe = at < commands.length - 1 ? new Pipe() : undefined;
      const descriptors = [...process.descriptors];
      descriptors[0] = input;
      if (pipe !== undefined) descriptors[1] = pipe.writer;
      const child = process.fork(process.argv, { ...options, descriptors });
      const fork = shell.fork(child);
      children.push(child);
      starts.push(() => child.start(() => fork.runToEnd([{ command, background: false, text: '' }])));
      input?.release();
      input = pipe?.reader.retain();
    });
    // All exist before the first one runs, so that no writer sees a pipe without a reader.
    for (const start of starts) start();
    await this.#foreground(children);
    const codes = children.map((child) => child.exitCode ?? 0);
    const failed = codes.filter((code) => code !== 0);
    shell.status = (shell.options.has('pipefail') ? failed.at(-1) : codes.at(-1)) ?? 0;
  }

  #foregroundOptions(): { environment: Map<string, string>; group?: ProcessGroup } {
    const { process, interactive } = this.#shell;
    return { environment: process.environment, ...(interactive ? { group: new ProcessGroup() } : {}) };
  }

  /** Waits for children that have the terminal meanwhile. */
  async #foreground(children: readonly Process[]): Promise<void> {
    const shell = this.#shell;
    const { process } = shell;
    const terminal = shell.interactive ? process.descriptors[0]?.terminal : undefined;
    const [first] = children;
    if (terminal !== undefined && first !== undefined) terminal.foreground = first.group;
    for (const child of children) await process.waitFor(child);
    if (terminal !== undefined) terminal.foreground = process.group;
    const last = children.at(-1);
    if (last?.endedBy === 'SIGINT' && shell.interactive) throw new Jump('interrupt', 130);
    const text = last?.endedBy === undefined ? undefined : signalTexts[last.endedBy];
    if (text !== undefined && !process.ended) await process.stderr.write(`${text}\n`);
  }

  /** What the words hold is free once the command is done. */
  async #simple(command: Of<'simple'>, last: boolean): Promise<void> {
    const shell = this.#shell;
    const held = shell.commandHolds;
    try {
      await this.#run(command, last);
    } finally {
      shell.release(held);
    }
  }

  async #run(command: Of<'simple'>, last: boolean): Promise<void> {
    const shell = this.#shell;
    shell.line = command.line;
    shell.substituted = undefined;
    const words = await this.#words(command);
    const [name] = words;
    if (name === undefined) return this.#assignmentsOnly(command);
    if (shell.options.has('x')) await this.#trace(words);
    const body = name.includes('/') ? undefined : shell.functions.get(name);
    const builtin = body === undefined ? builtins.get(name) : undefined;
    if (body === undefined && builtin === undefined) return this.#external(command, words, last);
    const saved = await redirect(shell, command.redirections);
    const assigned = await this.#temporarily(command);
    try {
      if (body !== undefined) await this.#call(body, words);
      else if (builtin !== undefined) shell.status = await builtin(shell, words.slice(1), name);
      for (const array of command.arrays ?? []) await assign(shell, array);
    } catch (error) {
      // Writing to a closed descriptor and the like.
      if (!(error instanceof FileError)) throw error;
      await shell.complain(`${name}: ${reasonOf(error)}`);
      shell.status = 1;
    } finally {
      if (name === 'exec' && words.length === 1) keep(saved);
      else restore(shell, saved);
      for (const undo of assigned) undo.restore();
    }
  }

  /** Values of `export name=value` and its like are not split. */
  async #words({ words }: Of<'simple'>): Promise<readonly string[]> {
    const { expansion } = this.#shell;
    const [first] = words[0] ?? [];
    if (first?.type !== 'text' || words[0]?.length !== 1 || !isDeclaration(first.text))
      return expandWords(expansion, words);
    const expanded: string[] = [];
    for (const word of words) {
      const [part] = word;
      if (part?.type === 'text' && !part.quoted && /^[A-Za-z_]\w*\+?=/.test(part.text)) {
        expanded.push(await expandText(expansion, word));
      } else expanded.push(...(await expandWords(expansion, [word])));
    }
    return expanded;
  }

  async #assignmentsOnly(command: Of<'simple'>): Promise<void> {
    const shell = this.#shell;
    for (const assignment of command.assignments) await assign(shell, assignment);
    restore(shell, await redirect(shell, command.redirections));
    shell.status = shell.substituted ?? 0;
  }

  /** Assignments before a command hold only for it. */
  async #temporarily(command: Of<'simple'>): Promise<readonly Assigned[]> {
    const assigned: Assigned[] = [];
    for (const assignment of command.assignments) assigned.push(await assign(this.#shell, assignment, true));
    return assigned.reverse();
  }

  async #trace(words: readonly string[]): Promise<void> {
    const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
    await this.#shell.process.stderr.write(`+ ${quoted.join(' ')}\n`);
  }

  async #call(body: Command, words: readonly string[]): Promise<void> {
    const shell = this.#shell;
    if (shell.calls >= 200) throw new ShellError('maximum function nesting level exceeded (200)', 1);
    const { positional, loops } = shell;
    shell.positional = words.slice(1);
    shell.loops = 0;
    shell.calls++;
    shell.variables.enterFunction();
    try {
      await this.command(body, false);
    } catch (error) {
      if (!(error instanceof Jump) || error.kind !== 'return') throw error;
      shell.status = error.count;
    } finally {
      shell.variables.leaveFunction();
      shell.calls--;
      shell.loops = loops;
      shell.positional = positional;
    }
  }

  /** Runs a program and returns its exit code; functions and builtins are skipped. */
  async run(words: readonly string[]): Promise<number> {
    await this.#external(
      { type: 'simple', assignments: [], words: [], redirections: [], line: this.#shell.line },
      words,
      false,
    );
    return this.#shell.status;
  }

  /** Goes on as a program: `exec`. Gives an exit code only where it cannot be run and the shell is interactive. */
  async replace(words: readonly string[]): Promise<number> {
    const shell = this.#shell;
    const environment = shell.variables.environment();
    const found = findExternal(shell.process, words, shell.variables.get('PATH'), environment);
    if (!('exitCode' in found)) {
      const { argv, program = scriptOf(shell, found.path) } = found;
      return shell.process.become(argv, program, environment);
    }
    await complainOf(shell, words[0] as string, found.error);
    if (!shell.interactive) shell.process.exit(found.exitCode);
    return found.exitCode;
  }

  async #external(command: Of<'simple'>, words: readonly string[], last: boolean): Promise<void> {
    const shell = this.#shell;
    const { process } = shell;
    const assigned = await this.#temporarily(command);
    const environment = shell.variables.environment();
    const path = shell.variables.get('PATH');
    for (const undo of assigned) undo.restore();
    let saved: Saved = await redirect(shell, command.redirections);
    try {
      const found = findExternal(process, words, path, environment);
      if ('exitCode' in found) {
        await complainOf(shell, words[0] as string, found.error);
        shell.status = found.exitCode;
        return;
      }
      const { argv, program = scriptOf(shell, found.path) } = found;
      const free = last && !shell.interactive && shell.calls === 0 && shell.traps.size === 0;
      if (free) {
        keep(saved);
        saved = [];
        return await process.become(argv, program, environment);
      }
      const child = process.fork(argv, { ...this.#foregroundOptions(), environment });
      restore(shell, saved);
      saved = [];
      child.start(program);
      await this.#foreground([child]);
      shell.status = child.exitCode ?? 0;
    } finally {
      restore(shell, saved);
    }
  }
}
