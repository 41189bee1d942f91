import { beforeEach, describe, expect, test } from 'vitest';
import type { StreamSession } from '../../streams.ts';
import { bytes, collected, createFixture, type Fixture } from '../sim.fixture.ts';
import { Terminal } from './terminal.ts';

let fixture: Fixture;
let sandbox: string;

beforeEach(async () => {
  fixture = createFixture();
  sandbox = await fixture.sandbox('web');
});

/** A user at a terminal. */
async function user(session: StreamSession) {
  const output = collected(session.stdout);
  let exitCode: number | undefined;
  void session.exit.then((result) => {
    exitCode = result.exitCode;
  });
  await fixture.simulation.idle();
  return {
    /** Types, and returns the output since the last call. */
    async types(text: string): Promise<string> {
      session.stdin.write(bytes(text));
      await fixture.simulation.idle();
      return this.sees();
    },
    sees(): string {
      const { text } = output;
      output.text = '';
      return text;
    },
    get exitCode() {
      return exitCode;
    },
    session,
  };
}

const interactive = { stdin: true, stdout: true, stderr: true, tty: true };

async function shellIn(image: string, command: readonly string[]) {
  const id = await fixture.container(sandbox, image, { command: ['sleep', 'infinity'] });
  return user(await fixture.runtime.exec(id, { ...interactive, command }));
}

describe('the prompt', () => {
  test.each([
    ['busybox', ['sh'], '/ # '],
    ['alpine', ['/bin/sh'], '/ # '],
    ['debian', ['bash'], 'root@web:/# '],
    ['debian', ['sh'], '# '],
  ])('of %s %s', async (image, command, prompt) => {
    const person = await shellIn(image, command);
    expect(person.sees()).toBe(prompt);
    expect(await person.types('echo hi\r')).toBe(`echo hi\r\nhi\r\n${prompt}`);
    await person.types('exit 3\r');
    expect(person.exitCode).toBe(3);
  });

  test('of a user other than root ends with a dollar sign', async () => {
    const security = { runAsUser: 1000, supplementalGroups: [], readonlyRootFilesystem: false, privileged: false };
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'], security });
    const person = await user(await fixture.runtime.exec(id, { ...interactive, command: ['sh'] }));
    expect(person.sees()).toBe('/ $ ');
  });

  test('shows the directory; variables and functions stay between lines', async () => {
    const person = await shellIn('busybox', ['sh']);
    expect(await person.types('cd /etc\r')).toContain('/etc # ');
    await person.types('x=5; f() { echo f$1; }\r');
    expect(await person.types('f $x; pwd\r')).toBe('f $x; pwd\r\nf5\r\n/etc\r\n/etc # ');
  });

  test('asks for more while a command is incomplete', async () => {
    const person = await shellIn('busybox', ['sh']);
    expect(await person.types('for i in 1 2\r')).toBe('/ # for i in 1 2\r\n> ');
    await person.types('do echo $i\r');
    expect(await person.types('done\r')).toBe('done\r\n1\r\n2\r\n/ # ');
  });

  test('survives errors', async () => {
    const person = await shellIn('busybox', ['sh']);
    person.sees();
    expect(await person.types('fi\r')).toBe('fi\r\nsh: syntax error: unexpected "fi"\r\n/ # ');
    expect(await person.types('nosuch\r')).toBe('nosuch\r\nsh: nosuch: not found\r\n/ # ');
    expect(await person.types('echo $?\r')).toBe('echo $?\r\n127\r\n/ # ');
  });

  test('ends at Ctrl-D with the last status', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('false\r');
    await person.types('\x04');
    expect(person.exitCode).toBe(1);
  });
});

