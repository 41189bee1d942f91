const numbers = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGWINCH: 28,
} as const;

/** A signal by its Linux name. */
export type Signal = keyof typeof numbers;

const names = new Map<number, Signal>(Object.entries(numbers).map(([name, number]) => [number, name as Signal]));

/** The default action for an unhandled signal that is not in this list: the process dies with 128 + the number. */
const harmless: ReadonlySet<Signal> = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGWINCH',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
]);

export function signalNumber(signal: Signal): number {
  return numbers[signal];
}

export function kills(signal: Signal): boolean {
  return !harmless.has(signal);
}

/** `TERM`, `SIGTERM`, `sigterm`, `15`; `SIGRTMIN+3` and unknown ones are none. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return names.get(Number(text));
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return name in numbers ? (name as Signal) : undefined;
}

/** Number and short name of every signal, in order: what `kill -l` and `trap -l` print. */
export function listSignals(): readonly (readonly [number, string])[] {
  return [...names].map(([number, name]) => [number, name.slice(3)] as const);
}

/** What the shell prints of a job that a signal ended. */
export const signalTexts: { readonly [signal: string]: string } = {
  SIGHUP: 'Hangup',
  SIGQUIT: 'Quit',
  SIGABRT: 'Aborted',
  SIGKILL: 'Killed',
  SIGSEGV: 'Segmentation fault',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
  SIGUSR1: 'User defined signal 1',
  SIGUSR2: 'User defined signal 2',
};
