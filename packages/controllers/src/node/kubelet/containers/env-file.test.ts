import { expect, test } from 'vitest';
import { envFileValue } from './env-file.ts';

test.for([
  ['a value in single quotes', "A='one'\n", 'one'],
  ['no line end at the end', "A='one'", 'one'],
  ['an empty value', "A=''", ''],
  ['spaces around name and sign', "  A = 'one two'  \n", 'one two'],
  ['nothing is expanded', "A='$B \\n \"'\n", '$B \\n "'],
  ['a value of several lines', "A='one\n# two\n'\nB='x'", 'one\n# two\n'],
  ['comments and empty lines are passed over', "# A='no'\n\n  # no\nA='one' # yes\n", 'one'],
  ['the last one counts', "A='one'\nA='two'", 'two'],
  ['a key that only begins alike is another', "AB='one'\n", undefined],
  ['an empty file', '', undefined],
] as const)('env file: %s', ([, text, expected]) => {
  expect(envFileValue(text, 'A')).toBe(expected);
});

test.for([
  ['a value without quotes', 'A=one\n', 1],
  ['a quote that is not closed', "B='x'\nA='one", 2],
  ['text after the value', "# first\n\nA='one' two\n", 3],
  ['no sign', "A\n'one'", 1],
] as const)('env file is refused for %s, naming the line', ([, text, line]) => {
  expect(() => envFileValue(text, 'A')).toThrow(`at line ${line}:`);
});
