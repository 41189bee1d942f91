import { joined } from '../process/pipe.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { openInput, openWords, parseSize } from './streams.ts';
import { forEachPath } from './words.ts';

const named: { readonly [byte: number]: string } = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

/** How one unit of a dump is shown, and its size in bytes. */
interface Format {
  readonly size: number;
  show(value: number): string;
}

function formatOf(type: string): Format {
  const size = Number(/\d/.exec(type)?.[0] ?? (type.startsWith('c') ? 1 : 2));
  switch (type[0]) {
    case 'x':
      return { size, show: (value) => ` ${value.toString(16).padStart(size * 2, '0')}` };
    case 'd':
    case 'u':
      return { size, show: (value) => String(value).padStart(size === 1 ? 4 : 6) };
    case 'c':
    case 'a':
      return {
        size: 1,
        show: (value) =>
          (
            named[value] ??
            (value >= 32 && value < 127 ? String.fromCharCode(value) : value.toString(8).padStart(3, '0'))
          ).padStart(4),
      };
    default:
      return { size, show: (value) => ` ${value.toString(8).padStart(size === 1 ? 3 : 6, '0')}` };
  }
}

/** How many bytes are one step ({@link Process.step}). */
const bytesPerStep = 64;

/** `od`: bytes as numbers or characters, sixteen to a line. */
export const od: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'A:t:N:j:bcdoxvs', {
    'address-radix': 'A:',
    format: 't:',
    'read-bytes': 'N:',
  });
  const type =
    values.get('t') ??
    (flags.has('c') ? 'c' : flags.has('x') ? 'x2' : flags.has('b') ? 'o1' : flags.has('d') ? 'u2' : 'o2');
  const format = formatOf(type);
  const radix = { n: 0, x: 16, d: 10, o: 8 }[values.get('A') ?? 'o'] ?? 8;
  const skip = parseSize(values.get('j') ?? '0');
  const end = values.has('N') ? skip + parseSize(values.get('N') as string) : Number.POSITIVE_INFINITY;
  const address = (at: number) => (radix === 0 ? '' : at.toString(radix).padStart(radix === 16 ? 6 : 7, '0'));
  let rest: Uint8Array = new Uint8Array();
  let position = 0;
  /** Prints full lines, or with `last` all that is left. */
  const print = async (bytes: Uint8Array, last: boolean) => {
    const pause = process.step(bytes.length / bytesPerStep);
    if (pause !== undefined) await pause;
    const size = last ? bytes.length : bytes.length - (bytes.length % 16);
    let lines = '';
    for (let start = 0; start < size; start += 16) {
      lines += `${address(position + start)}${shown(bytes.subarray(start, Math.min(start + 16, size)), format)}\n`;
    }
    position += size;
    rest = bytes.slice(size);
    if (lines !== '') await process.stdout.write(lines);
  };
  const status = await forEachPath(
    process,
    operands.length === 0 ? ['-'] : operands,
    async (path) => {
      const input = openInput(process, path);
      let read = 0;
      while (position + rest.length < end) {
        const chunk = await input.read(process, 4096);
        if (chunk === undefined) return;
        const from = Math.max(0, skip - read);
        read += chunk.length;
        if (from >= chunk.length) continue;
        if (position + rest.length < skip) position = skip;
        await print(joined([rest, chunk.subarray(from)]).subarray(0, end - position), false);
      }
    },
    openWords(process),
  );
  await print(rest, true);
  if (radix !== 0) await process.stdout.write(`${address(position)}\n`);
  return status;
};

/** The units of one line. */
function shown(bytes: Uint8Array, format: Format): string {
  let line = '';
  for (let at = 0; at < bytes.length; at += format.size) {
    let value = 0;
    for (let byte = format.size - 1; byte >= 0; byte--) value = value * 256 + (bytes[at + byte] ?? 0);
    line += format.show(value);
  }
  return line;
}
