import type { FileContent, FsStat, IFileSystem } from 'just-bash';
import { FileError } from '../files/file-error.ts';
import { absolutePath, resolvePath } from '../files/path.ts';
import { bytesOf, sizeOf, type TreeNode, textOf } from '../files/tree.ts';
import { openPath } from '../process/open.ts';
import type { Process } from '../process/process.ts';
import { readAll } from '../programs/streams.ts';

/** A process's files in just-bash's terms. Devices and the process's own streams work too. */
export class ToolFiles implements IFileSystem {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  #run<T>(path: string, work: (path: string) => T): Promise<T> {
    try {
      return Promise.resolve(work(this.#process.path(path)));
    } catch (error) {
      if (!(error instanceof FileError)) return Promise.reject(error);
      return Promise.reject(Object.assign(new Error(error.message), { code: error.code }));
    }
  }

  async #bytes(path: string): Promise<Uint8Array> {
    const node = this.#process.files.find(path);
    if (node?.kind === 'file') return this.#process.files.readFile(path);
    return readAll(this.#process, openPath(this.#process, path, 'read'));
  }

  async readFile(path: string): Promise<string> {
    return textOf(await this.readFileBuffer(path));
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return this.#run(path, (absolute) => this.#bytes(absolute)).then((bytes) => bytes);
  }

  writeFile(path: string, content: FileContent): Promise<void> {
    return this.#write(path, content, 'write');
  }

  appendFile(path: string, content: FileContent): Promise<void> {
    return this.#write(path, content, 'append');
  }

  #write(path: string, content: FileContent, mode: 'write' | 'append'): Promise<void> {
    return this.#run(path, async (absolute) => {
      await openPath(this.#process, absolute, mode).write(this.#process, bytesOf(content));
    }).then((done) => done);
  }

  exists(path: string): Promise<boolean> {
    return this.#run(path, (absolute) => this.#process.files.exists(absolute));
  }

  stat(path: string): Promise<FsStat> {
    return this.#run(path, (absolute) => statOf(this.#process.files.lookup(absolute)));
  }

  lstat(path: string): Promise<FsStat> {
    return this.#run(path, (absolute) => statOf(this.#process.files.lookup(absolute, false)));
  }

  mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    return this.#run(path, (absolute) =>
      options?.recursive ? this.#process.files.mkdir(absolute) : this.#process.files.makeDirectory(absolute),
    );
  }

  readdir(path: string): Promise<string[]> {
    return this.#run(path, (absolute) => [...this.#process.files.readdir(absolute)]);
  }

  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    return this.#run(path, (absolute) => {
      if (this.#process.files.find(absolute, false) === undefined && !options?.force)
        throw new FileError('ENOENT', path);
      this.#process.files.remove(absolute);
    });
  }

  cp(from: string, to: string): Promise<void> {
    return this.#run(from, (absolute) =>
      this.#process.files.writeFile(this.#process.path(to), this.#process.files.readFile(absolute)),
    );
  }

  mv(from: string, to: string): Promise<void> {
    return this.#run(from, (absolute) => this.#process.files.rename(absolute, this.#process.path(to)));
  }

  resolvePath(base: string, path: string): string {
    return resolvePath('/', absolutePath(base, path));
  }

  getAllPaths(): string[] {
    return [];
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.chmod(absolute, mode));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.symlink(target, absolute));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.link(this.#process.path(existing), absolute));
  }

  readlink(path: string): Promise<string> {
    return this.#run(path, (absolute) => this.#process.files.readlink(absolute));
  }

  realpath(path: string): Promise<string> {
    return this.#run(path, (absolute) => this.#process.files.realpath(absolute));
  }

  utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    return this.#run(path, (absolute) => this.#process.files.setModified(absolute, modified.getTime()));
  }
}

function statOf(node: TreeNode): FsStat {
  return {
    isFile: node.kind === 'file' || node.kind === 'device',
    isDirectory: node.kind === 'directory' || node.kind === 'dynamic',
    isSymbolicLink: node.kind === 'symlink',
    mode: node.mode,
    size: sizeOf(node),
    mtime: new Date(node.mtime),
  };
}
