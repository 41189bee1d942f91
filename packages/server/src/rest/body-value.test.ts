import { KindRegistry, StatusError } from '@orrery/api';
import { describe, expect, it, vi } from 'vitest';
import { decodeBody } from './body-value.ts';

const kinds = new KindRegistry();
const decode = (text: string | Uint8Array, contentType?: string) =>
  decodeBody(typeof text === 'string' ? new TextEncoder().encode(text) : text, { contentType, kinds, kind: 'Pod' });

async function failure(promise: Promise<unknown>): Promise<{ code: number; message: string }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StatusError)) throw new Error(`no StatusError: ${String(error)}`);
  return { code: error.code, message: error.message };
}

describe('the body of a request', () => {
  it.each([
    ['JSON', '{"kind":"Pod"}', 'application/json'],
    ['JSON with a charset', '{"kind":"Pod"}', 'application/json; charset=utf-8'],
    ['JSON when the type is not said', '{"kind":"Pod"}', undefined],
    ['YAML', 'kind: Pod\n', 'application/yaml'],
  ])('is read as %s', async (_rule, text, type) => {
    expect(await decode(text, type)).toEqual({ kind: 'Pod' });
  });

  it('is refused in another type, with the list of supported ones', async () => {
    expect(await failure(decode('a=b', 'application/x-www-form-urlencoded'))).toEqual({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
  });

  it.each([
    ['broken JSON', '{"kind":', 'application/json', 'json parse error'],
    ['nothing at all', '', 'application/json', 'json parse error'],
    ['broken YAML', 'a: [', 'application/yaml', 'yaml parse error'],
    ['text that is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'application/json', 'json parse error'],
    ['endless nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'application/json', 'exceeded max depth'],
    ['a prototype in disguise', '{"a":{"\\u005f_proto__":{}}}', 'application/json', '"__proto__" is not allowed'],
    [
      'YAML that explodes',
      `a: &a [x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(8).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}`,
      'application/yaml',
      'yaml parse error',
    ],
  ])('%s is a bad request', async (_rule, text, type, message) => {
    expect(await failure(decode(text, type))).toMatchObject({ code: 400, message: expect.stringContaining(message) });
  });
});

describe('a YAML body', () => {
  const map = (keys: number) => Array.from({ length: keys }, (_, i) => `key${i}: v`).join('\n');

  it('may have as many keys as fit', async () => {
    expect(Object.keys((await decode(map(40_000), 'application/yaml')) as object)).toHaveLength(40_000);
  });

  it('that is JSON is read as JSON, whose numbers and texts are its own', async () => {
    const text = ' {"a": "yes", "b": 1e2, "c": "\\u0041", "d": {"e": null}}\n';
    expect(await decode(text, 'application/yaml')).toEqual({ a: 'yes', b: 100, c: 'A', d: { e: null } });
  });

  it('may be a flow mapping that is not JSON', async () => {
    expect(await decode('{ a: 1, b: [c] }', 'application/yaml')).toEqual({ a: 1, b: ['c'] });
  });

  it.each([
    ['two', 'a: 1\n---\nb: 2'],
    ['very many', 'a: 1\n---\n'.repeat(400_000)],
    ['two, after an explicit beginning', '# one\n\n---\na: 1\n...\n---\nb: 2'],
  ])('has %s documents, of which the first counts, as in Kubernetes', async (_how, text) => {
    expect(await decode(text, 'application/yaml')).toEqual({ a: 1 });
  });

  it('may have a key twice, of which the last counts and somebody is told', async () => {
    const told: string[] = [];
    const bytes = new TextEncoder().encode('a: 1\nb: 2\n"a": 3\n');
    const options = {
      contentType: 'application/yaml',
      kinds,
      kind: 'Pod',
      duplicate: (fault: string) => told.push(fault),
    };
    expect(await decodeBody(bytes, options)).toEqual({ a: 3, b: 2 });
    expect(told).toEqual(['yaml: unmarshal errors:\n  line 3: key "a" already set in map']);
  });

  it('may repeat parts of itself', async () => {
    expect(await decode('a: &x { b: 1 }\nc: [*x, *x]', 'application/yaml')).toEqual({
      a: { b: 1 },
      c: [{ b: 1 }, { b: 1 }],
    });
  });

  it.each([
    ['of no document', ''],
    ['with a mapping as a key', '? { a: 1 }\n: b'],
    ['with a mapping as a key of itself', '? '.repeat(50_000)],
    ['with endless nesting in blocks', '- '.repeat(50_000)],
    ['with endless nesting in flow', '['.repeat(50_000)],
    ['with a prototype in disguise', 'a: { __proto__: { b: 1 } }'],
    ['with an unknown alias', 'a: *b'],
    ['with an infinite number', 'a: .inf'],
    ['with nothing', '# nothing\n'],
  ])('%s is a bad request, and nothing of it is written to the terminal', async (_rule, text) => {
    using out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    using err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    using warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    expect(await failure(decode(text, 'application/yaml'))).toMatchObject({ code: 400 });
    for (const spy of [out, err, warned]) expect(spy).not.toHaveBeenCalled();
  });
});
