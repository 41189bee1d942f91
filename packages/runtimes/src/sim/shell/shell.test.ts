// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are shell scripts
import { beforeAll, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from '../sim.fixture.ts';

type Row = readonly [rule: string, script: string, stdout: string, exitCode?: number];

let fixture: Fixture;
let bash: string;
let ash: string;

beforeAll(async () => {
  fixture = createFixture();
  const sandbox = await fixture.sandbox();
  bash = await fixture.container(sandbox, 'debian', { command: ['sleep', 'infinity'] });
  ash = await fixture.container(sandbox, 'busybox', { command: ['sleep', 'infinity'] });
});

const run = (container: string, shell: string, script: string) =>
  fixture.settled(fixture.runtime.execSync(container, [shell, '-c', script], 0));

const cases = (rows: readonly Row[]) =>
  rows.map(([rule, script, stdout, exitCode = 0]) => ({ rule, script, stdout, exitCode }));

const posix: readonly Row[] = [
  ['words are split and joined by one blank', 'echo a   "b  c" d\\ e', 'a b  c d e\n'],
  ['comments end with the line', 'echo a # b\n# c\necho d#e', 'a\nd#e\n'],
  ['a backslash joins lines', 'echo a \\\n  b', 'a b\n'],
  [
    'arithmetic has precedence and assignment',
    'x=5; echo $((x + 3 * 2)) $((x > 3 ? 1 : 0)) $((x += 2)) $x',
    '11 1 7 7\n',
  ],
  ['division truncates', 'echo $((7 / 2)) $((-7 / 2)) $((7 % 3))', '3 -3 1\n'],
  ['hexadecimal and octal numbers', 'echo $((0x1F)) $((010))', '31 8\n'],
  ['for runs over words', 'for i in a b c; do printf "%s," $i; done; echo', 'a,b,c,\n'],
  [
    'while and until',
    'i=0; while [ $i -lt 2 ]; do i=$((i+1)); done; until [ $i -eq 0 ]; do i=$((i-1)); done; echo $i',
    '0\n',
  ],
  [
    'break and continue leave several loops',
    'for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done',
    '1a\n2a\n',
  ],
  ['the last status of a loop is its body’s', 'for i in 1; do false; done; echo $?', '1\n'],
  ['case matches patterns', 'case foo.txt in *.sh) echo sh ;; *.md|*.txt) echo text ;; esac', 'text\n'],
  ['case without a match succeeds', 'false; case a in b) echo b ;; esac; echo $?', '0\n'],
  ['if, elif, else', 'if false; then echo a; elif true; then echo b; else echo c; fi', 'b\n'],
  [
    'functions have parameters, locals and a status',
    'f() { local v=1; echo $# $1 $v; return 3; }; v=9; f x y; echo $? $v',
    '2 x 1\n3 9\n',
  ],
  ['functions call themselves', 'f() { [ $1 -gt 0 ] && { echo $1; f $(($1 - 1)); }; }; f 3 || true', '3\n2\n1\n'],
  ['a function whose body is a subshell', 'g() (exit 2); g; echo $?', '2\n'],
  [
    'defaults of parameters',
    'echo ${x:-d} ${x-d} ${x:+s}; x=; echo "[${x:-e}][${x-e}]"; echo ${y:=v} $y',
    'd d\n[e][]\nv v\n',
  ],
  [
    'prefixes and suffixes are cut',
    'p=/a/b.tar.gz; echo ${p##*/} ${p%/*} ${p%%.*} ${p#*.}',
    'b.tar.gz /a /a/b tar.gz\n',
  ],
  ['lengths', 'x=hello; echo ${#x} ${#}', '5 0\n'],
  ['an error message for a required variable', 'echo ${x:?is missing}; echo no', '', 2],
  [
    'positional parameters',
    'set -- a "b c" d; echo $#; for i in "$@"; do echo "[$i]"; done; shift; echo "$*"',
    '3\n[a]\n[b c]\n[d]\nb c d\n',
  ],
  ['"$@" without parameters is nothing', 'set --; for i in "$@" x; do echo "<$i>"; done', '<x>\n'],
  ['IFS splits', 'IFS=:; x=a:b::c; set -- $x; echo $# $2', '4 b\n'],
  ['quoted expansions are not split', 'x="a  b"; echo $x "$x"', 'a b a  b\n'],
  [
    'command substitution nests and drops last newlines',
    'x=$(printf "a\\nb\\n\\n"); echo "$x" `echo $(echo c)`',
    'a\nb c\n',
  ],
  ['the status of a substitution', 'x=$(exit 4); echo $?', '4\n'],
  ['a here-document expands', 'cat <<END\n$((1+1)) `echo x` \\$y "q"\nEND\n', '2 x $y "q"\n'],
  ['a quoted here-document does not', "cat <<'END'\n$((1+1)) $x\nEND\n", '$((1+1)) $x\n'],
  ['a here-document loses its tabs', 'cat <<-END\n\t\ta\n\tEND\n', 'a\n'],
  ['pipes connect', 'printf "b\\na\\n" | sort | tr "\\n" ,', 'a,b,'],
  ['a loop reads a pipe', 'printf "1 2\\n3 4\\n" | while read a b; do echo $b$a; done', '21\n43\n'],
  ['read consumes one line and no more', 'printf "a\\nb\\nc\\n" | { read x; echo "got $x"; cat; }', 'got a\nb\nc\n'],
  ['the status of a pipeline is the last command’s', 'false | true; echo $?; true | false; echo $?', '0\n1\n'],
  ['a reader that stops ends the writer', 'yes | head -n 2', 'y\ny\n'],
  [
    'redirections',
    'cd /tmp; echo a > r; echo b >> r; cat < r; echo e 2>&1 >/dev/null; ls nosuch 2>/dev/null; rm r',
    'a\nb\n',
  ],
  ['exec redirects the shell itself', 'exec 3>/tmp/f3; echo hi >&3; exec 3>&-; cat /tmp/f3', 'hi\n'],
  ['subshells keep their changes', 'x=1; (x=2; cd /tmp; echo $x); echo $x; pwd', '2\n1\n/\n'],
  ['groups share the shell', 'x=1; { x=2; }; echo $x', '2\n'],
  ['and, or, not', 'true && echo a || echo b; false && echo c || echo d; ! true; echo $?', 'a\nd\n1\n'],
  [
    'set -e ends the script, not inside conditions',
    'set -e; false || true; if false; then :; fi; echo still; false; echo no',
    'still\n',
    1,
  ],
  ['set -u rejects unset variables', 'set -u; echo ${x-ok}; echo $x; echo no', 'ok\n', 2],
  ['assignments before a command are for it alone', 'v=1; v=2 sh -c "echo \\$v"; echo $v', '2\n1\n'],
  ['exported variables reach programs', 'a=1; export b=2; sh -c "echo \\${a:-none} $b"', 'none 2\n'],
  ['eval and expansion of commands', 'c="echo hi"; $c; eval "echo \\$((2*3))"', 'hi\n6\n'],
  ['globs', 'cd /etc; echo passw? /nosuch*; echo "*"', 'passwd /nosuch*\n*\n'],
  ['tests', '[ a = a -a b != c ] && [ 3 -gt 2 ] && [ -d / ] && [ ! -e /no ] && [ -z "" ] && echo yes', 'yes\n'],
  ['[[ knows patterns', '[[ abc == a* && ! -e /no ]] && echo yes; [[ -e /etc/passwd ]] && echo file', 'yes\nfile\n'],
  ['exit codes beyond a byte wrap', 'exit 300', '', 44],
  [
    'a missing command exits with 127, a non-executable one with 126',
    'nosuch 2>/dev/null; echo $?; /etc/passwd 2>/dev/null; echo $?; /tmp 2>/dev/null; echo $?',
    '127\n126\n126\n',
  ],
  [
    'scripts run by #! and without',
    'printf "#!/bin/sh\\necho s \\$1\\n" >/tmp/s; chmod +x /tmp/s; /tmp/s a; printf "echo t\\n" >/tmp/t; sh /tmp/t',
    's a\nt\n',
  ],
  ['sourced files share the shell', 'echo "x=7" > /tmp/v; . /tmp/v; echo $x', '7\n'],
  ['getopts', 'f() { while getopts ab: o; do echo $o $OPTARG; done; }; f -a -b v; f -bw', 'a\nb v\n'],
  [
    'printf uses its format again',
    'printf "%s-%s|" a b c; printf "%03d %x %.1f%%\\n" 7 255 2.5',
    'a-b|c-|007 ff 2.5%\n',
  ],
  ['shift and unset', 'set -- a b; shift; echo $1; x=1; unset x; echo ${x-gone}', 'b\ngone\n'],
  ['readonly variables stay', 'readonly r=1; r=2; echo no', '', 2],
  ['command -v finds', 'command -v cd; command -v nosuch || echo none', 'cd\nnone\n'],
];

const bashOnly: readonly Row[] = [
  ['arrays', 'a=(1 2 3); a+=(4); echo ${a[@]} ${#a[@]} ${a[-1]} ${!a[@]} "${a[@]:1:2}"', '1 2 3 4 4 4 0 1 2 3 2 3\n'],
  ['elements are unset alone', "a=(x y z); unset 'a[1]'; echo ${a[@]} ${!a[@]}", 'x z 0 2\n'],
  ['associative arrays', 'declare -A m=([x]=1 [y]=2); m[z]=3; echo ${m[x]} ${#m[@]}', '1 3\n'],
  ['braces', 'echo {a,b} {1..3} x{1,2}y {01..03}', 'a b 1 2 3 x1y x2y 01 02 03\n'],
  [
    'case and substitution of parameters',
    's=hello; echo ${s^} ${s^^} ${s/l/L} ${s//l/L} ${s:1:3} ${s: -2}',
    'Hello HELLO heLlo heLLo ell lo\n',
  ],
  [
    'regular expressions',
    '[[ v1.22 =~ ^v([0-9]+)\\.([0-9]+)$ ]] && echo ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}',
    '1 22\n',
  ],
  ['arithmetic loops and commands', 'for ((i=0;i<3;i++)); do printf $i; done; ((i>2)) && echo " $i"', '012 3\n'],
  ['process substitution', 'cat <(echo a) <(echo b); while read l; do echo "<$l>"; done < <(echo c)', 'a\nb\n<c>\n'],
  ['here-strings', 'IFS=, read -ra p <<< "a,b,c"; echo ${#p[@]} ${p[2]}', '3 c\n'],
  ['pipefail', 'set -o pipefail; false | true; echo $?', '1\n'],
  ['indirection', 'a=5; b=a; echo ${!b}', '5\n'],
  ['escapes in dollar quotes', "echo $'a\\tb' $'it\\'s'", "a\tb it's\n"],
  ['fall through in case', 'case a in a) echo 1 ;& b) echo 2 ;; c) echo 3 ;; esac', '1\n2\n'],
];

const jobs: readonly Row[] = [
  ['a background command runs beside', 'sleep 2 & sleep 1; echo first; wait; echo second', 'first\nsecond\n'],
  ['wait returns the status', '(exit 7) & wait $!; echo $?', '7\n'],
  [
    'a killed job is 128 + signal',
    'sleep 100 & kill $!; wait $!; echo $?; sleep 100 & kill -9 $!; wait $!; echo $?',
    '143\n137\n',
  ],
  ['a shell without a trap dies of a signal', 'kill -TERM $$; echo no', '', 143],
  ['a trap runs at the next command', "trap 'echo got' USR1; kill -USR1 $$; echo after", 'got\nafter\n'],
  ['a trap may exit', "trap 'echo int; exit 5' INT; kill -INT $$; echo no", 'int\n', 5],
  ['the exit trap runs last', "trap 'echo bye' EXIT; echo hi; exit 3", 'hi\nbye\n', 3],
  ['an ignored signal does nothing', "trap '' TERM; kill -TERM $$; echo alive", 'alive\n'],
  [
    'wait is interrupted by a trapped signal',
    "trap 'echo trapped' TERM; (sleep 1; kill -TERM $$) & sleep 50 & wait $!; echo $?",
    'trapped\n143\n',
  ],
  ['kill -0 asks', 'kill -0 $$ && echo alive; kill -0 99999 2>/dev/null || echo gone', 'alive\ngone\n'],
];

describe('POSIX, as Bash runs it', () => {
  test.each(cases(posix))('$rule', async ({ script, stdout, exitCode }) => {
    const result = await run(bash, 'bash', script);
    expect(result.stdout).toBe(stdout);
    // Bash ends with 1 where POSIX shells end with 2.
    expect(result.exitCode).toBe(exitCode === 2 ? 1 : exitCode);
  });
});

describe('POSIX, as BusyBox runs it', () => {
  test.each(cases(posix))('$rule', async ({ script, stdout, exitCode }) => {
    const result = await run(ash, 'sh', script);
    expect(result.stdout).toBe(stdout);
    expect(result.exitCode).toBe(exitCode);
  });
});

describe('Bash', () => {
  test.each(cases(bashOnly))('$rule', async ({ script, stdout, exitCode }) => {
    const result = await run(bash, 'bash', script);
    expect(result).toMatchObject({ stdout, exitCode, stderr: '' });
  });
});

describe('jobs and signals', () => {
  test.each(cases(jobs))('$rule', async ({ script, stdout, exitCode }) => {
    const result = await run(bash, 'bash', script);
    expect(result).toMatchObject({ stdout, exitCode });
  });

  test('a trap that came during a foreground sleep runs when that ends', async () => {
    const script = "trap 'date +trap:%s' TERM; date +start:%s; (sleep 1; kill -TERM $$) & sleep 5";
    const { stdout } = await run(bash, 'bash', script);
    const [start, trapped] = [...stdout.matchAll(/:(\d+)/g)].map((match) => Number(match[1]));
    expect((trapped ?? 0) - (start ?? 0)).toBe(5);
  });

  test('timeout ends a command: 124 from GNU, 143 from BusyBox', async () => {
    expect((await run(bash, 'bash', 'timeout 1 sleep 10; echo $?')).stdout).toBe('124\n');
    expect((await run(ash, 'sh', 'timeout 1 sleep 10; echo $?')).stdout).toBe('143\n');
  });

  test('an endless loop lets time pass, so that it can be killed', async () => {
    const result = fixture.runtime.execSync(ash, ['sh', '-c', 'while :; do :; done'], 1000);
    await expect(fixture.settled(result)).rejects.toMatchObject({ code: 'DeadlineExceeded' });
  });
});

describe('words of the dialects', () => {
  test.each([
    ['debian', 'bash', 'nosuch', 'bash: line 1: nosuch: command not found\n'],
    ['debian', 'sh', 'nosuch', 'sh: 1: nosuch: not found\n'],
    ['busybox', 'sh', 'nosuch', 'sh: nosuch: not found\n'],
    ['busybox', 'sh', 'echo a > /no/such', "sh: can't create /no/such: nonexistent directory\n"],
    ['debian', 'sh', 'echo a > /no/such', 'sh: 1: cannot create /no/such: Directory nonexistent\n'],
    ['debian', 'bash', 'cat < /nosuch', 'bash: line 1: /nosuch: No such file or directory\n'],
    ['busybox', 'sh', 'cd /nosuch', "sh: cd: can't cd to /nosuch: No such file or directory\n"],
    ['busybox', 'sh', 'if true; fi', 'sh: syntax error: unexpected "fi"\n'],
    ['debian', 'bash', 'if true; fi', "bash: line 1: syntax error near unexpected token `fi'\n"],
    ['busybox', 'sh', 'cat /nosuch', "cat: can't open '/nosuch': No such file or directory\n"],
    ['debian', 'sh', 'cat /nosuch', 'cat: /nosuch: No such file or directory\n'],
    ['busybox', 'sh', 'ls /nosuch', 'ls: /nosuch: No such file or directory\n'],
    ['debian', 'sh', 'ls /nosuch', "ls: cannot access '/nosuch': No such file or directory\n"],
    ['busybox', 'sh', 'rm /nosuch', "rm: can't remove '/nosuch': No such file or directory\n"],
  ])('%s %s: %s', async (image, shell, script, stderr) => {
    expect((await run(image === 'debian' ? bash : ash, shell, script)).stderr).toBe(stderr);
  });

  test('echo in dash knows escapes, in Bash with -e', async () => {
    expect((await run(bash, 'sh', "echo 'a\\tb'")).stdout).toBe('a\tb\n');
    expect((await run(bash, 'bash', "echo 'a\\tb'; echo -e 'a\\tb'")).stdout).toBe('a\\tb\na\tb\n');
  });
});
