import { baseName } from '../files/path.ts';
import type { Parts } from '../process/paced.ts';
import { evaluate } from './arithmetic.ts';
import type { List, Part, Word } from './ast.ts';
import { expandBraces } from './braces.ts';
import {
  escapePattern,
  hasWildcard,
  matching,
  removing,
  replacing,
  singleCharacter,
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
  /** Runs long computing in parts. */
  paced<T>(parts: Parts<T>): Promise<T>;
  /** To be awaited now and then in long loops. */
  step(): void | Promise<unknown>;
  /** Counts bytes of results, which the command holds until it is done. */
  hold(bytes: number): void;
  /** The host has no memory for such a text: the kernel kills the process. */
  exhaust(): never;
  /** Ends the command with a message: `${name:?message}`. */
  fail(message: string): never;
}

/** One word on its way: pieces of text, quoted or not. */
interface Field {
  readonly pieces: { readonly text: string; readonly quoted: boolean }[];
  length: number;
  /** Quoted somewhere, so that it stays even when it is empty. */
  quoted: boolean;
  /** Something was put in, if only an empty text. */
  started: boolean;
}

/** What a word costs beside its characters, in bytes. */
const perWord = 256;
/** Longer texts are handled in parts. */
const longText = 32_768;

/** Expands words into arguments: parameters, commands, arithmetic, splitting, file names, quotes. */
export async function expandWords(context: ExpansionContext, words: readonly Word[]): Promise<string[]> {
  const result: string[] = [];
  const add = (text: string) => {
    result.push(text);
    if (words.length > 1 || result.length > 1 || text.length > longText) context.hold(text.length + perWord);
  };
  for (const word of words) {
    for (const braced of await bracedWords(context, word)) {
      if (result.length % 256 === 255) await context.step();
      const literal = plainText(braced);
      if (literal !== undefined) {
        add(literal);
        continue;
      }
      for (const field of await new Expansion(context, true).run(braced)) {
        if (context.noGlob || !field.pieces.some(({ text, quoted }) => !quoted && hasWildcard(text)))
          add(textOf(field));
        else for (const name of await glob(context, field)) add(name);
      }
    }
  }
  return result;
}

async function bracedWords(context: ExpansionContext, word: Word): Promise<readonly Word[]> {
  if (!context.braces || !word.some((part) => part.type === 'text' && !part.quoted && part.text.includes('{')))
    return [word];
  const all: Word[] = [];
  const emit = (braced: Word) => {
    all.push(braced);
    const [part] = braced;
    context.hold(perWord * braced.length + (part?.type === 'text' ? part.text.length : 0));
  };
  await context.paced(expandBraces(word, emit));
  return all;
}

function textOf({ pieces }: Field): string {
  return pieces.length === 1 ? (pieces[0]?.text ?? '') : pieces.map(({ text }) => text).join('');
}

/** The word as a pattern in which quoted characters are escaped. */
function patternOf({ pieces }: Field): string {
  return pieces.map(({ text, quoted }) => (quoted ? escapePattern(text) : text)).join('');
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
  return fields.map(textOf).join(' ');
}

