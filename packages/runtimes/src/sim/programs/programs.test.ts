// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the rows are shell scripts
import { beforeAll, describe, expect, test } from 'vitest';
import { bytes, createFixture, type Fixture } from '../sim.fixture.ts';

let fixture: Fixture;
let busybox: string;
let debian: string;

beforeAll(async () => {
  fixture = createFixture();
  const sandbox = await fixture.sandbox('web');
  busybox = await fixture.container(sandbox, 'busybox', { command: ['sleep', 'infinity'] });
  debian = await fixture.container(sandbox, 'debian', { command: ['sleep', 'infinity'] });
});

describe('files', () => {
  test.each([
    [
      'copies of files and trees',
      'cd /tmp; mkdir -p a/b; echo x > a/b/f; cp -r a c; cat c/b/f; cp a/b/f g; cat g; rm -rf a c g',
      'x\nx\n',
    ],
    ['a tree is not copied without -r', 'cd /tmp; mkdir d; cp d e; echo $?; rmdir d', '1\n'],
    ['moves', 'cd /tmp; echo x > m1; mkdir md; mv m1 md; mv md me; cat me/m1; rm -r me', 'x\n'],
    ['links', 'cd /tmp; echo x > t; ln -s t l; ln t h; readlink l; cat l h; rm t l h', 't\nx\nx\n'],
    ['modes', 'cd /tmp; touch f; chmod 600 f; stat -c %a f; chmod u+x,g=r f; stat -c %A f; rm f', '600\n-rwxr-----\n'],
    ['owners', 'cd /tmp; touch f; chown 1000:2000 f; stat -c "%u %g" f; rm f', '1000 2000\n'],
    [
      'listings are sorted',
      'cd /tmp; touch b a .c; ls; ls -a | tail -3; ls -1d /tmp; rm a b .c',
      'a\nb\n.c\na\nb\n/tmp\n',
    ],
    [
      'a long listing',
      'cd /tmp; printf abc > f; ls -l f; rm f',
      '-rw-r--r--    1 root     root             3 Jan  1 00:00 f\n',
    ],
    [
      'find by name, type and action',
      'cd /tmp; mkdir -p x/y; touch x/a.txt x/y/b.txt; find x -name "*.txt"; find x -type d; find x -name "b*" -exec echo got {} \\;; rm -rf x',
      'x/a.txt\nx/y/b.txt\nx\nx/y\ngot x/y/b.txt\n',
    ],
    ['du counts', 'cd /tmp; mkdir u; head -c 8192 /dev/zero > u/f; du -s u; rm -r u', '12\tu\n'],
    [
      'modification times come from the clock',
      'cd /tmp; touch f; date -r f +%s; date +%s; rm f',
      '1767225600\n1767225600\n',
    ],
  ])('%s', async (_rule, script, stdout) => {
    expect(await fixture.run(busybox, script)).toMatchObject({ stdout });
  });
});

