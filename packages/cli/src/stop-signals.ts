/** The user asked the command to stop before it was done. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE') {
    super(`stopped by ${signal}`);
    this.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 141 }[signal];
  }
}

/** Milliseconds within which a second signal is the first once more: npx and pnpm hand on the Ctrl-C that everybody got already. */
const sameKeypress = 300;

/**
 * Runs a command that Ctrl-C, SIGTERM, a closed terminal or a reader that has gone end in order; a second Ctrl-C ends it at once.
 * @throws Stopped when `run` was ended so and did not end well
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
  // Nobody reads any more, or the terminal is gone.
  const onGone = () => stop.abort(new Stopped('SIGPIPE'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onGone);
  try {
    await run(stop.signal);
  } catch (error) {
    // Whatever broke because of the stop is the stop.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
