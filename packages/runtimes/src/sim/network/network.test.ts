import { beforeEach, describe, expect, test } from 'vitest';
import { defineImage, listen, textResponse } from '../index.ts';
import { bytes, collected, createFixture, type Fixture, sandboxConfig } from '../sim.fixture.ts';

let fixture: Fixture;
let sandbox: string;
let shell: string;

const slow = defineImage({
  name: 'slow',
  programs: {
    '/slow': async (process) => {
      listen(process, {
        port: 8080,
        http: async (request) => {
          await process.sleep('3s');
          return textResponse(200, `slow ${request.path}`);
        },
      });
      return process.forever();
    },
  },
  command: ['/slow'],
});

const health = defineImage({
  name: 'health',
  programs: {
    '/health': async (process) => {
      listen(process, { port: 9000, grpcHealth: (service) => (service === 'db' ? 'NOT_SERVING' : 'SERVING') });
      return process.forever();
    },
  },
  command: ['/health'],
});

beforeEach(async () => {
  fixture = createFixture({ images: [slow, health] });
  sandbox = await fixture.sandbox('web');
  await fixture.container(sandbox, 'nginx');
  shell = await fixture.container(sandbox, 'curlimages/curl', { command: ['sleep', 'infinity'] });
  await fixture.simulation.idle();
});

const probe = (host: string, port: number, path = '/', more = {}) =>
  fixture.runtime.network.httpGet({ scheme: 'http', host, port, path, headers: [], timeout: 1000, ...more });

describe('Pods', () => {
  test('have addresses of their node’s range, used again as late as possible', async () => {
    const ips = async (id: string) => (await fixture.runtime.podSandboxStatus(id)).ips;
    expect(await ips(sandbox)).toEqual(['10.244.1.2']);
    const second = await fixture.sandbox('second');
    expect(await ips(second)).toEqual(['10.244.1.3']);
    await fixture.runtime.removePodSandbox(second);
    expect(await ips(await fixture.sandbox('third'))).toEqual(['10.244.1.4']);
  });

  test('meet on localhost and over their address, from other nodes too', async () => {
    expect((await fixture.run(shell, 'curl -s localhost')).stdout).toContain('Welcome to nginx!');
    const other = fixture.node('node-2', '10.0.0.2', '10.244.2.0/24');
    const id = await other.runPodSandbox(sandboxConfig('other'));
    await other.pullImage('busybox');
    const { containerConfig } = await import('../sim.fixture.ts');
    const client = await other.createContainer(id, containerConfig('busybox', { command: ['sleep', '100'] }));
    await other.startContainer(client);
    const { stdout } = await fixture.settled(other.execSync(client, ['wget', '-qO-', 'http://10.244.1.2/'], 0));
    expect(stdout).toContain('Welcome to nginx!');
    await expect(fixture.settled(other.execSync(client, ['wget', '-qO-', 'localhost'], 0))).resolves.toMatchObject({
      exitCode: 1,
      stderr: "wget: can't connect to remote host (127.0.0.1): Connection refused\n",
    });
  });

  test('on the host network have the node’s address and ports', async () => {
    const host = await fixture.sandbox('host', { namespaces: { network: 'NODE', pid: 'POD', ipc: 'NODE' } });
    await fixture.container(host, 'nginx');
    await fixture.simulation.idle();
    expect((await fixture.runtime.podSandboxStatus(host)).ips).toEqual([]);
    expect(await probe('10.0.0.1', 80)).toMatchObject({ status: 200 });
  });

  test('of a node that is cut off are not reached, but reach each other', async () => {
    const other = fixture.node('node-2', '10.0.0.2', '10.244.2.0/24');
    const get = () =>
      other.network.httpGet({ scheme: 'http', host: '10.244.1.2', port: 80, path: '/', headers: [], timeout: 1000 });
    expect(get()).toMatchObject({ status: 200 });
    fixture.runtime.setConnected(false);
    await expect(fixture.settled(Promise.resolve(get()))).rejects.toThrow('i/o timeout');
    expect(probe('10.244.1.2', 80)).toMatchObject({ status: 200 });
    expect(await fixture.run(shell, 'curl -s -m 2 10.0.0.2:22')).toMatchObject({ exitCode: 28 });
    fixture.runtime.setConnected(true);
    expect(get()).toMatchObject({ status: 200 });
  });

  test('cannot be created without a node network, except on the host network; existing ones keep running', async () => {
    fixture.runtime.setNetworkReady(false);
    expect(await fixture.runtime.status?.()).toContainEqual({
      type: 'NetworkReady',
      status: false,
      reason: 'NetworkPluginNotReady',
      message: 'Network plugin returns error: cni plugin not initialized',
    });
    await expect(fixture.sandbox('new')).rejects.toThrow('cni plugin not initialized');
    await fixture.sandbox('host', { namespaces: { network: 'NODE', pid: 'POD', ipc: 'NODE' } });
    expect(await probe('10.244.1.2', 80)).toMatchObject({ status: 200 });
    fixture.runtime.setNetworkReady(true);
    await fixture.sandbox('new');
    expect((await fixture.runtime.status?.())?.every(({ status }) => status)).toBe(true);
  });

  test('two programs cannot have the same port', async () => {
    const id = await fixture.container(sandbox, 'nginx');
    await fixture.simulation.idle();
    expect(fixture.logs(id)).toContain('bind() to 0.0.0.0:80 failed (98: Address already in use)');
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 1 });
  });

  test('are reached at a host port', async () => {
    const portMappings = [{ protocol: 'TCP' as const, containerPort: 80, hostPort: 8001, hostIp: '' }];
    const id = await fixture.sandbox('mapped', { portMappings });
    await fixture.container(id, 'nginx');
    await fixture.simulation.idle();
    expect(await probe('10.0.0.1', 8001)).toMatchObject({ status: 200 });
    await fixture.runtime.stopPodSandbox(id);
    expect(() => probe('10.0.0.1', 8001)).toThrow('connection refused');
  });
});

