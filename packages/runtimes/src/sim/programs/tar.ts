import { FileError } from '../files/file-error.ts';
import { parentPath, withoutTrailingSlashes } from '../files/path.ts';
import { bytesOf, type TreeNode, textOf } from '../files/tree.ts';
import { openPath } from '../process/open.ts';
import { joined } from '../process/pipe.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { CompressionError, Compressor, decompress, isCompressed } from './compression.ts';
import { modeText } from './listing.ts';
import { openInput, readAll } from './streams.ts';
import { complain } from './words.ts';

const block = 512;

interface Options {
  mode: 'c' | 'x' | 't' | undefined;
  archive: string;
  directory: string;
  verbose: boolean;
  stripped: number;
  follow: boolean;
  keepModes: boolean;
  excluded: string[];
  compressed: 'gzip' | 'other' | undefined;
  operands: string[];
}

function parse(args: readonly string[]): Options {
  const options: Options = {
    mode: undefined,
    archive: '-',
    directory: '.',
    verbose: false,
    stripped: 0,
    follow: false,
    keepModes: false,
    excluded: [],
    compressed: undefined,
    operands: [],
  };
  // The old style has no dash: `tar cf - .`.
  const words = args[0] !== undefined && /^[a-zA-Z]+$/.test(args[0]) ? [`-${args[0]}`, ...args.slice(1)] : [...args];
  while (words.length > 0) {
    const word = words.shift() as string;
    if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=');
      if (name === 'strip-components') options.stripped = Number(value ?? words.shift());
      else if (name === 'directory') options.directory = value ?? words.shift() ?? '.';
      else if (name === 'file') options.archive = value ?? words.shift() ?? '-';
      else if (name === 'exclude') options.excluded.push(value ?? words.shift() ?? '');
      else if (name === 'create') options.mode = 'c';
      else if (name === 'extract') options.mode = 'x';
      else if (name === 'list') options.mode = 't';
      else if (name === 'gzip') options.compressed = 'gzip';
      continue;
    }
    if (!word.startsWith('-') || word === '-') {
      options.operands.push(word);
      continue;
    }
    for (const letter of word.slice(1)) {
      if (letter === 'c' || letter === 'x' || letter === 't') options.mode = letter;
      else if (letter === 'f') options.archive = words.shift() ?? '-';
      else if (letter === 'C') options.directory = words.shift() ?? '.';
      else if (letter === 'v') options.verbose = true;
      else if (letter === 'h') options.follow = true;
      else if (letter === 'p') options.keepModes = true;
      else if (letter === 'z') options.compressed = 'gzip';
      else if (letter === 'j' || letter === 'J') options.compressed = 'other';
    }
  }
  return options;
}

/** `tar`, with gzip as its only compression: what `kubectl cp` needs, and most else. */
export const tar: Program = async (process) => {
  const options = parse(process.args);
  if (options.mode === undefined || options.compressed === 'other') {
    const other = options.compressed === 'other';
    await complain(process, other ? 'this compression is not supported' : 'must specify one of -c, -t, -x');
    return 2;
  }
  try {
    return options.mode === 'c' ? await create(process, options) : await extract(process, options);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await complain(process, `${error.path}: ${error.reason}`);
    return 2;
  }
};

