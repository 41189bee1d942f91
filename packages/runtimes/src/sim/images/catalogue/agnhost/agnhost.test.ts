import { beforeEach, describe, expect, test } from 'vitest';
import type { ContainerConfig } from '../../../../runtime.ts';
import { createFixture, type Fixture } from '../../../sim.fixture.ts';
import { goDuration, goFlags } from './go-flags.ts';
import { modeText } from './mount-test.ts';

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.59';

let fixture: Fixture;
let sandbox: string;
beforeEach(async () => {
  fixture = createFixture();
  sandbox = await fixture.sandbox('web');
});

/** Runs agnhost until nothing happens any more. */
async function ran(args: readonly string[], more: Partial<ContainerConfig> = {}) {
  const id = await fixture.container(sandbox, image, { args, ...more });
  await fixture.simulation.idle();
  return { id, text: fixture.logs(id), status: fixture.runtime.containerStatus(id) };
}

const get = async (path: string, port = 8080) => {
  const request = { scheme: 'http', host: '10.244.1.2', port, path, headers: [], timeout: 1000 } as const;
  return fixture.settled(Promise.resolve(fixture.runtime.network.httpGet(request)));
};

describe('mounttest', () => {
  test('reports mode, permissions, owner and content of a file', async () => {
    const { text, status } = await ran(
      [
        'mounttest',
        '--file_mode=/etc/os-release',
        '--file_perm=/etc',
        '--file_owner=/etc',
        '--file_content=/etc/hostname',
      ],
      {},
    );
    expect(text).toContain('mode of file "/etc/os-release": -rw-r--r--\nperms of file "/etc": -rwxr-xr-x\n');
    expect(text).toContain('owner UID of "/etc": 0\nowner GID of "/etc": 0\ncontent of file "/etc/hostname": web\n');
    expect(status).toMatchObject({ exitCode: 0 });
  });

  test.each(['0644', '0666', '0660', '0777'])('makes a file with mode %s, whatever the umask', async (mode) => {
    const { text } = await ran(['mounttest', `--new_file_${mode}=/tmp/new`, '--file_perm=/tmp/new']);
    const perms = { '0644': '-rw-r--r--', '0666': '-rw-rw-rw-', '0660': '-rw-rw----', '0777': '-rwxrwxrwx' }[mode];
    expect(text).toBe(`content of file "/tmp/new": mount-tester new file\n\nperms of file "/tmp/new": ${perms}\n`);
  });

  test('tells a directory in memory from one on disk', async () => {
    fixture.runtime.files.makeMemoryDirectory?.('/memory', 1024);
    const mounts = [
      { containerPath: '/memory', hostPath: '/memory', readonly: false, propagation: 'PRIVATE' as const },
    ];
    expect((await ran(['mounttest', '--fs_type=/memory'], { mounts })).text).toBe('mount type of "/memory": tmpfs\n');
    expect((await ran(['mounttest', '--fs_type=/tmp'])).text).toBe('mount type of "/tmp": 61267\n');
  });

  test('fails for a missing file, after it has done the rest', async () => {
    const { text, status } = await ran(['mounttest', '--file_mode=/nosuch', '--file_content=/etc/hostname']);
    expect(text).toBe('error of "/nosuch": no such file or directory\ncontent of file "/etc/hostname": web\n\n');
    expect(status).toMatchObject({ exitCode: 1 });
  });

  test('reads a file again and again, and sees it change', async () => {
    const loop = ['--file_content_in_loop=/tmp/late', '--break_on_expected_content=false', '--retry_time=20'];
    const { id } = await ran(['mounttest', ...loop]);
    await fixture.run(id, 'echo one > /tmp/late; sleep 5; echo two > /tmp/late');
    await fixture.simulation.advance('20s');
    expect(fixture.logs(id)).toMatch(
      /^Error reading file \/tmp\/late: open \/tmp\/late: no such file or directory, retrying\n[\s\S]*"\/tmp\/late": one\n[\s\S]*"\/tmp\/late": two\n/,
    );
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ['directory', 0o3777, 'dgtrwxrwxrwx'],
    ['directory', 0o755, 'drwxr-xr-x'],
    ['file', 0o400, '-r--------'],
    ['file', 0o4755, 'urwxr-xr-x'],
    ['symlink', 0o777, 'Lrwxrwxrwx'],
  ] as const)('prints the mode of a %s %o as Go does: %s', (kind, mode, text) => {
    expect(modeText({ kind, mode })).toBe(text);
  });
});