describe('Services', () => {
  test('an address resolves to its endpoints in turn', async () => {
    const second = await fixture.sandbox('second');
    await fixture.container(second, 'nginx');
    await fixture.run(shell, 'true');
    fixture.network.routes.set('10.96.0.20', 80, [
      { ip: '10.244.1.2', port: 80 },
      { ip: '10.244.1.3', port: 80 },
    ]);
    for (let count = 0; count < 4; count++) expect((await fixture.run(shell, 'curl -s 10.96.0.20')).exitCode).toBe(0);
    fixture.network.routes.set('10.96.0.20', 80, []);
    expect(await fixture.run(shell, 'curl -s 10.96.0.20')).toMatchObject({ exitCode: 7 });
  });

  test('names are found by the search domains of the Pod', async () => {
    fixture.network.names.set('web.default.svc.cluster.local', ['10.244.1.2']);
    expect((await fixture.run(shell, 'curl -s http://web')).stdout).toContain('Welcome');
    expect((await fixture.run(shell, 'curl -s http://web.default')).stdout).toContain('Welcome');
    expect((await fixture.run(shell, 'nslookup web')).stdout).toContain(
      'Name:\tweb.default.svc.cluster.local\nAddress: 10.244.1.2',
    );
    expect(await fixture.run(shell, 'curl -sS http://nosuch')).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: 'curl: (6) Could not resolve host: nosuch\n',
    });
    expect(await fixture.run(shell, 'wget http://nosuch')).toMatchObject({ stderr: "wget: bad address 'nosuch'\n" });
  });

  test('/etc/hosts comes first', async () => {
    expect(
      (await fixture.run(shell, 'echo "10.244.1.2 foo.remote" >> /etc/hosts; curl -s http://foo.remote')).stdout,
    ).toContain('Welcome');
  });

  test('a server outside the Pods is served over TLS to those who trust its authority', async () => {
    const authority = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----';
    fixture.network.serve(
      '10.96.0.1',
      443,
      ({ method, path, headers }) =>
        textResponse(200, `${method} ${path} ${headers.find(({ name }) => name === 'Authorization')?.value}`),
      { tls: { certificateAuthority: authority } },
    );
    expect(await fixture.run(shell, 'curl -sS https://10.96.0.1/api')).toMatchObject({ exitCode: 60 });
    expect((await fixture.run(shell, 'curl -sk -H "Authorization: Bearer t" https://10.96.0.1/api?x=1')).stdout).toBe(
      'GET /api?x=1 Bearer t',
    );
    await fixture.run(shell, `printf '%s\\n' '${authority}' > /tmp/ca.crt`);
    expect((await fixture.run(shell, 'curl -s --cacert /tmp/ca.crt -X POST -d a=1 https://10.96.0.1/x')).stdout).toBe(
      'POST /x undefined',
    );
  });
});