/** Expands to a pattern in which what was quoted is literal. */
export async function expandPattern(context: ExpansionContext, word: Word): Promise<string> {
  const fields = await new Expansion(context, false).run(word);
  return fields.map(patternOf).join(' ');
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

/** The longest text that one expansion may give, in characters. */
const longestText = 16 * 1024 ** 2;

const blank: ReadonlySet<string> = new Set(' \t\n\v\f\r');

function newField(): Field {
  return { pieces: [], length: 0, quoted: false, started: false };
}

class Expansion {
  readonly #context: ExpansionContext;
  readonly #split: boolean;
  readonly #separators: string;
  readonly #fields: Field[] = [];
  #field: Field = newField();

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
      else if (part.type === 'command') await this.#value(await this.#context.substitute(part.body), part.quoted);
      else if (part.type === 'process') this.#text(this.#context.connect(part.body, part.direction), true);
      else await this.#value(String(await expandArithmetic(this.#context, part.expression)), part.quoted);
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
    field.pieces.push({ text, quoted });
    field.length += text.length;
    field.started = true;
    if (quoted) field.quoted = true;
    if (text.length > longText) this.#context.hold(text.length);
    if (field.length > longestText) this.#context.exhaust();
  }

  #finish(): void {
    const field = this.#field;
    if (field.length > 0 || field.quoted || (!this.#split && field.started)) this.#fields.push(field);
    this.#field = newField();
  }

  /** The result of an expansion: split at separators unless quoted. */
  #value(value: string, quoted: boolean): void | Promise<void> {
    if (quoted || !this.#split) return this.#text(value, quoted);
    const parts = this.#splitting(value);
    if (value.length > longText) return this.#context.paced(parts);
    while (!parts.next().done);
  }

  *#splitting(value: string): Parts<void> {
    const separators = this.#separators;
    let start = 0;
    const put = (end: number) => {
      if (end > start) this.#text(value.slice(start, end), false);
      start = end + 1;
    };
    for (let at = 0; at < value.length; at++) {
      if (at % longText === longText - 1) yield;
      const character = value[at] as string;
      if (!separators.includes(character)) continue;
      put(at);
      // A separator that is no blank also delimits empty fields.
      if (!blank.has(character)) this.#field.quoted = true;
      const before = this.#fields.length;
      this.#finish();
      if (this.#fields.length > before) this.#context.hold(perWord);
    }
    put(value.length);
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
        else await this.#value(piece.text, false);
      } else if (piece.type === 'parameter') await this.#parameter(piece);
      else if (piece.type === 'command') await this.#value(await this.#context.substitute(piece.body), piece.quoted);
      else if (piece.type === 'process') this.#text(this.#context.connect(piece.body, piece.direction), true);
      else await this.#value(String(await expandArithmetic(this.#context, piece.expression)), piece.quoted);
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

  async #putMany(part: Part & { type: 'parameter' }, values: readonly string[]): Promise<void> {
    const star = part.name === '*' || (part.index !== undefined && indexText(part.index) === '*');
    const joined =
      part.quoted && star ? values.join(this.#separators[0] ?? '') : this.#split ? undefined : values.join(' ');
    if (joined !== undefined) return this.#value(joined, part.quoted);
    for (let at = 0; at < values.length; at++) {
      if (at > 0) {
        if (part.quoted) this.#field.quoted = true;
        this.#finish();
        this.#context.hold(perWord);
      }
      await this.#value(values[at] as string, part.quoted);
      if (at % 256 === 255) await this.#context.step();
    }
  }

  #length(part: Part & { type: 'parameter' }): number {
    if (part.name === '#') return String(this.#context.positional.length).length;
    if (part.index !== undefined) {
      return (this.#context.variables.get(part.name, indexText(part.index)) ?? '').length;
    }
    return characterCount(this.#plain(part.name) ?? '');
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
        return this.#context.paced(removing(value, pattern, 'prefix', operator === '##'));
      case '%':
      case '%%':
        return this.#context.paced(removing(value, pattern, 'suffix', operator === '%%'));
      case '^':
      case '^^':
      case ',':
      case ',,':
        return this.#context.paced(changingCase(value, operator, pattern));
      default: {
        const replacement = part.second === undefined ? '' : await expandText(this.#context, part.second);
        return this.#replace(value, operator, pattern, replacement);
      }
    }
  }

  async #substring(part: Part & { type: 'parameter' }, value: string): Promise<string> {
    const characters = surrogates.test(value) ? [...value] : value;
    const start = await expandArithmetic(this.#context, part.operand ?? []);
    const from = start < 0 ? characters.length + start : start;
    if (from < 0) return '';
    const length = part.second === undefined ? value.length : await expandArithmetic(this.#context, part.second);
    const piece = characters.slice(from, length < 0 ? characters.length + length : from + length);
    return typeof piece === 'string' ? piece : piece.join('');
  }

  async #replace(value: string, operator: string, pattern: string, replacement: string): Promise<string> {
    const count = replacement.length > 1 ? value.length * replacement.length : value.length;
    if (count <= longestText) return this.#context.paced(replacing(value, operator, pattern, replacement));
    // How long it gets is known only once the matches are counted.
    const marked = await this.#context.paced(replacing(value, operator, pattern, '\0'));
    const matches = marked.split('\0').length - 1;
    if (value.length + matches * replacement.length > longestText) this.#context.exhaust();
    return marked.replaceAll('\0', () => replacement);
  }
}

function indexText(index: Word): string {
  return index.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function isPerElement(operator: string): boolean {
  return /^(##?|%%?|\/[/#%]?|\^\^?|,,?|@)$/.test(operator);
}

const surrogates = /[\ud800-\udfff]/;

/** Characters, not code units. */
function characterCount(text: string): number {
  if (!surrogates.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function* changingCase(value: string, operator: string, pattern: string): Parts<string> {
  const changes = pattern === '' ? () => true : singleCharacter(pattern);
  const to = (character: string) => (operator.startsWith('^') ? character.toUpperCase() : character.toLowerCase());
  let changed = '';
  let count = 0;
  for (const character of value) {
    changed += (count === 0 || operator.length === 2) && changes(character) ? to(character) : character;
    if (++count % longText === 0) yield;
  }
  return changed;
}

/** File names that match; the word itself where none does. */
async function glob(context: ExpansionContext, field: Field): Promise<readonly string[]> {
  const pattern = patternOf(field);
  let paths = [pattern.startsWith('/') ? '/' : ''];
  const parts = pattern.split('/').filter((part) => part !== '');
  for (const [at, part] of parts.entries()) {
    if (paths.length === 0) break;
    paths = await context.paced(nextPaths(context, paths, part, at === parts.length - 1));
  }
  if (pattern.endsWith('/')) paths = paths.filter((path) => context.isDirectory(path)).map((path) => `${path}/`);
  return paths.length > 0 ? paths.sort() : [textOf(field)];
}

/** The paths to which one more part of a pattern leads. */
function* nextPaths(context: ExpansionContext, paths: readonly string[], part: string, last: boolean): Parts<string[]> {
  const next: string[] = [];
  const wild = hasWildcard(part);
  let looked = 0;
  for (const path of paths) {
    if (++looked % 50 === 0) yield;
    const prefix = path === '' || path === '/' ? path : `${path}/`;
    if (!wild) {
      const name = prefix + unescapePattern(part);
      if (context.exists(name)) next.push(name);
      continue;
    }
    for (const name of context.list(path === '' ? '.' : path)) {
      if (++looked % 500 === 0) yield;
      if (name.startsWith('.') && !part.startsWith('.')) continue;
      if (!(yield* matching(part, baseName(name))) || !(last || context.isDirectory(prefix + name))) continue;
      next.push(prefix + name);
      context.hold(prefix.length + name.length + perWord);
    }
  }
  return next;
}
