import { FileError } from '../files/file-error.ts';
import { parentPath } from '../files/path.ts';
import { bytesOf, contentAt } from '../files/tree.ts';
import type { Description } from '../process/description.ts';
import { openPath } from '../process/open.ts';
import { type Parts, paced } from '../process/paced.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { complain, forEachPath } from './words.ts';

const newline = 10;

/** A path or `-`, for reading. @throws FileError */
export function openInput(process: Process, path: string): Description {
  const own = process.descriptors[0];
  if (path !== '-') return openPath(process, path, 'read');
  if (own === undefined) throw new FileError('EBADF', path);
  return own;
}

/** How a program says that it could not open a file, or not write what it read. */
export function openWords(process: Process): (path: string, error: FileError) => string {
  return (path, error) => {
    if (error.code === 'ENOSPC') return `write error: ${error.reason}`;
    if (process.realm.flavor !== 'busybox') return `${path}: ${error.reason}`;
    return error.code === 'EISDIR' ? `read error: ${error.reason}` : `can't open '${path}': ${error.reason}`;
  };
}

/** All bytes of a description. They count as memory while they are read. @throws FileError */
export async function readAll(process: Process, description: Description): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  for (;;) {
    const chunk = await description.read(process, 65_536);
    process.check();
    if (chunk === undefined) break;
    chunks.push(chunk);
    held += chunk.length + 64;
    process.hold(chunk.length + 64);
  }
  process.hold(-held);
  return joined(chunks);
}

/** Copies a description to standard output until it ends. */
async function copyOut(process: Process, description: Description): Promise<void> {
  for (;;) {
    const chunk = await description.read(process, 65_536);
    if (chunk === undefined) return;
    await process.stdout.write(chunk);
  }
}

export const cat: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'benstuvAET');
  let line = 1;
  const numbered = flags.has('n') || flags.has('b');
  return forEachPath(
    process,
    operands.length === 0 ? ['-'] : operands,
    async (path) => {
      const input = openInput(process, path);
      if (!numbered && !flags.has('e') && !flags.has('E') && !flags.has('A')) return copyOut(process, input);
      const end = flags.has('e') || flags.has('E') || flags.has('A') ? '$' : '';
      const decoder = new TextDecoder();
      for (let start = true; ; ) {
        const chunk = await input.read(process, 65_536, newline);
        if (chunk === undefined) return;
        const text = decoder.decode(chunk, { stream: true });
        const whole = text.endsWith('\n');
        const count = start && numbered && !(flags.has('b') && text === '\n') ? `${String(line++).padStart(6)}\t` : '';
        await process.stdout.write(`${count}${whole ? `${text.slice(0, -1)}${end}\n` : text}`);
        start = whole;
      }
    },
    openWords(process),
  );
};

/** `10`, `1k`, `5M`, `2MiB`: a number of bytes or lines. */
export function parseSize(text: string): number {
  const match = /^([-+]?\d+)([bkKmMgGtT]?)(?:i?B)?$/.exec(text.trim());
  if (match === null) return Number.NaN;
  const powers: { readonly [unit: string]: number } = { b: 512, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
  return Number(match[1]) * (powers[(match[2] ?? '').toLowerCase()] ?? 1);
}

/** `-5` is the old way to write `-n 5`. */
function withOldCount(args: readonly string[]): readonly string[] {
  return args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));
}

