/** Says on standard error which row is measured, and for how long. */
export interface Progress {
  /** Says what is measured from now on. */
  next(what: string): void;
  stop(): void;
}

/** On a terminal, one line that is rewritten each second; elsewhere a line for each step, and one each half minute. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let what = '';
  let began = performance.now();
  const line = () => `${what}, ${Math.round((performance.now() - began) / 1000)} s`;
  const show = () => stream.write(stream.isTTY ? `\r\x1b[K${line()}` : `${line()}\n`);
  const timer = setInterval(show, stream.isTTY ? 1_000 : 30_000);
  return {
    next(text) {
      what = text;
      began = performance.now();
      show();
    },
    stop() {
      clearInterval(timer);
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
