import { baseName } from '../files/path.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseSignal } from '../process/signals.ts';
import { killProcesses } from '../shell/job-builtins.ts';
import { matchExtended } from '../shell/regular-expression.ts';
import { formatDate } from './date.ts';
import { parseOptions } from './options.ts';
import { userName } from './users.ts';
import { complain } from './words.ts';

/** The command line as `ps` shows it. */
function commandLine(process: Process): string {
  return process.title ?? process.argv.join(' ');
}

function terminalName(process: Process): string {
  return process.descriptors[0]?.terminal === undefined ? '?' : 'pts/0';
}

function parentOf(process: Process, viewer: Process): number {
  const { parent } = process;
  if (parent === undefined) return 0;
  return numberIn(parent, viewer);
}

/** The number of a process in the viewer's namespace; 0 where it is not visible. */
function numberIn(process: Process, viewer: Process): number {
  const { processes } = viewer.realm;
  if (processes === viewer.kernel.processes) return process.hostPid;
  return process.realm.processes === processes ? process.pid : 0;
}

export const ps: Program = (process) => (process.realm.flavor === 'busybox' ? busyboxPs(process) : procps(process));

async function busyboxPs(process: Process): Promise<number> {
  const columns = /-o\s*(\S+)/.exec(process.args.join(' '))?.[1]?.split(',') ?? ['pid', 'user', 'time', 'args'];
  const titles: { readonly [column: string]: string } = {
    pid: 'PID  ',
    ppid: 'PPID ',
    user: 'USER    ',
    time: 'TIME ',
    args: 'COMMAND',
    comm: 'COMMAND         ',
    stat: 'STAT',
    tty: 'TT    ',
  };
  const rows = process.realm.processes.list().map(([pid, other]) => {
    const values: { readonly [column: string]: string } = {
      pid: String(pid).padStart(5),
      ppid: String(parentOf(other, process)).padStart(5),
      user: userName(process, other.files.credentials.uid).padEnd(8),
      time: ' 0:00',
      args: commandLine(other),
      comm: commandName(other).padEnd(16),
      stat: 'S   ',
      tty: terminalName(other).padEnd(6),
    };
    return columns.map((column) => values[column] ?? '').join(' ');
  });
  await process.stdout.write(`${columns.map((column) => titles[column] ?? column).join(' ')}\n${rows.join('\n')}\n`);
  return 0;
}

function commandName(process: Process): string {
  return baseName((process.title ?? process.argv[0] ?? '').split(/[ :]/)[0] ?? '');
}

