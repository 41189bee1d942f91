import { spawn } from 'node:child_process';
import xterm from '@xterm/headless';

/** Milliseconds after which a test gives up on a screen. */
const patience = 15_000;

/** Somebody who sits at a terminal and runs a program in it. For tests. */
export interface TerminalUser {
  /** Sends keys; `\r` is Enter, `\x03` Ctrl-C. */
  type(keys: string): void;
  /** Resolves with the screen once it shows a match. @throws Error with the screen if it never does */
  sees(pattern: RegExp | string): Promise<string>;
  /** Everything the terminal shows, with what has scrolled off; no blanks at the ends of lines. */
  screen(): string;
  /** Changes the window's size. */
  resize(columns: number, rows: number): Promise<void>;
  /** Resolves with the program's exit code. */
  readonly ended: Promise<number>;
  /** Closes the window: the program gets SIGHUP. */
  close(): Promise<void>;
}

/** Runs a program on a pseudo-terminal, which util-linux' `script` makes, and shows its output on an emulated screen. */
export async function atTerminal(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly columns?: number; readonly rows?: number } = {},
): Promise<TerminalUser> {
  const { env = process.env, columns = 80, rows = 24 } = options;
  const command = [program, ...args].map(quoted).join(' ');
  // The first line is the terminal's name, by which its window is resized.
  const line = `tty; stty cols ${columns} rows ${rows}; exec ${command}`;
  const child = spawn('script', ['-qfec', line, '/dev/null'], { env: { ...env, SHELL: '/bin/sh' }, stdio: 'pipe' });
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
  const screen = () => {
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true) ?? '');
    return lines.join('\n').trimEnd();
  };
  const watchers = new Set<() => void>();
  let device = '';
  let early = '';
  let named: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    named = resolve;
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (device !== '') {
      terminal.write(chunk, () => notify(watchers));
      return;
    }
    early += chunk.toString();
    const end = early.indexOf('\n');
    if (end < 0) return;
    device = early.slice(0, end).trim();
    terminal.write(early.slice(end + 1), () => notify(watchers));
    named();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      named();
      terminal.write('', () => notify(watchers));
      resolve(code ?? -1);
    });
  });
  await Promise.race([ready, ended]);
  return {
    type: (keys) => void child.stdin.write(keys),
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const shown = screen();
          if (typeof pattern === 'string' ? !shown.includes(pattern) : !pattern.test(shown)) return;
          clearTimeout(timer);
          watchers.delete(look);
          resolve(shown);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`the terminal never showed ${pattern}; it shows:\n${screen()}`));
        }, patience);
        watchers.add(look);
        look();
      }),
    screen,
    resize: async (newColumns, newRows) => {
      terminal.resize(newColumns, newRows);
      const stty = spawn('stty', ['-F', device, 'cols', String(newColumns), 'rows', String(newRows)]);
      await new Promise((resolve, reject) => stty.on('error', reject).on('close', resolve));
    },
    ended,
    close: async () => {
      // With `script` goes the master's end of the pseudo-terminal, so the kernel hangs up.
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function notify(watchers: ReadonlySet<() => void>): void {
  for (const look of [...watchers]) look();
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
