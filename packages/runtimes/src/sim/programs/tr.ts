import type { Program } from '../process/program.ts';
import { unescapeBytes } from '../shell/echo.ts';
import { parseOptions } from './options.ts';
import { complain } from './words.ts';

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at)).join('');
const digits = range(48, 57);
const upper = range(65, 90);
const lower = range(97, 122);

const classes: { readonly [name: string]: string } = {
  digit: digits,
  upper,
  lower,
  alpha: upper + lower,
  alnum: digits + upper + lower,
  space: ' \t\n\v\f\r',
  blank: ' \t',
  cntrl: range(0, 31) + String.fromCharCode(127),
  punct: range(33, 47) + range(58, 64) + range(91, 96) + range(123, 126),
  xdigit: `${digits}abcdefABCDEF`,
  print: range(32, 126),
  graph: range(33, 126),
};

/**
 * The symbols of a set such as `a-z`, `[:upper:]`, `\n`: bytes, as tr(1) has it, or code points where a set has characters of more
 * than a byte.
 */
function symbolSet(text: string, bytes: boolean): readonly number[] {
  const expanded = text.replace(/\[:(\w+):\]/g, (_whole, name: string) => classes[name] ?? '');
  const unescaped = unescapeBytes(expanded);
  const symbols = bytes ? [...unescaped] : codePoints(new TextDecoder().decode(unescaped));
  const set: number[] = [];
  for (let at = 0; at < symbols.length; at++) {
    const [first = 0, dash, last] = symbols.slice(at, at + 3);
    if (dash === hyphen && last !== undefined && last >= first && !/\[:\w+:\]/.test(text)) {
      for (let symbol = first; symbol <= last; symbol++) set.push(symbol);
      at += 2;
    } else set.push(first);
  }
  return set;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

const hyphen = 45;

/** How many bytes are one step ({@link Process.step}). */
const bytesPerStep = 512;

/** `tr`: replaces, deletes and squeezes bytes as they come. */
export const tr: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'cCdst', {
    delete: 'd',
    'squeeze-repeats': 's',
    complement: 'c',
  });
  const bytes = operands.every((operand) => /^\p{ASCII}*$/u.test(operand));
  const [first, second] = operands.map((operand) => symbolSet(operand, bytes));
  if (first === undefined || (second === undefined && !flags.has('d') && !flags.has('s'))) {
    await complain(process, first === undefined ? 'missing operand' : `missing operand after '${operands[0]}'`);
    return 1;
  }
  const from = new Set(first);
  const complement = flags.has('c') || flags.has('C');
  const inFirst = (symbol: number) => from.has(symbol) !== complement;
  const replacements = new Map<number, number>();
  if (second !== undefined && !flags.has('d') && !complement) {
    first.forEach((symbol, at) => {
      replacements.set(symbol, second[Math.min(at, second.length - 1)] ?? symbol);
    });
  }
  const translate = (symbol: number): number => {
    if (complement && second !== undefined && !flags.has('d'))
      return inFirst(symbol) ? (second.at(-1) ?? symbol) : symbol;
    return replacements.get(symbol) ?? symbol;
  };
  const squeezed = new Set(second ?? first);
  const squeezes = (symbol: number) =>
    flags.has('s') && (second === undefined ? inFirst(symbol) : squeezed.has(symbol));
  const decoder = new TextDecoder();
  let last: number | undefined;
  for (let chunk = await process.stdin.read(); chunk !== undefined; chunk = await process.stdin.read()) {
    const pause = process.step(chunk.length / bytesPerStep);
    if (pause !== undefined) await pause;
    const output: number[] = [];
    for (const symbol of bytes ? chunk : codePoints(decoder.decode(chunk, { stream: true }))) {
      if (flags.has('d') && inFirst(symbol)) continue;
      const next = translate(symbol);
      if (next === last && squeezes(next)) continue;
      output.push(next);
      last = next;
    }
    await process.stdout.write(bytes ? Uint8Array.from(output) : textOfSymbols(output));
  }
  return 0;
};

function textOfSymbols(symbols: readonly number[]): string {
  let text = '';
  for (const symbol of symbols) text += String.fromCodePoint(symbol);
  return text;
}
