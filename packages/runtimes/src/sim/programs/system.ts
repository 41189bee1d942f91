import { baseName, parentPath } from '../files/path.ts';
import { textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseSignal, signalNumber } from '../process/signals.ts';
import { ConditionError, testArguments } from '../shell/condition.ts';
import { echo as echoBuiltin } from '../shell/echo.ts';
import { defaultPath, findExecutable } from '../shell/executable.ts';
import { formatting, printed } from '../shell/printf.ts';
import { formatDate, parseDate } from './date.ts';
import { parseOptions } from './options.ts';
import { launch, run } from './run.ts';
import { groupName, userId, userName } from './users.ts';
import { complain, missingOperand } from './words.ts';

/** `5`, `0.5`, `2m`, `1h`, `1d`, `infinity` in milliseconds. */
function parseSleep(text: string): number | undefined {
  if (/^inf(inity)?$/.test(text)) return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (match === null) return undefined;
  const units: { readonly [unit: string]: number } = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(match[1]) * (units[match[2] ?? ''] ?? 1000);
}

export const sleep: Program = async (process) => {
  if (process.args.length === 0) return missingOperand(process);
  let total = 0;
  for (const arg of process.args) {
    const span = parseSleep(arg);
    if (span === undefined) {
      await complain(
        process,
        process.realm.flavor === 'busybox' ? `invalid number '${arg}'` : `invalid time interval '${arg}'`,
      );
      return 1;
    }
    total += span;
  }
  if (total === Number.POSITIVE_INFINITY) return process.forever();
  await process.sleep(total);
  return 0;
};

export const date: Program = async (process) => {
  const { values, operands } = parseOptions(process.args, 'uRd:r:D:s:I', {
    date: 'd:',
    utc: 'u',
    universal: 'u',
    'rfc-2822': 'R',
  });
  const now = process.clock.now();
  const given = values.get('d');
  const reference = values.get('r');
  const time =
    given !== undefined
      ? parseDate(given, now)
      : reference !== undefined
        ? process.files.find(process.path(reference))?.mtime
        : now;
  if (time === undefined) {
    await complain(process, `invalid date '${given ?? reference}'`);
    return 1;
  }
  const iso = process.args.find((arg) => /^(-I|--iso-8601)/.test(arg));
  const format =
    operands.find((operand) => operand.startsWith('+'))?.slice(1) ??
    (process.args.includes('-R')
      ? '%a, %d %b %Y %H:%M:%S +0000'
      : iso !== undefined
        ? /s(econds)?$/.test(iso.replace('--iso', ''))
          ? '%Y-%m-%dT%H:%M:%S+00:00'
          : '%Y-%m-%d'
        : '%a %b %e %H:%M:%S UTC %Y');
  await process.stdout.write(`${formatDate(format, time)}\n`);
  return 0;
};

/** The first name on the line of `/etc/hosts` that has this one, as a resolver picks it; the name itself if there is none. */
function canonicalName(process: Process, name: string): string {
  if (process.files.find('/etc/hosts') === undefined) return name;
  for (const line of textOf(process.files.readFile('/etc/hosts')).split('\n')) {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.includes(name)) return names[0] ?? name;
  }
  return name;
}

export const hostname: Program = async (process) => {
  const { flags } = parseOptions(process.args, 'isfdI');
  const { hostname: name, network } = process.realm;
  const answer =
    flags.has('i') || flags.has('I')
      ? network.ip
      : flags.has('s')
        ? name.split('.')[0]
        : flags.has('f')
          ? canonicalName(process, name)
          : name;
  await process.stdout.write(`${answer}\n`);
  return 0;
};

export const id: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'ugnGr', { user: 'u', group: 'g', name: 'n', groups: 'G' });
  const own = process.files.credentials;
  const uid = operands[0] === undefined ? own.uid : userId(process, operands[0]);
  if (uid === undefined) {
    await complain(
      process,
      process.realm.flavor === 'busybox' ? `unknown user ${operands[0]}` : `'${operands[0]}': no such user`,
    );
    return 1;
  }
  const gid = operands[0] === undefined ? own.gid : uid;
  const groups = [...new Set([gid, ...(operands[0] === undefined ? own.groups : [])])];
  const named = flags.has('n');
  let text: string;
  if (flags.has('u')) text = named ? userName(process, uid) : String(uid);
  else if (flags.has('g')) text = named ? groupName(process, gid) : String(gid);
  else if (flags.has('G')) text = groups.map((group) => (named ? groupName(process, group) : String(group))).join(' ');
  else {
    const shown = (value: number, name: string) => (name === String(value) ? String(value) : `${value}(${name})`);
    text = `uid=${shown(uid, userName(process, uid))} gid=${shown(gid, groupName(process, gid))} groups=${groups.map((group) => shown(group, groupName(process, group))).join(',')}`;
  }
  await process.stdout.write(`${text}\n`);
  return 0;
};

