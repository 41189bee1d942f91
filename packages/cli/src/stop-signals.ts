import { CommandError, oneLine } from './command-error.ts';

/** The command was stopped by a signal before it was done. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE') {
    super(`stopped by ${signal}`);
    this.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 141 }[signal];
  }
}

/** Milliseconds within which a second signal counts as the first: npx and pnpm forward a Ctrl-C that this process already received. */
const sameKeypress = 300;

/**
 * Runs a command and aborts its signal on Ctrl-C, SIGTERM, a closed terminal or a closed output; a second Ctrl-C exits at once.
 * @throws Stopped if `run` rejects after that
 */
export async function stoppable(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let stoppedAt = 0;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort(new Stopped(signal));
    } else if (performance.now() - stoppedAt > sameKeypress) process.exit(new Stopped(signal).exitCode);
  };
  // The output or the terminal is closed; or the output is a file on a disk that is full, which must not end in silence.
  const onGone = (error: NodeJS.ErrnoException) =>
    stop.abort(
      error.code === 'EPIPE' || error.code === 'EIO'
        ? new Stopped('SIGPIPE')
        : new CommandError(`cannot write the output: ${oneLine(error)}`),
    );
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onGone);
  try {
    await run(stop.signal);
  } catch (error) {
    // Any error after the stop is a consequence of it.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
