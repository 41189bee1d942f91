import { KindRegistry, StatusError } from '@orrery/api';
import { describe, expect, it } from 'vitest';
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
