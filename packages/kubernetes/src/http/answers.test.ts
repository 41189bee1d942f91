import { ConfigMap, StatusError } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { linesOf } from './lines.ts';
import { refusalOf } from './refusal.ts';
import { maxRetries, waitAfterAnswer, waitAfterBreak } from './retry.ts';
import { toLatin1, warningTexts } from './warnings.ts';

describe('retries', () => {
  test.each<[string, number, object, number, number | undefined]>([
    ['too many requests, with a time', 429, { 'retry-after': '3' }, 0, 3000],
    ['too many requests, at once', 429, { 'retry-after': '0' }, 0, 0],
    ['an error of the server, with a time', 503, { 'retry-after': '1' }, 9, 1000],
    ['too many requests without a time', 429, {}, 0, undefined],
    ['an error of the server without a time', 500, {}, 0, undefined],
    ['a date, which clocks do not agree on', 503, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, 0, undefined],
    ['a conflict, whatever it says', 409, { 'retry-after': '1' }, 0, undefined],
    ['a request with no retries left', 429, { 'retry-after': '1' }, maxRetries, undefined],
  ])('%s', (_, code, headers, attempt, wait) => {
    expect(waitAfterAnswer(code, headers as { [name: string]: unknown }, attempt)).toBe(wait);
  });

  test.each<[string, string, object, number, number | undefined]>([
    ['a read whose connection was reset', 'GET', { code: 'ECONNRESET' }, 0, 1000],
    ['a read whose connection was closed', 'GET', { code: 'UND_ERR_SOCKET' }, 0, 1000],
    ['a read, where that is the cause', 'GET', { cause: { code: 'EPIPE' } }, 0, 1000],
    ['a write, which may have been done', 'POST', { code: 'ECONNRESET' }, 0, undefined],
    ['a delete, which may have been done', 'DELETE', { code: 'ECONNRESET' }, 0, undefined],
    ['a server that refuses the connection', 'GET', { code: 'ECONNREFUSED' }, 0, undefined],
    ['a read that broke often enough', 'GET', { code: 'ECONNRESET' }, maxRetries, undefined],
  ])('%s', (_, method, error, attempt, wait) => {
    expect(waitAfterBreak(method, error, attempt)).toBe(wait);
  });
});

describe('a refusal', () => {
  const about = { method: 'GET', resource: ConfigMap, name: 'c' };

  test('is the Status that the server sent', () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      message: 'no',
      code: 404,
    };
    const error = refusalOf(404, {}, JSON.stringify(status), about);
    expect(error).toBeInstanceOf(StatusError);
    expect(error.status).toEqual({ ...status, metadata: {} });
  });

  test("has the response's code if its Status has none", () => {
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'no' };
    expect(refusalOf(403, {}, JSON.stringify(status), about).code).toBe(403);
  });

  test.each<[number, string, string, string]>([
    [400, 'GET', 'BadRequest', 'the server rejected our request for an unknown reason (get configmaps c)'],
    [401, 'GET', 'Unauthorized', 'the server has asked for the client to provide credentials (get configmaps c)'],
    [403, 'GET', 'Forbidden', 'go away (get configmaps c)'],
    [404, 'GET', 'NotFound', 'the server could not find the requested resource (get configmaps c)'],
    [409, 'PUT', 'Conflict', 'the server reported a conflict (put configmaps c)'],
    [409, 'POST', 'AlreadyExists', 'the server reported a conflict (post configmaps c)'],
    [429, 'GET', 'TooManyRequests', 'the server has received too many requests'],
    [502, 'GET', 'InternalError', 'an error on the server ("go away") has prevented the request from succeeding'],
    [503, 'GET', 'ServiceUnavailable', 'the server is currently unable to handle the request'],
    [504, 'GET', 'Timeout', 'the server was unable to return a response in the time allotted'],
    [302, 'GET', '', 'the server responded with the status code 302 but did not return more information'],
  ])('of %i to %s that is no Status is %s', (code, method, reason, message) => {
    const error = refusalOf(code, { 'retry-after': '7' }, 'go away\n', { ...about, method });
    expect(error).toMatchObject({ code, reason });
    expect(error.message).toContain(message);
    expect(error.status.details).toEqual({
      kind: 'configmaps',
      name: 'c',
      causes: [{ reason: 'UnexpectedServerResponse', message: 'go away' }],
      retryAfterSeconds: 7,
    });
  });

  test('quotes a limited number of characters', () => {
    expect(refusalOf(403, {}, 'x'.repeat(100_000), about).message.length).toBeLessThan(3000);
    expect(refusalOf(500, {}, '', about).message).toContain('"unknown"');
  });
});

test.each<[string, string | string[] | undefined, string[]]>([
  ['none', undefined, []],
  ['one', '299 - "unknown field \\"a\\\\b\\""', ['unknown field "a\\b"']],
  ['several, in one header and in two', ['299 - "a", 299 - "b, c"', '299 kube "d"'], ['a', 'b, c', 'd']],
  ['one with a date', '299 - "a" "Sat, 25 Aug 2012 23:34:45 GMT", 299 - "b"', ['a', 'b']],
  ['others than Kubernetes’', '110 cache "Response is stale", 299 - "a"', ['a']],
  ['bytes of UTF-8', toLatin1('299 - "ü 日本"'), ['ü 日本']],
  ['nonsense', 'hello', []],
])('warnings: %s', (_, header, texts) => {
  expect(warningTexts(header)).toEqual(texts);
});

describe('lines', () => {
  async function* chunks(...texts: (string | Uint8Array)[]) {
    for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
  }
  const ü = Buffer.from('ü');

  test.each<[string, (string | Uint8Array)[], string[]]>([
    ['none', [], []],
    ['several in one chunk', ['a\nb\n\nc\n'], ['a', 'b', '', 'c']],
    ['one in several chunks', ['a', 'b', 'c\nd', '\n'], ['abc', 'd']],
    ['a character in two chunks', [ü.subarray(0, 1), ü.subarray(1), '\n'], ['ü']],
    ['one that does not end', ['a\nb'], ['a', 'b']],
  ])('%s', async (_, parts, expected) => {
    expect(await Array.fromAsync(linesOf(chunks(...parts)))).toEqual(expected);
  });

  test('are read only on demand', async () => {
    let read = 0;
    async function* counted() {
      for (;;) {
        read++;
        yield Buffer.from('a\n');
      }
    }
    const lines = linesOf(counted());
    await lines.next();
    await lines.next();
    expect(read).toBe(2);
    await lines.return(undefined);
    expect(read).toBe(2);
  });
});