describe('editing', () => {
  /** What the shell got, shown by echo. */
  async function edited(keys: string): Promise<string> {
    const person = await shellIn('busybox', ['sh']);
    person.sees();
    const output = await person.types(`${keys}\r`);
    return output.split('\r\n').at(-2) ?? '';
  }

  test.each([
    ['backspace', 'echo abd\x7fc', 'abc'],
    ['cursor left and insert', 'echo ac\x1b[Db', 'abc'],
    ['cursor right', 'echo ac\x1b[D\x1b[D\x1b[Cb', 'abc'],
    ['home and end', 'cho x\x01e\x05y', 'xy'],
    ['Ctrl-U', 'rubbish\x15echo ok', 'ok'],
    ['Ctrl-W', 'echo one two\x17three', 'one three'],
    ['Ctrl-K', 'echo abc\x1b[D\x1b[D\x0b', 'a'],
    ['delete', 'echo xabc\x01\x06\x06\x06\x06\x06\x1b[3~', 'abc'],
    ['letters of several bytes', 'echo äöx\x7f\x7fü', 'äü'],
  ])('%s', async (_name, keys, result) => {
    expect(await edited(keys)).toBe(result);
  });

  test('history with up and down', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('echo one\r');
    await person.types('echo two\r');
    expect(await person.types('\x1b[A\x1b[A\r')).toContain('\r\none\r\n');
    expect(await person.types('\x1b[A\x1b[A\x1b[B\r')).toContain('\r\none\r\n');
  });

  test('Ctrl-C discards the line', async () => {
    const person = await shellIn('busybox', ['sh']);
    person.sees();
    expect(await person.types('echo no\x03')).toBe('echo no^C\r\n/ # ');
    expect(await person.types('echo $?\r')).toBe('echo $?\r\n130\r\n/ # ');
  });
});

describe('while a command runs', () => {
  test('Ctrl-C ends it, and the rest of the line', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('sleep 1000; echo no\r');
    expect(await person.types('\x03')).toBe('^C\r\n/ # ');
    expect(await person.types('echo still\r')).toContain('still\r\n');
  });

  test('Ctrl-C ends a loop of builtins and programs', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('while true; do sleep 1; done\r');
    await fixture.simulation.advance('10s');
    expect(await person.types('\x03')).toContain('/ # ');
  });

  test('the terminal edits the lines that cat reads, until Ctrl-D', async () => {
    const person = await shellIn('busybox', ['sh']);
    person.sees();
    await person.types('cat\r');
    person.sees();
    expect(await person.types('helo\x7flo\r')).toBe('helo\b \blo\r\nhello\r\n');
    expect(await person.types('\x04')).toBe('/ # ');
  });

  test('read -s does not echo', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('read -s p\r');
    expect(await person.types('secret\r')).not.toContain('secret');
    expect(await person.types('echo "[$p]"\r')).toContain('[secret]');
  });

  test('a resize reaches the terminal', async () => {
    const person = await shellIn('busybox', ['sh']);
    person.session.resize(120, 40);
    expect(await person.types('stty size\r')).toContain('40 120\r\n');
  });

  test('a closed session kills the command', async () => {
    const person = await shellIn('busybox', ['sh']);
    await person.types('sleep 500\r');
    person.session.close();
    await fixture.simulation.idle();
    expect(person.exitCode).toBe(137);
  });
});

describe('without a terminal', () => {
  const piped = { stdin: true, stdout: true, stderr: true, tty: false };

  test('runs a script from standard input, and programs read the input that follows them', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    const session = await fixture.runtime.exec(id, { ...piped, command: ['sh'] });
    const output = collected(session.stdout);
    session.stdin.write(bytes('echo one\nread line\nfor me\necho "got $line"\ncd /etc; pwd\nexit 7\n'));
    session.stdin.end();
    expect(await fixture.settled(session.exit)).toEqual({ exitCode: 7 });
    expect(output.text).toBe('one\ngot for me\n/etc\n');
  });

  test('cat returns its input byte for byte', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    const session = await fixture.runtime.exec(id, { ...piped, command: ['cat'] });
    const chunks: Uint8Array[] = [];
    session.stdout.subscribe((chunk) => chunks.push(chunk));
    const sent = Uint8Array.from({ length: 256 }, (_, at) => at);
    session.stdin.write(sent);
    session.stdin.end();
    await fixture.settled(session.exit);
    expect(chunks).toEqual([sent]);
  });

  test('output and errors are apart', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'] });
    const session = await fixture.runtime.exec(id, { ...piped, command: ['sh', '-c', 'echo o; echo e >&2'] });
    const [stdout, stderr] = [collected(session.stdout), collected(session.stderr)];
    await fixture.settled(session.exit);
    expect([stdout.text, stderr.text]).toEqual(['o\n', 'e\n']);
  });
});

