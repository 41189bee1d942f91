import { FlateErrorCode, Gunzip, Gzip } from 'fflate';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';

/** Takes bytes; a promise where the taker is behind. */
export type Taker = (bytes: Uint8Array) => void | Promise<void>;

/** Gives bytes; undefined at their end. */
export type Reader = () => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Bytes that are compressed at once. */
const plainBlock = 32_768;
/** Bytes that are decompressed at once: they may become a thousand times as many. */
const packedBlock = 4096;
/** How many bytes are one step ({@link Process.step}). */
const bytesPerStep = 1024;
/** Bytes that a compressor has for itself: its window and tables, of which `tables` (fflate's `mem`) decides the size. */
const tables = 4;
const compressorBytes = 400 * 1024;
const decompressorBytes = 64 * 1024;
/** Bytes of input from which nothing has come out: a header without end. */
const longestSilence = 256 * 1024;

/** Compresses bytes as they come, as gzip(1) does, without a name and a time. */
export class Compressor {
  readonly #process: Process;
  readonly #take: Taker;
  readonly #gzip: Gzip;
  readonly #made: Uint8Array[] = [];

  constructor(process: Process, level: Level, take: Taker) {
    this.#process = process;
    this.#take = take;
    process.hold(compressorBytes);
    this.#gzip = new Gzip({ level, mem: tables, mtime: 0 }, (chunk) => void this.#made.push(chunk));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += plainBlock) {
      const block = bytes.subarray(at, at + plainBlock);
      await this.#process.step(block.length / bytesPerStep);
      this.#gzip.push(block);
      await this.#pass();
    }
  }

  /** No more bytes will come. */
  async end(): Promise<void> {
    this.#gzip.push(new Uint8Array(), true);
    await this.#pass();
    this.#process.hold(-compressorBytes);
  }

  async #pass(): Promise<void> {
    for (const chunk of this.#made.splice(0)) if (chunk.length > 0) await this.#take(chunk);
  }
}

/** Why bytes cannot be decompressed, in gzip's words. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}

/**
 * Decompresses what is read until its end, as gunzip(1) does: several archives behind one another, and what follows them is ignored.
 * @throws CompressionError
 */
export async function decompress(process: Process, read: Reader, take: Taker): Promise<void> {
  process.hold(decompressorBytes);
  try {
    await inflate(process, read, take);
  } catch (error) {
    // A killed process holds nothing any more.
    if (error instanceof CompressionError) process.hold(-decompressorBytes);
    throw error;
  }
  process.hold(-decompressorBytes);
}

async function inflate(process: Process, read: Reader, take: Taker): Promise<void> {
  const made: Uint8Array[] = [];
  let any = false;
  let silence = 0;
  const gunzip = new Gunzip((chunk) => void made.push(chunk));
  const push = async (bytes: Uint8Array, last: boolean): Promise<boolean> => {
    await process.step(bytes.length / bytesPerStep);
    silence += bytes.length;
    try {
      gunzip.push(bytes, last);
    } catch (error) {
      const { code } = error as { readonly code?: number };
      if (code === FlateErrorCode.InvalidHeader && any) return false;
      throw new CompressionError(reasons[code ?? -1] ?? 'invalid compressed data--format violated');
    }
    for (const chunk of made.splice(0)) {
      if (chunk.length === 0) continue;
      any = true;
      silence = 0;
      await process.step(chunk.length / bytesPerStep / 16);
      await take(chunk);
    }
    if (silence > longestSilence) throw new CompressionError('not in gzip format');
    return true;
  };
  // The last bytes say that they are the last: those before them wait for more.
  let held = new Uint8Array();
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    const bytes = held.length < shortest ? joined([held, chunk]) : chunk;
    if (bytes === chunk && !(await push(held, false))) return;
    let at = 0;
    for (; at + packedBlock < bytes.length; at += packedBlock) {
      if (!(await push(bytes.subarray(at, at + packedBlock), false))) return;
    }
    held = bytes.slice(at);
  }
  if (!any && held.length < shortest) {
    throw new CompressionError(
      isCompressed(held) || held.length === 0 ? 'unexpected end of file' : 'not in gzip format',
    );
  }
  await push(held, true);
}

/** Bytes of an archive of nothing. */
const shortest = 18;

const reasons: { readonly [code: number]: string } = {
  [FlateErrorCode.UnexpectedEOF]: 'unexpected end of file',
  [FlateErrorCode.InvalidHeader]: 'not in gzip format',
};

/** Whether bytes begin as gzip's do. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