describe('text', () => {
  test.each([
    [
      'head and tail',
      'seq 10 | head -n 2; seq 10 | tail -n 2; seq 5 | tail -n +4; echo abcdef | head -c 3',
      '1\n2\n9\n10\n4\n5\nabc',
    ],
    ['wc', 'printf "a b\\nc\\n" | wc; printf "a\\n" | wc -l', '        2        3        6\n1\n'],
    [
      'sort, uniq, cut, tr, grep, sed, awk',
      'printf "b 2\\na 1\\nb 2\\n" | sort | uniq -c | sed "s/^ *//" | grep 2 | cut -d" " -f2 | tr b B; echo "x y" | awk "{print \\$2}"',
      'B\ny\n',
    ],
    [
      'base64 and checksums',
      'printf admin | base64; echo YWRtaW4= | base64 -d; echo; printf x | md5sum | cut -c1-8',
      'YWRtaW4=\nadmin\n9dd4e461\n',
    ],
    [
      'xargs',
      'echo 1 2 3 | xargs -n 1 echo n; printf "a\\nb\\n" | xargs -I{} echo "<{}>"',
      'n 1\nn 2\nn 3\n<a>\n<b>\n',
    ],
    ['expr and seq', 'expr 3 + 4; expr length abc; seq -s, 3; seq 5 -2 1 | tr "\\n" " "', '7\n3\n1,2,3\n5 3 1 '],
    ['tee', 'echo x | tee /tmp/t1 /tmp/t2; cat /tmp/t1 /tmp/t2; rm /tmp/t1 /tmp/t2', 'x\nx\nx\n'],
    ['date', 'date -u -d @86400 "+%Y-%m-%dT%H:%M:%SZ %A"', '1970-01-02T00:00:00Z Friday\n'],
    ['env', 'A=1 env | grep ^A=; env -i B=2 env', 'A=1\nB=2\n'],
  ])('%s', async (_rule, script, stdout) => {
    expect(await fixture.run(busybox, script)).toMatchObject({ stdout });
  });

  test('tail -f prints appended lines, and grep forwards them immediately', async () => {
    const sandbox = await fixture.sandbox('logs');
    const mounts = [{ containerPath: '/var/log', hostPath: '/logs', readonly: false, propagation: 'PRIVATE' as const }];
    const app = await fixture.container(sandbox, 'busybox', {
      command: ['sh', '-c', 'i=0; while true; do echo "$i: $(date +%S)" >> /var/log/1.log; i=$((i+1)); sleep 1; done'],
      mounts,
    });
    const tail = await fixture.container(sandbox, 'busybox', {
      command: ['sh', '-c', 'tail -n+1 -F /var/log/1.log | grep -v "^1:"'],
      mounts,
    });
    await fixture.simulation.advance('3s');
    expect(fixture.logs(tail)).toContain('0: 00\n2: 02\n3: 03\n');
    await fixture.runtime.removeContainer(app);
    await fixture.runtime.removePodSandbox(sandbox);
  });

  test('tail -F waits for a file, and follows its replacement', async () => {
    const sandbox = await fixture.sandbox('rotate');
    const id = await fixture.container(sandbox, 'busybox', { command: ['tail', '-F', '/tmp/log'] });
    await fixture.run(
      id,
      'echo one > /tmp/log; sleep 1; mv /tmp/log /tmp/log.1; echo two > /tmp/log; sleep 1; echo three >> /tmp/log',
    );
    expect(
      fixture
        .logs(id)
        .split('\n')
        .filter((line) => !line.startsWith('tail:')),
    ).toEqual(['one', 'two', 'three', '']);
    await fixture.runtime.removePodSandbox(sandbox);
  });
});

describe('processes', () => {
  test('ps of BusyBox and of procps', async () => {
    expect((await fixture.run(busybox, 'ps | sed "s/ *[0-9]* *//" | head -2')).stdout).toBe(
      'PID   USER     TIME  COMMAND\nroot      0:00 sleep infinity\n',
    );
    expect((await fixture.run(debian, 'ps ax | head -2')).stdout).toMatch(
      /^ {4}PID TTY {6}STAT {3}TIME COMMAND\n {6}1 \? {8}Ss {5}0:00 sleep infinity\n$/,
    );
    expect((await fixture.run(debian, 'ps aux | head -1; ps -ef | head -1')).stdout).toBe(
      'USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\nUID          PID    PPID  C STIME TTY          TIME CMD\n',
    );
  });

  test('a shared process namespace shows pause, nginx and the shell, and lets them be signalled', async () => {
    const shared = await fixture.sandbox('shared', { namespaces: { network: 'POD', pid: 'POD', ipc: 'POD' } });
    const nginx = await fixture.container(shared, 'nginx');
    const shell = await fixture.container(shared, 'busybox', { stdin: true, tty: true });
    const { stdout } = await fixture.run(shell, 'ps ax');
    expect(stdout).toMatch(/^ +1 65535 +0:00 \/pause$|^ +1 root +0:00 \/pause$/m);
    expect(stdout).toContain('nginx: master process nginx -g daemon off;');
    expect(stdout).toContain('nginx: worker process');
    await fixture.run(shell, 'kill -HUP 2; kill $(pgrep -f "nginx: master")');
    expect(fixture.runtime.containerStatus(nginx)).toMatchObject({ state: 'EXITED' });
    await fixture.run(shell, 'kill 1').catch(() => undefined);
    expect(await fixture.runtime.podSandboxStatus(shared)).toMatchObject({ state: 'NOTREADY' });
    expect(fixture.runtime.containerStatus(shell)).toMatchObject({ state: 'EXITED', exitCode: 137 });
    await fixture.runtime.removePodSandbox(shared);
  });

  test('the host’s process namespace shows the whole node', async () => {
    const host = await fixture.sandbox('host', { namespaces: { network: 'NODE', pid: 'NODE', ipc: 'NODE' } });
    const id = await fixture.container(host, 'busybox', { command: ['sleep', '100'] });
    const { stdout } = await fixture.run(id, 'ps');
    expect(stdout).toContain('/usr/bin/kubelet');
    expect(stdout).toContain('sleep infinity');
    expect(stdout).toContain('/pause');
    await fixture.runtime.removePodSandbox(host);
  });

  test('another container’s processes can be joined, as an ephemeral container does', async () => {
    const sandbox = await fixture.sandbox('debug');
    const target = await fixture.container(sandbox, 'nginx');
    const security = {
      supplementalGroups: [],
      readonlyRootFilesystem: false,
      privileged: false,
      targetContainerId: target,
    };
    const debug = await fixture.container(sandbox, 'busybox', { command: ['sleep', '100'], security });
    expect((await fixture.run(debug, 'ps; cat /proc/1/root/etc/nginx/nginx.conf | head -1')).stdout).toMatch(
      /nginx: master[\s\S]*user {2}nginx;/,
    );
    await fixture.runtime.removePodSandbox(sandbox);
  });

  test('pgrep, pidof, pkill', async () => {
    expect(
      (await fixture.run(busybox, 'sleep 77 & pidof sleep | wc -w; kill $(pgrep -f "^sleep 77"); wait $!; echo $?'))
        .stdout,
    ).toBe('2\n143\n');
  });
});