export const whoami: Program = async (process) => {
  await process.stdout.write(`${userName(process, process.files.credentials.uid)}\n`);
  return 0;
};

export const uname: Program = async (process) => {
  const { flags } = parseOptions(process.args, 'asnrvmpio', { all: 'a' });
  const { machine, hostname: name } = process.realm;
  const fields = { s: 'Linux', n: name, r: machine.kernelVersion, v: '#1 SMP', m: 'x86_64', o: 'GNU/Linux' };
  const wanted = flags.has('a')
    ? Object.keys(fields)
    : Object.keys(fields).filter((key) => flags.has(key) || (key === 'm' && flags.has('p')));
  await process.stdout.write(
    `${(wanted.length === 0 ? ['s'] : wanted).map((key) => fields[key as keyof typeof fields]).join(' ')}\n`,
  );
  return 0;
};

export const env: Program = async (process) => {
  let environment = new Map(process.environment);
  let at = 0;
  for (; at < process.args.length; at++) {
    const arg = process.args[at] as string;
    if (arg === '-i' || arg === '-') environment = new Map();
    else if (arg === '-u') environment.delete(process.args[++at] ?? '');
    else if (/^[A-Za-z_][^=]*=/.test(arg))
      environment.set(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1));
    else if (arg === '-S') continue;
    else break;
  }
  const command = process.args.slice(at);
  if (command.length > 0) {
    const found = findExecutable(process, command, environment.get('PATH') ?? defaultPath);
    if (!('exitCode' in found) && found.program !== undefined)
      return process.become(found.argv, found.program, environment);
    return run(process, command, { environment });
  }
  for (const [name, value] of environment) await process.stdout.write(`${name}=${value}\n`);
  return 0;
};

export const printenv: Program = async (process) => {
  if (process.args.length === 0) return env(process);
  let status = 0;
  for (const name of process.args) {
    const value = process.environment.get(name);
    if (value === undefined) status = 1;
    else await process.stdout.write(`${value}\n`);
  }
  return status;
};

export const echo: Program = (process) =>
  echoBuiltin(process, process.args, process.realm.flavor === 'busybox' ? 'ash' : 'bash');

export const printf: Program = async (process) => {
  const [format, ...values] = process.args;
  if (format === undefined) return missingOperand(process);
  const errors = await printed(process, formatting(format, values), (bytes) => process.stdout.write(bytes));
  for (const error of errors) await complain(process, `${error}: invalid number`);
  return errors.length > 0 ? 1 : 0;
};

export const test: Program = async (process) => {
  const bracket = baseName(process.argv[0] ?? '') === '[';
  try {
    return testArguments(process, bracket ? process.args.slice(0, -1) : process.args) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    await complain(process, error.message);
    return 2;
  }
};

