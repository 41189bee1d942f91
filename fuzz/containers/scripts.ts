import { computingScripts, type HostileScript, hostileScripts } from '@orrery/runtimes/fixtures';
import { catalogue } from '@orrery/runtimes/sim';
import fc from 'fast-check';

/** Every program that images of the catalogue have, by name. */
const programs: readonly string[] = [...new Set(catalogue.flatMap((image) => programsOf(image.root)))].sort();

interface Tree {
  readonly kind: string;
  readonly entries?: ReadonlyMap<string, Tree>;
  readonly program?: unknown;
}

function programsOf(tree: Tree, name = ''): string[] {
  if (tree.program !== undefined) return [name];
  return [...(tree.entries ?? [])].flatMap(([entry, node]) => programsOf(node, entry));
}

const device = fc.constantFrom('/dev/zero', '/dev/urandom', '/dev/full', '/dev/null', '/dev/stdin', '/proc/self/fd/0');
const file = fc.constantFrom('/tmp/a', '/tmp/b', '/tmp', '/etc/passwd', '/', '*', '/*/*', '-', './d/../a');
const variable = fc.constantFrom('x', 'y', 'a', 'i', 'IFS', 'PATH');
const count = fc.constantFrom('0', '1', '7', '-1', '100', '99999', '4294967296', '1000000000000', '9'.repeat(40));
const flag = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzEFR10').map((letter) => `-${letter}`);
const many = fc.tuple(
  fc.constantFrom('a', '*', '?', '(', 'a*', '[a', '{a,', '$x', '0', '\\', 'a|', '+'),
  fc.constantFrom(3, 40, 2000),
);
const repeated = many.map(([piece, times]) => piece.repeat(times));
const regex = fc.constantFrom(
  "'^(a+)+$'",
  "'(a|aa)*b'",
  "'s/a*/aa/g'",
  "'[[:alpha:]]*$'",
  "'\\(a*\\)*\\1b'",
  "'.*.*.*=.*'",
);
const awk = fc.constantFrom(
  "'{ n++; x = x $0 } END { print n }'",
  "'BEGIN { while (1) x++ }'",
  '\'{ gsub(/a*/, "aa") } 1\'',
  "'{ a[NR] = $0 } END { for (i in a) print a[i] }'",
);
const size = fc.constantFrom(
  'bs=1M',
  'bs=1',
  'count=3',
  'count=100000',
  'if=/dev/zero',
  'of=/tmp/a',
  'seek=1000000000000',
);
const url = fc.constantFrom('http://127.0.0.1:8000/', 'http://localhost/', '127.0.0.1 8000', '-l -p 8000');

const grammar = fc.letrec<{
  word: string;
  parameter: string;
  arithmetic: string;
  simple: string;
  command: string;
  list: string;
}>((tie) => ({
  parameter: fc.oneof(
    variable.map((name) => `$${name}`),
    fc
      .tuple(variable, fc.constantFrom('#', '##', '%', '%%', '/', '//', ':-', ':=', '^^', ',', ':'), tie('word'))
      .map(([name, operator, word]) => `\${${name}${operator}${word}}`),
    fc.constantFrom('$@', '"$@"', '${#x}', '$RANDOM', '$$', '$!', '${!x}', '${a[@]}', '${#a[@]}'),
  ),
  arithmetic: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(count, variable),
    fc
      .tuple(
        tie('arithmetic'),
        fc.constantFrom('+', '*', '**', '/', '%', '<<', '>>', '&&', '?1:', ',', '='),
        tie('arithmetic'),
      )
      .map((parts) => parts.join('')),
    tie('arithmetic').map((inner) => `(${inner})`),
  ),
  word: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom('a', 'b', 'aaaa', 'x=1'), flag, file, device, count, regex, awk, size, url, repeated),
    tie('parameter'),
    tie('parameter').map((inner) => `"${inner}"`),
    tie('arithmetic').map((inner) => `$((${inner}))`),
    tie('command').map((inner) => `$(${inner})`),
    tie('command').map((inner) => `<(${inner})`),
    fc.tuple(count, count).map(([from, to]) => `{${from}..${to}}`),
    fc.tuple(tie('word'), tie('word')).map(([one, other]) => one + other),
  ),
  simple: fc
    .tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...programs) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            'echo',
            'read',
            'printf',
            'set --',
            'eval',
            'exec',
            'export',
            'trap',
            'wait',
            'kill',
            'test',
            'cd',
            'shift',
            'unset',
            'let',
            'local',
            'declare',
            '.',
            'f',
            'getopts',
          ),
        },
      ),
      fc.array(tie('word'), { maxLength: 4 }),
      fc.option(
        fc.tuple(fc.constantFrom('<', '>', '>>', '2>', '<<<', '<>', '>&'), fc.oneof(device, file, tie('word'))),
        { nil: undefined },
      ),
    )
    .map(([name, words, redirection]) =>
      [name, ...words, ...(redirection ? [`${redirection[0]} ${redirection[1]}`] : [])].join(' '),
    ),
  command: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('simple'),
    fc.tuple(variable, fc.constantFrom('=', '+='), tie('word')).map((parts) => parts.join('')),
    fc.array(tie('command'), { minLength: 2, maxLength: 3 }).map((commands) => commands.join(' | ')),
    tie('command').map((body) => `yes | ${body}`),
    tie('command').map((body) => `while :; do ${body}; done`),
    fc
      .tuple(variable, fc.array(tie('word'), { minLength: 1, maxLength: 3 }), tie('command'))
      .map(([name, words, body]) => `for ${name} in ${words.join(' ')}; do ${body}; done`),
    fc
      .tuple(tie('word'), tie('word'), tie('command'))
      .map(([text, pattern, body]) => `case ${text} in ${pattern}) ${body};; esac`),
    fc
      .tuple(tie('word'), fc.constantFrom('=~', '==', '<', '-lt'), tie('word'))
      .map(([left, operator, right]) => `[[ ${left} ${operator} ${right} ]]`),
    tie('command').map((body) => `( ${body} )`),
    tie('command').map((body) => `{ ${body}; }`),
    tie('command').map((body) => `f() { ${body}; f; }; f`),
    tie('command').map((body) => `trap '${body.replaceAll("'", '"')}' TERM EXIT USR1`),
    fc.tuple(tie('command'), tie('command')).map(([one, other]) => `${one} && ${other}`),
    fc.tuple(tie('command'), tie('word')).map(([body, text]) => `${body} <<E\n${text}\nE\n`),
  ),
  list: fc
    .array(fc.tuple(tie('command'), fc.constantFrom('; ', ' & ', '\n')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.flat().join('')),
}));

/** Scripts of the shell's grammar over every program of the catalogue, hostile devices and hostile amounts; now and then one known to be hostile. */
export const script: fc.Arbitrary<HostileScript> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      script: grammar.list,
      memoryLimitBytes: fc.constantFrom(0, 16 * 1024 ** 2, 64 * 1024 ** 2),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(...hostileScripts, ...computingScripts) },
);
