import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '../memory-files.fixture.ts';
import { checkPaths, differs, versionName, writeAtomically } from './atomic-writer.ts';
import type { Payload } from './payload.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function payload(files: { [path: string]: string }, mode = 0o644): Payload {
  return new Map(Object.entries(files).map(([path, text]) => [path, { content: bytes(text), mode }]));
}

function writer() {
  const files = new MemoryFiles();
  files.mkdir('/v');
  let count = 0;
  const write = (content: Payload, ownership = {}) =>
    writeAtomically(files, '/v', content, () => versionName(0, count++), ownership);
  return { files, write };
}

describe('paths', () => {
  test.each([
    ['', 'must not be empty'],
    ['/a', 'must be relative'],
    ['a/../b', "must not contain '..'"],
    ['..a', "must not start with '..'"],
    ['..data', "must not start with '..'"],
    ['a'.repeat(256), 'each element must be at most 255 characters'],
    [`${'a/'.repeat(2100)}a`, 'must be at most 4096 characters'],
  ])('%j is refused', (path, why) => {
    expect(() => checkPaths(payload({ [path]: '' }))).toThrow(why);
  });

  test.each(['a', 'a/b/c', 'a..b', 'a/..b', '.a', 'a'.repeat(255)])('%j is taken', (path) => {
    expect(() => checkPaths(payload({ [path]: '' }))).not.toThrow();
  });
});

test('a version is named after its time and random digits', () => {
  expect(versionName(Date.UTC(2024, 0, 2, 3, 4, 5), 123456789)).toBe('..2024_01_02_03_04_05.123456789');
});

test('the layout: files in a version, ..data leads to it, each first element is a link through ..data', () => {
  const { files, write } = writer();
  expect(write(payload({ key: 'k', 'dir/one': '1', 'dir/two': '2' }))).toBe(true);
  expect(files.readdir('/v')).toEqual(['..1970_01_01_00_00_00.0', '..data', 'dir', 'key']);
  expect(files.readlink('/v/..data')).toBe('..1970_01_01_00_00_00.0');
  expect(files.readlink('/v/key')).toBe('..data/key');
  expect(files.readlink('/v/dir')).toBe('..data/dir');
  expect(files.text('/v/dir/two')).toBe('2');
  expect(files.stat('/v/key')?.mode).toBe(0o644);
  expect(files.stat('/v/..data')?.mode).toBe(0o755);
});

test('the same content makes no new version, but restores links that are missing', () => {
  const { files, write } = writer();
  write(payload({ a: '1', b: '2' }));
  files.remove('/v/a');
  expect(write(payload({ a: '1', b: '2' }))).toBe(false);
  expect(files.text('/v/a')).toBe('1');
  expect(files.readlink('/v/..data')).toBe('..1970_01_01_00_00_00.0');
});

test('a mode alone is not written', () => {
  const { files, write } = writer();
  write(payload({ a: '1' }));
  expect(write(payload({ a: '1' }, 0o400))).toBe(false);
  expect(files.stat('/v/a')?.mode).toBe(0o644);
});

test('an update removes what is stale, and the old version', () => {
  const { files, write } = writer();
  write(payload({ a: '1', 'd/x': '1' }));
  write(payload({ a: '2', b: '3' }));
  expect(files.readdir('/v')).toEqual(['..1970_01_01_00_00_00.1', '..data', 'a', 'b']);
});

test('a writer that dies between any two of its steps leaves one whole set, and the next one puts all in order', () => {
  const before = payload({ a: '1', gone: '1', 'old/x': '1' });
  const after = payload({ a: '2', 'new/y': '2', b: '2' });
  const seen = new Set<string>();
  for (let step = 1; ; step++) {
    const { files, write } = writer();
    write(before);
    let left = step;
    files.onStep = () => {
      if (--left === 0) throw new Error('died');
    };
    let died = false;
    try {
      write(after);
    } catch {
      died = true;
    }
    files.onStep = undefined;
    const text = files.text('/v/..data/a');
    seen.add(text);
    const whole = text === '1' ? ['a', 'gone', 'old'] : ['a', 'b', 'new'];
    expect(files.readdir('/v/..data')).toEqual(whole);
    // The same content again, as a node does that comes back.
    write(after);
    expect(files.readdir('/v').slice(2)).toEqual(['a', 'b', 'new']);
    expect(files.readdir('/v').slice(0, 2)).toEqual([files.readlink('/v/..data'), '..data']);
    expect([files.text('/v/a'), files.text('/v/b'), files.text('/v/new/y')]).toEqual(['2', '2', '2']);
    if (!died) break;
  }
  expect(seen).toEqual(new Set(['1', '2']));
});

