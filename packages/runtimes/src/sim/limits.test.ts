import { beforeEach, describe, expect, test } from 'vitest';
import { createFixture, type Fixture } from './sim.fixture.ts';

/** What Linux refuses, and who is killed when memory runs out. */

const mebibyte = 1024 ** 2;

let fixture: Fixture;
let id: string;
const sleeper = { command: ['sleep', 'infinity'] };
const limited = (memoryLimitBytes: number) => ({ resources: { memoryLimitBytes, cpuShares: 0, cpuQuota: 0 } });

beforeEach(async () => {
  fixture = createFixture({ memoryBytes: 48 * mebibyte });
  id = await fixture.container(await fixture.sandbox(), 'bash', sleeper);
});

const bash = (script: string) => fixture.settled(fixture.runtime.execSync(id, ['bash', '-c', script], 0));

describe('sizes that are refused', () => {
  test.each([
    ['an argument of 128 KiB', 'x=$(printf %131072s); /bin/echo "$x"', 126, 'Argument list too long'],
    [
      '2 MiB of arguments',
      '/bin/echo $(yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | head -n 60000)',
      126,
      'Argument list too long',
    ],
    [
      '2 MiB of environment',
      'x=$(printf %120000s); for i in {1..20}; do export v$i="$x"; done; /bin/true',
      126,
      'Argument list too long',
    ],
    ['a name of 256 characters', ': > /tmp/$(printf %0256d 0)', 1, 'File name too long'],
    ['a path of 4,096 characters', `mkdir -p /tmp/${'d/'.repeat(2100)}`, 1, 'File name too long'],
    ['more open files than 1,024', 'exec 1024< /etc/passwd', 1, 'Too many open files'],
    ['a file of 100 TiB', 'truncate -s 100T /tmp/a', 1, 'File too large'],
    ['commands that are nested too deep', `eval '${'( '.repeat(300)}'`, 2, 'nesting too deep'],
    ['arithmetic that is nested too deep', `echo $(( ${'- '.repeat(300)} 1 ))`, 1, 'recursion level exceeded'],
    ['a back-reference', "expr aa : '\\(a\\)\\1'", 2, 'Invalid back reference'],
  ])('%s', async (_what, script, exitCode, message) => {
    const result = await bash(script);
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(exitCode);
  });

  test('builtins are no programs: they take what memory there is for', async () => {
    expect(await bash('x=$(printf %200000s); echo "$x" | wc -c')).toMatchObject({ stdout: '200001\n' });
  });
});

describe('memory', () => {
  const status = async (container: string) => {
    const { state, exitCode, reason } = await fixture.runtime.containerStatus(container);
    return { state, exitCode, reason };
  };
  const killed = { state: 'EXITED', exitCode: 137, reason: 'OOMKilled' };

  test.each([
    ['a variable', 'x=a; while :; do x=$x$x; done'],
    ['many variables', 'while :; do eval "v$((i=i+1))=aaaaaaaa"; done'],
    ['parameters', 'while :; do set -- "$@" "$@" x; done'],
    ['a line', 'read x < /dev/zero'],
    ['output that is substituted', 'x=$(cat /dev/zero)'],
    ['words of a brace expansion', 'echo {1..99999999}'],
    ['lines to sort', 'yes | sort'],
    ['the end of an input', 'tail -n 1 < /dev/zero'],
  ])('%s beyond the limit: the container is OOM killed', async (_what, script) => {
    const command = ['bash', '-c', script];
    const container = await fixture.container(await fixture.sandbox('greedy'), 'bash', {
      command,
      ...limited(4 * mebibyte),
    });
    await fixture.simulation.advance('5m');
    expect(await status(container)).toEqual(killed);
  });

  test('without a limit, who holds most of the real memory is killed, and nobody else', async () => {
    const sandbox = await fixture.sandbox('greedy');
    const modest = await fixture.container(sandbox, 'bash', {
      command: ['bash', '-c', 'x=$(printf %1000000s); sleep 1d'],
    });
    const greedy = await fixture.container(sandbox, 'bash', {
      command: ['bash', '-c', 'x=a; while :; do x=$x$x; done'],
    });
    await fixture.simulation.advance('1m');
    expect(await status(greedy)).toEqual(killed);
    expect(await status(modest)).toMatchObject({ state: 'RUNNING' });
    expect(await status(id)).toMatchObject({ state: 'RUNNING' });
  });

  test('files of /dev/shm count as memory of whoever wrote them, until they are removed', async () => {
    const used = async () => (await fixture.runtime.containerUsage?.(id))?.memoryBytes;
    const before = await used();
    await bash('head -c 3000000 /dev/zero > /dev/shm/a');
    expect((await used()) ?? 0).toBe((before ?? 0) + 3_000_000);
    await bash('rm /dev/shm/a');
    expect(await used()).toBe(before);
  });

  test('files fill the disk, which is free again once they are gone', async () => {
    const full = await bash('head -c 60000000 /dev/urandom > /tmp/a');
    expect(full).toMatchObject({ exitCode: 1 });
    expect(full.stderr).toContain('No space left on device');
    expect(await bash('rm /tmp/a; head -c 20000000 /dev/urandom > /tmp/b && wc -c < /tmp/b')).toMatchObject({
      stdout: '20000000\n',
    });
  });
});

describe('HTTP between containers', () => {
  const ask = (answer: string) =>
    bash(`{ ${answer}; } | nc -l -p 8000 > /dev/null & sleep 1; wget -q -O - http://127.0.0.1:8000/ | wc -c`);

  test.each([
    ['a head without end', 'printf "HTTP/1.1 200 OK\\r\\n"; yes "X: y"'],
    ['a body without end', 'printf "HTTP/1.1 200 OK\\r\\n\\r\\n"; cat /dev/zero'],
    ['a body that is too long', 'printf "HTTP/1.1 200 OK\\r\\nContent-Length: 99999999\\r\\n\\r\\nx"'],
    ['chunks without end', 'printf "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"; yes 0000000001'],
  ])('%s is an error of its reader', async (_what, answer) => {
    const { stdout, stderr } = await ask(answer);
    expect(stdout.trim()).toBe('0');
    expect(stderr).toContain('wget:');
  });
});
