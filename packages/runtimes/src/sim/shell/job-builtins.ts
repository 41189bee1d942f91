import type { Process } from '../process/process.ts';
import { listSignals, parseSignal } from '../process/signals.ts';
import type { Builtin } from './builtins.ts';
import type { Job } from './jobs.ts';
import type { Shell } from './shell.ts';

async function trap(shell: Shell, args: readonly string[]): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words[0] === '-l') {
    for (const [number, name] of listSignals()) await shell.process.stdout.write(`${number}) SIG${name}\n`);
    return 0;
  }
  if (words.length === 0 || words[0] === '-p') {
    for (const [name, command] of shell.traps) {
      const shown = shell.dialect === 'bash' && name !== 'EXIT' ? `SIG${name}` : name;
      await shell.process.stdout.write(`trap -- '${command.replaceAll("'", "'\\''")}' ${shown}\n`);
    }
    return 0;
  }
  const [first = '', ...others] = words;
  const onlyNames = others.length === 0 || /^\d+$/.test(first);
  const command = onlyNames || first === '-' ? undefined : first;
  let status = 0;
  for (const text of onlyNames ? words : others) {
    const name = trapName(text);
    if (name === undefined) {
      await shell.complain(`trap: ${text}: ${shell.dialect === 'bash' ? 'invalid signal specification' : 'bad trap'}`);
      status = 1;
    } else if (name !== 'ERR' && name !== 'DEBUG' && name !== 'RETURN') shell.trap(name, command);
  }
  return status;
}

function trapName(text: string): string | undefined {
  const upper = text.toUpperCase();
  if (upper === 'EXIT' || upper === '0') return 'EXIT';
  if (upper === 'ERR' || upper === 'DEBUG' || upper === 'RETURN') return upper;
  return parseSignal(text)?.slice(3);
}

async function wait(shell: Shell, args: readonly string[]): Promise<number> {
  const any = args.includes('-n');
  const targets = args.filter((arg) => !arg.startsWith('-'));
  const finish = (job: Job): number => {
    shell.jobs.remove(job);
    return job.process.exitCode ?? 0;
  };
  if (any) {
    const jobs = shell.jobs.list();
    if (jobs.length === 0) return 127;
    const ended = await firstEnded(shell, jobs);
    return ended === undefined ? shell.interruptedStatus : finish(ended);
  }
  if (targets.length === 0) {
    for (const job of shell.jobs.list()) {
      if (!(await shell.process.waitFor(job.process, true))) return shell.interruptedStatus;
      finish(job);
    }
    return 0;
  }
  let status = 0;
  for (const target of targets) {
    const job = shell.jobs.find(target);
    if (job === undefined) status = 127;
    else if (await shell.process.waitFor(job.process, true)) status = finish(job);
    else return shell.interruptedStatus;
  }
  return status;
}

async function firstEnded(shell: Shell, jobs: readonly Job[]): Promise<Job | undefined> {
  const done = jobs.find((job) => job.process.ended);
  if (done !== undefined) return done;
  return shell.process.park<Job | undefined>(
    (wake) => {
      const stops = jobs.map((job) => job.process.whenEnded(() => wake(job)));
      return () => {
        for (const stop of stops) stop();
      };
    },
    { value: undefined },
  );
}

async function kill(shell: Shell, args: readonly string[]): Promise<number> {
  return killProcesses(
    shell.process,
    args,
    (target) => shell.jobs.find(target)?.process,
    (message) => shell.complain(message),
  );
}

/** `kill`, as builtin and as program. `job` finds `%1`. */
export async function killProcesses(
  process: Process,
  args: readonly string[],
  job: (target: string) => Process | undefined,
  complain: (message: string) => Promise<void>,
): Promise<number> {
  let signal = parseSignal('TERM');
  let at = 0;
  const first = args[0] ?? '';
  if (first === '-l' || first === '-L') {
    const names =
      args[1] === undefined ? listSignals().map(([, name]) => name) : [parseSignal(args[1])?.slice(3) ?? ''];
    await process.stdout.write(`${names.join(args[1] === undefined ? ' ' : '\n')}\n`);
    return 0;
  }
  if (first === '-s' || first === '-n') {
    signal = parseSignal(args[1] ?? '');
    at = 2;
  } else if (/^-[A-Za-z0-9]/.test(first)) {
    signal = parseSignal(first.slice(1));
    at = 1;
  }
  // Signal 0 only checks whether the process exists.
  const probe = first === '-0' || args[1] === '0';
  if (signal === undefined && !probe) {
    await complain(`kill: ${first.replace(/^-/, '')}: invalid signal specification`);
    return 1;
  }
  const targets = args.slice(at).filter((target) => target !== '--');
  if (targets.length === 0) {
    await complain('kill: you need to specify whom to kill');
    return 1;
  }
  let status = 0;
  for (const target of targets) {
    const found = target.startsWith('%') ? [job(target)].filter((one) => one !== undefined) : find(process, target);
    if (found.length === 0) {
      await complain(
        target.startsWith('%') ? `kill: ${target}: no such job` : `kill: can't kill pid ${target}: No such process`,
      );
      status = 1;
    }
    const { uid } = process.files.credentials;
    for (const other of found) {
      if (uid !== 0 && other.files.credentials.uid !== uid) {
        await complain(`kill: can't kill pid ${target}: Operation not permitted`);
        status = 1;
      } else if (signal !== undefined && !probe) other.deliver(signal, process);
    }
  }
  process.check();
  return status;
}

function find(process: Process, target: string): readonly Process[] {
  const { processes } = process.realm;
  const number = Number(target);
  if (number === -1) return [...processes.processes.values()].filter((other) => other !== process && other.pid !== 1);
  if (number === 0) return [...process.group.members];
  if (number < 0) return [...(processes.processes.get(-number)?.group.members ?? [])];
  const found = processes.processes.get(number);
  return found === undefined ? [] : [found];
}

async function jobs(shell: Shell): Promise<number> {
  for (const job of shell.jobs.list()) {
    const state = job.process.ended ? 'Done' : 'Running';
    await shell.process.stdout.write(`[${job.number}]+  ${state.padEnd(24)}${job.text}\n`);
    if (job.process.ended) shell.jobs.remove(job);
  }
  return 0;
}

async function foreground(shell: Shell, args: readonly string[]): Promise<number> {
  const job = shell.jobs.find(args[0] ?? '%%');
  if (job === undefined) {
    await shell.complain('fg: no current job');
    return 1;
  }
  await shell.process.stdout.write(`${job.text}\n`);
  await shell.process.waitFor(job.process);
  shell.jobs.remove(job);
  return job.process.exitCode ?? 0;
}

async function times(shell: Shell): Promise<number> {
  await shell.process.stdout.write('0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n');
  return 0;
}

/** Builtins about processes and signals. */
export const jobBuiltins: readonly (readonly [string, Builtin])[] = [
  ['trap', trap],
  ['wait', wait],
  ['kill', kill],
  ['jobs', jobs],
  ['fg', foreground],
  ['bg', () => 0],
  ['disown', () => 0],
  ['times', times],
];