describe('what it prints', () => {
  test('arguments as a list of Go, under both of its names', async () => {
    expect((await ran(['entrypoint-tester', 'a', 'b c'])).text).toBe('[/agnhost entrypoint-tester a b c]\n');
    const command = ['/agnhost-2', 'entrypoint-tester'];
    expect((await ran([], { command })).text).toBe('[/agnhost-2 entrypoint-tester]\n');
  });

  test('hosts and resolver', async () => {
    expect((await ran(['etc-hosts'])).text).toContain('127.0.0.1');
    expect((await ran(['dns-suffix'])).text).toBe('default.svc.cluster.local,svc.cluster.local\n');
    expect((await ran(['dns-server-list'])).text).toBe('10.96.0.10\n');
  });

  test('pause says what ended it, and ends with 2', async () => {
    const { id, text } = await ran([]);
    expect(text).toBe('Paused\nSignals registered\n');
    await fixture.settled(fixture.runtime.stopContainer(id, 10_000));
    expect(fixture.logs(id)).toContain('exiting because of signal "terminated"\n');
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode: 2 });
  });

  test('lines of a log, evenly over the time', async () => {
    const { id } = await ran(['logs-generator', '--log-lines-total', '10', '--run-duration', '20s']);
    await fixture.simulation.advance('9s');
    expect(fixture.logs(id).trim().split('\n')).toHaveLength(5);
    await fixture.simulation.advance('12s');
    expect(fixture.logs(id)).toMatch(
      /^I\d{4} \d\d:\d\d:\d\d\.\d{6} {7}1 logs_generator\.go:76\] 0 (GET|POST|PUT) \/api\//,
    );
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode: 0 });
  });

  test('that it does not know a command, not even one that all objects have', async () => {
    expect(await ran(['toString'])).toMatchObject({
      text: 'Error: unknown command "toString" for "app"\n',
      status: { exitCode: 1 },
    });
  });
});

describe('netexec', () => {
  test('answers with what it knows, and logs each request', async () => {
    const { id } = await ran(['netexec', '--http-port=8083']);
    expect(await get('/hostName', 8083)).toMatchObject({ body: 'web' });
    expect(await get('/serverport', 8083)).toMatchObject({ body: '8083' });
    expect(await get('/echo?msg=prestop&code=201', 8083)).toMatchObject({ status: 201, body: 'prestop' });
    expect(await get('/readyz', 8083)).toMatchObject({ status: 200, body: 'ok' });
    expect(fixture.logs(id)).toContain(' GET /echo?msg=prestop&code=201\n');
  });

  test('asks another server, as often as it is told', async () => {
    await ran(['netexec', '--http-port=8083']);
    await ran(['netexec']);
    const asked = '/dial?host=10.244.1.2&protocol=http&request=hostname&tries=2';
    expect(JSON.parse((await get(`${asked}&port=8083`)).body)).toEqual({ responses: ['web', 'web'] });
    const { errors } = JSON.parse((await get(`${asked}&port=9`)).body) as { errors: string[] };
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('Connection refused');
  });

  test('answers everything as it is told', async () => {
    await ran(['netexec', '--http-override=/echo?code=500&msg=busy']);
    expect(await get('/hostname')).toMatchObject({ status: 500, body: 'busy' });
  });

  test('is not ready while it shuts down', async () => {
    const { id } = await ran(['netexec', '--delay-shutdown=20']);
    const stopped = fixture.runtime.stopContainer(id, 60_000);
    await fixture.simulation.advance('5s');
    expect(await get('/readyz')).toMatchObject({ status: 503 });
    await fixture.settled(stopped);
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode: 0 });
  });

  test('exits with a code, when it is told', async () => {
    const { id } = await ran(['netexec']);
    await get('/exit?code=3&wait=2s');
    await fixture.simulation.advance('3s');
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode: 3 });
  });
});

describe('other servers', () => {
  test('porter answers on the ports of its variables', async () => {
    const envs = [
      { key: 'SERVE_PORT_81', value: 'one' },
      { key: 'SERVE_PORT_82', value: 'two' },
    ];
    await ran(['porter', '--json-response'], { envs });
    expect(JSON.parse((await get('/', 81)).body)).toEqual({ Method: 'GET', Body: 'one' });
    expect(JSON.parse((await get('/', 82)).body)).toEqual({ Method: 'GET', Body: 'two' });
  });

  test('grpc-health-checking serves for as long as it is told', async () => {
    const check = (service = '') =>
      fixture.settled(Promise.resolve(fixture.runtime.network.grpcHealth('10.244.1.2', 5000, service, 1000)));
    await ran(['grpc-health-checking', '--delay-unhealthy-sec=30']);
    expect(await check()).toBe('SERVING');
    expect(await check('other')).toBe('SERVICE_UNKNOWN');
    await fixture.simulation.advance('31s');
    expect(await check()).toBe('NOT_SERVING');
  });

  test.each([
    ['10.244.1.2:8080', '', 0],
    ['10.244.1.2:9', 'REFUSED\n', 1],
    ['10.244.1.99:9', 'TIMEOUT\n', 1],
    ['nosuch:9', 'DNS: lookup nosuch: no such host\n', 1],
  ])('connect to %s says %j', async (target, text, exitCode) => {
    await ran(['netexec']);
    const { id } = await ran(['connect', target, '--timeout=5s']);
    await fixture.simulation.advance('6s');
    expect(fixture.logs(id)).toBe(text);
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ exitCode });
  });
});

describe('flags of Go', () => {
  test('with and without an equals sign, and alone', () => {
    const flags = goFlags(['--a=1', '-b', '2', '--c', '--d=', 'operand']);
    expect([...flags]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', 'true'],
      ['d', ''],
    ]);
  });

  test.each([
    ['', 0],
    ['0', 0],
    ['20s', 20_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['300ms', 300],
    ['20', undefined],
    ['soon', undefined],
  ])('the duration %j', (text, span) => {
    expect(goDuration(text)).toBe(span);
  });
});
