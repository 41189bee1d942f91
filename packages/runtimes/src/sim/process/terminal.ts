import { textOf } from '../files/tree.ts';
import { textWidth } from '../text-width.ts';
import { Description } from './description.ts';
import { Gate } from './gate.ts';
import { joined } from './pipe.ts';
import type { Process, ProcessGroup } from './process.ts';
import type { Signal } from './signals.ts';

const control = {
  c: 3,
  d: 4,
  backspace: 8,
  newline: 10,
  return: 13,
  u: 21,
  w: 23,
  z: 26,
  quit: 28,
  delete: 127,
} as const;
/** Bytes of a line, and bytes that wait to be read; what is typed beyond is lost, as in Linux (N_TTY_BUF_SIZE), so that Ctrl-C gets through. */
const longestLine = 4095;
const mostWaiting = 65_536;
const mostInputs = 16_384;
const endOfInput = new Uint8Array();

/** What waits to be read. */
interface Input {
  readonly bytes: Uint8Array;
  /** Came in raw mode: neither echoed nor edited. */
  readonly raw: boolean;
}

const encoder = new TextEncoder();

/**
 * A pseudo-terminal with the kernel's line discipline (termios(3)): in cooked mode it echoes, lets the user edit the line and
 * turns Ctrl-C into a signal; in raw mode every key goes to the reader.
 */
export class Terminal {
  columns = 80;
  rows = 24;
  /** Where those who write to the terminal wait while nobody reads it. */
  readonly gate = new Gate();
  /** Who gets Ctrl-C. */
  foreground: ProcessGroup | undefined;
  /** Whether what is typed is shown; of no effect in raw mode. */
  echo = true;
  /** Raw mode: the reader does the echo and the editing. */
  #raw = false;
  #line: number[] = [];
  readonly #input: Input[] = [];
  /** Bytes of what waits to be read. */
  #waiting = 0;
  readonly #readers = new Set<() => void>();
  readonly #sizeListeners = new Set<() => void>();
  readonly #output: (bytes: Uint8Array) => void;
  #hungUp = false;

  constructor(output: (bytes: Uint8Array) => void) {
    this.#output = output;
  }

  get raw(): boolean {
    return this.#raw;
  }

  set raw(raw: boolean) {
    if (raw === this.#raw) return;
    this.#raw = raw;
    if (raw && this.#line.length > 0) this.#deliver(Uint8Array.from(this.#line));
  }

  /** Calls back after each change of size, in the foreground or not; returns a function that unsubscribes. */
  watchSize(listener: () => void): () => void {
    this.#sizeListeners.add(listener);
    return () => this.#sizeListeners.delete(listener);
  }

  /** Size in character cells; the foreground process gets SIGWINCH. */
  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    for (const listener of this.#sizeListeners) listener();
    this.#signal('SIGWINCH');
  }

  /** Nothing more will be typed: reads end. */
  endInput(): void {
    this.#hungUp = true;
    this.#wakeReaders();
  }

  /** The other side has gone: reads end, the foreground gets SIGHUP. */
  hangUp(): void {
    this.endInput();
    this.#signal('SIGHUP');
  }

  #signal(signal: Signal): void {
    if (this.foreground) for (const process of [...this.foreground.members]) process.deliver(signal);
  }

  /** What the user types. */
  type(bytes: Uint8Array): void {
    if (this.#raw) {
      this.#queue(bytes, true);
      return;
    }
    this.#edit();
    for (let at = 0; at < bytes.length; at++) {
      if (this.#raw) {
        this.type(bytes.subarray(at));
        return;
      }
      this.#key(bytes[at] as number);
    }
  }

  /** Unread input from raw mode is edited and echoed once a reader asks for lines. */
  #edit(): void {
    const ahead = this.#input.findIndex((input) => input.raw);
    if (ahead < 0) return;
    const unread = this.#input.splice(ahead);
    for (const { bytes } of unread) this.#waiting -= bytes.length;
    for (const { bytes } of unread) for (const key of bytes) this.#key(key);
  }

