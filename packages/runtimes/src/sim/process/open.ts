import { FileError } from '../files/file-error.ts';
import { chargeTo, contentAt, type FileNode, truncate, writeAt, zeros } from '../files/tree.ts';
import { Description, NullDescription, SourceDescription } from './description.ts';
import type { Process } from './process.ts';

/** An open regular file. */
class FileDescription extends Description {
  readonly file: FileNode;
  readonly #append: boolean;
  position = 0;

  constructor(file: FileNode, append: boolean) {
    super();
    this.file = file;
    this.#append = append;
  }

  take(_process: Process, max: number, until?: number): Uint8Array | undefined {
    const bytes = contentAt(this.file, this.position, max);
    if (bytes.length === 0) return undefined;
    const at = until === undefined ? -1 : bytes.indexOf(until);
    const taken = at < 0 ? bytes : bytes.subarray(0, at + 1);
    this.position += taken.length;
    return taken;
  }

  put(process: Process, bytes: Uint8Array): void {
    if (this.#append) this.position = this.file.size;
    writeAt(this.file, this.position, bytes);
    this.position += bytes.length;
    chargeTo(process.realm.memory, this.file);
    process.check();
  }
}

export type OpenMode = 'read' | 'write' | 'append' | 'read-write';

/** What a random byte costs, in steps. */
const randomWeight = 1 / 1024;

const nothing = new NullDescription().retain();

/** Opens a path for a process, devices and `/proc/self/fd` included (open(2)). @throws FileError */
export function openPath(process: Process, path: string, mode: OpenMode): Description {
  const absolute = process.path(path);
  const standard = standardDescription(process, absolute);
  if (standard !== undefined) return standard;
  const node = process.files.find(absolute);
  if (node?.kind === 'device') return openDevice(process, node.device, path);
  if (node?.kind === 'symlink') throw new FileError('ENOENT', path);
  if (mode === 'read') {
    if (node === undefined) throw absent(path);
    if (node.kind === 'directory' || node.kind === 'dynamic') return new DirectoryDescription(path);
    if (node.kind === 'socket') throw new FileError('ENXIO', path);
    if (!process.files.allows(node, 4)) throw new FileError('EACCES', path);
    return new FileDescription(node, false);
  }
  const file = process.files.openForWriting(absolute, true, 0o666 & ~process.umask);
  if (mode === 'write' && file.size > 0) truncate(file, 0);
  return new FileDescription(file, mode === 'append');
}

let lastAbsent: FileError | undefined;

/** Errors are slow to make, and a probe asks for the same missing file every time. */
function absent(path: string): FileError {
  if (lastAbsent?.path !== path) lastAbsent = new FileError('ENOENT', path);
  return lastAbsent;
}

/** Opening a directory works; reading it does not. */
class DirectoryDescription extends Description {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  take(): never {
    throw new FileError('EISDIR', this.#path);
  }

  put(): never {
    throw new FileError('EBADF', this.#path);
  }
}

function standardDescription(process: Process, path: string, depth = 0): Description | undefined {
  if (path === '/dev/stdin') return descriptor(process, 0, path);
  if (path === '/dev/stdout') return descriptor(process, 1, path);
  if (path === '/dev/stderr') return descriptor(process, 2, path);
  const own = /^(?:\/dev\/fd|\/proc\/self\/fd)\/(\d+)$/.exec(path);
  if (own) return descriptor(process, Number(own[1]), path);
  const other = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(path);
  if (other) {
    const owner = process.realm.processes.processes.get(Number(other[1]));
    if (owner === undefined) throw new FileError('ENOENT', path);
    return descriptor(owner, Number(other[2]), path);
  }
  // Images link their log files to /dev/stdout: links are followed by hand, one by one.
  const node = depth < 8 ? process.files.find(path, false) : undefined;
  return node?.kind === 'symlink' && /^\/(dev|proc)\//.test(node.target)
    ? standardDescription(process, node.target, depth + 1)
    : undefined;
}

function descriptor(process: Process, number: number, path: string): Description {
  const description = process.descriptors[number];
  if (description === undefined) throw new FileError('ENXIO', path);
  // A file reopened through its descriptor has its own position.
  return description instanceof FileDescription ? new FileDescription(description.file, true) : description;
}

function openDevice(process: Process, device: string, path: string): Description {
  switch (device) {
    case 'null':
      return nothing;
    case 'full':
      return new SourceDescription((length) => zeros.subarray(0, length));
    case 'zero':
      return new SourceDescription((length) => zeros.subarray(0, length));
    case 'random':
    case 'urandom':
      return new SourceDescription((length) => process.random.bytes(length), randomWeight);
    case 'tty': {
      const terminal = process.descriptors.find((description) => description?.terminal !== undefined);
      if (terminal === undefined) throw new FileError('ENXIO', path);
      return terminal;
    }
    default:
      throw new FileError('ENXIO', path);
  }
}
