import type { Condition, Redirection, Word } from './ast.ts';
import { type Placement, WordParser } from './word-parser.ts';

const redirectionStart = /^(\d*)(&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)/;

interface PendingDocument {
  readonly redirection: Redirection;
  readonly delimiter: string;
  readonly literal: boolean;
  readonly stripTabs: boolean;
}

/** Reads what lies between words and commands: blanks, comments, redirections with their here-documents, `[[ ]]`. */
export abstract class TokenParser extends WordParser {
  protected documents: PendingDocument[] = [];
  /** No more lines can follow: the end also ends a here-document. */
  protected readonly final: boolean;

  constructor(source: string, final: boolean, placement?: Placement) {
    super(source, placement);
    this.final = final;
  }

  /** The words of a text in which only expansions are special. */
  protected abstract parseDocument(source: string): Word;

  protected unexpected(): never {
    this.skipBlanks();
    if (this.done) this.incomplete('unexpected end of file');
    const token =
      this.peek() === '\n' ? 'newline' : (this.peekWord() ?? /^(;;|&&|\|\||.)/.exec(this.rest(2))?.[0] ?? '');
    this.fail(token);
  }

  protected rest(length: number): string {
    return this.source.slice(this.position, this.position + length);
  }

  protected skipBlanks(): void {
    for (;;) {
      const character = this.peek();
      if (character === ' ' || character === '\t' || character === '\r') this.position++;
      else if (character === '\\' && this.peek(1) === '\n') this.position += 2;
      else if (character === '#') while (!this.done && this.peek() !== '\n') this.position++;
      else return;
    }
  }

  protected skipNewlines(): void {
    for (;;) {
      this.skipBlanks();
      if (this.peek() !== '\n') return;
      this.newline();
    }
  }

  protected newline(): void {
    this.position++;
    const documents = this.documents;
    this.documents = [];
    for (const document of documents) this.readDocument(document);
  }

  private readDocument({ redirection, delimiter, literal, stripTabs }: PendingDocument): void {
    const lines: string[] = [];
    for (;;) {
      if (this.done) {
        if (this.final) break;
        this.incomplete(`here-document delimited by end-of-file (wanted "${delimiter}")`);
      }
      const end = this.source.indexOf('\n', this.position);
      let line = this.source.slice(this.position, end < 0 ? undefined : end);
      this.position = end < 0 ? this.source.length : end + 1;
      if (stripTabs) line = line.replace(/^\t+/, '');
      if (line === delimiter) break;
      lines.push(`${line}\n`);
    }
    const text = lines.join('');
    redirection.target = literal ? [{ type: 'text', text, quoted: true }] : this.parseDocument(text);
  }

  protected document(): Word {
    return this.quotedParts(() => false, false);
  }

  /** The unquoted word ahead, without consuming it; undefined where none starts. */
  protected peekWord(): string | undefined {
    let end = this.position;
    while (end < this.source.length && !this.isMetacharacter(this.source[end] as string)) end++;
    return end === this.position ? undefined : this.source.slice(this.position, end);
  }

  protected redirections(): readonly Redirection[] {
    const redirections: Redirection[] = [];
    do this.skipBlanks();
    while (this.redirection(redirections));
    return redirections;
  }

  protected redirection(redirections: Redirection[]): boolean {
    const first = this.peek();
    if (first !== '<' && first !== '>' && first !== '&' && !(first >= '0' && first <= '9')) return false;
    const match = redirectionStart.exec(this.rest(16));
    if (match === null) return false;
    const [whole, digits = '', symbol = ''] = match;
    // `<(` starts a word: process substitution.
    if ((symbol === '<' || symbol === '>') && this.source[this.position + whole.length] === '(') return false;
    this.position += whole.length;
    const descriptor = digits === '' ? (symbol.startsWith('<') ? 0 : 1) : Number(digits);
    this.skipBlanks();
    const start = this.position;
    const target = this.parseWord() ?? this.unexpected();
    if (symbol === '<<' || symbol === '<<-') {
      const raw = this.source.slice(start, this.position);
      const redirection: Redirection = { descriptor, operator: '<<', target: [] };
      redirections.push(redirection);
      this.documents.push({
        redirection,
        delimiter: raw.replace(/["'\\]/g, ''),
        literal: /["'\\]/.test(raw),
        stripTabs: symbol === '<<-',
      });
    } else redirections.push({ descriptor, operator: symbol as Redirection['operator'], target });
    return true;
  }

  protected conditionOr(): Condition {
    let left = this.conditionAnd();
    for (;;) {
      this.skipNewlines();
      if (this.rest(2) !== '||') return left;
      this.position += 2;
      left = { type: 'or', left, right: this.conditionAnd() };
    }
  }

  private conditionAnd(): Condition {
    let left = this.conditionNot();
    for (;;) {
      this.skipNewlines();
      if (this.rest(2) !== '&&') return left;
      this.position += 2;
      left = { type: 'and', left, right: this.conditionNot() };
    }
  }

  private conditionNot(): Condition {
    this.skipNewlines();
    if (this.peek() === '!' && /\s/.test(this.peek(1))) {
      this.position++;
      return { type: 'not', operand: this.inside(() => this.conditionNot()) };
    }
    if (this.peek() === '(') {
      this.position++;
      const inner = this.inside(() => this.conditionOr());
      this.skipNewlines();
      if (this.peek() !== ')') this.unexpected();
      this.position++;
      return inner;
    }
    return this.conditionTerm();
  }

  private conditionTerm(): Condition {
    const operator = this.peekWord();
    if (operator !== undefined && /^-[a-zA-Z]$/.test(operator)) {
      const start = this.position;
      this.position += 2;
      this.skipBlanks();
      const operand = this.peekWord() === ']]' ? undefined : this.parseWord();
      if (operand !== undefined) return { type: 'unary', operator, operand };
      this.position = start;
    }
    const left = this.parseWord() ?? this.unexpected();
    this.skipBlanks();
    const binary = /^(==|=~|!=|=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef)(?=\s))/.exec(this.rest(4))?.[0];
    if (binary === undefined) return { type: 'word', word: left };
    this.position += binary.length;
    this.skipBlanks();
    const right =
      binary === '=~'
        ? this.parseWord((character) => character === ' ' || character === '\n' || character === '\t')
        : this.parseWord();
    return { type: 'binary', operator: binary, left, right: right ?? this.unexpected() };
  }
}
