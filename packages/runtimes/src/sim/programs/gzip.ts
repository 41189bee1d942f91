import { FileError } from '../files/file-error.ts';
import type { Description } from '../process/description.ts';
import { openPath } from '../process/open.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { CompressionError, Compressor, decompress, type Level } from './compression.ts';
import { type Options, parseOptions } from './options.ts';
import { openInput } from './streams.ts';
import { complain } from './words.ts';

const letters = 'cdfhklnNqrtv123456789S:';
const longNames = {
  stdout: 'c',
  'to-stdout': 'c',
  decompress: 'd',
  uncompress: 'd',
  force: 'f',
  keep: 'k',
  'no-name': 'n',
  name: 'N',
  quiet: 'q',
  recursive: 'r',
  test: 't',
  verbose: 'v',
  fast: '1',
  best: '9',
  suffix: 'S:',
};

const block = 65_536;

/** `gzip`: compresses or decompresses files in their place, or what it reads. */
export const gzip: Program = (process) => runGzip(process, []);

/** `gunzip`: `gzip -d`. */
export const gunzip: Program = (process) => runGzip(process, ['d']);

/** `zcat`: `gzip -dc`. */
export const zcat: Program = (process) => runGzip(process, ['d', 'c']);

interface Work {
  readonly unpack: boolean;
  readonly level: Level;
  readonly suffix: string;
  readonly has: (flag: string) => boolean;
}

async function runGzip(process: Process, preset: readonly string[]): Promise<number> {
  const options = parseOptions(process.args, letters, longNames);
  if (options.unknown !== undefined) {
    const gnu = options.unknown.startsWith('--') ? `unrecognized option` : `invalid option --`;
    await complain(process, `${gnu} '${options.unknown.replace(/^-(?!-)/, '')}'`);
    return 1;
  }
  const work = workOf(options, preset);
  const { operands } = options;
  let status = 0;
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const problem = await attempt(process, path, work);
    if (problem === undefined) continue;
    if (!work.has('q')) await complain(process, problem);
    status = 1;
  }
  return status;
}

function workOf({ flags, values }: Options, preset: readonly string[]): Work {
  const has = (flag: string) => flags.has(flag) || preset.includes(flag);
  const digit = [...flags].findLast((flag) => /^[1-9]$/.test(flag));
  return {
    has,
    unpack: has('d') || has('t'),
    level: Number(digit ?? 6) as Level,
    suffix: values.get('S') ?? '.gz',
  };
}

/** What went wrong with a file, in words. */
async function attempt(process: Process, path: string, work: Work): Promise<string | undefined> {
  const name = path === '-' ? 'stdin' : path;
  try {
    if (path === '-' || work.has('c') || work.has('t')) {
      await convert(process, openInput(process, path), work.has('t') ? undefined : process.descriptors[1], work);
      return undefined;
    }
    return await inPlace(process, path, work);
  } catch (error) {
    if (error instanceof CompressionError) return `${name}: ${error.message}`;
    if (error instanceof FileError) return `${name}: ${error.reason}`;
    throw error;
  }
}

async function convert(
  process: Process,
  input: Description,
  output: Description | undefined,
  { unpack, level }: Work,
): Promise<void> {
  const read = () => input.read(process, block);
  const take = (bytes: Uint8Array) => output?.write(process, bytes);
  if (unpack) return decompress(process, read, take);
  const compressor = new Compressor(process, level, take);
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) await compressor.write(chunk);
  await compressor.end();
}

/** Puts the converted file beside the other, which is removed. */
async function inPlace(process: Process, path: string, work: Work): Promise<string | undefined> {
  const { files } = process;
  if (files.isDirectory(process.path(path))) {
    if (!work.has('r')) return `${path} is a directory -- ignored`;
    for (const name of files.readdir(process.path(path))) {
      const problem = await attempt(process, `${path}/${name}`, work);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const target = targetOf(path, work);
  if (target === undefined) return `${path}: unknown suffix -- ignored`;
  if (!work.unpack && path.endsWith(work.suffix)) return `${path} already has ${work.suffix} suffix -- unchanged`;
  if (files.exists(process.path(target)) && !work.has('f')) return `${target} already exists; not overwritten`;
  const { mode, mtime } = files.lookup(process.path(path));
  const input = openPath(process, path, 'read').retain();
  const output = openPath(process, target, 'write').retain();
  try {
    await convert(process, input, output, work);
  } catch (error) {
    // A killed process can remove nothing.
    if (!process.ended) files.unlink(process.path(target));
    throw error;
  } finally {
    input.release();
    output.release();
  }
  files.chmod(process.path(target), mode);
  files.setModified(process.path(target), mtime);
  if (work.has('v')) await complain(process, `${path}: ${work.has('k') ? 'created' : 'replaced with'} ${target}`);
  if (!work.has('k')) files.unlink(process.path(path));
  return undefined;
}

function targetOf(path: string, { unpack, suffix }: Work): string | undefined {
  if (!unpack) return path + suffix;
  if (path.endsWith('.tgz')) return `${path.slice(0, -4)}.tar`;
  return path.endsWith(suffix) && path !== suffix ? path.slice(0, -suffix.length) : undefined;
}
