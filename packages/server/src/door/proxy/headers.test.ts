import { expect, it } from 'vitest';
import { redirection, requestHeaders, responseHeaders } from './headers.ts';

it.each([
  ['/there', '/proxy/there'],
  ['http://10.0.0.7:80/there?a', '/proxy/there?a'],
  ['http://10.0.0.7:80', '/proxy/'],
  ['/proxy/there', '/proxy/there'],
  ['there', 'there'],
  ['//other/there', '//other/there'],
  ['https://example.com/there', 'https://example.com/there'],
])('a redirection to %s leads to %s', (to, expected) => {
  expect(redirection(to, '/proxy', ['10.0.0.7:80'])).toBe(expected);
});

it('headers of one connection are not forwarded', () => {
  const headers = [
    ['Connection', 'x-one, close'],
    ['X-One', '1'],
    ['X-Two', '2'],
    ['Impersonate-User', 'ann'],
    ['Upgrade', 'h2c'],
  ] as const;
  const about = { client: '127.0.0.1', uri: '/x', upgrade: false };
  expect(requestHeaders(headers, about)).toEqual([
    ['X-Two', '2'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded-Uri', '/x'],
  ]);
  const answered = [
    ['Keep-Alive', 't'],
    ['Set-Cookie', 'a'],
    ['Set-Cookie', 'b'],
  ] as const;
  expect(responseHeaders(answered, (to) => to)).toEqual({ 'set-cookie': ['a', 'b'] });
});