export const head: Program = async (process) => {
  const { flags, values, operands } = parseOptions(withOldCount(process.args), 'n:c:qv', { lines: 'n:', bytes: 'c:' });
  const bytes = values.has('c') ? parseSize(values.get('c') as string) : undefined;
  const lines = parseSize(values.get('n') ?? '10');
  const paths = operands.length === 0 ? ['-'] : operands;
  let first = true;
  return forEachPath(
    process,
    paths,
    async (path) => {
      const input = openInput(process, path);
      if ((paths.length > 1 || flags.has('v')) && !flags.has('q')) {
        await process.stdout.write(`${first ? '' : '\n'}==> ${path} <==\n`);
      }
      first = false;
      if (bytes !== undefined) return headBytes(process, input, bytes);
      if (lines < 0) {
        const all = await readAll(process, input);
        return process.stdout.write(all.subarray(0, await paced(process, lastLinesStart(all, -lines))));
      }
      for (let left = lines; left > 0; ) {
        const chunk = await input.read(process, 65_536, newline);
        if (chunk === undefined) return;
        if (chunk[chunk.length - 1] === newline) left--;
        await process.stdout.write(chunk);
      }
    },
    openWords(process),
  );
};

async function headBytes(process: Process, input: Description, bytes: number): Promise<void> {
  if (bytes < 0) {
    const all = await readAll(process, input);
    return process.stdout.write(all.subarray(0, Math.max(0, all.length + bytes)));
  }
  for (let left = bytes; left > 0; ) {
    const chunk = await input.read(process, Math.min(left, 65_536));
    if (chunk === undefined) return;
    left -= chunk.length;
    await process.stdout.write(chunk);
  }
}

/** Where the last lines of all begin. */
function* lastLinesStart(all: Uint8Array, count: number): Parts<number> {
  let start = all.length;
  for (let left = count; left > 0 && start > 0; left--) {
    if (left % 10_000 === 0) yield;
    start = start === 1 ? 0 : all.lastIndexOf(newline, start - 2) + 1;
  }
  return start;
}

/** Where what follows the first lines begins. */
function* afterLines(all: Uint8Array, count: number): Parts<number> {
  let start = 0;
  for (let left = count; left > 0; left--) {
    if (left % 10_000 === 0) yield;
    const end = all.indexOf(newline, start);
    if (end < 0) return all.length;
    start = end + 1;
  }
  return start;
}

export const tail: Program = async (process) => {
  const { flags, values, operands } = parseOptions(withOldCount(process.args), 'n:c:fFqvrs:', {
    lines: 'n:',
    bytes: 'c:',
    follow: 'f',
    retry: 'r',
  });
  const paths = operands.length === 0 ? ['-'] : operands;
  const follow = flags.has('f') || flags.has('F') || process.args.some((arg) => arg.startsWith('--follow='));
  const count = values.get('c') ?? values.get('n') ?? '10';
  const state = { first: true, titles: (paths.length > 1 || flags.has('v')) && !flags.has('q') };
  const status = await forEachPath(
    process,
    paths,
    async (path) => {
      const input = openInput(process, path);
      if (state.titles) await process.stdout.write(`${state.first ? '' : '\n'}==> ${path} <==\n`);
      state.first = false;
      await process.stdout.write(await lastPart(process, await readAll(process, input), count, values.has('c')));
    },
    openWords(process),
  );
  if (!follow || (paths.length === 1 && paths[0] === '-')) return status;
  const byName = flags.has('F') || process.args.includes('--follow=name') || flags.has('r');
  return followFiles(process, paths, byName, state.titles);
};

async function lastPart(process: Process, all: Uint8Array, countText: string, bytes: boolean): Promise<Uint8Array> {
  const count = parseSize(countText);
  const fromStart = countText.startsWith('+');
  if (bytes)
    return fromStart ? all.subarray(Math.max(0, count - 1)) : all.subarray(Math.max(0, all.length - Math.abs(count)));
  const parts = fromStart ? afterLines(all, count - 1) : lastLinesStart(all, Math.abs(count));
  return all.subarray(await paced(process, parts));
}

