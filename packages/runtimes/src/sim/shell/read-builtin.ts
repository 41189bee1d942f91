import { InputStream } from '../process/streams.ts';
import type { Shell } from './shell.ts';

interface ReadOptions {
  raw: boolean;
  silent: boolean;
  prompt: string;
  descriptor: number;
  /** Seconds. */
  timeout: number | undefined;
  characters: number | undefined;
  delimiter: number;
  array: string | undefined;
  names: readonly string[];
}

function parse(args: readonly string[]): ReadOptions {
  const options: ReadOptions = {
    raw: false,
    silent: false,
    prompt: '',
    descriptor: 0,
    timeout: undefined,
    characters: undefined,
    delimiter: 10,
    array: undefined,
    names: [],
  };
  let at = 0;
  for (; at < args.length && /^-./.test(args[at] as string); at++) {
    const letters = (args[at] as string).slice(1);
    for (let position = 0; position < letters.length; position++) {
      const letter = letters[position];
      if (letter === 'r') options.raw = true;
      else if (letter === 's') options.silent = true;
      else if (letter === 'e') continue;
      else {
        const value = letters.slice(position + 1) || (args[++at] ?? '');
        if (letter === 'p') options.prompt = value;
        if (letter === 't') options.timeout = Number(value);
        if (letter === 'n' || letter === 'N') options.characters = Number(value);
        if (letter === 'd') options.delimiter = value === '' ? 0 : value.charCodeAt(0);
        if (letter === 'u') options.descriptor = Number(value);
        if (letter === 'a') options.array = value;
        break;
      }
    }
  }
  options.names = args.slice(at);
  return options;
}

/** `read`: consumes one line and not a byte more. */
export async function read(shell: Shell, args: readonly string[]): Promise<number> {
  const options = parse(args);
  const { process } = shell;
  const terminal = process.descriptors[options.descriptor]?.terminal;
  if (options.prompt !== '' && terminal !== undefined) await process.stderr.write(options.prompt);
  const [echo, raw] = [terminal?.echo, terminal?.raw];
  if (terminal !== undefined) {
    terminal.echo = !options.silent;
    // Key by key: there is no line to edit.
    terminal.raw = options.characters !== undefined;
  }
  const { text, ended } = await take(shell, options);
  if (terminal !== undefined && echo !== undefined && raw !== undefined) {
    terminal.echo = echo;
    terminal.raw = raw;
  }
  assign(shell, options, text);
  if (shell.interrupted && ended) return shell.interruptedStatus;
  return ended ? 1 : 0;
}

async function take(shell: Shell, options: ReadOptions): Promise<{ text: string; ended: boolean }> {
  const { process } = shell;
  const input = new InputStream(process, options.descriptor);
  const line = new Line(shell);
  let expired = options.timeout === 0;
  using _timer =
    options.timeout === undefined
      ? undefined
      : process.clock.schedule(options.timeout * 1000, () => {
          expired = true;
          process.interrupt();
        });
  const done = (ended: boolean) => ({ text: line.take(), ended });
  for (;;) {
    const max = options.characters === undefined ? 65_536 : options.characters - line.characters;
    if (max <= 0) return done(false);
    const chunk = await input.read(max, options.delimiter);
    if (chunk === undefined) return done(true);
    if (chunk.length === 0) {
      // Woken by a signal, or out of time.
      if (shell.interrupted || shell.interruptAsked || expired) return done(true);
      continue;
    }
    const end = chunk[chunk.length - 1] === options.delimiter;
    line.add(end ? chunk.subarray(0, -1) : chunk);
    // A backslash at the end joins the next line.
    if (end && (options.raw || !line.continues())) return done(false);
  }
}

/** What has been read of a line. */
class Line {
  readonly #shell: Shell;
  readonly #before: number;
  readonly #decoder = new TextDecoder();
  readonly #texts: string[] = [];
  characters = 0;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#before = shell.commandHolds;
  }

  add(bytes: Uint8Array): void {
    this.#shell.hold(bytes.length + 64);
    const text = this.#decoder.decode(bytes, { stream: true });
    this.characters += text.length;
    this.#texts.push(text);
  }

  /** Whether it ends with a backslash that is not escaped itself, which is taken off. */
  continues(): boolean {
    const last = this.#texts.length - 1;
    const text = this.#texts[last] ?? '';
    let start = text.length;
    while (text[start - 1] === '\\') start--;
    if ((text.length - start) % 2 === 0) return false;
    this.#texts[last] = text.slice(0, -1);
    return true;
  }

  take(): string {
    this.#shell.release(this.#before);
    return this.#texts.join('') + this.#decoder.decode();
  }
}

function assign(shell: Shell, { names, raw, array }: ReadOptions, text: string): void {
  const { variables } = shell;
  const separators = variables.find('IFS') === undefined ? ' \t\n' : (variables.get('IFS') ?? '');
  const wanted = array !== undefined ? Number.POSITIVE_INFINITY : Math.max(1, names.length);
  const fields = split(text, separators, wanted, raw);
  if (array !== undefined) {
    variables.setElements(array, new Map(fields.map((field, at) => [String(at), field])));
    return;
  }
  if (names.length === 0) variables.set('REPLY', raw ? text : text.replace(/\\([\s\S])/g, '$1'));
  for (const [at, name] of names.entries()) variables.set(name, fields[at] ?? '');
}

/** At most `count` fields; the last one holds the rest. */
function split(text: string, separators: string, count: number, raw: boolean): string[] {
  const blanks = [...separators].filter((character) => /\s/.test(character)).join('');
  const fields: string[] = [];
  let at = 0;
  const skip = () => {
    while (at < text.length && blanks.includes(text[at] as string)) at++;
  };
  skip();
  while (at < text.length && fields.length < count - 1) {
    let field = '';
    while (at < text.length && !separators.includes(text[at] as string)) {
      if (!raw && text[at] === '\\') at++;
      field += text[at++] ?? '';
    }
    fields.push(field);
    skip();
    if (at < text.length && separators.includes(text[at] as string)) {
      at++;
      skip();
    }
  }
  if (at < text.length) {
    let end = text.length;
    while (end > at && blanks.includes(text[end - 1] as string)) end--;
    const rest = text.slice(at, end);
    fields.push(raw ? rest : rest.replace(/\\([\s\S])/g, '$1'));
  }
  return fields;
}
