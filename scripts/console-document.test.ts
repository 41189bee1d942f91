import { describe, expect, test } from 'vitest';
import { commandWords, consoleSteps, outputMatches } from './console-document.ts';

describe('consoleSteps', () => {
  test('reads commands and outputs of console blocks only', () => {
    const markdown = [
      '# Title',
      '```console',
      '$ one two',
      'out',
      '...',
      '$ three',
      '```',
      '```sh',
      '$ not this',
      '```',
      '$ nor this',
    ].join('\n');
    expect(consoleSteps(markdown)).toEqual([
      { command: 'one two', expected: ['out', '...'], line: 3 },
      { command: 'three', expected: [], line: 6 },
    ]);
  });
});

test('commandWords splits at spaces, but not within single quotes', () => {
  expect(commandWords('pnpm  kubectl get pods')).toEqual(['pnpm', 'kubectl', 'get', 'pods']);
  expect(commandWords(`patch --patch '{"a": 1}' -n x`)).toEqual(['patch', '--patch', '{"a": 1}', '-n', 'x']);
});

describe('outputMatches', () => {
  const cases: readonly [name: string, expected: string[], output: string, matches: boolean][] = [
    ['the same text', ['a', 'b'], 'a\nb\n', true],
    ['columns of other widths', ['NAME  READY'], 'NAME     READY', true],
    ['any text within a line', ['web ... Running'], 'web  1/1   Running', true],
    ['no text between two words', ['web ... Running'], 'web Running', true],
    ['but a word is a word', ['web ... Running'], 'webRunning', false],
    ['no text at the ends', ['... web ...'], 'web', true],
    ['a part of a word', ['web-... Running'], 'web-5d4 Running', true],
    ['not across lines', ['web ... Running'], 'web\nRunning', false],
    ['any lines', ['first', '...', 'last'], 'first\nx\ny\nlast', true],
    ['no lines for any lines', ['first', '...', 'last'], 'first\nlast', true],
    ['a missing line', ['first', 'last'], 'first', false],
    ['more lines than said', ['first'], 'first\nsecond', false],
    ['special characters are themselves', ['a.b'], 'axb', false],
    ['nothing is said and nothing is printed', [''], '', true],
  ];
  test.each(cases)('%s', (_name, expected, output, matches) => {
    expect(outputMatches(expected, output)).toBe(matches);
  });
});