async function procps(process: Process): Promise<number> {
  const text = process.args.join(' ').replace(/-o\s*\S+/, '');
  const bsd = process.args.some((arg) => /^[auxwf]+$/.test(arg));
  const everything = bsd ? /[ax]/.test(text) : /-\w*[eAd]/.test(text);
  const full = /-\w*f/.test(text);
  const users = bsd && text.includes('u');
  const all = process.realm.processes.list();
  const own = process.descriptors[0]?.terminal;
  const shown = everything
    ? all
    : all.filter(([, other]) => (own === undefined ? true : other.descriptors[0]?.terminal === own));
  const lines: string[] = [];
  const now = process.clock.now();
  const format = /-o\s*(\S+)/.exec(process.args.join(' '))?.[1];
  if (format !== undefined) return custom(process, shown, format.split(','));
  if (users) lines.push('USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND');
  else if (full) lines.push('UID          PID    PPID  C STIME TTY          TIME CMD');
  else if (bsd) lines.push('    PID TTY      STAT   TIME COMMAND');
  else lines.push('    PID TTY          TIME CMD');
  for (const [pid, other] of shown) {
    const name = userName(process, other.files.credentials.uid).padEnd(8);
    const number = String(pid);
    const terminal = terminalName(other).padEnd(8);
    const start = formatDate(now - other.startedAt < 86_400_000 ? '%H:%M' : '%b%d', other.startedAt);
    const state = other === process ? 'R+  ' : other.pid === 1 ? 'Ss  ' : 'S   ';
    if (users) {
      const rss = Math.floor(other.memory / 1024) + 1024;
      lines.push(
        `${name} ${number.padStart(7)}  0.0  0.0 ${String(rss * 2).padStart(6)} ${String(rss).padStart(5)} ${terminal} ${state} ${start}   0:00 ${commandLine(other)}`,
      );
    } else if (full) {
      lines.push(
        `${name} ${number.padStart(7)} ${String(parentOf(other, process)).padStart(7)}  0 ${start} ${terminal} 00:00:00 ${commandLine(other)}`,
      );
    } else if (bsd) lines.push(`${number.padStart(7)} ${terminal} ${state}   0:00 ${commandLine(other)}`);
    else lines.push(`${number.padStart(7)} ${terminal} 00:00:00 ${commandName(other)}`);
  }
  await process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

async function custom(
  process: Process,
  shown: readonly (readonly [number, Process])[],
  columns: readonly string[],
): Promise<number> {
  const titles = columns.map((column) =>
    column.includes('=') ? '' : column.toUpperCase().replace('ARGS', 'COMMAND').replace('COMM', 'COMMAND'),
  );
  const rows = shown.map(([pid, other]) =>
    columns
      .map((column) => {
        const name = column.replace(/=.*/, '');
        if (name === 'pid') return String(pid).padStart(7);
        if (name === 'ppid') return String(parentOf(other, process)).padStart(7);
        if (name === 'user' || name === 'uid') return userName(process, other.files.credentials.uid).padEnd(8);
        if (name === 'comm') return commandName(other).padEnd(15);
        if (name === 'stat') return 'S   ';
        return commandLine(other);
      })
      .join(' '),
  );
  if (titles.some((title) => title !== ''))
    rows.unshift(titles.map((title) => (/^P?PID$/.test(title) ? title.padStart(7) : title)).join(' '));
  await process.stdout.write(`${rows.map((row) => row.trimEnd()).join('\n')}\n`);
  return 0;
}

export const kill: Program = (process) =>
  killProcesses(
    process,
    process.args,
    () => undefined,
    (message) => complain(process, message.replace(/^kill: /, '')),
  );

/** Characters of a command line in which `pgrep` searches (`/proc/PID/cmdline`). */
const longestCommandLine = 4096;

/** @throws RegularExpressionError */
function named(
  process: Process,
  name: string,
  exact: boolean,
  whole: boolean,
): readonly (readonly [number, Process])[] {
  return process.realm.processes.list().filter(([, other]) => {
    if (other === process) return false;
    const text = (whole ? commandLine(other) : commandName(other)).slice(0, longestCommandLine);
    return exact ? text === name : matchExtended(name, text) !== undefined;
  });
}

export const pidof: Program = async (process) => {
  const found = process.args.filter((arg) => !arg.startsWith('-')).flatMap((name) => named(process, name, true, false));
  if (found.length === 0) return 1;
  await process.stdout.write(
    `${found
      .map(([pid]) => pid)
      .reverse()
      .join(' ')}\n`,
  );
  return 0;
};

export const pgrep: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'flaxovnu:P:s:');
  const found = named(process, operands[0] ?? '', flags.has('x'), flags.has('f'));
  for (const [pid, other] of found) {
    const detail = flags.has('a') ? ` ${commandLine(other)}` : flags.has('l') ? ` ${commandName(other)}` : '';
    await process.stdout.write(`${pid}${detail}\n`);
  }
  return found.length > 0 ? 0 : 1;
};

/** `pkill` and `killall`. */
export const pkill: Program = async (process) => {
  const exact = baseName(process.argv[0] ?? '') === 'killall';
  let signal = parseSignal('TERM');
  const names: string[] = [];
  let whole = false;
  let strict = exact;
  for (let at = 0; at < process.args.length; at++) {
    const arg = process.args[at] as string;
    if (arg === '-f') whole = true;
    else if (arg === '-x') strict = true;
    else if (arg === '-s') signal = parseSignal(process.args[++at] ?? '');
    else if (arg.startsWith('-') && arg !== '-q') signal = parseSignal(arg.slice(1)) ?? signal;
    else if (!arg.startsWith('-')) names.push(arg);
  }
  let found = 0;
  for (const name of names) {
    const targets = named(process, name, strict, whole);
    found += targets.length;
    if (targets.length === 0 && exact) await complain(process, `${name}: no process killed`);
    for (const [, other] of targets) if (signal !== undefined) other.deliver(signal, process);
  }
  process.check();
  return found > 0 ? 0 : 1;
};
