import { bytesOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Dialect } from './shell.ts';

/** `echo`, as the shell's dialect has it. */
export async function echo(process: Process, args: readonly string[], dialect: Dialect): Promise<number> {
  let newline = true;
  let escapes = dialect === 'dash';
  let at = 0;
  const flags = dialect === 'dash' ? /^-n$/ : /^-[neE]+$/;
  for (; flags.test(args[at] ?? ''); at++) {
    for (const flag of (args[at] as string).slice(1)) {
      if (flag === 'n') newline = false;
      else escapes = flag === 'e';
    }
  }
  let text = args.slice(at).join(' ');
  if (escapes) {
    const end = endOfOutput(text);
    if (end >= 0) {
      text = text.slice(0, end);
      newline = false;
    }
    if (text.length > pieceSize) {
      for (const piece of unescaping(text, dialect !== 'ash')) await process.stdout.write(piece);
      if (newline) await process.stdout.write('\n');
      return 0;
    }
    const bytes = unescapeBytes(text, dialect !== 'ash');
    await process.stdout.write(newline ? joinNewline(bytes) : bytes);
    return 0;
  }
  await process.stdout.write(newline ? `${text}\n` : text);
  return 0;
}

function joinNewline(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(bytes.length + 1);
  all.set(bytes);
  all[bytes.length] = 10;
  return all;
}

/** The position of `\c`, which ends the output. */
function endOfOutput(text: string): number {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at + 2)) if (text[at + 1] === 'c') return at;
  return -1;
}

const simple: { readonly [code: string]: number } = {
  a: 7,
  b: 8,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
};

/** Bytes of a text with `\n`, `\t`, `\0101`, `\x41` … (`echo -e`, `printf`). `zeroFirst`: octal ones need the zero. */
export function unescapeBytes(text: string, zeroFirst = false): Uint8Array {
  return text.includes('\\') ? joined([...unescaping(text, zeroFirst)]) : bytesOf(text);
}

/** Characters of a text that are one piece. */
const pieceSize = 16_384;

/** The same piece by piece. */
export function* unescaping(text: string, zeroFirst = false): Generator<Uint8Array, void, void> {
  let buffer = new Uint8Array(pieceSize + 8);
  let filled = 0;
  for (let at = 0; at < text.length; ) {
    if (filled >= pieceSize) {
      yield buffer.subarray(0, filled);
      buffer = new Uint8Array(pieceSize + 8);
      filled = 0;
    }
    const slash = text.indexOf('\\', at);
    if (slash !== at) {
      let end = Math.min(slash < 0 ? text.length : slash, at + pieceSize);
      // The halves of one character stay together.
      if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end++;
      if (filled > 0) yield buffer.subarray(0, filled);
      filled = 0;
      buffer = new Uint8Array(pieceSize + 8);
      yield bytesOf(text.slice(at, end));
      at = end;
      continue;
    }
    const { length, byte, character } = escapeAt(text, slash, zeroFirst);
    at += length;
    if (character !== undefined) for (const each of bytesOf(character)) buffer[filled++] = each;
    else buffer[filled++] = byte;
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

interface Escape {
  /** Characters with the backslash. */
  readonly length: number;
  readonly byte: number;
  /** In place of the byte. */
  readonly character?: string;
}

function escapeAt(text: string, slash: number, zeroFirst: boolean): Escape {
  const code = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,4}))/.exec(text.slice(slash + 1, slash + 6));
  if (code?.[1] !== undefined) return { length: 1 + code[0].length, byte: Number.parseInt(code[1], 16) };
  if (code?.[2] !== undefined) {
    const character = String.fromCodePoint(Number.parseInt(code[2], 16));
    return { length: 1 + code[0].length, byte: 0, character };
  }
  if (code?.[3] !== undefined && (!zeroFirst || code[3].startsWith('0'))) {
    const digits = code[3].startsWith('0') ? code[3] : code[3].slice(0, 3);
    return { length: 1 + digits.length, byte: Number.parseInt(digits, 8) & 255 };
  }
  const known = simple[text[slash + 1] ?? ''];
  return known === undefined ? { length: 1, byte: 92 } : { length: 2, byte: known };
}
