import type { List, Part, Word } from './ast.ts';

/** The script is wrong, or (`incomplete`) may become right when more lines follow. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
  readonly incomplete: boolean;
  readonly line: number;

  constructor(message: string, line: number, incomplete = false) {
    super(message);
    this.line = line;
    this.incomplete = incomplete;
  }
}

/** Where a text is found: in how many others, and on which line. */
export interface Placement {
  readonly depth?: number;
  readonly firstLine?: number;
}

/** How many commands, substitutions and parameters may be inside of one another. */
const deepest = 250;

const nameStart = /[A-Za-z_]/;
const nameCharacter = /[A-Za-z0-9_]/;
const metacharacters = new Set([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']);

/** Reads words: quotes, `$`-expansions, backslashes. Commands inside `$( )` are left to `parseCommands`. */
export abstract class WordParser {
  protected readonly source: string;
  protected position = 0;
  protected depth: number;
  readonly #firstLine: number;
  #line: number;
  #lineAt = 0;

  constructor(source: string, { depth = 0, firstLine = 1 }: Placement = {}) {
    this.source = source;
    this.depth = depth;
    this.#firstLine = firstLine;
    this.#line = firstLine;
  }

  /** Commands up to a closing `)`, which is consumed. */
  protected abstract parseSubstitution(): List;

  /** A nested script: the text between backquotes. */
  protected abstract parseNested(source: string): List;

  /** Counted on from where it was asked for last. */
  protected get line(): number {
    if (this.position < this.#lineAt) {
      this.#line = this.#firstLine;
      this.#lineAt = 0;
    }
    for (let at = this.source.indexOf('\n', this.#lineAt); at >= 0 && at < this.position; ) {
      this.#line++;
      this.#lineAt = at + 1;
      at = this.source.indexOf('\n', this.#lineAt);
    }
    return this.#line;
  }

  /** Parses what is inside of something. @throws ShellSyntaxError where that goes too deep */
  protected inside<T>(parse: () => T): T {
    if (this.depth >= deepest) this.fail('nesting too deep');
    this.depth++;
    try {
      return parse();
    } finally {
      this.depth--;
    }
  }

  protected fail(message: string): never {
    throw new ShellSyntaxError(message, this.line);
  }

  protected incomplete(what: string): never {
    throw new ShellSyntaxError(what, this.line, true);
  }

  protected peek(offset = 0): string {
    return this.source[this.position + offset] ?? '';
  }

  protected get done(): boolean {
    return this.position >= this.source.length;
  }

  protected isMetacharacter(character: string): boolean {
    return metacharacters.has(character);
  }

  /** A word that ends at an unquoted metacharacter, or where `stop` says; undefined where none starts. */
  protected parseWord(stop?: (character: string) => boolean): Word | undefined {
    const parts: Part[] = [];
    let text = '';
    const start = this.position;
    const flush = () => {
      if (text !== '') parts.push({ type: 'text', text, quoted: false });
      text = '';
    };
    while (!this.done) {
      const character = this.peek();
      if ((character === '<' || character === '>') && this.peek(1) === '(' && stop === undefined) {
        flush();
        this.position += 2;
        parts.push({
          type: 'process',
          body: this.inside(() => this.parseSubstitution()),
          direction: character,
          quoted: false,
        });
        continue;
      }
      if (stop === undefined ? metacharacters.has(character) : stop(character)) break;
      if (character === '\\') {
        if (this.peek(1) === '\n') {
          this.position += 2;
          continue;
        }
        flush();
        if (this.position + 1 >= this.source.length) {
          this.position++;
          parts.push({ type: 'text', text: '\\', quoted: true });
          continue;
        }
        parts.push({ type: 'text', text: this.peek(1), quoted: true });
        this.position += 2;
      } else if (character === "'") {
        flush();
        parts.push({ type: 'text', text: this.singleQuoted(), quoted: true });
      } else if (character === '"') {
        flush();
        this.position++;
        this.doubleQuoted(parts);
      } else if (character === '$' && (this.peek(1) === "'" || this.peek(1) === '"')) {
        flush();
        this.position++;
        if (this.peek() === '"') {
          this.position++;
          this.doubleQuoted(parts);
        } else parts.push({ type: 'text', text: ansiEscapes(this.dollarQuoted()), quoted: true });
      } else {
        const part = character === '$' || character === '`' ? this.parseExpansion(false) : undefined;
        if (part === undefined) {
          text += character;
          this.position++;
        } else {
          flush();
          parts.push(part);
        }
      }
    }
    flush();
    return this.position === start ? undefined : parts;
  }

  private singleQuoted(): string {
    const end = this.source.indexOf("'", this.position + 1);
    if (end < 0) this.incomplete('unterminated quoted string');
    const text = this.source.slice(this.position + 1, end);
    this.position = end + 1;
    return text;
  }

  private dollarQuoted(): string {
    let end = this.position + 1;
    while (end < this.source.length && this.source[end] !== "'") end += this.source[end] === '\\' ? 2 : 1;
    if (end >= this.source.length) this.incomplete('unterminated quoted string');
    const text = this.source.slice(this.position + 1, end);
    this.position = end + 1;
    return text;
  }

  private doubleQuoted(parts: Part[]): void {
    const before = parts.length;
    for (const part of this.quotedParts((character) => character === '"', true)) parts.push(part);
    this.position++;
    if (parts.length === before) parts.push({ type: 'text', text: '', quoted: true });
  }

  /** Text in which only `$`, backquotes and backslashes are special: double quotes, here-documents. */
  protected quotedParts(stop: (character: string) => boolean, terminated: boolean): Part[] {
    const parts: Part[] = [];
    let text = '';
    const flush = () => {
      if (text !== '') parts.push({ type: 'text', text, quoted: true });
      text = '';
    };
    for (;;) {
      if (this.done) {
        if (terminated) this.incomplete('unterminated quoted string');
        break;
      }
      const character = this.peek();
      if (stop(character)) break;
      if (character === '\\' && '$`"\\\n'.includes(this.peek(1)) && this.peek(1) !== '') {
        if (this.peek(1) === '"' && !terminated) text += '\\"';
        else if (this.peek(1) !== '\n') text += this.peek(1);
        this.position += 2;
      } else {
        const part = character === '$' || character === '`' ? this.parseExpansion(true) : undefined;
        if (part === undefined) {
          text += character;
          this.position++;
        } else {
          flush();
          parts.push(part);
        }
      }
    }
    flush();
    return parts;
  }

  /** `$name`, `${…}`, `$(…)`, `$((…))`, backquotes; undefined for a plain dollar sign. */
  private parseExpansion(quoted: boolean): Part | undefined {
    if (this.peek() === '`') return this.backquoted(quoted);
    const next = this.peek(1);
    if (next === '(') {
      if (this.peek(2) === '(') {
        const arithmetic = this.tryArithmetic(quoted);
        if (arithmetic !== undefined) return arithmetic;
      }
      this.position += 2;
      return { type: 'command', body: this.inside(() => this.parseSubstitution()), quoted };
    }
    if (next === '{') return this.inside(() => this.bracedParameter(quoted));
    if (nameStart.test(next)) {
      const start = ++this.position;
      while (nameCharacter.test(this.peek())) this.position++;
      return { type: 'parameter', name: this.source.slice(start, this.position), quoted };
    }
    if (next !== '' && /[0-9@*#?$!-]/.test(next)) {
      this.position += 2;
      return { type: 'parameter', name: next, quoted };
    }
    return undefined;
  }

  private backquoted(quoted: boolean): Part {
    let source = '';
    this.position++;
    while (this.peek() !== '`') {
      if (this.done) this.incomplete('unterminated backquote');
      if (this.peek() === '\\' && /[$`\\]/.test(this.peek(1))) {
        source += this.peek(1);
        this.position += 2;
      } else {
        source += this.peek();
        this.position++;
      }
    }
    this.position++;
    return { type: 'command', body: this.inside(() => this.parseNested(source)), quoted };
  }

  private tryArithmetic(quoted: boolean): Part | undefined {
    const start = this.position;
    const expression = this.arithmeticText(this.position + 3);
    if (expression === undefined) {
      this.position = start;
      return undefined;
    }
    return { type: 'arithmetic', expression, quoted };
  }

  /** The words of an arithmetic expression from `start` up to `))`; undefined where that is not one. */
  protected arithmeticText(start: number): Word | undefined {
    let depth = 0;
    let end = start;
    for (; end < this.source.length; end++) {
      const character = this.source[end];
      if (character === '(') depth++;
      else if (character === ')') {
        if (depth === 0) break;
        depth--;
      }
    }
    if (end >= this.source.length) this.incomplete('unterminated arithmetic');
    if (this.source[end + 1] !== ')') return undefined;
    this.position = start;
    const parts = this.inside(() => this.quotedParts(() => this.position >= end, false));
    this.position = end + 2;
    return parts;
  }

  private bracedParameter(quoted: boolean): Part {
    this.position += 2;
    let operator: string | undefined;
    if (
      this.peek() === '#' &&
      /[A-Za-z0-9_@*?#$!-]/.test(this.peek(1)) &&
      !(this.peek(1) === '#' && this.peek(2) !== '}')
    ) {
      operator = 'length';
      this.position++;
    } else if (this.peek() === '!' && nameStart.test(this.peek(1))) {
      operator = 'indirect';
      this.position++;
    }
    const name = this.parameterName();
    let index: Word | undefined;
    if (this.peek() === '[') {
      this.position++;
      index = this.parseWord((character) => character === ']') ?? [];
      if (this.done) this.incomplete('unterminated substitution');
      this.position++;
    }
    const base = { type: 'parameter', name, quoted, ...(index === undefined ? {} : { index }) } as const;
    if (this.peek() === '}') {
      this.position++;
      if (operator === 'indirect' && index !== undefined) operator = 'keys';
      return operator === undefined ? base : { ...base, operator };
    }
    if (operator === 'indirect' && (this.peek() === '*' || this.peek() === '@') && this.peek(1) === '}') {
      this.position += 2;
      return { ...base, operator: 'prefix' };
    }
    if (operator !== undefined || this.done) {
      if (this.done) this.incomplete('unterminated substitution');
      this.fail('bad substitution');
    }
    return { ...base, ...this.parameterOperation(quoted) };
  }

  private parameterName(): string {
    const start = this.position;
    if (nameStart.test(this.peek())) while (nameCharacter.test(this.peek())) this.position++;
    else if (/[0-9]/.test(this.peek())) while (/[0-9]/.test(this.peek())) this.position++;
    else if (/[@*#?$!-]/.test(this.peek())) this.position++;
    else if (this.done) this.incomplete('unterminated substitution');
    else this.fail('bad substitution');
    return this.source.slice(start, this.position);
  }

  private parameterOperation(quoted: boolean): { operator: string; operand: Word; second?: Word } {
    const operator = /^(:[-=?+]|##|%%|\/\/|\/#|\/%|\^\^|,,|[-=?+#%/:^,@])/.exec(
      this.source.slice(this.position, this.position + 2),
    )?.[0];
    if (operator === undefined) this.fail('bad substitution');
    this.position += operator.length;
    const separator = operator.startsWith('/') ? '/' : operator === ':' ? ':' : undefined;
    const operand = this.operand(quoted, separator);
    let second: Word | undefined;
    if (separator !== undefined && this.peek() === separator) {
      this.position++;
      second = this.operand(quoted, undefined);
    }
    if (this.peek() !== '}') this.incomplete('unterminated substitution');
    this.position++;
    return { operator, operand, ...(second === undefined ? {} : { second }) };
  }

  private operand(quoted: boolean, separator: string | undefined): Word {
    // Inside double quotes the operand of a default is quoted too, but quotes in it still group.
    const stop = (character: string) => character === '}' || character === separator;
    const parts = this.parseWord(stop) ?? [];
    return quoted ? parts.map((part) => (part.type === 'text' ? part : { ...part, quoted: true })) : parts;
  }
}

/** `\n`, `\t`, `\x41`, `\101` … as in `$'…'` and `echo -e`. */
function ansiEscapes(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|0?[0-7]{1,3}|[\s\S])/g, (whole, code: string) => {
    const simple = simpleEscapes[code];
    if (simple !== undefined) return simple;
    if (/^[xu]./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
    return whole;
  });
}

const simpleEscapes: { readonly [code: string]: string } = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