  #key(key: number): void {
    switch (key) {
      case control.c:
      case control.quit:
        this.#line = [];
        this.#echo(key === control.c ? '^C' : '^\\');
        this.#signal(key === control.c ? 'SIGINT' : 'SIGQUIT');
        break;
      case control.z:
        this.#echo('^Z');
        break;
      case control.d:
        this.#deliver(this.#line.length === 0 ? endOfInput : Uint8Array.from(this.#line));
        break;
      case control.backspace:
      case control.delete:
        this.#erase(1);
        break;
      case control.u:
        this.#erase(this.#line.length);
        break;
      case control.w:
        this.#erase(/\S*\s*$/.exec(textOf(Uint8Array.from(this.#line)))?.[0].length ?? 0);
        break;
      case control.return:
      case control.newline:
        this.#echo('\r\n');
        this.#deliver(Uint8Array.from([...this.#line, control.newline]));
        break;
      default:
        if (this.#line.length >= longestLine) return;
        this.#line.push(key);
        if (key < 32 && key !== 9) this.#echo(`^${String.fromCharCode(key + 64)}`);
        else if (this.echo) this.#output(Uint8Array.of(key));
    }
  }

  #erase(characters: number): void {
    for (let count = 0; count < characters && this.#line.length > 0; count++) {
      const character = [this.#line.pop() as number];
      // The rest of a character of several bytes.
      while ((character[0] as number) >= 0x80 && (character[0] as number) < 0xc0 && this.#line.length > 0) {
        character.unshift(this.#line.pop() as number);
      }
      const isControl = (character[0] as number) < 32;
      this.#echo('\b \b'.repeat(isControl ? 2 : textWidth(textOf(Uint8Array.from(character)))));
    }
  }

  #echo(text: string): void {
    if (this.echo) this.#output(encoder.encode(text));
  }

  #deliver(bytes: Uint8Array): void {
    this.#line = [];
    this.#queue(bytes, false);
  }

  #queue(bytes: Uint8Array, raw: boolean): void {
    const taken = bytes.subarray(0, mostWaiting - this.#waiting);
    if (this.#input.length >= mostInputs || taken.length < Math.min(bytes.length, 1)) return;
    this.#input.push({ bytes: taken, raw });
    this.#waiting += taken.length;
    this.#wakeReaders();
  }

  #wakeReaders(): void {
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const wake of readers) wake();
  }

  /** True when a read would not wait. */
  get ready(): boolean {
    return this.#input.length > 0 || this.#hungUp;
  }

  read(process: Process, max: number, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (!this.#raw) this.#edit();
    return this.ready ? this.#take(max, until) : this.#readLater(process, max, until);
  }

  async #readLater(process: Process, max: number, until?: number): Promise<Uint8Array | undefined> {
    // A signal that the reader handles ends the wait with nothing read.
    while (!this.ready) {
      const interrupted = await process.park<boolean>(
        (wake) => {
          const ready = () => wake(false);
          this.#readers.add(ready);
          return () => this.#readers.delete(ready);
        },
        { value: true },
      );
      if (interrupted) return new Uint8Array();
    }
    return this.#take(max, until);
  }

  #take(max: number, until?: number): Uint8Array | undefined {
    const [first] = this.#input;
    if (first === undefined) return undefined;
    const { bytes, raw } = first;
    if (bytes.length === 0) {
      this.#input.shift();
      return undefined;
    }
    const found = until === undefined ? -1 : bytes.indexOf(until);
    const end = Math.min(max, found < 0 ? bytes.length : found + 1);
    if (end === bytes.length) this.#input.shift();
    else this.#input[0] = { bytes: bytes.subarray(end), raw };
    this.#waiting -= end;
    return bytes.subarray(0, end);
  }

  /** What a process prints: newlines also return the carriage. */
  print(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!bytes.includes(control.newline)) {
      this.#output(bytes);
      return;
    }
    const chunks: Uint8Array[] = [];
    let start = 0;
    for (let at = bytes.indexOf(control.newline); at >= 0; at = bytes.indexOf(control.newline, at + 1)) {
      chunks.push(bytes.subarray(start, at), Uint8Array.of(control.return, control.newline));
      start = at + 1;
    }
    if (start < bytes.length) chunks.push(bytes.subarray(start));
    this.#output(joined(chunks));
  }
}

/** A descriptor of a terminal. */
export class TerminalDescription extends Description {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    super();
    this.#terminal = terminal;
  }

  override get terminal(): Terminal {
    return this.#terminal;
  }

  take(process: Process, max: number, until?: number): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.#terminal.read(process, max, until);
  }

  put(process: Process, bytes: Uint8Array): void | Promise<void> {
    this.#terminal.print(bytes);
    return this.#terminal.gate.pass(process);
  }
}