test('modes are set exactly, whatever bits they have', () => {
  const { files, write } = writer();
  for (const mode of [0, 0o111, 0o777]) {
    write(new Map([[`m${mode}`, { content: bytes('x'), mode }]]));
    expect(files.stat(`/v/m${mode}`)?.mode).toBe(mode);
  }
});

test('a mode comes with the next change of content', () => {
  const { files, write } = writer();
  write(payload({ a: '1', b: '1' }));
  write(payload({ a: '1', b: '2' }, 0o400));
  expect(files.stat('/v/a')?.mode).toBe(0o400);
});

test('a file that becomes a directory, and back', () => {
  const { files, write } = writer();
  write(payload({ a: '1' }));
  write(payload({ 'a/b': '2' }));
  expect(files.text('/v/a/b')).toBe('2');
  write(payload({ a: '3' }));
  expect(files.text('/v/a')).toBe('3');
});

test('an empty payload is an empty directory, and a later one appears', () => {
  const { files, write } = writer();
  expect(write(payload({}))).toBe(true);
  write(payload({ a: '1' }));
  expect(files.text('/v/a')).toBe('1');
});

test('fsGroup owns the files, may read them, and directories hand it on', () => {
  const { files, write } = writer();
  write(payload({ 'd/a': '1' }, 0o600), { fsGroup: 2000 });
  expect(files.stat('/v/d/a')).toMatchObject({ mode: 0o640, gid: 2000 });
  expect(files.stat('/v/d')).toMatchObject({ mode: 0o2755, gid: 2000 });
});

test('a token of one user belongs to that user', () => {
  const { files, write } = writer();
  write(new Map([['token', { content: bytes('t'), mode: 0o600, uid: 1000 }]]));
  expect(files.stat('/v/token')).toMatchObject({ mode: 0o600, uid: 1000 });
});

test('content is compared byte by byte', () => {
  expect(differs(new Map([['a', bytes('1')]]), payload({ a: '1' }))).toBe(false);
  expect(differs(new Map([['a', bytes('1')]]), payload({ a: '2' }))).toBe(true);
  expect(differs(new Map([['a', bytes('1')]]), payload({ b: '1' }))).toBe(true);
  expect(differs(undefined, payload({}))).toBe(true);
});

test('a reader that looks between any two steps of 1,000 updates sees the old or the new set, never a mixture', () => {
  const { files, write } = writer();
  const keys = ['a', 'b', 'dir/c', 'dir/d', 'e'];
  let old: string | undefined;
  let next = '';
  let looks = 0;
  files.onStep = () => {
    if (files.lstat('/v/..data') === undefined) return;
    looks++;
    const set = [
      ...(function* all(directory): Generator<string> {
        for (const name of files.readdir(directory)) {
          const path = `${directory}/${name}`;
          if (files.stat(path)?.type === 'directory') yield* all(path);
          else yield `${path.slice('/v/..data/'.length)}=${files.text(path)}`;
        }
      })('/v/..data'),
    ].join();
    expect([old, next]).toContain(set);
  };
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), fc.string({ maxLength: 3 })), (content) => {
      next = Object.entries(content)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, text]) => `${path}=${text}`)
        .join();
      write(payload(content));
      old = next;
      // Through the links in the volume too, all is there once the update is done.
      for (const [path, text] of Object.entries(content)) expect(files.text(`/v/${path}`)).toBe(text);
    }),
    { numRuns: 1000, seed: 1 },
  );
  expect(looks).toBeGreaterThan(5000);
});
