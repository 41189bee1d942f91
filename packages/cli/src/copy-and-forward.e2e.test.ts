import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, type RunningCluster, said, startCluster } from './running-cluster.fixture.ts';

/** `kubectl cp`, `kubectl port-forward` and `kubectl proxy`: bytes into a cluster and out of it. */
let cluster: RunningCluster;
let web: string;

beforeAll(async () => {
  cluster = await startCluster(['--no-examples', '--nodes', '1']);
  const box = `
apiVersion: v1
kind: Pod
metadata: { name: box }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: box, image: busybox, command: [sleep, "36000"] }
`;
  await cluster.kubectl(['apply', '-f', '-'], { stdin: box });
  await cluster.kubectl(['create', 'deployment', 'web', '--image=nginx', '--port=80']);
  await cluster.kubectl(['expose', 'deployment', 'web', '--port=8080', '--target-port=80']);
  await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s']);
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/box', '--timeout=30s']);
  web = (await cluster.kubectl(['get', 'pod', '-l', 'app=web', '-o', 'name'])).trim();
});

afterAll(async () => {
  await cluster?.stop();
});

const transports: readonly [name: string, env: NodeJS.ProcessEnv][] = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
];

describe.each(transports)('cp over %s', (name, env) => {
  test('copies a file of 5 MB in and out, byte for byte', async () => {
    const content = randomBytes(5_000_000);
    const [sent, received] = [join(cluster.folder, `sent-${name}`), join(cluster.folder, `received-${name}`)];
    await writeFile(sent, content);
    await cluster.kubectl(['cp', sent, 'box:/tmp/big'], { env });
    expect(await cluster.kubectl(['exec', 'box', '--', 'wc', '-c', '/tmp/big'])).toBe('5000000 /tmp/big\n');
    await cluster.kubectl(['cp', 'box:/tmp/big', received], { env });
    expect((await readFile(received)).equals(content)).toBe(true);
  });

  test('copies a directory in and out, with names, modes and empty directories', async () => {
    const folder = join(cluster.folder, `folder-${name}`);
    const back = join(cluster.folder, `back-${name}`);
    await mkdir(join(folder, 'sub', 'empty'), { recursive: true });
    await writeFile(join(folder, 'run.sh'), '#!/bin/sh\necho it runs\n');
    await chmod(join(folder, 'run.sh'), 0o755);
    await writeFile(join(folder, 'sub', 'with a blank'), 'ä');
    await writeFile(join(folder, 'sub', `${'long'.repeat(40)}.txt`), 'long');
    await cluster.kubectl(['cp', folder, `box:/tmp/${name}`, '-c', 'box'], { env });
    expect(await cluster.kubectl(['exec', 'box', '--', `/tmp/${name}/run.sh`])).toBe('it runs\n');
    await cluster.kubectl(['cp', `box:/tmp/${name}`, back], { env });
    expect(await readFile(join(back, 'sub', 'with a blank'), 'utf8')).toBe('ä');
    expect(await readFile(join(back, 'sub', `${'long'.repeat(40)}.txt`), 'utf8')).toBe('long');
    expect((await stat(join(back, 'sub', 'empty'))).isDirectory()).toBe(true);
  });
});

test('cp reports a missing file', async () => {
  const here = await cluster.tryKubectl(['cp', join(cluster.folder, 'nosuch'), 'box:/tmp']);
  expect(here).toMatchObject({ code: 1, stderr: expect.stringContaining("doesn't exist in local filesystem") });
  const there = await cluster.tryKubectl(['cp', 'nopod:/tmp', join(cluster.folder, 'nopod')]);
  expect(there).toMatchObject({ code: 1, stderr: 'Error from server (NotFound): pods "nopod" not found\n' });
});

/** Starts to forward; returns the local ports, in order. */
async function forwarding(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = cluster.startKubectl(['port-forward', ...args], env);
  const wanted = args.length - 1;
  const text = await said(child, new RegExp(`(Forwarding from 127[\\s\\S]*){${wanted}}`));
  const ports = [...text.matchAll(/Forwarding from 127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]));
  return {
    child,
    ports,
    stop: async () => {
      child.kill();
      await ended(child);
    },
  };
}

const page = async (port: number | undefined) =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();

describe.each(transports)('port-forward over %s', (_name, env) => {
  test.each([
    ['a Pod', () => web, '80'],
    ['a Deployment', () => 'deployment/web', '80'],
    ['a Service, by its own port', () => 'service/web', '8080'],
  ])('to %s', async (_what, target, port) => {
    const forward = await forwarding([target(), `:${port}`], env);
    expect(await page(forward.ports[0])).toContain('Welcome to nginx!');
    await forward.stop();
  });

  test('two ports, with many concurrent connections', async () => {
    const forward = await forwarding([web, ':80', ':80'], env);
    expect(forward.ports).toHaveLength(2);
    const pages = await Promise.all(Array.from({ length: 20 }, (_, at) => page(forward.ports[at % 2])));
    for (const shown of pages) expect(shown).toContain('Welcome to nginx!');
    await forward.stop();
  });

  test('a port without a listener is refused', async () => {
    const forward = await forwarding([web, ':81'], env);
    const refused = said(forward.child, /connection refused/);
    await expect(page(forward.ports[0])).rejects.toThrow('fetch failed');
    expect(await refused).toMatch(
      /error forwarding port 81 to pod web-[^,]+, uid [^:]+: failed to execute portforward in network namespace .*connection refused/,
    );
    await forward.stop();
  });

  test('a Pod that is deleted', async () => {
    await cluster.kubectl(['run', 'leaving', '--image=nginx', '--port=80']);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/leaving', '--timeout=30s']);
    const forward = await forwarding(['pod/leaving', ':80'], env);
    expect(await page(forward.ports[0])).toContain('Welcome to nginx!');
    await cluster.kubectl(['delete', 'pod', 'leaving', '--now']);
    const over = ended(forward.child);
    await expect(page(forward.ports[0])).rejects.toThrow('fetch failed');
    expect(await over).toBe(1);
  });
});

test('port-forward reports a missing Pod', async () => {
  const ran = await cluster.tryKubectl(['port-forward', 'pod/none', ':80']);
  expect(ran).toMatchObject({ code: 1, stderr: 'Error from server (NotFound): pods "none" not found\n' });
});

test('proxy forwards plain HTTP to the API', async () => {
  const proxy = cluster.startKubectl(['proxy', '--port=0']);
  const [, address] = /Starting to serve on (\S+)/.exec(await said(proxy, /Starting to serve on \S+/)) ?? [];
  const get = async (path: string) => (await fetch(`http://${address}${path}`)).json();
  expect(await get('/version')).toMatchObject({ major: '1', minor: '35' });
  expect(await get('/api/v1/namespaces/default/pods/box')).toMatchObject({ kind: 'Pod', metadata: { name: 'box' } });
  expect(await get('/api/v1/namespaces/default/pods/none')).toMatchObject({ code: 404, reason: 'NotFound' });
  proxy.kill();
  await ended(proxy);
});