async function create(process: Process, options: Options): Promise<number> {
  const output = options.archive === '-' ? process.descriptors[1] : openPath(process, options.archive, 'write');
  const plain = (bytes: Uint8Array) => output?.write(process, bytes);
  const compressor = options.compressed === 'gzip' ? new Compressor(process, 6, plain) : undefined;
  const write = compressor === undefined ? plain : (bytes: Uint8Array) => compressor.write(bytes);
  let status = 0;
  const add = async (path: string): Promise<void> => {
    if (options.excluded.some((name) => path === name || path.endsWith(`/${name}`))) return;
    const absolute = process.path(`${options.directory}/${path}`).replace(/\/\.\//g, '/');
    const full = path.startsWith('/') ? path : absolute;
    const node = process.files.lookup(full, options.follow);
    const name = path.replace(/^\/+/, '') || './';
    if (options.verbose) await process.stderr.write(`${name}\n`);
    await write(entryBytes(process, node, name, full));
    if (node.kind !== 'directory' && node.kind !== 'dynamic') return;
    for (const child of process.files.readdir(full)) await add(`${withoutTrailingSlashes(path)}/${child}`);
  };
  for (const path of options.operands) {
    try {
      await add(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await complain(
        process,
        process.realm.flavor === 'busybox' ? `${path}: ${error.reason}` : `${path}: Cannot stat: ${error.reason}`,
      );
      status = process.realm.flavor === 'busybox' ? 1 : 2;
    }
  }
  await write(new Uint8Array(2 * block));
  await compressor?.end();
  return status;
}

function entryBytes(process: Process, node: TreeNode, name: string, path: string): Uint8Array {
  const isDirectory = node.kind === 'directory' || node.kind === 'dynamic';
  const content = node.kind === 'file' ? process.files.readFile(path) : new Uint8Array();
  const fullName = isDirectory && !name.endsWith('/') ? `${name}/` : name;
  const type = isDirectory ? '5' : node.kind === 'symlink' ? '2' : '0';
  const link = node.kind === 'symlink' ? node.target : '';
  const chunks: Uint8Array[] = [];
  // Names that do not fit come first, in entries of their own (GNU).
  if (bytesOf(fullName).length > 100) chunks.push(longName('L', fullName));
  if (bytesOf(link).length > 100) chunks.push(longName('K', link));
  chunks.push(header({ name: fullName, node, size: content.length, type, link }), padded(content));
  return joined(chunks);
}

function longName(type: string, name: string): Uint8Array {
  const content = bytesOf(`${name}\0`);
  return joined([
    header({ name: '././@LongLink', node: undefined, size: content.length, type, link: '' }),
    padded(content),
  ]);
}

function padded(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(content.length / block) * block);
  bytes.set(content);
  return bytes;
}

function header(entry: {
  readonly name: string;
  readonly node: TreeNode | undefined;
  readonly size: number;
  readonly type: string;
  readonly link: string;
}): Uint8Array {
  const bytes = new Uint8Array(block);
  const put = (at: number, length: number, text: string) => bytes.set(bytesOf(text).subarray(0, length), at);
  const octal = (at: number, length: number, value: number) =>
    put(at, length, `${value.toString(8).padStart(length - 1, '0')}\0`);
  put(0, 100, entry.name);
  octal(100, 8, entry.node?.mode ?? 0o644);
  octal(108, 8, entry.node?.uid ?? 0);
  octal(116, 8, entry.node?.gid ?? 0);
  octal(124, 12, entry.size);
  octal(136, 12, Math.floor((entry.node?.mtime ?? 0) / 1000));
  put(148, 8, '        ');
  put(156, 1, entry.type);
  put(157, 100, entry.link);
  put(257, 8, 'ustar  \0');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly content: Uint8Array;
}

/** The entries of an archive (ustar, GNU and PAX names). @throws Error when it is none */
export function* readEntries(archive: Uint8Array): Generator<Entry> {
  if (archive.length < block) throw new Error('short read');
  let longNameText: string | undefined;
  let longLink: string | undefined;
  for (let at = 0; at + block <= archive.length; ) {
    const head = archive.subarray(at, at + block);
    if (head.every((byte) => byte === 0)) return;
    const text = (from: number, length: number) => {
      const field = head.subarray(from, from + length);
      const end = field.indexOf(0);
      return textOf(end < 0 ? field : field.subarray(0, end));
    };
    const number = (from: number, length: number) => Number.parseInt(text(from, length).trim() || '0', 8);
    const size = number(124, 12);
    if (Number.isNaN(size) || !text(257, 5).startsWith('ustar')) throw new Error('invalid tar magic');
    const content = archive.subarray(at + block, at + block + size);
    if (content.length < size) throw new Error('short read');
    at += block + Math.ceil(size / block) * block;
    const type = text(156, 1) || '0';
    if (type === 'L') longNameText = textOf(content).split('\0', 1)[0] ?? '';
    else if (type === 'K') longLink = textOf(content).split('\0', 1)[0] ?? '';
    else if (type === 'x' || type === 'g') {
      for (const record of textOf(content).matchAll(/\d+ (path|linkpath)=([^\n]*)\n/g)) {
        if (type === 'g') continue;
        if (record[1] === 'path') longNameText = record[2];
        else longLink = record[2];
      }
    } else {
      const prefix = head[262] === 0 ? text(345, 155) : '';
      const name = longNameText ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`);
      yield {
        name,
        type,
        link: longLink ?? text(157, 100),
        mode: number(100, 8),
        uid: number(108, 8),
        gid: number(116, 8),
        mtime: number(136, 12) * 1000,
        content,
      };
      longNameText = undefined;
      longLink = undefined;
    }
  }
}

async function extract(process: Process, options: Options): Promise<number> {
  const input = openInput(process, options.archive);
  let archive: Uint8Array;
  try {
    archive = await unpacked(process, await readAll(process, input));
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    await complain(process, error.message);
    return 1;
  }
  if (archive.length === 0) {
    await complain(
      process,
      process.realm.flavor === 'busybox' ? 'short read' : 'This does not look like a tar archive',
    );
    return process.realm.flavor === 'busybox' ? 1 : 2;
  }
  try {
    for (const entry of readEntries(archive)) {
      const name = entry.name
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .slice(options.stripped)
        .join('/');
      const chosen =
        options.operands.length === 0 ||
        options.operands.some(
          (operand) => name === operand.replace(/\/$/, '') || name.startsWith(`${operand.replace(/\/$/, '')}/`),
        );
      if (!chosen) continue;
      if (options.mode === 't')
        await process.stdout.write(`${options.verbose ? `${listedMode(entry)} ` : ''}${entry.name}\n`);
      else if (name !== '') {
        if (name.split('/').includes('..')) throw new Error(`name with '..' encountered: '${entry.name}'`);
        if (options.verbose) await process.stdout.write(`${entry.name}\n`);
        unpack(process, entry, process.path(`${options.directory}/${name}`));
      }
    }
    return 0;
  } catch (error) {
    if (error instanceof FileError || !(error instanceof Error)) throw error;
    process.check();
    await complain(process, error.message);
    return 1;
  }
}

/** What was archived, which gzip may have compressed. */
async function unpacked(process: Process, archive: Uint8Array): Promise<Uint8Array> {
  if (!isCompressed(archive)) return archive;
  const packed = [archive];
  const chunks: Uint8Array[] = [];
  let held = archive.length;
  process.hold(held);
  await decompress(
    process,
    () => packed.pop(),
    (chunk) => {
      held += chunk.length;
      process.hold(chunk.length);
      chunks.push(chunk);
    },
  );
  process.hold(-held);
  return joined(chunks);
}

function listedMode(entry: Entry): string {
  const kind = entry.type === '5' ? 'directory' : entry.type === '2' ? 'symlink' : 'file';
  return modeText({ kind, mode: entry.mode } as TreeNode);
}

function unpack(process: Process, entry: Entry, path: string): void {
  const { files } = process;
  const mode = entry.mode & ~process.umask & 0o7777;
  files.mkdir(parentPath(path));
  if (entry.type === '5') {
    if (!files.isDirectory(path)) files.makeDirectory(path, { mode: mode | 0o700 });
    return;
  }
  const existing = files.find(path, false);
  if (existing !== undefined && existing.kind !== 'directory') files.unlink(path);
  if (entry.type === '2') files.symlink(entry.link, path);
  else if (entry.type === '1') files.link(process.path(`/${entry.link}`), path);
  else {
    files.writeFile(path, entry.content, { mode });
    files.setModified(path, entry.mtime);
    if (files.credentials.uid === 0) files.chown(path, entry.uid, entry.gid);
  }
}
