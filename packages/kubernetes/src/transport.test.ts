import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ConfigMap, StatusError } from '@orrery/api';
import { type Clock, createSimulation, type Duration } from '@orrery/core';
import { refusal } from '@orrery/server/fixtures';
import { afterEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from './connect.ts';
import { ConnectionError } from './http/connection-error.ts';
import type { KubeconfigCluster, KubeconfigUser } from './kubeconfig/kubeconfig.ts';
import {
  type Answer,
  type Received,
  type ScriptedServer,
  serveProxy,
  serveScript,
  serveSocks,
} from './scripted-server.fixture.ts';

const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function serve(answer: Answer, options: { tls?: boolean } = {}): Promise<ScriptedServer> {
  const server = await serveScript(answer, options);
  opened.push(() => server.close());
  return server;
}

async function clientOf(
  server: Pick<ScriptedServer, 'url' | 'authority'>,
  more: { cluster?: KubeconfigCluster; user?: KubeconfigUser; options?: ConnectOptions } = {},
) {
  const connection = await connect(
    {
      clusters: [
        { name: 'c', cluster: { server: server.url, 'certificate-authority-data': server.authority, ...more.cluster } },
      ],
      users: [{ name: 'u', user: { token: 'abc', ...more.user } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    },
    { env: {}, ...more.options },
  );
  opened.push(() => connection.close());
  return connection;
}

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' } };
const ok: Answer = (_, response) => response.end(JSON.stringify(configMap));
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Returns the answers in turn, and the last one from then on. */
function inTurn(...answers: readonly Answer[]): Answer {
  let count = 0;
  return (request, response) => answers[Math.min(count++, answers.length - 1)]?.(request, response);
}

const refuse =
  (code: number, headers: { [name: string]: string } = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end('no');
const cut: Answer = (_, response) => response.socket?.destroy();

describe('a request', () => {
  test("has headers for its sender, the accepted types and its body's type", async () => {
    const server = await serve(ok);
    const { client } = await clientOf(server, { options: { userAgent: 'shop/1.0' } });
    await client.get(ConfigMap, 'default/c');
    await client.create(configMap, { fieldManager: 'me', dryRun: true, fieldValidation: 'Strict' });
    const [read, written] = server.received as [Received, Received];
    expect(read).toMatchObject({ method: 'GET', url: '/api/v1/namespaces/default/configmaps/c', body: '' });
    expect(read.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'Bearer abc',
      'user-agent': 'shop/1.0',
    });
    expect(read.headers['content-type']).toBeUndefined();
    expect(written).toMatchObject({
      method: 'POST',
      url: '/api/v1/namespaces/default/configmaps?fieldManager=me&dryRun=All&fieldValidation=Strict',
      body: JSON.stringify(configMap),
    });
    expect(written.headers['content-type']).toBe('application/json');
  });

  test("is sent below the server's path", async () => {
    const server = await serve(ok);
    const { client } = await clientOf({ ...server, url: `${server.url}/k8s/clusters/c-1/` });
    await client.get(ConfigMap, 'default/c');
    expect(server.received[0]?.url).toBe('/k8s/clusters/c-1/api/v1/namespaces/default/configmaps/c');
  });

  test('reuses earlier connections', async () => {
    const server = await serve(ok);
    const { client } = await clientOf(server);
    for (let n = 0; n < 10; n++) await client.get(ConfigMap, 'default/c');
    for (let n = 0; n < 10; n++) await client.update(configMap);
    // One response is still being read while the next request is sent.
    expect(server.connections().opened).toBeLessThanOrEqual(2);
  });

  test('accepts compressed responses, unless the kubeconfig disables them', async () => {
    const server = await serve(({ headers }, response) => {
      const bytes = Buffer.from(JSON.stringify(configMap));
      if (headers['accept-encoding'] === undefined) response.end(bytes);
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));
    });
    const compressed = await clientOf(server);
    expect(await compressed.client.get(ConfigMap, 'default/c')).toEqual(configMap);
    expect(server.received[0]?.headers['accept-encoding']).toBe('gzip');
    const plain = await clientOf(server, { cluster: { 'disable-compression': true } });
    expect(await plain.client.get(ConfigMap, 'default/c')).toEqual(configMap);
    expect(server.received[1]?.headers['accept-encoding']).toBeUndefined();
  });

  test('for a list fills in the type of items, and reads null as empty', async () => {
    const metadata = { resourceVersion: '7', continue: '' };
    const { apiVersion: _, kind: __, ...item } = configMap;
    const answers = [
      { metadata, items: [item] },
      { metadata, items: null },
    ].map(
      (list): Answer =>
        (_request, response) =>
          response.end(JSON.stringify(list)),
    );
    const { client } = await clientOf(await serve(inTurn(...answers)));
    expect(await client.list(ConfigMap)).toEqual({ items: [configMap], metadata: { resourceVersion: '7' } });
    expect((await client.list(ConfigMap)).items).toEqual([]);
  });

  test('reports a response that is not from Kubernetes', async () => {
    const { client } = await clientOf(await serve((_, response) => response.end('<html>')));
    expect((await refusal(client.get(ConfigMap, 'default/c'))).message).toContain('is not JSON: <html>');
    const portal = await clientOf(await serve(refuse(502)));
    expect(await refusal(portal.client.get(ConfigMap, 'default/c'))).toMatchObject({
      code: 502,
      reason: 'InternalError',
    });
  });
});

describe('trust', () => {
  test.each<[string, KubeconfigCluster, RegExp]>([
    ['an unknown authority', { 'certificate-authority-data': '' }, /certificate/],
    ['another name', { 'tls-server-name': 'nowhere.example' }, /nowhere\.example/],
  ])('%s is an error', async (_, cluster, why) => {
    const server = await serve(ok);
    const { client } = await clientOf(server, { cluster });
    const error = await failure(client.get(ConfigMap, 'default/c'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as ConnectionError).message).toMatch(why);
    expect(server.received).toEqual([]);
  });

  test.each<[string, KubeconfigCluster]>([
    ['a name that the certificate has', { 'tls-server-name': 'kubernetes.default.svc' }],
    ['no check', { 'certificate-authority-data': '', 'insecure-skip-tls-verify': true }],
  ])('%s is none', async (_, cluster) => {
    const { client } = await clientOf(await serve(ok), { cluster });
    expect((await client.get(ConfigMap, 'default/c')).metadata.name).toBe('c');
  });

  test('accepts an authority in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-authority-'));
    opened.push(() => rm(folder, { recursive: true }));
    const server = await serve(ok);
    const path = join(folder, 'ca.crt');
    await writeFile(path, Buffer.from(server.authority, 'base64'));
    const cluster = { 'certificate-authority-data': '', 'certificate-authority': path };
    const { client } = await clientOf(server, { cluster });
    expect((await client.get(ConfigMap, 'default/c')).metadata.name).toBe('c');
    await expect(clientOf(server, { cluster: { ...cluster, 'certificate-authority': `${path}x` } })).rejects.toThrow(
      `cannot read the certificate authority ${path}x`,
    );
  });

  test('sends no credentials without TLS', async () => {
    const server = await serve(ok, { tls: false });
    const { client } = await clientOf(server);
    await client.get(ConfigMap, 'default/c');
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a proxy', () => {
  async function proxied() {
    const proxy = await serveProxy();
    opened.push(() => proxy.close());
    const server = await serve(ok);
    return { proxy, server, host: new URL(server.url).host };
  }

  test('of the kubeconfig tunnels traffic that it cannot read', async () => {
    const { proxy, server, host } = await proxied();
    const { client } = await clientOf(server, { cluster: { 'proxy-url': proxy.url } });
    await client.get(ConfigMap, 'default/c');
    expect(proxy.targets).toEqual([host]);
    const other = await clientOf(server, { cluster: { 'proxy-url': proxy.url, 'tls-server-name': 'nowhere.example' } });
    expect(await failure(other.client.get(ConfigMap, 'default/c'))).toBeInstanceOf(ConnectionError);
  });

  test('can use SOCKS, with a server addressed by name', async () => {
    const { server, host } = await proxied();
    const named = { ...server, url: server.url.replace('127.0.0.1', 'localhost') };
    const socks = await serveSocks();
    opened.push(() => socks.close());
    for (const more of [{ cluster: { 'proxy-url': socks.url } }, { options: { env: { HTTPS_PROXY: socks.url } } }]) {
      const { client } = await clientOf(named, more);
      expect((await client.get(ConfigMap, 'default/c')).metadata.name).toBe('c');
    }
    const target = host.replace('127.0.0.1', 'localhost');
    expect(socks.targets).toEqual([target, target]);
    const cluster = { 'proxy-url': socks.url, 'tls-server-name': 'nowhere.example' };
    const stranger = await clientOf(named, { cluster });
    expect(await failure(stranger.client.get(ConfigMap, 'default/c'))).toBeInstanceOf(ConnectionError);
  });

  test('of the environment is used as well, except for excluded hosts', async () => {
    const { proxy, server, host } = await proxied();
    const through = await clientOf(server, { options: { env: { HTTPS_PROXY: proxy.url } } });
    await through.client.get(ConfigMap, 'default/c');
    expect(proxy.targets).toEqual([host]);
    const past = await clientOf(server, { options: { env: { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } } });
    await past.client.get(ConfigMap, 'default/c');
    expect(proxy.targets).toEqual([host]);
  });
});

