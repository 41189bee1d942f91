import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { run } from './run.ts';

/** Characters of one command line (xargs' own limit, well below the kernel's). */
const longestCommand = 128 * 1024 - 2048;

/** How many characters are one step ({@link Process.step}). */
const charactersPerStep = 256;

/** `xargs`: runs a command with what it reads as arguments, as many at a time as fit. */
export const xargs: Program = async (process) => {
  const letters = '0rtn:I:P:d:L:';
  let at = 0;
  const options: string[] = [];
  // The first operand is the command: its options are its own.
  for (; /^-./.test(process.args[at] ?? ''); at++) {
    const arg = process.args[at] as string;
    options.push(arg);
    if (arg.length === 2 && letters[letters.indexOf(arg[1] as string) + 1] === ':')
      options.push(process.args[++at] ?? '');
  }
  const { flags, values } = parseOptions(options, letters);
  const command = process.args.slice(at);
  const words = command.length === 0 ? ['echo'] : command;
  const replace = values.get('I');
  const most = replace === undefined ? Number(values.get('n') ?? values.get('L') ?? Number.POSITIVE_INFINITY) || 1 : 1;
  let status = 0;
  const start = async (part: readonly string[]) => {
    const argv =
      replace === undefined ? [...words, ...part] : words.map((word) => word.replaceAll(replace, () => part[0] ?? ''));
    if (flags.has('t')) await process.stderr.write(`${argv.join(' ')}\n`);
    const code = await run(process, argv);
    if (code !== 0) status = 123;
  };
  const delimiter = flags.has('0') ? '\0' : (values.get('d')?.replace('\\n', '\n') ?? undefined);
  const tokens = new Tokens(delimiter?.[0] ?? (replace === undefined ? undefined : '\n'), delimiter === undefined);
  let batch: string[] = [];
  let size = 0;
  let any = false;
  const decoder = new TextDecoder();
  for (let more = true; more; ) {
    const chunk = await process.stdin.read();
    more = chunk !== undefined;
    const pause = process.step((chunk?.length ?? 0) / charactersPerStep);
    if (pause !== undefined) await pause;
    for (const item of tokens.take(decoder.decode(chunk, { stream: more }), !more)) {
      any = true;
      if (batch.length > 0 && size + item.length > longestCommand) {
        await start(batch);
        [batch, size] = [[], 0];
      }
      batch.push(item);
      size += item.length + 9;
      if (batch.length < most) continue;
      await start(batch);
      [batch, size] = [[], 0];
    }
    hold(process, tokens);
  }
  if (batch.length > 0) await start(batch);
  if (any || flags.has('r') || replace !== undefined) return status;
  return run(process, words);
};

/** What is read of an unfinished item counts as memory. */
function hold(process: Process, tokens: Tokens): void {
  process.hold(tokens.pending - tokens.counted);
  tokens.counted = tokens.pending;
}

/** Takes input apart: at a delimiter, or at blanks outside of quotes. */
class Tokens {
  readonly #delimiter: string | undefined;
  readonly #skipsEmpty: boolean;
  #item = '';
  #quote: string | undefined;
  #escaped = false;
  #started = false;
  /** Characters that were counted as memory. */
  counted = 0;

  constructor(delimiter: string | undefined, skipsBlank: boolean) {
    this.#delimiter = delimiter;
    this.#skipsEmpty = skipsBlank || delimiter === '\0';
  }

  /** Characters of the item that has not ended. */
  get pending(): number {
    return this.#item.length;
  }

  *take(text: string, last: boolean): Generator<string, void, void> {
    if (this.#delimiter === undefined) yield* this.#words(text);
    else yield* this.#lines(text, this.#delimiter);
    if (last && (this.#item !== '' || this.#started)) yield* this.#end();
  }

  *#lines(text: string, delimiter: string): Generator<string, void, void> {
    const pieces = text.split(delimiter);
    for (const [at, piece] of pieces.entries()) {
      this.#item += piece;
      if (at < pieces.length - 1) yield* this.#end();
    }
  }

  *#words(text: string): Generator<string, void, void> {
    for (const character of text) {
      if (this.#escaped) {
        this.#item += character;
        this.#escaped = false;
      } else if (this.#quote !== undefined) {
        if (character === this.#quote) this.#quote = undefined;
        else this.#item += character;
      } else if (character === '\\') this.#escaped = true;
      else if (character === '"' || character === "'") {
        this.#quote = character;
        this.#started = true;
      } else if (!/\s/.test(character)) this.#item += character;
      else if (this.#item !== '' || this.#started) yield* this.#end();
    }
  }

  *#end(): Generator<string, void, void> {
    const item = this.#item;
    this.#item = '';
    this.#started = false;
    if (!(this.#skipsEmpty && this.#delimiter !== undefined && item.trim() === '')) yield item;
  }
}
