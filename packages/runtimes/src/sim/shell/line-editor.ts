import { bytesOf, textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { Terminal } from '../process/terminal.ts';
import { LineView } from './line-view.ts';

const historyLength = 200;

/** Characters of a line; more are refused with a bell. */
const longestLine = 4096;

/** Finds how a word that ends where the cursor is may go on. Gives whole words. */
export type Completer = (before: string) => readonly string[];

interface EditorOptions {
  readonly process: Process;
  /** Without one, lines are read as they come. */
  readonly terminal: Terminal | undefined;
  readonly complete: Completer;
}

type Outcome = { readonly line: string | undefined | 'interrupted' };

/** Reads lines at a terminal: cursor keys, deletion, history, completion, the usual control keys. */
export class LineEditor {
  readonly #process: Process;
  readonly #terminal: Terminal | undefined;
  readonly #complete: Completer;
  readonly #history: string[] = [];
  #view: LineView;
  #line: string[] = [];
  #cursor = 0;
  /** Which line of the history is shown; its length for the new one. */
  #shown = 0;
  /** The new line, while one of the history is shown. */
  #draft = '';
  /** What was cut last. */
  #cut = '';
  /** The last key was Tab, to no effect. */
  #tabbed = false;

  constructor({ process, terminal, complete }: EditorOptions) {
    this.#process = process;
    this.#terminal = terminal;
    this.#complete = complete;
    this.#view = new LineView('', 80);
  }

  get history(): readonly string[] {
    return this.#history;
  }

  remember(line: string): void {
    if (line.trim() === '' || this.#history.at(-1) === line) return;
    this.#history.push(line);
    if (this.#history.length > historyLength) this.#history.shift();
  }

  /** A line without its newline; undefined at the end of the input; `interrupted` after Ctrl-C. */
  async read(prompt: string): Promise<string | undefined | 'interrupted'> {
    const terminal = this.#terminal;
    if (terminal === undefined) {
      await this.#process.stderr.write(prompt);
      return (await this.#process.stdin.readLine())?.replace(/\n$/, '');
    }
    terminal.raw = true;
    this.#line = [];
    this.#cursor = 0;
    this.#shown = this.#history.length;
    this.#view = new LineView(prompt, terminal.columns);
    await this.#print(prompt);
    try {
      for (;;) {
        const key = await this.#next();
        if (key === undefined) return undefined;
        const outcome = await this.#press(key);
        if (key !== '\t') this.#tabbed = false;
        if (outcome !== undefined) return outcome.line;
      }
    } finally {
      terminal.raw = false;
    }
  }

  /**
   * One character; undefined at the end. No byte more is taken than it needs: what was typed ahead may be meant for the
   * command that this line starts.
   */
  async #next(): Promise<string | undefined> {
    const bytes: number[] = [];
    for (;;) {
      const chunk = await this.#process.stdin.read(1);
      if (chunk === undefined) return undefined;
      const [byte] = chunk;
      // Woken by a signal: the window may have another size now.
      if (byte === undefined) {
        this.#view.columns = this.#terminal?.columns ?? 80;
        continue;
      }
      bytes.push(byte);
      const first = bytes[0] as number;
      const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      if (bytes.length === length) return textOf(Uint8Array.from(bytes));
    }
  }

  async #print(text: string): Promise<void> {
    this.#process.check();
    if (text !== '') await this.#process.descriptors[0]?.write(this.#process, bytesOf(text));
  }

  async #press(key: string): Promise<Outcome | undefined> {
    switch (key) {
      case '\r':
      case '\n':
        await this.#leave('\n');
        return { line: this.#line.join('') };
      case '\x03':
        await this.#leave('^C\n');
        return { line: 'interrupted' };
      case '\x04':
        if (this.#line.length > 0) return void (await this.#replace(this.#cursor, this.#cursor + 1, ''));
        await this.#print('\n');
        return { line: undefined };
      case '\x0c':
        await this.#print(`\x1b[H\x1b[J${this.#view.again(this.#line, this.#cursor)}`);
        return undefined;
      case '\t':
        await this.#tab();
        return undefined;
      case '\x1b':
        await this.#escape();
        return undefined;
      default:
        await (editing[key]?.call(this) ?? (key >= ' ' ? this.#replace(this.#cursor, this.#cursor, key) : undefined));
        return undefined;
    }
  }

  /** Puts the cursor behind the whole line. */
  async #leave(text: string): Promise<void> {
    await this.move(this.#line.length);
    await this.#print(text);
  }

  /** The rest of a key that sends several characters: a cursor key, or Alt and another. */
  async #escape(): Promise<void> {
    const kind = await this.#next();
    if (kind !== '[' && kind !== 'O') return alternate[kind ?? '']?.call(this);
    let parameters = '';
    for (;;) {
      const character = await this.#next();
      if (character === undefined) return;
      if (kind === 'O' || /[@-~]/.test(character)) {
        const code = character === '~' ? `${parameters.split(';')[0]}~` : character;
        const withControl = parameters.endsWith(';5') || parameters.endsWith(';3');
        return (withControl ? (byWord[code] ?? special[code]) : special[code])?.call(this);
      }
      parameters += character;
    }
  }

  /** Completes the word before the cursor as far as there is one way to go on; at the second Tab, shows all ways. */
  async #tab(): Promise<void> {
    const before = this.#line.slice(0, this.#cursor).join('');
    const word = /[^\s|&;<>()$`"'=]*$/.exec(before)?.[0] ?? '';
    const found = this.#complete(before);
    const [only] = found;
    if (only === undefined) return;
    const common = found.reduce((prefix, candidate) => shared(prefix, candidate));
    const added = found.length === 1 && !only.endsWith('/') ? `${only} ` : common;
    if (added.length > word.length) return this.#replace(this.#cursor, this.#cursor, added.slice(word.length));
    if (this.#tabbed) {
      const names = found.map((candidate) => candidate.replace(/^.*\/(?=.)/, ''));
      const cursor = this.#cursor;
      await this.#leave(`\n${names.join('  ')}\n`);
      this.#cursor = cursor;
      await this.#print(this.#view.again(this.#line, cursor));
    }
    this.#tabbed = true;
  }

  // What keys do. They are called through the tables below.

  async #replace(from: number, to: number, text: string): Promise<void> {
    const start = Math.max(0, from);
    const end = Math.min(this.#line.length, to);
    if (end <= start && text === '') return;
    const added = [...text];
    if (added.length > end - start && this.#line.length - (end - start) + added.length > longestLine) {
      return this.#print('\x07');
    }
    this.#line.splice(start, end - start, ...added);
    this.#cursor = start + added.length;
    await this.#print(this.#view.show(this.#line, start, this.#cursor));
  }

  async move(to: number): Promise<void> {
    this.#cursor = Math.max(0, Math.min(this.#line.length, to));
    await this.#print(this.#view.show(this.#line, this.#line.length, this.#cursor));
  }

  async moveBy(steps: number): Promise<void> {
    await this.move(this.#cursor + steps);
  }

  async moveToEnd(): Promise<void> {
    await this.move(this.#line.length);
  }

  async moveToWord(direction: -1 | 1): Promise<void> {
    await this.move(this.#word(direction));
  }

  async erase(steps: number): Promise<void> {
    await (steps < 0
      ? this.#replace(this.#cursor + steps, this.#cursor, '')
      : this.#replace(this.#cursor, this.#cursor + steps, ''));
  }

  async cut(to: 'start' | 'end' | 'blank' | 'word' | 'next word'): Promise<void> {
    const ends = {
      start: () => 0,
      end: () => this.#line.length,
      blank: () => this.#cursor - [...(/\S*\s*$/.exec(this.#line.slice(0, this.#cursor).join(''))?.[0] ?? '')].length,
      word: () => this.#word(-1),
      'next word': () => this.#word(1),
    };
    const [from, until] = [ends[to](), this.#cursor].sort((a, b) => a - b) as [number, number];
    if (from === until) return;
    this.#cut = this.#line.slice(from, until).join('');
    await this.#replace(from, until, '');
  }

  async paste(): Promise<void> {
    await this.#replace(this.#cursor, this.#cursor, this.#cut);
  }

  async transpose(): Promise<void> {
    const at = Math.min(this.#cursor, this.#line.length - 1);
    if (at < 1) return;
    await this.#replace(at - 1, at + 1, `${this.#line[at]}${this.#line[at - 1]}`);
  }

  async recall(step: -1 | 1): Promise<void> {
    const next = this.#shown + step;
    if (next < 0 || next > this.#history.length) return;
    if (this.#shown === this.#history.length) this.#draft = this.#line.join('');
    this.#shown = next;
    await this.#replace(0, this.#line.length, this.#history[next] ?? this.#draft);
  }

  /** Where the word beside the cursor ends, in that direction. */
  #word(direction: -1 | 1): number {
    const letter = (at: number) => /[\p{L}\p{N}]/u.test(this.#line[direction < 0 ? at - 1 : at] ?? '');
    let at = this.#cursor;
    const inside = () => (direction < 0 ? at > 0 : at < this.#line.length);
    while (inside() && !letter(at)) at += direction;
    while (inside() && letter(at)) at += direction;
    return at;
  }
}

type Keys = { readonly [key: string]: ((this: LineEditor) => Promise<void>) | undefined };

const editing: Keys = {
  '\x7f'() {
    return this.erase(-1);
  },
  '\b'() {
    return this.erase(-1);
  },
  '\x01'() {
    return this.move(0);
  },
  '\x02'() {
    return this.moveBy(-1);
  },
  '\x05'() {
    return this.moveToEnd();
  },
  '\x06'() {
    return this.moveBy(1);
  },
  '\x0b'() {
    return this.cut('end');
  },
  '\x0e'() {
    return this.recall(1);
  },
  '\x10'() {
    return this.recall(-1);
  },
  '\x14'() {
    return this.transpose();
  },
  '\x15'() {
    return this.cut('start');
  },
  '\x17'() {
    return this.cut('blank');
  },
  '\x19'() {
    return this.paste();
  },
};

/** By what ends a key's sequence (ECMA-48), with its number where that ends in a tilde. */
const special: Keys = {
  A() {
    return this.recall(-1);
  },
  B() {
    return this.recall(1);
  },
  C() {
    return this.moveBy(1);
  },
  D() {
    return this.moveBy(-1);
  },
  H() {
    return this.move(0);
  },
  F() {
    return this.moveToEnd();
  },
  '1~'() {
    return this.move(0);
  },
  '7~'() {
    return this.move(0);
  },
  '4~'() {
    return this.moveToEnd();
  },
  '8~'() {
    return this.moveToEnd();
  },
  '3~'() {
    return this.erase(1);
  },
};

/** With Ctrl or Alt. */
const byWord: Keys = {
  C() {
    return this.moveToWord(1);
  },
  D() {
    return this.moveToWord(-1);
  },
};

/** With Alt. */
const alternate: Keys = {
  b() {
    return this.moveToWord(-1);
  },
  f() {
    return this.moveToWord(1);
  },
  d() {
    return this.cut('next word');
  },
  '\x7f'() {
    return this.cut('word');
  },
};

function shared(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}
