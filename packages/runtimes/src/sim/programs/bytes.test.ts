import { beforeAll, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from '../sim.fixture.ts';

/** Bytes that are no text pass pipes and tools unharmed. */

let fixture: Fixture;
let id: string;
let original: string;

beforeAll(async () => {
  fixture = createFixture();
  id = await fixture.container(await fixture.sandbox(), 'busybox', { command: ['sleep', 'infinity'] });
  original = await sum('head -c 100000 /dev/urandom > /tmp/r; cat /tmp/r');
});

async function sum(script: string): Promise<string> {
  const { stdout } = await fixture.run(id, `{ ${script}; } | sha256sum`);
  return stdout.slice(0, 64);
}

test.each([
  'gzip < /tmp/r | gunzip',
  'cat /tmp/r | gzip -1 | gzip -d',
  'gzip -c /tmp/r | zcat',
  'base64 /tmp/r | base64 -d',
  'gzip -c /tmp/r | base64 | base64 -d | gunzip',
  'cp /tmp/r /tmp/g; gzip -f /tmp/g; gunzip -f /tmp/g.gz; cat /tmp/g',
  'cd /tmp; tar cz r > a.tgz; mkdir -p x; tar xz -C x < a.tgz; cat x/r',
  'cd /tmp; tar c r | gzip > a.tgz; mkdir -p y; tar xf a.tgz -C y; cat y/r',
  'cd /tmp; tar cf - r | gzip | gunzip | tar xf - -C /tmp; cat r',
  "tr a b < /tmp/r | tr '\\000' '\\000' > /dev/null; cat /tmp/r",
  'tac /tmp/r | tac > /dev/null; sed s/no-such-word/x/ /tmp/r',
  "grep -v 'no such words here' /tmp/r",
  'cat /tmp/r | sed s/no-such-word/x/',
  'cp /tmp/r /tmp/s; sed -i s/no-such-word/x/ /tmp/s; cat /tmp/s',
  'cd /tmp; split -b 30000 - p. < r; cat p.*',
])('%s', async (script) => {
  // A text tool ends the last line.
  const { stdout } = await fixture.run(id, `{ ${script}; } | head -c 100000 | sha256sum`);
  expect(stdout.slice(0, 64)).toBe(original);
});

test.each([
  ['bytes beyond ASCII', "printf '\\000\\377aAb' | tr '\\000a-z' '\\377A-Z' | od -A n -t x1", ' ff ff 41 41 42\n'],
  ['classes', "echo HELLO | tr '[:upper:]' '[:lower:]'", 'hello\n'],
  ['a character of two bytes is two', "printf 'é' | tr -c a-z x", 'xx'],
  ['unless a set has such characters', "printf 'éa' | tr é e", 'ea'],
])('tr: %s', async (_what, script, stdout) => {
  expect(await fixture.run(id, script)).toMatchObject({ stdout });
});

describe('gzip', () => {
  test.each([
    ['a file in its place', 'cd /tmp; echo a > f; gzip f; ls f*; gunzip f.gz; cat f', 'f.gz\na\n', ''],
    ['keeps a file', 'cd /tmp; echo a > k; gzip -k k; ls k*', 'k\nk.gz\n', ''],
    ['several archives in a row', '(echo a | gzip; echo b | gzip) | gunzip', 'a\nb\n', ''],
    ['nothing', ': | gzip | gunzip | wc -c', '0\n', ''],
    ['what follows an archive is ignored', '(echo a | gzip; echo rubbish) | gunzip', 'a\n', ''],
    ['no archive', 'echo rubbish | gunzip', '', 'gunzip: stdin: not in gzip format\n'],
    [
      'a short archive',
      'cat /tmp/r | gzip | head -c 9000 | gunzip | wc -c | tr -d "[:digit:]"',
      '\n',
      'gunzip: stdin: unexpected end of file\n',
    ],
    ['no input', ': | gunzip', '', 'gunzip: stdin: unexpected end of file\n'],
    [
      'a header without end',
      "(printf '\\037\\213\\010\\010'; yes) | gunzip",
      '',
      'gunzip: stdin: not in gzip format\n',
    ],
    ['a missing file', 'gzip /tmp/none', '', 'gzip: /tmp/none: No such file or directory\n'],
    [
      'a file that is there',
      'cd /tmp; echo a > t; echo b > t.gz; gzip t',
      '',
      'gzip: t.gz already exists; not overwritten\n',
    ],
    ['input without end takes no memory', 'yes | gzip | head -c 3 | od -A n -t x1', ' 1f 8b 08\n', ''],
    ['other compressions of tar', 'tar cj /tmp/r', '', 'tar: this compression is not supported\n'],
  ])('%s', async (_what, script, stdout, stderr) => {
    expect(await fixture.run(id, script)).toMatchObject({ stdout, stderr });
  });
});

test.each([
  ['lines of 76', 'head -c 60 /dev/zero | base64', `${'A'.repeat(76)}\nAAAA\n`, ''],
  ['other lines', 'echo abc | base64 -w 4', 'YWJj\nCg==\n', ''],
  ['one line', 'echo abc | base64 -w 0', 'YWJjCg==', ''],
  ['a full line ends once', 'head -c 57 /dev/zero | base64', `${'A'.repeat(76)}\n`, ''],
  ['nothing', ': | base64', '', ''],
  ['text', 'echo w6kK | base64 -d', 'é\n', ''],
  ['lines are joined', "printf 'YWJ\\njCg\\n==\\n' | base64 -d", 'abc\n', ''],
  ['garbage', "echo 'YWJj!' | base64 -d", 'abc', 'base64: truncated input\n'],
  ['ignored garbage', "echo 'Y-W-J-j' | base64 -di", 'abc', ''],
  ['an unfinished group', 'echo YWJjYQ | base64 -d', 'abca', 'base64: truncated input\n'],
])('base64: %s', async (_what, script, stdout, stderr) => {
  expect(await fixture.run(id, script)).toMatchObject({ stdout, stderr });
});