/** Prints what is added to files, until killed. With `byName`, a file that appears later or is replaced is followed too. */
async function followFiles(
  process: Process,
  paths: readonly string[],
  byName: boolean,
  titles: boolean,
): Promise<number> {
  const position = new Map<string, { node: object | undefined; at: number }>();
  for (const path of paths) {
    const node = process.files.find(process.path(path));
    position.set(path, { node, at: node?.kind === 'file' ? node.size : 0 });
  }
  let current = paths.at(-1);
  for (;;) {
    for (const path of paths) {
      const state = position.get(path) as { node: object | undefined; at: number };
      const node = process.files.find(process.path(path));
      if (node?.kind !== 'file') continue;
      if (node !== state.node) {
        if (!byName) continue;
        if (state.node !== undefined) await complain(process, `${path} has been replaced; following end of new file`);
        state.node = node;
        state.at = 0;
      }
      if (node.size < state.at) state.at = 0;
      if (node.size === state.at) continue;
      if (titles && current !== path) await process.stdout.write(`\n==> ${path} <==\n`);
      current = path;
      for (let added = contentAt(node, state.at, 65_536); added.length > 0; added = contentAt(node, state.at, 65_536)) {
        state.at += added.length;
        await process.stdout.write(added);
      }
    }
    await changed(process, paths, byName);
  }
}

/** Waits until one of the files, or with `byName` its directory, changes. */
function changed(process: Process, paths: readonly string[], byName: boolean): Promise<void> {
  return process.park<void>((wake) => {
    const watches: Disposable[] = [];
    const watch = (path: string) => {
      if (process.files.exists(path)) watches.push(process.files.watch(path, () => wake()));
    };
    for (const path of paths) {
      const absolute = process.path(path);
      watch(absolute);
      if (byName) watch(parentPath(absolute));
    }
    return () => {
      for (const each of watches) each[Symbol.dispose]();
    };
  });
}

export const tee: Program = async (process) => {
  const { flags, operands } = parseOptions(process.args, 'ai');
  const outputs: Description[] = [];
  const status = await forEachPath(
    process,
    operands,
    (path) => void outputs.push(openPath(process, path, flags.has('a') ? 'append' : 'write')),
    (path, error) => `${path}: ${error.reason}`,
  );
  for (;;) {
    const chunk = await process.stdin.read();
    if (chunk === undefined) return status;
    for (const output of outputs) await output.write(process, chunk);
    await process.stdout.write(chunk);
  }
};

export const yes: Program = async (process) => {
  const line = bytesOf(`${process.args.join(' ') || 'y'}\n`);
  const block = joined(Array.from({ length: Math.max(1, Math.floor(4096 / line.length)) }, () => line));
  for (;;) {
    await process.stdout.write(block);
  }
};

export const dd: Program = async (process) => {
  const settings = new Map(process.args.map((arg) => arg.split('=', 2) as [string, string]));
  const blockSize = parseSize(settings.get('bs') ?? '512');
  const count = settings.has('count') ? Number(settings.get('count')) : Number.POSITIVE_INFINITY;
  try {
    const input = openInput(process, settings.get('if') ?? '-').retain();
    const path = settings.get('of');
    const output = path === undefined ? process.descriptors[1] : openPath(process, path, 'write');
    const skip = Number(settings.get('skip') ?? 0) * blockSize;
    for (let left = skip; left > 0; ) {
      const chunk = await input.read(process, Math.min(left, 65_536));
      if (chunk === undefined) break;
      left -= chunk.length;
    }
    // A block is held in memory, as by the real dd.
    process.allocate(blockSize);
    let total = 0;
    for (let left = blockSize * count; left > 0; ) {
      const chunk = await input.read(process, Math.min(left, 65_536));
      if (chunk === undefined) break;
      left -= chunk.length;
      total += chunk.length;
      await output?.write(process, chunk);
    }
    input.release();
    const full = Math.floor(total / blockSize);
    const partial = total % blockSize === 0 ? 0 : 1;
    const blocks = `${full}+${partial}`;
    await process.stderr.write(`${blocks} records in\n${blocks} records out\n${total} bytes copied\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await complain(process, openWords(process)(error.path, error));
    return 1;
  }
};
