import { baseName } from '../files/path.ts';
import { evaluate } from './arithmetic.ts';
import type { List, Part, Word } from './ast.ts';
import {
  compiled,
  escapePattern,
  hasWildcard,
  matches,
  patternSource,
  removeMatch,
  unescapePattern,
} from './pattern.ts';
import type { Variables } from './variables.ts';

/** What expansion needs of a shell. */
export interface ExpansionContext {
  readonly variables: Variables;
  readonly positional: readonly string[];
  /** Bash's brace expansion is on. */
  readonly braces: boolean;
  /** `$?`, `$!`, `$RANDOM` …; undefined where the name is no special parameter. */
  special(name: string): string | undefined;
  /** The output of a command substitution, without its last newlines. */
  substitute(body: List): Promise<string>;
  /** The path of a pipe to or from a command that runs beside: `<(…)`. */
  connect(body: List, direction: '<' | '>'): string;
  /** Names in a directory; empty where it cannot be read. */
  list(directory: string): readonly string[];
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** `set -u` */
  readonly unsetIsError: boolean;
  /** `set -f` */
  readonly noGlob: boolean;
  /** Ends the command with a message: `${name:?message}`. */
  fail(message: string): never;
}

/** One word on its way: text, and the same as a pattern in which quoted characters are escaped. */
interface Field {
  text: string;
  pattern: string;
  /** Quoted somewhere, so that it stays even when it is empty. */
  quoted: boolean;
  /** Something was put in, if only an empty text. */
  started: boolean;
}

/** Expands words into arguments: parameters, commands, arithmetic, splitting, file names, quotes. */
export async function expandWords(context: ExpansionContext, words: readonly Word[]): Promise<string[]> {
  const result: string[] = [];
  for (const word of words) {
    for (const braced of context.braces ? expandBraces(word) : [word]) {
      const literal = plainText(braced);
      if (literal !== undefined) {
        result.push(literal);
        continue;
      }
      for (const field of await new Expansion(context, true).run(braced)) {
        if (!context.noGlob && hasWildcard(field.pattern)) result.push(...glob(context, field));
        else result.push(field.text);
      }
    }
  }
  return result;
}

