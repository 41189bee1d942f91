import { beforeEach, describe, expect, test } from 'vitest';
import { FileView, newFileView } from './file-view.ts';
import { type Layer, newDirectory } from './tree.ts';

const layer = (): Layer => ({ now: () => 1000, changes: { count: 0 } });
const text = (content: Uint8Array) => new TextDecoder().decode(content);

let files: FileView;
beforeEach(() => {
  files = newFileView(layer());
});

const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

test('written data can be read', () => {
  files.mkdir('/a/b');
  files.writeFile('/a/b/c', 'hi', { mode: 0o600, uid: 5, gid: 6 });
  expect(text(files.readFile('/a/b/c'))).toBe('hi');
  expect(files.stat('/a/b/c')).toEqual({ type: 'file', mode: 0o600, uid: 5, gid: 6, sizeBytes: 2, mtime: 1000 });
  expect(files.readdir('/a')).toEqual(['b']);
  expect(files.usage('/a')).toBe(2);
});

test('bytes that were read stay as they are', () => {
  files.writeFile('/f', 'aaaa');
  const before = files.readFile('/f');
  files.appendFile('/f', 'bbbb');
  files.writeFile('/f', 'cccc');
  expect(text(before)).toBe('aaaa');
});

test('bytes that were written are the writer’s own', () => {
  const given = new TextEncoder().encode('mine');
  files.writeFile('/f', given);
  given[0] = 0;
  expect(text(files.readFile('/f'))).toBe('mine');
});

describe('errors carry Linux’s codes', () => {
  test.each([
    ['ENOENT', 'reading nothing', () => files.readFile('/no')],
    ['ENOENT', 'writing where no directory is', () => files.writeFile('/no/f', '')],
    ['EISDIR', 'reading a directory', () => files.readFile('/d')],
    ['EISDIR', 'writing a directory', () => files.writeFile('/d', '')],
    ['ENOTDIR', 'listing a file', () => files.readdir('/f')],
    ['ENOTDIR', 'making a directory below a file', () => files.mkdir('/f/x')],
    ['EEXIST', 'linking over a file', () => files.symlink('x', '/f')],
    ['EEXIST', 'making a directory twice', () => files.makeDirectory('/d')],
    ['ENOTEMPTY', 'removing a full directory', () => files.rmdir('/d')],
    ['ENOTEMPTY', 'renaming over a full directory', () => files.rename('/e', '/d')],
    ['EINVAL', 'moving a directory into itself', () => files.rename('/d', '/d/inside')],
    ['EINVAL', 'reading a file as a link', () => files.readlink('/f')],
    ['ELOOP', 'following a circle', () => files.readFile('/loop')],
  ])('%s: %s', (code, _what, run) => {
    files.mkdir('/d');
    files.mkdir('/e');
    files.writeFile('/d/in', '');
    files.writeFile('/f', '');
    files.symlink('loop', '/loop');
    expect(failure(run)).toBe(code);
  });
});

test('links are followed, except by lstat, readlink, rename and remove', () => {
  files.mkdir('/real/deep');
  files.writeFile('/real/deep/f', 'x');
  files.symlink('real/deep', '/link');
  files.symlink('../link/f', '/real/again');
  expect(text(files.readFile('/real/again'))).toBe('x');
  expect(files.lstat('/link')?.type).toBe('symlink');
  expect(files.stat('/link')?.type).toBe('directory');
  expect(files.readlink('/link')).toBe('real/deep');
  expect(files.realpath('/link/../deep/f')).toBe('/real/deep/f');
  files.remove('/link');
  expect(files.stat('/real/deep/f')).toBeDefined();
});

test('rename replaces a link in one step, as volumes are updated', () => {
  files.mkdir('/v/..1');
  files.mkdir('/v/..2');
  files.writeFile('/v/..1/k', 'old');
  files.writeFile('/v/..2/k', 'new');
  files.symlink('..1', '/v/..data');
  files.symlink('..data/k', '/v/k');
  files.symlink('..2', '/v/..data_tmp');
  expect(text(files.readFile('/v/k'))).toBe('old');
  files.rename('/v/..data_tmp', '/v/..data');
  expect(text(files.readFile('/v/k'))).toBe('new');
  expect(files.readdir('/v')).toEqual(['..1', '..2', '..data', 'k']);
});

test('removing a missing path is no error, removing a directory removes its contents', () => {
  files.remove('/nothing/at/all');
  files.mkdir('/a/b/c');
  files.remove('/a');
  expect(files.stat('/a')).toBeUndefined();
});

test('hard links share the content', () => {
  files.writeFile('/a', 'x');
  files.link('/a', '/b');
  files.appendFile('/b', 'y');
  expect(text(files.readFile('/a'))).toBe('xy');
  expect(files.usage('/')).toBe(2);
});

test('a watch reports changes until it is disposed', () => {
  files.mkdir('/d');
  let changes = 0;
  const watch = files.watch('/d', () => changes++);
  files.writeFile('/d/f', '');
  files.remove('/d/f');
  watch[Symbol.dispose]();
  files.writeFile('/d/g', '');
  expect(changes).toBe(2);
});

test('only root and the owner may do what the mode does not allow', () => {
  files.writeFile('/secret', 'x', { mode: 0o600, uid: 7 });
  files.mkdir('/closed', { mode: 0o700 });
  files.writeFile('/closed/f', 'x');
  const other = files.as({ uid: 8, gid: 8, groups: [] });
  const owner = files.as({ uid: 7, gid: 7, groups: [] });
  expect(text(owner.readFile('/secret'))).toBe('x');
  expect(failure(() => other.readFile('/secret'))).toBe('EACCES');
  expect(failure(() => other.readFile('/closed/f'))).toBe('EACCES');
  expect(failure(() => other.writeFile('/new', ''))).toBe('EACCES');
  expect(failure(() => other.chmod('/secret', 0o777))).toBe('EPERM');
  files.chmod('/secret', 0o640);
  files.chown('/secret', 7, 9);
  expect(text(files.as({ uid: 8, gid: 8, groups: [9] }).readFile('/secret'))).toBe('x');
});

test('a shared layer is copied by the first write, directory by directory', () => {
  const image = newDirectory(layer());
  const base = new FileView({ root: { node: image, readonly: false, layer: image.layer }, mounts: new Map() });
  base.mkdir('/etc/conf');
  base.writeFile('/etc/conf/f', 'image');
  base.mkdir('/usr');
  const container = () => new FileView({ root: { node: image, readonly: false, layer: layer() }, mounts: new Map() });
  const [one, other] = [container(), container()];
  one.writeFile('/etc/conf/f', 'mine');
  one.writeFile('/new', '');
  expect(text(other.readFile('/etc/conf/f'))).toBe('image');
  expect(other.stat('/new')).toBeUndefined();
  expect(one.lookup('/usr')).toBe(other.lookup('/usr'));
});