export const seq: Program = async (process) => {
  const { flags, values, operands } = parseOptions(
    process.args.map((arg) => (/^-\d/.test(arg) ? ` ${arg}` : arg)),
    'ws:f:',
  );
  const numbers = operands.map(Number);
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  if (first === undefined || step === undefined || last === undefined || numbers.some(Number.isNaN) || step === 0) {
    await complain(process, 'invalid number');
    return 1;
  }
  const places = Math.min(100, Math.max(...operands.map((operand) => operand.split('.')[1]?.length ?? 0)));
  const separator = values.get('s') ?? '\n';
  const width = flags.has('w') ? Math.max(first.toFixed(places).length, last.toFixed(places).length) : 0;
  let block: string[] = [];
  let size = 0;
  let written = false;
  const flush = async () => {
    if (block.length === 0) return;
    await process.stdout.write(`${written ? separator : ''}${block.join(separator)}`);
    written = true;
    const pause = process.step(block.length / 10);
    if (pause !== undefined) await pause;
    block = [];
    size = 0;
  };
  for (let count = 0; ; count++) {
    const value = first + count * step;
    if (step > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    const text = value.toFixed(places).padStart(width, '0');
    size += text.length + separator.length;
    block.push(text);
    if (block.length >= 1000 || size > 65_536) await flush();
  }
  await flush();
  if (written) await process.stdout.write('\n');
  return 0;
};

export const baseNameProgram: Program = async (process) => {
  const [path, suffix] = process.args.filter((arg) => arg !== '--');
  if (path === undefined) return missingOperand(process);
  const name = baseName(path);
  await process.stdout.write(
    `${suffix !== undefined && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
  );
  return 0;
};

export const dirName: Program = async (process) => {
  if (process.args.length === 0) return missingOperand(process);
  for (const path of process.args) await process.stdout.write(`${parentPath(path)}\n`);
  return 0;
};

export const pwd: Program = async (process) => {
  await process.stdout.write(`${process.directory}\n`);
  return 0;
};

export const which: Program = async (process) => {
  let status = 0;
  for (const name of process.args.filter((arg) => !arg.startsWith('-'))) {
    const found = findExecutable(process, [name], process.environment.get('PATH'));
    if ('exitCode' in found) status = 1;
    else await process.stdout.write(`${found.path}\n`);
  }
  return status;
};

export const timeout: Program = async (process) => {
  // Options of the command that is run are not timeout's.
  let at = 0;
  let signal = parseSignal('TERM');
  let killAfter: number | undefined;
  for (; /^-/.test(process.args[at] ?? ''); at++) {
    const arg = process.args[at] as string;
    if (arg === '-s') signal = parseSignal(process.args[++at] ?? '');
    else if (arg === '-k') killAfter = parseSleep(process.args[++at] ?? '');
    else if (arg === '-t') {
      at++;
      break;
    }
  }
  const span = parseSleep(process.args[at] ?? '');
  const command = process.args.slice(at + 1);
  if (span === undefined || command.length === 0 || signal === undefined) return missingOperand(process);
  const child = await launch(process, command);
  if (typeof child === 'number') return child;
  let expired = false;
  const end = () => {
    expired = true;
    child.deliver(signal, process);
  };
  using _timer = span > 0 ? process.clock.schedule(span, end) : undefined;
  using _second =
    killAfter === undefined
      ? undefined
      : process.clock.schedule(span + killAfter, () => child.deliver('SIGKILL', process));
  await process.waitFor(child);
  if (!expired) return child.exitCode ?? 0;
  if (process.realm.flavor === 'busybox') return child.exitCode ?? 128 + signalNumber(signal);
  return child.endedBy === 'SIGKILL' ? 137 : 124;
};

export const nohup: Program = async (process) => {
  process.handle('SIGHUP', 'ignore');
  return run(process, process.args);
};

export const uptime: Program = async (process) => {
  const now = process.clock.now();
  const minutes = Math.floor((now - process.realm.machine.bootedAt) / 60_000);
  const up = minutes >= 1440 ? `${Math.floor(minutes / 1440)} days, ` : '';
  const time = `${Math.floor((minutes % 1440) / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  await process.stdout.write(
    ` ${formatDate('%H:%M:%S', now)} up ${up}${time},  0 users,  load average: 0.00, 0.00, 0.00\n`,
  );
  return 0;
};

export const nproc: Program = async (process) => {
  await process.stdout.write(`${process.realm.machine.cpus}\n`);
  return 0;
};

export const free: Program = async (process) => {
  const { flags } = parseOptions(process.args, 'bkmgh');
  const unit = flags.has('m') ? 1_048_576 : flags.has('g') ? 1_073_741_824 : flags.has('b') ? 1 : 1024;
  const { memoryBytes } = process.realm.machine;
  const total = Math.floor(memoryBytes / unit);
  const used = Math.floor(process.realm.memory.used / unit);
  const row = (values: readonly number[]) => values.map((value) => String(value).padStart(12)).join('');
  await process.stdout.write(
    `              total        used        free      shared  buff/cache   available\nMem:   ${row([total, used, total - used, 0, 0, total - used])}\nSwap:  ${row([0, 0, 0])}\n`,
  );
  return 0;
};

export const tty: Program = async (process) => {
  const terminal = process.descriptors[0]?.terminal !== undefined;
  await process.stdout.write(terminal ? '/dev/pts/0\n' : 'not a tty\n');
  return terminal ? 0 : 1;
};

export const stty: Program = async (process) => {
  const terminal = process.descriptors[0]?.terminal;
  if (terminal === undefined) {
    await complain(process, 'standard input: Not a tty');
    return 1;
  }
  if (process.args.includes('size')) await process.stdout.write(`${terminal.rows} ${terminal.columns}\n`);
  else if (process.args.includes('-a'))
    await process.stdout.write(`speed 38400 baud; rows ${terminal.rows}; columns ${terminal.columns};\n`);
  for (const mode of process.args) {
    if (mode === 'raw' || mode === '-icanon') terminal.raw = true;
    if (mode === '-raw' || mode === 'icanon' || mode === 'cooked' || mode === 'sane') terminal.raw = false;
    if (mode === '-echo') terminal.echo = false;
    if (mode === 'echo' || mode === 'sane') terminal.echo = true;
  }
  return 0;
};

export const clear: Program = async (process) => {
  await process.stdout.write('\x1b[H\x1b[J');
  return 0;
};

export const mount: Program = async (process) => {
  await process.stdout.write(
    textOf(process.files.readFile('/proc/mounts')).replace(/^(\S+) (\S+) (\S+) (\S+).*$/gm, '$1 on $2 type $3 ($4)'),
  );
  return 0;
};

export const df: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'hkmTiPa');
  const total = 100 * 1_073_741_824;
  const size = (bytes: number) =>
    flags.has('h') ? `${(bytes / 1_073_741_824).toFixed(1)}G` : String(Math.floor(bytes / 1024));
  const rows = operands.length > 0 ? operands : ['/', ...process.files.table.mounts.keys()];
  const lines = rows.map(
    (path) =>
      `${'overlay'.padEnd(20)} ${size(total).padStart(10)} ${size(0).padStart(10)} ${size(total).padStart(10)}   0% ${path}`,
  );
  await process.stdout.write(
    `Filesystem           ${flags.has('h') ? '      Size' : ' 1K-blocks'}       Used  Available Use% Mounted on\n${lines.join('\n')}\n`,
  );
  return 0;
};

/** Takes memory and keeps it: `stress --vm 1 --vm-bytes 100M --vm-hang 0 --timeout 60s`. */
export const stress: Program = async (process) => {
  const { values } = parseOptions(process.args, 'c:i:m:d:t:vqn', {
    vm: 'm:',
    'vm-bytes': 'vm-bytes:',
    'vm-hang': 'vm-hang:',
    'vm-keep': 'vm-keep',
    timeout: 't:',
    cpu: 'c:',
    io: 'i:',
    hdd: 'd:',
    quiet: 'q',
    verbose: 'v',
  });
  const workers = Number(values.get('m') ?? 0);
  const text = values.get('vm-bytes') ?? '256M';
  const match = /^(\d+)([BKMGbkmg]?)$/.exec(text);
  const powers: { readonly [unit: string]: number } = { '': 1, b: 1, k: 1024, m: 1_048_576, g: 1_073_741_824 };
  const bytes = match === null ? 0 : Number(match[1]) * (powers[(match[2] ?? '').toLowerCase()] ?? 1);
  const count = (letter: string) => values.get(letter) ?? '0';
  await process.stdout.write(
    `stress: info: [${process.pid}] dispatching hogs: ${count('c')} cpu, ${count('i')} io, ${workers} vm, ${count('d')} hdd\n`,
  );
  for (let worker = 0; worker < workers; worker++) process.allocate(bytes);
  const span = parseSleep(values.get('t') ?? '');
  if (span === undefined || span === 0) return process.forever();
  await process.sleep(span);
  await process.stdout.write(
    `stress: info: [${process.pid}] successful run completed in ${Math.round(span / 1000)}s\n`,
  );
  return 0;
};

/** Watches a command: runs it every few seconds. */
export const watch: Program = async (process) => {
  const { values, operands } = parseOptions(process.args, 'n:td');
  for (;;) {
    await process.stdout.write('\x1b[H\x1b[J');
    await run(process, ['/bin/sh', '-c', operands.join(' ')]);
    await process.sleep(Math.max(0.1, Number(values.get('n') ?? 2) || 0) * 1000);
  }
};

/** A program that does nothing and succeeds. */
export const succeed: Program = () => 0;
export const fail: Program = () => 1;
