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

/** The characters of a set such as `a-z`, `[:upper:]`, `\n`. */
function characterSet(text: string): readonly string[] {
  const expanded = text.replace(/\[:(\w+):\]/g, (_whole, name: string) => classes[name] ?? '');
  const characters = [...new TextDecoder().decode(unescapeBytes(expanded))];
  const set: string[] = [];
  for (let at = 0; at < characters.length; at++) {
    const [first = '', dash, last] = characters.slice(at, at + 3);
    if (dash === '-' && last !== undefined && last >= first && !/\[:\w+:\]/.test(text)) {
      set.push(...range(first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0));
      at += 2;
    } else set.push(first);
  }
  return set;
}

/** How many characters are one step ({@link Process.step}). */
const charactersPerStep = 512;

/** `tr`: replaces, deletes and squeezes characters as they come. */
export const tr: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'cCdst', {
    delete: 'd',
    'squeeze-repeats': 's',
    complement: 'c',
  });
  const [first, second] = operands.map(characterSet);
  if (first === undefined || (second === undefined && !flags.has('d') && !flags.has('s'))) {
    await complain(process, first === undefined ? 'missing operand' : `missing operand after '${operands[0]}'`);
    return 1;
  }
  const from = new Set(first);
  const complement = flags.has('c') || flags.has('C');
  const inFirst = (character: string) => from.has(character) !== complement;
  const replacements = new Map<string, string>();
  if (second !== undefined && !flags.has('d') && !complement) {
    first.forEach((character, at) => {
      replacements.set(character, second[Math.min(at, second.length - 1)] ?? character);
    });
  }
  const translate = (character: string): string => {
    if (complement && second !== undefined && !flags.has('d'))
      return inFirst(character) ? (second.at(-1) ?? character) : character;
    return replacements.get(character) ?? character;
  };
  const squeezed = new Set(second ?? first);
  const squeezes = (character: string) =>
    flags.has('s') && (second === undefined ? inFirst(character) : squeezed.has(character));
  const decoder = new TextDecoder();
  let last = '';
  for (let chunk = await process.stdin.read(); chunk !== undefined; chunk = await process.stdin.read()) {
    const pause = process.step(chunk.length / charactersPerStep);
    if (pause !== undefined) await pause;
    let output = '';
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (flags.has('d') && inFirst(character)) continue;
      const next = translate(character);
      if (next === last && squeezes(next)) continue;
      output += next;
      last = next;
    }
    await process.stdout.write(output);
  }
  return 0;
};
