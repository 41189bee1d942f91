import { describe, expect, test } from 'vitest';
import {
  fromBase64,
  fromBase64url,
  textFromBase64,
  textFromBase64url,
  textToBase64,
  textToBase64url,
  toBase64,
  toBase64url,
} from './base64.ts';

describe('base64', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
    ['ÿþ?>', 'w7/Dvj8+'],
    ['\u{feff}☃', '77u/4piD'],
  ])('of the text %j is %j, and back', (text, base64) => {
    expect(textToBase64(text)).toBe(base64);
    expect(textFromBase64(base64)).toBe(text);
  });

  test('carries every byte, of long values too', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  test('may have line breaks', () => {
    expect(textFromBase64('Zm9v\nYmFy\r\n')).toBe('foobar');
  });

  test('of bytes that are not UTF-8 reads as U+FFFD', () => {
    expect(textFromBase64('/w==')).toBe('\u{fffd}');
  });

  test.each(['Zm9*', 'Z', 'Zm9v=', '☃'])('is not %j', (text) => {
    expect(() => fromBase64(text)).toThrow(SyntaxError);
    expect(() => textFromBase64(text)).toThrow('illegal base64 data');
  });
});

describe('base64url', () => {
  test('has neither plus, slash nor padding', () => {
    expect(textToBase64url('ÿþ?>!')).toBe('w7_Dvj8-IQ');
    expect(textFromBase64url('w7_Dvj8-IQ')).toBe('ÿþ?>!');
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
  });
});