describe('package managers', () => {
  test('install what is known, in this container only', async () => {
    const id = await fixture.container(await fixture.sandbox('pkg'), 'alpine', { command: ['sleep', '100'] });
    expect((await fixture.run(id, 'apk add --no-cache curl >/dev/null && curl --nosuch')).stderr).toContain(
      'curl: option --nosuch: is unknown',
    );
    expect(await fixture.run(id, 'apk add nosuch')).toMatchObject({ exitCode: 1 });
    expect(await fixture.run(debian, 'apt-get update && apt-get install -y nosuch')).toMatchObject({ exitCode: 100 });
    expect(await fixture.run(debian, 'curl')).toMatchObject({ exitCode: 127 });
  });
});

describe('tar, as kubectl cp uses it', () => {
  const streams = { stdin: true, stdout: true, stderr: true, tty: false };
  const content = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);

  test('an archive packed in one container unpacks in another, byte for byte', async () => {
    fixture.runtime.files.mkdir('/from');
    fixture.runtime.files.writeFile('/from/data.bin', content, { mode: 0o640 });
    const long = `${'d'.repeat(80)}/${'f'.repeat(60)}`;
    const sandbox = await fixture.sandbox('cp');
    const mounts = [{ containerPath: '/from', hostPath: '/from', readonly: false, propagation: 'PRIVATE' as const }];
    const source = await fixture.container(sandbox, 'debian', { command: ['sleep', '100'], mounts });
    await fixture.run(
      source,
      `mkdir -p /from/sub/${'d'.repeat(80)}; echo long > /from/sub/${long}; ln -s data.bin /from/link`,
    );
    const pack = await fixture.runtime.exec(source, { ...streams, stdin: false, command: ['tar', 'cf', '-', '/from'] });
    const unpack = await fixture.runtime.exec(busybox, { ...streams, command: ['tar', '-xmf', '-', '-C', '/tmp'] });
    pack.stdout.subscribe({ next: (chunk) => unpack.stdin.write(chunk), complete: () => unpack.stdin.end() });
    expect(await fixture.settled(unpack.exit)).toEqual({ exitCode: 0 });
    const { stdout } = await fixture.run(
      busybox,
      `cmp() { [ "$(md5sum < $1)" = "$(md5sum < $2)" ]; }; cd /tmp/from; cat sub/${long}; readlink link; stat -c "%a %s" data.bin; od -An -tx1 -N4 data.bin`,
    );
    expect(stdout).toBe('long\ndata.bin\n640 1000\n 00 07 0e 15\n');
    await fixture.runtime.removePodSandbox(sandbox);
  });

  test('a missing program is reported', async () => {
    expect(await fixture.run(debian, 'tar cf /dev/null /nosuch')).toMatchObject({
      exitCode: 2,
      stderr: 'tar: /nosuch: Cannot stat: No such file or directory\n',
    });
    expect(await fixture.run(busybox, 'echo rubbish | tar xf -')).toMatchObject({ exitCode: 1 });
  });

  test('names cannot leave the directory', async () => {
    const archive = new Uint8Array(1536);
    const put = (at: number, text: string) => archive.set(bytes(text), at);
    put(0, '../evil');
    put(100, '0000644');
    put(124, '00000000000');
    put(156, '0');
    put(257, 'ustar');
    const session = await fixture.runtime.exec(busybox, { ...streams, command: ['tar', 'xf', '-', '-C', '/tmp'] });
    session.stdin.write(archive);
    session.stdin.end();
    expect(await fixture.settled(session.exit)).toEqual({ exitCode: 1 });
    expect((await fixture.run(busybox, 'ls /evil')).exitCode).toBe(1);
  });
});
