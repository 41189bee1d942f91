import { fromBase64, toBase64 } from '@orrery/api';
import { FileError } from '../files/file-error.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { openInput } from './streams.ts';
import { complain } from './words.ts';

const block = 65_536;
/** How many bytes are one step ({@link Process.step}). */
const bytesPerStep = 1024;

/** `base64`: encodes what it reads, in lines of 76 characters, or decodes it. */
export const base64: Program = async (process) => {
  const { flags, values, operands, unknown } = parseOptions(process.args, 'dDiw:', {
    decode: 'd',
    'ignore-garbage': 'i',
    wrap: 'w:',
  });
  const width = Number(values.get('w') ?? 76);
  if (unknown !== undefined || !(Number.isInteger(width) && width >= 0)) {
    await complain(process, unknown === undefined ? `invalid wrap size: '${values.get('w')}'` : 'invalid option');
    return 1;
  }
  const [path = '-'] = operands;
  try {
    const input = openInput(process, path);
    const read = () => input.read(process, block);
    const decodes = flags.has('d') || flags.has('D');
    return decodes ? await decode(process, read, flags.has('i')) : await encode(process, read, width);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await complain(process, `${path}: ${error.reason}`);
    return 1;
  }
};

type Read = () => Uint8Array | undefined | Promise<Uint8Array | undefined>;

async function encode(process: Process, read: Read, width: number): Promise<number> {
  let rest = new Uint8Array();
  let column = 0;
  const write = async (bytes: Uint8Array) => {
    const text = toBase64(bytes);
    const lines: string[] = [];
    let at = 0;
    while (width > 0 && column + text.length - at >= width) {
      lines.push(text.slice(at, at + width - column), '\n');
      at += width - column;
      column = 0;
    }
    column += text.length - at;
    await process.stdout.write(lines.join('') + text.slice(at));
  };
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    await process.step(chunk.length / bytesPerStep);
    const bytes = joined([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    await write(bytes.subarray(0, whole));
    rest = bytes.slice(whole);
  }
  await write(rest);
  if (column > 0 && width > 0) await process.stdout.write('\n');
  return 0;
}

async function decode(process: Process, read: Read, ignores: boolean): Promise<number> {
  const decoder = new TextDecoder();
  const invalid = async () => {
    await complain(process, process.realm.flavor === 'busybox' ? 'truncated input' : 'invalid input');
    return 1;
  };
  let rest = '';
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    await process.step(chunk.length / bytesPerStep);
    const text = rest + decoder.decode(chunk, { stream: true }).replace(ignores ? /[^A-Za-z0-9+/=]/g : /[\r\n]/g, '');
    const whole = text.length - (text.length % 4);
    const valid =
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(text.slice(0, whole))?.[0] ?? '';
    await process.stdout.write(fromBase64(valid));
    if (valid.length < whole) return invalid();
    rest = text.slice(whole);
  }
  if (rest === '') return 0;
  // What is there of an unfinished group comes out.
  const bytes = /^[A-Za-z0-9+/]{2,3}/.exec(rest)?.[0];
  if (bytes !== undefined) await process.stdout.write(fromBase64(bytes.padEnd(4, '=')));
  return invalid();
}