describe('a request is retried', () => {
  test('after the time that the server asks for, even a write', async () => {
    const { environment, advance } = virtual();
    const server = await serve(inTurn(refuse(429, { 'retry-after': '5' }), refuse(503, { 'retry-after': '1' }), ok));
    const { client } = await clientOf(server, { options: { environment } });
    const created = client.create(configMap);
    await expect.poll(() => server.received.length).toBe(1);
    await advance('4s', () => server.received.length === 1);
    await advance('1s', () => server.received.length === 2);
    await advance('1s', () => server.received.length === 3);
    expect((await created).metadata.name).toBe('c');
    expect(new Set(server.received.map(({ body }) => body))).toEqual(new Set([JSON.stringify(configMap)]));
  });

  test("ten times, then fails with the server's error", async () => {
    const server = await serve(refuse(429, { 'retry-after': '0' }));
    const { client } = await clientOf(server);
    expect(await refusal(client.get(ConfigMap, 'default/c'))).toMatchObject({ code: 429, reason: 'TooManyRequests' });
    expect(server.received).toHaveLength(11);
  });

  test('if its connection broke and it is a read', async () => {
    const { environment, advance } = virtual();
    const server = await serve(inTurn(cut, ok));
    const { client } = await clientOf(server, { options: { environment } });
    const read = client.get(ConfigMap, 'default/c');
    await expect.poll(() => server.received.length).toBe(1);
    await advance('1s', () => server.received.length === 2);
    expect((await read).metadata.name).toBe('c');
  });

  test('not if it is a write: it may have been applied', async () => {
    const server = await serve(cut);
    const { client } = await clientOf(server);
    const error = await failure(client.create(configMap));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).not.toBeInstanceOf(StatusError);
    expect(server.received).toHaveLength(1);
  });

  test('not if the connection is refused', async () => {
    const server = await serve(ok);
    await server.close();
    const { client } = await clientOf(server);
    const error = await failure(client.get(ConfigMap, 'default/c'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      server: server.url,
      message: expect.stringContaining(`no answer from ${server.url}`),
    });
  });

  test('once if its token was refused, if there may be another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-token-'));
    opened.push(() => rm(folder, { recursive: true }));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'old');
    const server = await serve(({ headers }, response) => {
      if (headers.authorization === 'Bearer new') response.end(JSON.stringify(configMap));
      else response.writeHead(401).end();
    });
    const { client } = await clientOf(server, { user: { token: '', tokenFile } });
    expect((await refusal(client.get(ConfigMap, 'default/c'))).reason).toBe('Unauthorized');
    expect(server.received).toHaveLength(2);
    await writeFile(tokenFile, 'new');
    expect((await client.create(configMap)).metadata.name).toBe('c');
    const fixed = await clientOf(server);
    const before = server.received.length;
    expect((await refusal(fixed.client.get(ConfigMap, 'default/c'))).reason).toBe('Unauthorized');
    expect(server.received).toHaveLength(before + 1);
  });
});

