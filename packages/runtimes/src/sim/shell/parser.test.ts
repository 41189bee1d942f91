import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIfComplete, parseScript, ShellSyntaxError } from './parser.ts';

const pieces = [
  'if',
  'then',
  'else',
  'fi',
  'for',
  'in',
  'do',
  'done',
  'while',
  'case',
  'esac',
  '{',
  '}',
  '(',
  ')',
  '((',
  '))',
  '[[',
  ']]',
  ';',
  ';;',
  '&',
  '&&',
  '|',
  '||',
  '<',
  '>',
  '<<E',
  'E',
  '<(',
  '$',
  '$(',
  '`',
  '"',
  "'",
  '\\',
  '\n',
  ' ',
  '#',
  'a',
  'x=',
  'x=(',
  '*',
  '!',
  '$'.concat('{'),
  '$'.concat('{x:-'),
  '$((',
  'f()',
  '-eq',
  '=~',
];

describe('any text', () => {
  test('is a script, or a syntax error, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 20 }), (parts) => {
        for (const text of [parts.join(' '), parts.join('')]) {
          for (const parse of [parseScript, parseIfComplete]) {
            try {
              parse(text);
            } catch (error) {
              if (!(error instanceof ShellSyntaxError)) throw error;
            }
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a prompt asks for more', () => {
  test.each([
    'if true',
    'for i in 1 2',
    'echo "a',
    "echo 'a",
    'echo $(ls',
    'a &&',
    'a |',
    '{ a',
    'cat <<E\nx',
    'case x in',
    'f() {',
    'x=(1',
  ])('after %j', (text) => {
    expect(parseIfComplete(text)).toBeUndefined();
  });

  test.each(['fi', 'done', 'echo )', 'if; then', '| a'])('not after %j, which is wrong', (text) => {
    expect(() => parseIfComplete(text)).toThrow(ShellSyntaxError);
  });
});