/** A word without anything to expand. */
function plainText(word: Word): string | undefined {
  let text = '';
  for (const part of word) {
    if (part.type !== 'text' || (!part.quoted && /[*?[~]/.test(part.text))) return undefined;
    text += part.text;
  }
  return text;
}

/** Expands to one text, without splitting or file names: assignments, redirections, here-documents. */
export async function expandText(context: ExpansionContext, word: Word): Promise<string> {
  if (word.length === 0) return '';
  const fields = await new Expansion(context, false).run(word);
  return fields.map((field) => field.text).join(' ');
}

/** Expands to a pattern in which what was quoted is literal. */
export async function expandPattern(context: ExpansionContext, word: Word): Promise<string> {
  const fields = await new Expansion(context, false).run(word);
  return fields.map((field) => field.pattern).join(' ');
}

/** Evaluates an arithmetic word. @throws ArithmeticError */
export async function expandArithmetic(context: ExpansionContext, word: Word): Promise<number> {
  const { variables } = context;
  return evaluate(await expandText(context, word), {
    get: (name, index) =>
      variables.get(name, index === undefined ? undefined : String(index)) ?? context.special(name) ?? '',
    set: (name, index, value) => variables.set(name, value, index === undefined ? undefined : String(index)),
  });
}

class Expansion {
  readonly #context: ExpansionContext;
  readonly #split: boolean;
  readonly #separators: string;
  readonly #fields: Field[] = [];
  #field: Field = { text: '', pattern: '', quoted: false, started: false };

  constructor(context: ExpansionContext, split: boolean) {
    this.#context = context;
    this.#split = split;
    this.#separators = context.variables.find('IFS') === undefined ? ' \t\n' : (context.variables.get('IFS') ?? '');
  }

  async run(word: Word): Promise<readonly Field[]> {
    for (let at = 0; at < word.length; at++) {
      const part = word[at] as Part;
      if (part.type === 'text')
        this.#text(at === 0 && !part.quoted ? this.#tilde(part.text, word.length === 1) : part.text, part.quoted);
      else if (part.type === 'parameter') await this.#parameter(part);
      else if (part.type === 'command') this.#value(await this.#context.substitute(part.body), part.quoted);
      else if (part.type === 'process') this.#text(this.#context.connect(part.body, part.direction), true);
      else this.#value(String(await expandArithmetic(this.#context, part.expression)), part.quoted);
    }
    this.#finish();
    return this.#fields;
  }

  #tilde(text: string, whole: boolean): string {
    if (text !== '~' && !text.startsWith('~/')) return text;
    if (text === '~' && !whole) return text;
    return `${this.#context.variables.get('HOME') ?? '/'}${text.slice(1)}`;
  }

  #text(text: string, quoted: boolean): void {
    const field = this.#field;
    field.text += text;
    field.pattern += quoted ? escapePattern(text) : text;
    field.started = true;
    if (quoted) field.quoted = true;
  }

  #finish(): void {
    const field = this.#field;
    if (field.text !== '' || field.quoted || (!this.#split && field.started)) this.#fields.push(field);
    this.#field = { text: '', pattern: '', quoted: false, started: false };
  }

  /** The result of an expansion: split at separators unless quoted. */
  #value(value: string, quoted: boolean): void {
    if (quoted || !this.#split) {
      const field = this.#field;
      field.text += value;
      field.pattern += quoted ? escapePattern(value) : value;
      field.started = true;
      if (quoted) field.quoted = true;
      return;
    }
    const separators = this.#separators;
    let piece = '';
    const put = () => {
      if (piece !== '') {
        this.#field.text += piece;
        this.#field.pattern += piece;
        this.#field.started = true;
      }
      piece = '';
    };
    for (let at = 0; at < value.length; at++) {
      const character = value[at] as string;
      if (!separators.includes(character)) {
        piece += character;
        continue;
      }
      put();
      if (/\s/.test(character)) this.#finish();
      else {
        // A separator that is no blank also delimits empty fields.
        this.#field.quoted = true;
        this.#finish();
      }
    }
    put();
  }

  async #parameter(part: Part & { type: 'parameter' }): Promise<void> {
    const many = this.#manyValues(part);
    if (many !== undefined && (part.operator === undefined || part.operator === ':' || isPerElement(part.operator))) {
      if (part.operator === undefined) return this.#putMany(part, many);
      if (part.operator === ':') return this.#putMany(part, await this.#slice(part, many));
      const values: string[] = [];
      for (const value of many) values.push(await this.#modify(part, value));
      return this.#putMany(part, values);
    }
    const listed = this.#names(part);
    if (listed !== undefined) return this.#putMany(part, listed);
    const { quoted } = part;
    if (part.operator === 'length') return this.#value(String(many?.length ?? this.#length(part)), quoted);
    const value = many === undefined ? await this.#lookup(part) : many.length === 0 ? undefined : many.join(' ');
    switch (part.operator) {
      case undefined:
        if (value === undefined && this.#context.unsetIsError) this.#context.fail(`${part.name}: parameter not set`);
        return value === undefined && !quoted ? undefined : this.#value(value ?? '', quoted);
      case '-':
      case ':-':
        if (value === undefined || (value === '' && part.operator === ':-')) return this.#operand(part);
        return this.#value(value, quoted);
      case '+':
      case ':+':
        if (value === undefined || (value === '' && part.operator === ':+'))
          return quoted ? this.#value('', true) : undefined;
        return this.#operand(part);
      case '=':
      case ':=': {
        if (value !== undefined && !(value === '' && part.operator === ':=')) return this.#value(value, quoted);
        const assigned = await expandText(this.#context, part.operand ?? []);
        this.#context.variables.set(part.name, assigned);
        return this.#value(assigned, quoted);
      }
      case '?':
      case ':?': {
        if (value !== undefined && !(value === '' && part.operator === ':?')) return this.#value(value, quoted);
        const message = await expandText(this.#context, part.operand ?? []);
        return this.#context.fail(`${part.name}: ${message || 'parameter not set or null'}`);
      }
      case 'indirect':
        return this.#value(
          this.#context.variables.get(value ?? '') ?? this.#context.special(value ?? '') ?? '',
          quoted,
        );
      default:
        if (value === undefined && this.#context.unsetIsError) this.#context.fail(`${part.name}: parameter not set`);
        return this.#value(await this.#modify(part, value ?? ''), quoted);
    }
  }

  /** `${!array[@]}` and `${!prefix*}`: subscripts and names. */
  #names(part: Part & { type: 'parameter' }): readonly string[] | undefined {
    const { variables } = this.#context;
    if (part.operator === 'keys') return variables.elements(part.name).map(([key]) => key);
    if (part.operator === 'prefix') return variables.names().filter((name) => name.startsWith(part.name));
    return undefined;
  }

  /** The operand's own fields take the place of the parameter. */
  async #operand(part: Part & { type: 'parameter' }): Promise<void> {
    const operand = part.operand ?? [];
    if (part.quoted || !this.#split) {
      // Blanks that separate words inside the operand do not split.
      const text = await expandText(this.#context, operand);
      return this.#value(text, part.quoted);
    }
    for (const piece of operand) {
      if (piece.type === 'text') {
        if (piece.quoted) this.#text(piece.text, true);
        else this.#value(piece.text, false);
      } else if (piece.type === 'parameter') await this.#parameter(piece);
      else if (piece.type === 'command') this.#value(await this.#context.substitute(piece.body), piece.quoted);
      else if (piece.type === 'process') this.#text(this.#context.connect(piece.body, piece.direction), true);
      else this.#value(String(await expandArithmetic(this.#context, piece.expression)), piece.quoted);
    }
  }

  /** `$@`, `$*`, `${array[@]}`: several values; undefined for everything else. */
  #manyValues(part: Part & { type: 'parameter' }): readonly string[] | undefined {
    if (part.name === '@' || part.name === '*') return this.#context.positional;
    const subscript = part.index === undefined ? undefined : (plainText(part.index) ?? indexText(part.index));
    if (subscript !== '@' && subscript !== '*') return undefined;
    if (part.operator === 'keys' || part.operator === 'indirect') return undefined;
    return this.#context.variables.elements(part.name).map(([, value]) => value);
  }

  #putMany(part: Part & { type: 'parameter' }, values: readonly string[]): void {
    const star = part.name === '*' || (part.index !== undefined && indexText(part.index) === '*');
    const joined =
      part.quoted && star ? values.join(this.#separators[0] ?? '') : this.#split ? undefined : values.join(' ');
    if (joined !== undefined) {
      this.#value(joined, part.quoted);
      return;
    }
    values.forEach((value, at) => {
      if (at > 0) {
        if (part.quoted) this.#field.quoted = true;
        this.#finish();
      }
      this.#value(value, part.quoted);
    });
  }

  #length(part: Part & { type: 'parameter' }): number {
    if (part.name === '#') return String(this.#context.positional.length).length;
    if (part.index !== undefined) {
      return (this.#context.variables.get(part.name, indexText(part.index)) ?? '').length;
    }
    return [...(this.#plain(part.name) ?? '')].length;
  }

  #plain(name: string): string | undefined {
    if (/^\d+$/.test(name) && name !== '0') return this.#context.positional[Number(name) - 1];
    return this.#context.special(name) ?? this.#context.variables.get(name);
  }

  async #lookup(part: Part & { type: 'parameter' }): Promise<string | undefined> {
    if (part.index === undefined) return this.#plain(part.name);
    const variable = this.#context.variables.find(part.name);
    const key = variable?.associative
      ? await expandText(this.#context, part.index)
      : String(await expandArithmetic(this.#context, part.index));
    if (key.startsWith('-')) {
      const elements = this.#context.variables.elements(part.name);
      return elements[elements.length + Number(key)]?.[1];
    }
    return this.#context.variables.get(part.name, key);
  }

  async #slice(part: Part & { type: 'parameter' }, values: readonly string[]): Promise<readonly string[]> {
    const all = part.name === '@' || part.name === '*' ? [this.#context.special('0') ?? '', ...values] : values;
    const start = await expandArithmetic(this.#context, part.operand ?? []);
    const from = start < 0 ? Math.max(0, all.length + start) : start;
    if (part.second === undefined) return all.slice(from);
    return all.slice(from, from + (await expandArithmetic(this.#context, part.second)));
  }

  async #modify(part: Part & { type: 'parameter' }, value: string): Promise<string> {
    const operator = part.operator ?? '';
    if (operator === ':') return this.#substring(part, value);
    if (operator === '@') return value;
    const pattern = await expandPattern(this.#context, part.operand ?? []);
    switch (operator) {
      case '#':
      case '##':
        return removeMatch(value, pattern, 'prefix', operator === '##');
      case '%':
      case '%%':
        return removeMatch(value, pattern, 'suffix', operator === '%%');
      case '^':
      case '^^':
      case ',':
      case ',,':
        return changeCase(value, operator, pattern);
      default: {
        const replacement = part.second === undefined ? '' : await expandText(this.#context, part.second);
        return replace(value, operator, pattern, replacement);
      }
    }
  }

  async #substring(part: Part & { type: 'parameter' }, value: string): Promise<string> {
    const characters = [...value];
    const start = await expandArithmetic(this.#context, part.operand ?? []);
    const from = start < 0 ? characters.length + start : start;
    if (from < 0) return '';
    if (part.second === undefined) return characters.slice(from).join('');
    const length = await expandArithmetic(this.#context, part.second);
    return characters.slice(from, length < 0 ? characters.length + length : from + length).join('');
  }
}

function indexText(index: Word): string {
  return index.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function isPerElement(operator: string): boolean {
  return /^(##?|%%?|\/[/#%]?|\^\^?|,,?|@)$/.test(operator);
}

function replace(value: string, operator: string, pattern: string, replacement: string): string {
  if (pattern === '') return value;
  const source = patternSource(pattern);
  const literal = () => replacement;
  if (operator === '//') return value.replace(new RegExp(source, 'g'), (match) => (match === '' ? '' : replacement));
  if (operator === '/#') return value.replace(compiled(`^(?:${source})`), literal);
  if (operator === '/%') return value.replace(compiled(`(?:${source})$`), literal);
  return value.replace(compiled(source), literal);
}

function changeCase(value: string, operator: string, pattern: string): string {
  const change = (character: string) => {
    if (pattern !== '' && !matches(pattern, character)) return character;
    return operator.startsWith('^') ? character.toUpperCase() : character.toLowerCase();
  };
  const characters = [...value];
  return operator.length === 2
    ? characters.map(change).join('')
    : characters.map((character, at) => (at === 0 ? change(character) : character)).join('');
}

/** File names that match; the word itself where none does. */
function glob(context: ExpansionContext, field: Field): readonly string[] {
  const absolute = field.pattern.startsWith('/');
  let paths = [absolute ? '/' : ''];
  const parts = field.pattern.split('/').filter((part) => part !== '');
  parts.forEach((part, at) => {
    const last = at === parts.length - 1;
    const next: string[] = [];
    for (const path of paths) {
      const prefix = path === '' || path === '/' ? path : `${path}/`;
      if (!hasWildcard(part)) {
        const name = prefix + unescapePattern(part);
        if (context.exists(name)) next.push(name);
        continue;
      }
      for (const name of context.list(path === '' ? '.' : path)) {
        if (name.startsWith('.') && !part.startsWith('.')) continue;
        if (matches(part, baseName(name)) && (last || context.isDirectory(prefix + name))) next.push(prefix + name);
      }
    }
    paths = next;
  });
  if (field.pattern.endsWith('/')) paths = paths.filter((path) => context.isDirectory(path)).map((path) => `${path}/`);
  return paths.length > 0 ? paths.sort() : [field.text];
}

/** `{a,b}` and `{1..3}` in unquoted text. */
function expandBraces(word: Word): readonly Word[] {
  const at = word.findIndex(
    (part) => part.type === 'text' && !part.quoted && /\{[^{}]*(,|\.\.)[^{}]*\}/.test(part.text),
  );
  const part = word[at];
  if (part === undefined || part.type !== 'text') return [word];
  const match = /\{([^{}]*)\}/.exec(part.text.slice(part.text.search(/\{[^{}]*(,|\.\.)[^{}]*\}/))) as RegExpExecArray;
  const start = part.text.search(/\{[^{}]*(,|\.\.)[^{}]*\}/);
  const before = part.text.slice(0, start);
  const after = part.text.slice(start + match[0].length);
  const items = braceItems(match[1] as string);
  if (items === undefined) return [word];
  return items.flatMap((item) =>
    expandBraces([
      ...word.slice(0, at),
      { type: 'text', text: `${before}${item}${after}`, quoted: false },
      ...word.slice(at + 1),
    ]),
  );
}

function braceItems(inside: string): readonly string[] | undefined {
  if (inside.includes(',')) return inside.split(',');
  const range = /^(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])(?:\.\.(-?\d+))?$/.exec(inside);
  if (range === null) return undefined;
  const [, first = '', last = '', stepText] = range;
  const numeric = /\d/.test(first) && /\d/.test(last);
  const from = numeric ? Number(first) : first.charCodeAt(0);
  const to = numeric ? Number(last) : last.charCodeAt(0);
  const step = Math.max(1, Math.abs(Number(stepText ?? 1)));
  const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  const items: string[] = [];
  for (let value = from; from <= to ? value <= to : value >= to; value += from <= to ? step : -step) {
    items.push(numeric ? String(value).padStart(width, '0') : String.fromCharCode(value));
    if (items.length >= 100_000) break;
  }
  return items;
}