describe('a connection that is closed', () => {
  test('ends pending requests, and accepts no more', async () => {
    const server = await serve((_, response) => response.writeHead(200).flushHeaders());
    const connection = await clientOf(server);
    const read = failure(connection.client.get(ConfigMap, 'default/c'));
    const watch = new Promise((resolve) => {
      connection.client.watch(ConfigMap).subscribe({ error: resolve });
    });
    await expect.poll(() => server.received.length).toBe(2);
    await connection.close();
    expect(await read).toBeInstanceOf(ConnectionError);
    expect(await watch).toBeInstanceOf(ConnectionError);
    expect(await failure(connection.client.get(ConfigMap, 'default/c'))).toBeInstanceOf(ConnectionError);
    await expect.poll(() => server.connections().open).toBe(0);
    await connection.close();
  });
});

/** A virtual clock that tests advance once the client waits for it, and a way to advance it until a real event has happened. */
function virtual() {
  const simulation = createSimulation();
  const { clock } = simulation.environment;
  let waiting = 0;
  const counted: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    schedule: (duration, task) => clock.schedule(duration, task),
    sleep: async (duration, signal) => {
      waiting++;
      try {
        await clock.sleep(duration, signal);
      } finally {
        waiting--;
      }
    },
  };
  return {
    environment: { ...simulation.environment, clock: counted },
    async advance(duration: Duration, until: () => boolean): Promise<void> {
      await expect.poll(() => waiting, { timeout: 60_000 }).toBe(1);
      await simulation.advance(duration);
      await expect.poll(until, { timeout: 60_000 }).toBe(true);
    },
  };
}
