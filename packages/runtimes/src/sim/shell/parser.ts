import type { Assignment, Command, List, ListItem, Redirection, Word } from './ast.ts';
import { TokenParser } from './token-parser.ts';
import { ShellSyntaxError } from './word-parser.ts';

export { ShellSyntaxError } from './word-parser.ts';

/** Parses a whole script (POSIX Shell Command Language, with the extensions of ash and bash that people use). @throws ShellSyntaxError */
export function parseScript(source: string, firstLine = 1): List {
  return new Parser(source, true, { firstLine }).parseAll();
}

const reserved = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'do',
  'done',
  'case',
  'esac',
  'while',
  'until',
  'for',
  '{',
  '}',
  '!',
  'in',
  'function',
  '[[',
]);
const closing = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}']);
const assignmentStart = /^([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?(\+?=)/;

class Parser extends TokenParser {
  parseAll(): List {
    const list = this.#list(() => false);
    if (!this.done) this.unexpected();
    if (this.documents.length > 0) this.newline();
    return list;
  }

  protected parseSubstitution(): List {
    const list = this.#list(() => this.peek() === ')');
    if (this.peek() !== ')') this.incomplete('unterminated command substitution');
    this.position++;
    return list;
  }

  protected parseDocument(source: string): Word {
    return new Parser(source, true, { depth: this.depth }).document();
  }

  protected parseNested(source: string): List {
    return new Parser(source, true, { depth: this.depth }).parseAll();
  }

  /** Commands until `stop`, the end, or a reserved word that closes something. */
  #list(stop: () => boolean): List {
    const items: ListItem[] = [];
    for (;;) {
      this.skipNewlines();
      if (this.done || stop()) return items;
      const word = this.peekWord();
      if (word !== undefined && closing.has(word)) return items;
      if (this.rest(2) === ';;' || this.rest(2) === ';&' || this.peek() === ')') return items;
      const start = this.position;
      const command = this.#andOr();
      const text = this.source.slice(start, this.position).trim();
      this.skipBlanks();
      const background = this.peek() === '&' && this.peek(1) !== '&';
      items.push({ command, background, text });
      if (background) this.position++;
      else if (this.peek() === ';' && this.rest(2) !== ';;' && this.rest(2) !== ';&') this.position++;
      else if (this.peek() !== '\n' && !this.done && !stop()) {
        const next = this.peekWord();
        if (this.rest(2) !== ';;' && this.rest(2) !== ';&' && this.peek() !== ')' && !(next && closing.has(next))) {
          this.unexpected();
        }
        // `fi` and its like must be where a command could start.
        if (next !== undefined && closing.has(next) && !isCompound(command)) this.unexpected();
      }
    }
  }

  #andOr(): Command {
    let left = this.#pipeline();
    for (;;) {
      this.skipBlanks();
      const operator = this.rest(2);
      if (operator !== '&&' && operator !== '||') return left;
      this.position += 2;
      this.skipNewlines();
      left = { type: operator === '&&' ? 'and' : 'or', left, right: this.#pipeline() };
    }
  }

  #pipeline(): Command {
    this.skipBlanks();
    let negated = false;
    let timed = false;
    for (let word = this.peekWord(); word === '!' || word === 'time'; word = this.peekWord()) {
      if (word === '!') negated = !negated;
      else timed = true;
      this.position += word.length;
      this.skipBlanks();
    }
    const commands = [this.#command()];
    for (;;) {
      this.skipBlanks();
      if (this.peek() !== '|' || this.peek(1) === '|') break;
      const both = this.peek(1) === '&';
      this.position += both ? 2 : 1;
      if (both) commands.push(withErrorsToo(commands.pop() as Command));
      this.skipNewlines();
      commands.push(this.#command());
    }
    if (commands.length === 1 && !negated && !timed) return commands[0] as Command;
    return { type: 'pipeline', commands, negated, timed };
  }

  #command(): Command {
    return this.inside(() => this.#anyCommand());
  }

  #anyCommand(): Command {
    this.skipBlanks();
    if (this.done) this.incomplete('unexpected end of file');
    if (this.rest(2) === '((') {
      const start = this.position;
      const expression = this.arithmeticText(this.position + 2);
      if (expression !== undefined) return { type: 'arithmetic', expression, redirections: this.redirections() };
      this.position = start;
    }
    if (this.peek() === '(') {
      this.position++;
      const body = this.#list(() => this.peek() === ')');
      if (this.done) this.incomplete('unexpected end of file');
      if (this.peek() !== ')' || body.length === 0) this.unexpected();
      this.position++;
      return { type: 'subshell', body, redirections: this.redirections() };
    }
    const word = this.peekWord();
    if (word !== undefined && reserved.has(word)) return this.#compound(word);
    const named = /^([^\s'"\\$`;&|<>(){}=]+)[ \t]*\([ \t]*\)/.exec(
      this.source.slice(this.position, this.position + 200),
    );
    if (named) {
      this.position += named[0].length;
      return this.#functionBody(named[1] as string);
    }
    return this.#simple();
  }

  #functionBody(name: string): Command {
    this.skipNewlines();
    return { type: 'function', name, body: this.#command() };
  }

  #expect(word: string): void {
    this.skipNewlines();
    if (this.peekWord() !== word) this.unexpected();
    this.position += word.length;
  }

  #block(): List {
    const list = this.#list(() => false);
    if (list.length === 0) this.unexpected();
    return list;
  }

  #compound(word: string): Command {
    switch (word) {
      case 'if':
        return this.#if();
      case 'while':
      case 'until': {
        this.position += word.length;
        const condition = this.#block();
        const body = this.#doGroup();
        return { type: 'while', until: word === 'until', condition, body, redirections: this.redirections() };
      }
      case 'for':
        return this.#for();
      case 'case':
        return this.#case();
      case '{': {
        this.position++;
        const body = this.#block();
        this.#expect('}');
        return { type: 'group', body, redirections: this.redirections() };
      }
      case '[[': {
        this.position += 2;
        const expression = this.conditionOr();
        this.skipNewlines();
        this.#expect(']]');
        return { type: 'condition', expression, redirections: this.redirections() };
      }
      case 'function': {
        this.position += word.length;
        this.skipBlanks();
        const name = this.peekWord() ?? this.unexpected();
        this.position += name.length;
        this.skipBlanks();
        if (/^\([ \t]*\)/.test(this.rest(8))) this.position = this.source.indexOf(')', this.position) + 1;
        return this.#functionBody(name);
      }
      case '!':
        return this.inside(() => this.#pipeline());
      default:
        return this.unexpected();
    }
  }

  #doGroup(): List {
    this.#expect('do');
    const body = this.#block();
    this.#expect('done');
    return body;
  }

  #if(): Command {
    const clauses: { condition: List; body: List }[] = [];
    let otherwise: List | undefined;
    this.position += 2;
    for (;;) {
      const condition = this.#block();
      this.#expect('then');
      clauses.push({ condition, body: this.#block() });
      this.skipNewlines();
      if (this.peekWord() !== 'elif') break;
      this.position += 4;
    }
    if (this.peekWord() === 'else') {
      this.position += 4;
      otherwise = this.#block();
    }
    this.#expect('fi');
    return { type: 'if', clauses, otherwise, redirections: this.redirections() };
  }

  #for(): Command {
    this.position += 3;
    this.skipBlanks();
    if (this.rest(2) === '((') return this.#arithmeticFor();
    const variable = this.peekWord();
    if (variable === undefined || !/^[A-Za-z_]\w*$/.test(variable)) this.unexpected();
    this.position += variable.length;
    this.skipNewlines();
    let words: Word[] | undefined;
    if (this.peekWord() === 'in') {
      this.position += 2;
      words = [];
      for (;;) {
        this.skipBlanks();
        const word = this.parseWord();
        if (word === undefined) break;
        words.push(word);
      }
    }
    this.skipBlanks();
    if (this.peek() === ';') this.position++;
    this.skipNewlines();
    const body = this.peekWord() === '{' ? this.#braced() : this.#doGroup();
    return { type: 'for', variable, words, body, redirections: this.redirections() };
  }

  #braced(): List {
    this.#expect('{');
    const body = this.#block();
    this.#expect('}');
    return body;
  }

  #arithmeticFor(): Command {
    const start = this.position + 2;
    const expression = this.arithmeticText(start);
    if (expression === undefined) this.unexpected();
    const end = this.position;
    const texts = this.source.slice(start, end - 2).split(';');
    if (texts.length !== 3) this.unexpected();
    const [first, condition, step] = texts.map((text) => this.parseDocument(text)) as [Word, Word, Word];
    this.skipBlanks();
    if (this.peek() === ';') this.position++;
    this.skipNewlines();
    const body = this.peekWord() === '{' ? this.#braced() : this.#doGroup();
    return { type: 'arithmetic-for', start: first, condition, step, body, redirections: this.redirections() };
  }

  #case(): Command {
    this.position += 4;
    this.skipBlanks();
    const word = this.parseWord() ?? this.unexpected();
    this.#expect('in');
    const items: { patterns: Word[]; body: List; end: ';;' | ';&' | ';;&' }[] = [];
    for (;;) {
      this.skipNewlines();
      if (this.peekWord() === 'esac') break;
      if (this.peek() === '(') this.position++;
      const patterns: Word[] = [];
      for (;;) {
        this.skipBlanks();
        patterns.push(this.parseWord() ?? this.unexpected());
        this.skipBlanks();
        if (this.peek() !== '|') break;
        this.position++;
      }
      if (this.peek() !== ')') this.unexpected();
      this.position++;
      const body = this.#list(() => false);
      this.skipNewlines();
      const end = /^(;;&|;;|;&)/.exec(this.rest(3))?.[0] as ';;' | ';&' | ';;&' | undefined;
      if (end !== undefined) this.position += end.length;
      items.push({ patterns, body, end: end ?? ';;' });
      if (end === undefined) break;
    }
    this.#expect('esac');
    return { type: 'case', word, items, redirections: this.redirections() };
  }

  #simple(): Command {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    const arrays: Assignment[] = [];
    const { line } = this;
    for (;;) {
      this.skipBlanks();
      if (this.redirection(redirections)) continue;
      if (words.length === 0) {
        const assignment = this.#assignment();
        if (assignment !== undefined) {
          assignments.push(assignment);
          continue;
        }
      }
      const word = this.parseWord();
      if (word === undefined) break;
      words.push(word);
      if (this.peek() === '(' && words.length > 1) arrays.push(this.#declaredArray(words));
    }
    if (words.length === 0 && assignments.length === 0 && redirections.length === 0) this.unexpected();
    return { type: 'simple', assignments, words, redirections, line, ...(arrays.length === 0 ? {} : { arrays }) };
  }

  /** `declare -a name=(1 2)`: the last word is cut to its name, the elements are kept for later. */
  #declaredArray(words: Word[]): Assignment {
    const [first] = words[0] ?? [];
    const [last, ...more] = words.pop() ?? [];
    const match = last?.type === 'text' ? /^([A-Za-z_]\w*)(\+?)=$/.exec(last.text) : null;
    if (match === null || more.length > 0 || first?.type !== 'text' || !isDeclaration(first.text)) this.unexpected();
    const [, name = '', plus] = match;
    words.push([{ type: 'text', text: name, quoted: false }]);
    return { name, append: plus === '+', value: [], elements: this.#elements() };
  }

  #assignment(): Assignment | undefined {
    const match = assignmentStart.exec(this.source.slice(this.position, this.position + 300));
    if (match === null) return undefined;
    const [whole, name = '', subscript, operator] = match;
    this.position += whole.length;
    const append = operator === '+=';
    const index = subscript === undefined ? {} : { index: this.parseDocument(subscript.slice(1, -1)) };
    if (this.peek() !== '(') return { name, ...index, append, value: this.parseWord() ?? [] };
    return { name, append, value: [], elements: this.#elements() };
  }

  #elements(): NonNullable<Assignment['elements']> {
    this.position++;
    const elements: { index?: Word; value: Word }[] = [];
    for (;;) {
      this.skipNewlines();
      if (this.done) this.incomplete('unterminated array');
      if (this.peek() === ')') break;
      const key = /^\[([^\]]*)\]=/.exec(this.source.slice(this.position, this.position + 300));
      if (key !== null) this.position += key[0].length;
      const value = this.parseWord() ?? (key === null ? this.unexpected() : []);
      elements.push(key === null ? { value } : { index: this.parseDocument(key[1] as string), value });
    }
    this.position++;
    return elements;
  }
}

/** Builtins whose arguments are assignments. */
export function isDeclaration(name: string): boolean {
  return /^(export|local|readonly|declare|typeset)$/.test(name);
}

function isCompound(command: Command): boolean {
  return command.type !== 'simple' && command.type !== 'and' && command.type !== 'or' && command.type !== 'pipeline';
}

function withErrorsToo(command: Command): Command {
  const both: Redirection = { descriptor: 2, operator: '>&', target: [{ type: 'text', text: '1', quoted: true }] };
  if ('redirections' in command) return { ...command, redirections: [...command.redirections, both] };
  return { type: 'group', body: [{ command, background: false, text: '' }], redirections: [both] };
}

/** Whether the text is a whole script, or needs more lines; throws where more lines cannot mend it. */
export function parseIfComplete(source: string, firstLine = 1): List | undefined {
  try {
    return new Parser(source, false, { firstLine }).parseAll();
  } catch (error) {
    if (error instanceof ShellSyntaxError && error.incomplete) return undefined;
    throw error;
  }
}