describe('attach', () => {
  test('to a BusyBox with stdin and tty: its shell is at hand, for one after the other', async () => {
    const id = await fixture.container(sandbox, 'busybox', { stdin: true, tty: true });
    await fixture.simulation.idle();
    expect(fixture.logs(id)).toBe('');
    const first = await user(await fixture.runtime.attach(id, interactive));
    expect(await first.types('x=1\r')).toBe('x=1\r\n/ # ');
    first.session.close();
    const second = await user(await fixture.runtime.attach(id, interactive));
    expect(await second.types('echo $x\r')).toBe('echo $x\r\n1\r\n/ # ');
    await second.types('exit 5\r');
    expect(second.exitCode).toBe(5);
    expect(fixture.logs(id)).toContain('echo $x\r\n1\r\n');
  });

  test('without stdin a shell exits immediately', async () => {
    const id = await fixture.container(sandbox, 'busybox');
    await fixture.simulation.idle();
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 0 });
  });

  test('with stdinOnce the end of the first attached input ends it for the container', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['cat'], stdin: true, stdinOnce: true });
    const session = await fixture.runtime.attach(id, { ...interactive, tty: false });
    const output = collected(session.stdout);
    session.stdin.write(bytes('hello\n'));
    session.stdin.end();
    await fixture.simulation.idle();
    expect(output.text).toBe('hello\n');
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 0 });
  });

  test('several see the same output', async () => {
    const id = await fixture.container(sandbox, 'busybox', { command: ['sh', '-c', 'sleep 1; echo now'] });
    const watch = async () =>
      collected((await fixture.runtime.attach(id, { ...interactive, stdin: false, tty: false })).stdout);
    const [one, other] = [await watch(), await watch()];
    await fixture.simulation.advance('2s');
    expect([one.text, other.text]).toEqual(['now\n', 'now\n']);
  });

  test('Ctrl-C at an attached shell does not end the container', async () => {
    const id = await fixture.container(sandbox, 'busybox', { stdin: true, tty: true });
    const person = await user(await fixture.runtime.attach(id, interactive));
    await person.types('sleep 100\r');
    await person.types('\x03');
    expect(await person.types('echo $?\r')).toContain('130\r\n');
  });
});

describe('what is typed is bounded', () => {
  test('a line at the prompt: the rest is refused with bells, and the line works', async () => {
    const person = await shellIn('busybox', ['sh']);
    person.sees();
    await person.types(`echo ${'x'.repeat(20_000)}`);
    await fixture.simulation.advance('1m');
    person.sees();
    let shown = await person.types('\r');
    await fixture.simulation.advance('1m');
    shown += person.sees();
    expect(shown.endsWith(`\n${'x'.repeat(4091)}\r\n/ # `), `${shown.length} characters`).toBe(true);
  });

  test('a line that a program reads: the rest is lost', async () => {
    const person = await shellIn('busybox', ['sh', '-c', 'head -n 1 | wc -c']);
    expect((await person.types(`${'x'.repeat(20_000)}\r`)).replace(/x/g, '')).toBe('\r\n4096\r\n');
  });

  test('what nobody reads: the rest is lost, and Ctrl-C gets through', async () => {
    const person = await shellIn('busybox', ['sh', '-c', 'sleep 1000; wc -c']);
    for (let line = 0; line < 100; line++) await person.types(`${'x'.repeat(1000)}\r`);
    await person.types('\x04'.repeat(20_000));
    await person.types('\x03');
    expect(person.exitCode).toBe(130);
  });

  test('bytes that nobody reads in raw mode', async () => {
    const terminal = new Terminal(() => {});
    terminal.raw = true;
    for (let chunk = 0; chunk < 100; chunk++) terminal.type(new Uint8Array(10_000));
    let read = 0;
    // Reads that do not wait need no process.
    while (terminal.ready) read += (terminal.read(undefined as never, 4096) as Uint8Array).length;
    expect(read).toBe(65_536);
    terminal.type(bytes('more'));
    expect(terminal.ready).toBe(true);
  });
});