describe('probes', () => {
  test('are answered immediately', () => {
    expect(probe('10.244.1.2', 80)).toMatchObject({ status: 200, headers: { 'Content-Type': 'text/html' } });
    expect(probe('10.244.1.2', 80, '/nosuch')).toMatchObject({ status: 404 });
    expect(fixture.runtime.network.connect('10.244.1.2', 80, 1000)).toBeUndefined();
  });

  test('are refused in the words of Go', () => {
    expect(() => probe('10.244.1.2', 81, '/healthz')).toThrow(
      'Get "http://10.244.1.2:81/healthz": dial tcp 10.244.1.2:81: connect: connection refused',
    );
    expect(() => fixture.runtime.network.connect('10.244.1.2', 81, 1000)).toThrow(
      'dial tcp 10.244.1.2:81: connect: connection refused',
    );
  });

  test('time out at an unused address, and when the program is slow', async () => {
    await expect(fixture.settled(Promise.resolve(probe('10.244.9.9', 80)))).rejects.toThrow('i/o timeout');
    await expect(
      fixture.settled(Promise.resolve(fixture.runtime.network.connect('10.244.9.9', 80, 1000))),
    ).rejects.toThrow('dial tcp 10.244.9.9:80: i/o timeout');
    await fixture.container(sandbox, 'slow');
    await expect(fixture.settled(Promise.resolve(probe('10.244.1.2', 8080)))).rejects.toThrow(
      'Get "http://10.244.1.2:8080/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    );
    const { clock } = fixture.simulation.environment;
    const before = clock.now();
    await expect(
      fixture.settled(Promise.resolve(probe('10.244.1.2', 8080, '/x', { timeout: 5000 }))),
    ).resolves.toMatchObject({ body: 'slow /x' });
    expect(clock.now() - before).toBe(3000);
  });

  test('a server that dies while it answers resets the connection', async () => {
    const id = await fixture.container(sandbox, 'slow');
    const answer = Promise.resolve(probe('10.244.1.2', 8080, '/', { timeout: 9000 }));
    await fixture.runtime.stopContainer(id, 0);
    await expect(fixture.settled(answer)).rejects.toThrow('connection reset by peer');
  });

  test('gRPC health', async () => {
    await fixture.container(sandbox, 'health');
    const { network } = fixture.runtime;
    expect(network.grpcHealth('10.244.1.2', 9000, '', 1000)).toBe('SERVING');
    expect(network.grpcHealth('10.244.1.2', 9000, 'db', 1000)).toBe('NOT_SERVING');
    expect(() => network.grpcHealth('10.244.1.2', 9001, '', 1000)).toThrow(
      'failed to connect service "10.244.1.2:9001" within 1s',
    );
  });

  test('nginx writes each into its access log', () => {
    probe('10.244.1.2', 80, '/', { headers: [{ name: 'User-Agent', value: 'kube-probe/1.35' }] });
    const [nginx] = fixture.runtime.listContainers() as readonly { id: string }[];
    expect(fixture.logs(nginx?.id ?? '')).toContain(
      '10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 243 "-" "kube-probe/1.35" "-"\n',
    );
  });
});

describe('nginx', () => {
  test('serves files written into its directory', async () => {
    const mounts = [
      { containerPath: '/usr/share/nginx/html', hostPath: '/data', readonly: false, propagation: 'PRIVATE' as const },
    ];
    const id = await fixture.sandbox('site');
    await fixture.container(id, 'nginx', { mounts });
    await fixture.simulation.idle();
    expect(await probe('10.244.1.3', 80)).toMatchObject({ status: 403 });
    fixture.runtime.files.writeFile('/data/index.html', 'Hello from the debian container\n');
    expect(await probe('10.244.1.3', 80)).toMatchObject({ status: 200, body: 'Hello from the debian container\n' });
    fixture.runtime.files.writeFile('/data/index.html', 'changed');
    expect(await probe('10.244.1.3', 80)).toMatchObject({ body: 'changed' });
  });

  test('obeys nginx -s quit', async () => {
    const id = await fixture.container(await fixture.sandbox('quit'), 'nginx');
    await fixture.run(id, '/usr/sbin/nginx -s quit');
    expect(fixture.runtime.containerStatus(id)).toMatchObject({ state: 'EXITED', exitCode: 0 });
  });

  test('reads its configuration, and again on reload', async () => {
    const id = await fixture.container(await fixture.sandbox('conf'), 'nginx');
    await fixture.simulation.idle();
    await fixture.run(
      id,
      `printf 'server { listen 80; location = /up { return 200 "fine\\\\n"; } root /srv; }' > /etc/nginx/conf.d/default.conf; nginx -s reload`,
    );
    expect(await probe('10.244.1.3', 80, '/up')).toMatchObject({ status: 200, body: 'fine\n' });
    expect(await probe('10.244.1.3', 80, '/')).toMatchObject({ status: 404 });
  });
});

describe('tools', () => {
  test.each([
    ['curl -s -o /dev/null -w "%{http_code}\\n" localhost/nosuch', '404\n', 0],
    ['curl -sf localhost/nosuch', '', 22],
    ['curl -sI localhost | head -1', 'HTTP/1.1 200 OK\r\n', 0],
    ['curl -s localhost:81', '', 7],
    ['nc -z localhost 80 && echo open', 'open\n', 0],
    ['nc -z localhost 81 || echo closed', 'closed\n', 0],
    ['printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc localhost 80 | head -1', 'HTTP/1.1 200 OK\r\n', 0],
    ['wget -qO- localhost | head -1', '<!DOCTYPE html>\n', 0],
    ['wget -q --spider localhost && echo there', 'there\n', 0],
    ['(echo hi | nc -l -p 9999) & sleep 1; nc localhost 9999 < /dev/null', 'hi\n', 0],
    ['ping -c 1 10.244.1.2 | tail -1', '1 packets transmitted, 1 packets received, 0% packet loss\n', 0],
    ['hostname -i', '10.244.1.2\n', 0],
  ])('%s', async (script, stdout, exitCode) => {
    expect(await fixture.run(shell, script)).toMatchObject({ stdout, exitCode });
  });

  test('a forwarded port speaks bytes', async () => {
    const connection = await fixture.runtime.portForward(sandbox, 80);
    const output = collected(connection.data);
    connection.sink.write(
      bytes('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    );
    await fixture.simulation.idle();
    expect(output.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(output.text).toContain('HTTP/1.1 404 Not Found\r\n');
    await expect(fixture.runtime.portForward(sandbox, 81)).rejects.toThrow('connect: connection refused');
  });
});
