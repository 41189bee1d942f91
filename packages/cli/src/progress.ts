/** An object to wait for. */
export interface ProgressItem {
  readonly name: string;
  readonly state: 'waiting' | 'ready' | 'skipped';
  /** What it waits for. */
  readonly reason: string;
  /** Milliseconds from the start until it was ready. */
  readonly readyAfter: number | undefined;
}

/** A progress display: redrawn in place on a terminal, a line for each change elsewhere. */
export interface Progress {
  update(items: readonly ProgressItem[]): void;
  /** Ends the display; the cursor stays below it. */
  end(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** `plain`: never redraw, because log lines come in between. Respects NO_COLOR (no-color.org). */
export function createProgress(
  output: Output,
  { plain = false, env = process.env }: { plain?: boolean; env?: NodeJS.ProcessEnv } = {},
): Progress {
  if (output.isTTY !== true || plain || env.TERM === 'dumb') return new LineProgress(output);
  return new TerminalProgress(output, (env.NO_COLOR ?? '') === '');
}

const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)}s`;

class LineProgress implements Progress {
  readonly #output: Output;
  readonly #printed = new Map<string, string>();

  constructor(output: Output) {
    this.#output = output;
  }

  update(items: readonly ProgressItem[]): void {
    for (const { name, state, reason, readyAfter } of items) {
      const text = state === 'ready' ? `ready after ${seconds(readyAfter)}` : state === 'skipped' ? 'applied' : reason;
      if (text === '' || this.#printed.get(name) === text) continue;
      this.#printed.set(name, text);
      this.#output.write(`  ${name}: ${text}\n`);
    }
  }

  end(): void {}
}

const clearLine = '\x1b[2K';

class TerminalProgress implements Progress {
  readonly #output: Output;
  readonly #colours: boolean;
  #drawn = 0;

  constructor(output: Output, colours: boolean) {
    this.#output = output;
    this.#colours = colours;
  }

  update(items: readonly ProgressItem[]): void {
    // A terminal without a size reports 0. One column stays free: a full line wraps on some terminals, and could not be redrawn.
    const width = Math.max(1, (this.#output.columns || 80) - 1);
    const room = Math.max(3, (this.#output.rows || 24) - 2);
    const longest = Math.max(...items.map(({ name }) => name.length), 0);
    const nameRoom = Math.max(0, Math.min(longest, width - 4));
    const lines = items.map(({ name, state, reason, readyAfter }) => {
      const mark = state === 'ready' ? this.#green('✔') : state === 'skipped' ? this.#dim('•') : '…';
      const tail = state === 'ready' ? seconds(readyAfter) : state === 'skipped' ? 'applied' : reason;
      const shown = fit(tail, width - nameRoom - 6);
      const start = `  ${mark} ${fit(name.padEnd(longest), nameRoom)}`;
      return shown === '' ? start : `${start}  ${state === 'waiting' ? shown : this.#dim(shown)}`;
    });
    const waiting = items.filter(({ state }) => state === 'waiting').length;
    // Items that do not fit are summarized: lines that scroll off cannot be redrawn.
    const shown =
      lines.length > room
        ? [
            ...lines.slice(0, room - 1),
            this.#dim(fit(`  … and ${lines.length - room + 1} more, ${waiting} not ready`, width)),
          ]
        : lines;
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#output.write(up + shown.map((line) => `${clearLine}${line}\n`).join(''));
    this.#drawn = shown.length;
  }

  end(): void {
    this.#drawn = 0;
  }

  #green(text: string): string {
    return this.#colours ? `\x1b[32m${text}\x1b[0m` : text;
  }

  #dim(text: string): string {
    return this.#colours ? `\x1b[2m${text}\x1b[0m` : text;
  }
}

/** Truncates a text to `room` characters. */
function fit(text: string, room: number): string {
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
}
