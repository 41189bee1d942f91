import { bytesOf } from '../files/tree.ts';
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
  if (!text.includes('\\')) return bytesOf(text);
  const bytes: number[] = [];
  let at = 0;
  while (at < text.length) {
    const slash = text.indexOf('\\', at);
    const end = slash < 0 ? text.length : slash;
    if (end > at) for (const byte of bytesOf(text.slice(at, end))) bytes.push(byte);
    if (slash < 0) break;
    const code = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,4}))/.exec(text.slice(slash + 1, slash + 6));
    const character = text[slash + 1];
    if (code?.[1] !== undefined) bytes.push(Number.parseInt(code[1], 16));
    else if (code?.[2] !== undefined) {
      for (const byte of bytesOf(String.fromCodePoint(Number.parseInt(code[2], 16)))) bytes.push(byte);
    } else if (code?.[3] !== undefined && (!zeroFirst || code[3].startsWith('0'))) {
      const digits = code[3].startsWith('0') ? code[3] : code[3].slice(0, 3);
      bytes.push(Number.parseInt(digits, 8) & 255);
      at = slash + 1 + digits.length;
      continue;
    } else if (character !== undefined && simple[character] !== undefined) {
      bytes.push(simple[character]);
    } else {
      bytes.push(92);
      at = slash + 1;
      continue;
    }
    at = slash + 1 + (code === null ? 1 : code[0].length);
  }
  return Uint8Array.from(bytes);
}
