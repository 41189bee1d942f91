/** One thing that is waited for. */
export interface ProgressItem {
  readonly name: string;
  readonly state: 'waiting' | 'ready' | 'skipped';
  /** What it waits for. */
  readonly reason: string;
  /** Milliseconds from the start until it was ready. */
  readonly readyAfter: number | undefined;
}

/** Shows how far things are: redrawn in place on a terminal, a line for each change elsewhere. */
export interface Progress {
  update(items: readonly ProgressItem[]): void;
  /** Draws for the last time and leaves the cursor below. */
  end(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export function createProgress(output: Output): Progress {
  return output.isTTY === true ? new TerminalProgress(output) : new LineProgress(output);
}

const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)}s`;

class LineProgress implements Progress {
  readonly #output: Output;
  readonly #told = new Map<string, string>();

  constructor(output: Output) {
    this.#output = output;
  }

  update(items: readonly ProgressItem[]): void {
    for (const { name, state, reason, readyAfter } of items) {
      const text = state === 'ready' ? `ready after ${seconds(readyAfter)}` : state === 'skipped' ? 'applied' : reason;
      if (this.#told.get(name) === text) continue;
      this.#told.set(name, text);
      this.#output.write(`  ${name}: ${text}\n`);
    }
  }

  end(): void {}
}

const clearLine = '\x1b[2K';
const green = (text: string) => `\x1b[32m${text}\x1b[0m`;
const dim = (text: string) => `\x1b[2m${text}\x1b[0m`;

class TerminalProgress implements Progress {
  readonly #output: Output;
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  update(items: readonly ProgressItem[]): void {
    const width = this.#output.columns ?? 80;
    const room = Math.max(3, (this.#output.rows ?? 24) - 2);
    const longest = Math.max(...items.map(({ name }) => name.length), 0);
    const lines = items.map(({ name, state, reason, readyAfter }) => {
      const mark = state === 'ready' ? green('✔') : state === 'skipped' ? dim('•') : '…';
      const tail = state === 'ready' ? seconds(readyAfter) : state === 'skipped' ? 'applied' : reason;
      const shown = fit(tail, width - longest - 6);
      return `  ${mark} ${fit(name.padEnd(longest), width - 4)}  ${state === 'waiting' ? shown : dim(shown)}`;
    });
    const waiting = items.filter(({ state }) => state === 'waiting').length;
    // What has no room is summed up: lines that scroll off cannot be redrawn.
    const shown =
      lines.length > room
        ? [...lines.slice(0, room - 1), dim(`  … and ${lines.length - room + 1} more, ${waiting} not ready`)]
        : lines;
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#output.write(up + shown.map((line) => `${clearLine}${line}\n`).join(''));
    this.#drawn = shown.length;
  }

  end(): void {
    this.#drawn = 0;
  }
}

/** Cuts a text to so many characters. */
function fit(text: string, room: number): string {
  if (text.length <= room) return text;
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`;
}
