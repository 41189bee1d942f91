import type { FileStat, NodeFiles } from '@orrery/runtimes';

interface Entry {
  type: FileStat['type'];
  mode: number;
  uid: number;
  gid: number;
  content: Uint8Array;
  target: string;
}

/** A node's file system for tests. `onStep` is called after each call that changed something: a reader between two steps. */
export class MemoryFiles implements NodeFiles {
  readonly #entries = new Map<string, Entry>([['', entry('directory', 0o755)]]);
  onStep: (() => void) | undefined;

  readFile(path: string): Uint8Array {
    const found = this.#at(this.#follow(path));
    if (found.type === 'directory') throw fault('EISDIR', path);
    return found.content;
  }

  text(path: string): string {
    return new TextDecoder().decode(this.readFile(path));
  }

  writeFile(
    path: string,
    content: Uint8Array | string,
    options: { mode?: number; uid?: number; gid?: number } = {},
  ): void {
    const real = this.#follow(path);
    this.#parent(real);
    const old = this.#entries.get(real);
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    this.#entries.set(real, { ...(old ?? entry('file', 0o644)), ...options, content: bytes });
    this.onStep?.();
  }

  mkdir(path: string, options: { mode?: number; uid?: number; gid?: number } = {}): void {
    let current = '';
    for (const name of clean(path).split('/').slice(1)) {
      current = this.#follow(`${current}/${name}`);
      const found = this.#entries.get(current);
      if (found === undefined) this.#entries.set(current, { ...entry('directory', 0o755), ...options });
      else if (found.type !== 'directory') throw fault('ENOTDIR', path);
    }
    this.onStep?.();
  }

  readdir(path: string): readonly string[] {
    const real = this.#follow(path);
    if (this.#at(real).type !== 'directory') throw fault('ENOTDIR', path);
    const names: string[] = [];
    for (const key of this.#entries.keys()) {
      if (key.startsWith(`${real}/`) && !key.slice(real.length + 1).includes('/'))
        names.push(key.slice(real.length + 1));
    }
    return names.sort();
  }

  lstat(path: string): FileStat | undefined {
    return stat(this.#entries.get(this.#followParent(path)));
  }

  stat(path: string): FileStat | undefined {
    return stat(this.#entries.get(this.#follow(path)));
  }

  readlink(path: string): string {
    return this.#at(this.#followParent(path)).target;
  }

  symlink(target: string, path: string): void {
    const real = this.#followParent(path);
    if (this.#entries.has(real)) throw fault('EEXIST', path);
    this.#parent(real);
    this.#entries.set(real, { ...entry('symlink', 0o777), target });
    this.onStep?.();
  }

  rename(from: string, to: string): void {
    const source = this.#followParent(from);
    const target = this.#followParent(to);
    const moved = this.#at(source);
    this.#entries.delete(source);
    this.#entries.set(target, moved);
    for (const [key, value] of [...this.#entries]) {
      if (!key.startsWith(`${source}/`)) continue;
      this.#entries.delete(key);
      this.#entries.set(target + key.slice(source.length), value);
    }
    this.onStep?.();
  }

  remove(path: string): void {
    const real = this.#followParent(path);
    for (const key of [...this.#entries.keys()]) {
      if (key === real || key.startsWith(`${real}/`)) this.#entries.delete(key);
    }
    this.onStep?.();
  }

  chmod(path: string, mode: number): void {
    this.#at(this.#follow(path)).mode = mode;
  }

  chown(path: string, uid: number, gid: number): void {
    Object.assign(this.#at(this.#follow(path)), { uid, gid });
  }

  usage(path: string): number {
    const real = this.#follow(path);
    let total = 0;
    for (const [key, { content }] of this.#entries) if (key.startsWith(`${real}/`)) total += content.length;
    return total;
  }

  #at(path: string): Entry {
    const found = this.#entries.get(path);
    if (found === undefined) throw fault('ENOENT', path);
    return found;
  }

  #parent(path: string): void {
    if (this.#at(path.slice(0, path.lastIndexOf('/'))).type !== 'directory') throw fault('ENOTDIR', path);
  }

  #followParent(path: string): string {
    const full = clean(path);
    const slash = full.lastIndexOf('/');
    return this.#follow(full.slice(0, slash)) + full.slice(slash);
  }

  #follow(path: string, links = 0): string {
    let real = '';
    const names = clean(path).split('/').slice(1);
    for (const [index, name] of names.entries()) {
      if (name === '..') {
        real = real.slice(0, real.lastIndexOf('/'));
        continue;
      }
      const next = `${real}/${name}`;
      const found = this.#entries.get(next);
      if (found?.type === 'symlink') {
        if (links > 40) throw fault('ELOOP', path);
        const rest = names.slice(index + 1).join('/');
        const target = found.target.startsWith('/') ? found.target : `${real}/${found.target}`;
        return this.#follow(rest === '' ? target : `${target}/${rest}`, links + 1);
      }
      real = next;
    }
    return real;
  }
}

function entry(type: Entry['type'], mode: number): Entry {
  return { type, mode, uid: 0, gid: 0, content: new Uint8Array(), target: '' };
}

function stat(found: Entry | undefined): FileStat | undefined {
  if (found === undefined) return undefined;
  const { type, mode, uid, gid, content } = found;
  return { type, mode, uid, gid, sizeBytes: content.length, mtime: 0 };
}

function clean(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.length === 0 ? '' : `/${names.join('/')}`;
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
