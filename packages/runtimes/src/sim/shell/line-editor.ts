import { bytesOf, textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Terminal } from '../process/terminal.ts';

const historyLength = 200;
const escapeSequence = new RegExp(`^${String.fromCharCode(27)}(?:\\[([0-9;]*)([A-Za-z~])|O([A-Za-z]))`);

/** Reads lines at a terminal: cursor keys, deletion, history, the usual control keys. */
export class LineEditor {
  readonly #process: Process;
  readonly #terminal: Terminal | undefined;
  readonly #history: string[] = [];
  /** Typed ahead, not yet used. */
  #rest = '';
  #pendingBytes = new Uint8Array();
  #line: string[] = [];
  #cursor = 0;
  #prompt = '';
  #shown = 0;

  constructor(process: Process, terminal: Terminal | undefined) {
    this.#process = process;
    this.#terminal = terminal;
  }

  remember(line: string): void {
    if (line.trim() === '' || this.#history.at(-1) === line) return;
    this.#history.push(line);
    if (this.#history.length > historyLength) this.#history.shift();
  }

  /** A line without its newline; undefined at the end of the input; `interrupted` after Ctrl-C. */
  async read(prompt: string): Promise<string | undefined | 'interrupted'> {
    if (this.#terminal === undefined) {
      await this.#process.stderr.write(prompt);
      return (await this.#process.stdin.readLine())?.replace(/\n$/, '');
    }
    this.#terminal.raw = true;
    this.#line = [];
    this.#cursor = 0;
    this.#shown = this.#history.length;
    this.#prompt = prompt;
    await this.#print(prompt);
    try {
      for (;;) {
        while (this.#rest !== '') {
          const result = await this.#key();
          if (result !== undefined) return result.line;
        }
        const bytes = await this.#process.stdin.read();
        if (bytes === undefined) return undefined;
        this.#receive(bytes);
      }
    } finally {
      this.#terminal.raw = false;
    }
  }

  /** Characters may come in pieces. */
  #receive(bytes: Uint8Array): void {
    const all = new Uint8Array([...this.#pendingBytes, ...bytes]);
    let end = all.length;
    for (let back = 1; back <= Math.min(3, all.length); back++) {
      const byte = all[all.length - back] as number;
      if (byte < 0x80) break;
      if (byte < 0xc0) continue;
      if ((byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back) end = all.length - back;
      break;
    }
    this.#pendingBytes = all.slice(end);
    this.#rest += textOf(all.subarray(0, end));
  }

  async #print(text: string): Promise<void> {
    this.#process.check();
    await this.#process.descriptors[0]?.write(this.#process, bytesOf(text));
  }

  async #key(): Promise<{ readonly line: string | undefined | 'interrupted' } | undefined> {
    const sequence = escapeSequence.exec(this.#rest);
    if (sequence !== null) {
      this.#rest = this.#rest.slice(sequence[0].length);
      await this.#escape(sequence[2] ?? sequence[3] ?? '', sequence[1] ?? '');
      return undefined;
    }
    const key = String.fromCodePoint(this.#rest.codePointAt(0) as number);
    this.#rest = this.#rest.slice(key.length);
    switch (key) {
      case '\r':
      case '\n': {
        await this.#print('\n');
        // A carriage return and a newline are one key.
        if (key === '\r' && this.#rest.startsWith('\n')) this.#rest = this.#rest.slice(1);
        return { line: this.#line.join('') };
      }
      case '\x03':
        await this.#print('^C\n');
        return { line: 'interrupted' };
      case '\x04':
        if (this.#line.length === 0) {
          await this.#print('\n');
          return { line: undefined };
        }
        await this.#remove(this.#cursor, 1);
        return undefined;
      case '\x7f':
      case '\b':
        if (this.#cursor > 0) await this.#remove(this.#cursor - 1, 1);
        return undefined;
      case '\x01':
        return void (await this.#move(0));
      case '\x05':
        return void (await this.#move(this.#line.length));
      case '\x02':
        return void (await this.#move(this.#cursor - 1));
      case '\x06':
        return void (await this.#move(this.#cursor + 1));
      case '\x0b':
        return void (await this.#remove(this.#cursor, this.#line.length - this.#cursor));
      case '\x15':
        return void (await this.#remove(0, this.#cursor));
      case '\x17': {
        const before = this.#line.slice(0, this.#cursor).join('');
        const word = [...(/\S*\s*$/.exec(before)?.[0] ?? '')].length;
        return void (await this.#remove(this.#cursor - word, word));
      }
      case '\x0c':
        await this.#print('\x1b[H\x1b[J');
        return void (await this.#redraw());
      case '\x10':
        return void (await this.#recall(-1));
      case '\x0e':
        return void (await this.#recall(1));
      case '\t':
        return undefined;
      default:
        if (key >= ' ' && key !== '\x1b') await this.#insert(key);
        return undefined;
    }
  }

  async #escape(final: string, parameters: string): Promise<void> {
    if (final === 'A') return this.#recall(-1);
    if (final === 'B') return this.#recall(1);
    if (final === 'C') return this.#move(this.#cursor + 1);
    if (final === 'D') return this.#move(this.#cursor - 1);
    if (final === 'H' || (final === '~' && parameters === '1')) return this.#move(0);
    if (final === 'F' || (final === '~' && parameters === '4')) return this.#move(this.#line.length);
    if (final === '~' && parameters === '3') return this.#remove(this.#cursor, 1);
  }

  async #insert(character: string): Promise<void> {
    this.#line.splice(this.#cursor, 0, character);
    this.#cursor++;
    const rest = this.#line.slice(this.#cursor).join('');
    await this.#print(rest === '' ? character : `${character}${rest}${back(rest.length)}`);
  }

  async #remove(at: number, count: number): Promise<void> {
    if (count <= 0 || at < 0 || at >= this.#line.length) return;
    const removed = this.#line.splice(at, count).length;
    const left = this.#cursor - at;
    this.#cursor = Math.min(this.#cursor, at);
    const rest = this.#line.slice(at).join('');
    await this.#print(`${back(left)}${rest}${' '.repeat(removed)}${back(rest.length + removed)}`);
  }

  async #move(to: number): Promise<void> {
    const target = Math.max(0, Math.min(this.#line.length, to));
    const text = target < this.#cursor ? back(this.#cursor - target) : this.#line.slice(this.#cursor, target).join('');
    this.#cursor = target;
    if (text !== '') await this.#print(text);
  }

  async #recall(step: number): Promise<void> {
    const next = this.#shown + step;
    if (next < 0 || next > this.#history.length) return;
    this.#shown = next;
    const old = this.#line.length;
    const text = this.#history[next] ?? '';
    await this.#move(0);
    this.#line = [...text];
    this.#cursor = this.#line.length;
    const blank = Math.max(0, old - this.#line.length);
    await this.#print(`${text}${' '.repeat(blank)}${back(blank)}`);
  }

  async #redraw(): Promise<void> {
    const tail = this.#line.length - this.#cursor;
    await this.#print(`${this.#prompt}${this.#line.join('')}${back(tail)}`);
  }
}

function back(count: number): string {
  return '\b'.repeat(count);
}
