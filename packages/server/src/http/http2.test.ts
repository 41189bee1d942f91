import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { failures } from '@orrery/api';
import { createEnvironment, type WatchEvent } from '@orrery/core';
import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../certificates/index.ts';
import { connectHttp2, type Http2Client, linesOf } from './http2-client.fixture.ts';
import { ask } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

let server: ServedApi;
let client: Http2Client;
beforeEach(async () => {
  server = await serveApi();
  client = await connectHttp2(server);
});
afterEach(async () => {
  client.session.destroy();
  await server.close();
});

const pods = '/api/v1/namespaces/default/pods';
const post = { ':method': 'POST', 'content-type': 'application/json' };

describe('the protocol of a connection', () => {
  const negotiated = async (...protocols: string[]) => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      ca: server.authority.authority.certificate,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
    });
    await once(socket, 'secureConnect');
    socket.destroy();
    return socket.alpnProtocol;
  };

  it('is HTTP/2 for clients that speak it', async () => {
    expect(await negotiated('h2', 'http/1.1')).toBe('h2');
  });

  it('is HTTP/1.1 for all others', async () => {
    expect(await negotiated('http/1.1')).toBe('http/1.1');
    expect(await negotiated()).toBe(false);
    expect((await ask(server, 'GET', '/version')).code).toBe(200);
  });
});

describe('over HTTP/2', () => {
  it('objects are created, read, patched and deleted', async () => {
    const body = JSON.stringify(pod('x'));
    expect(await client.ask({ ...post, ':path': pods }, body)).toMatchObject({ code: 201, json: { kind: 'Pod' } });
    const merge = { ':method': 'PATCH', ':path': `${pods}/x`, 'content-type': 'application/merge-patch+json' };
    expect(await client.ask(merge, '{"metadata":{"labels":{"a":"b"}}}')).toMatchObject({ code: 200 });
    const read = await client.ask({ ':path': `${pods}/x` });
    expect(read.json.metadata.labels).toEqual({ a: 'b' });
    expect(Number(read.headers['content-length'])).toBe(read.body.length);
    const gone = { ':method': 'DELETE', ':path': `${pods}/x?gracePeriodSeconds=0` };
    expect(await client.ask(gone)).toMatchObject({ code: 200 });
    expect(await client.ask({ ':path': `${pods}/x` })).toMatchObject({ code: 404, json: { reason: 'NotFound' } });
  });

  it('many requests share a connection', async () => {
    const made = await Promise.all(
      Array.from({ length: 90 }, (_, i) => client.ask({ ...post, ':path': pods }, JSON.stringify(pod(`x${i}`)))),
    );
    expect(made.map(({ code }) => code)).toEqual(made.map(() => 201));
    expect((await client.ask({ ':path': pods })).json.items).toHaveLength(90);
  });

  it('responses are the same as over HTTP/1.1', async () => {
    await server.put(pod('x'));
    for (const path of ['/version', '/apis', `${pods}/x`, pods, `${pods}/none`, '/nowhere', '/openapi/v3']) {
      const [one, two] = await Promise.all([ask(server, 'GET', path), client.ask({ ':path': path })]);
      expect([two.code, two.body.toString(), two.headers['content-type']]).toEqual([
        one.code,
        one.body.toString(),
        one.headers['content-type'],
      ]);
    }
  });

  it('the user is the subject of the certificate, or the bearer of the token', async () => {
    const token = await server.token('robot');
    await client.ask({ ':path': pods, authorization: `Bearer ${token}` });
    expect(server.calls[0]?.scope.user.username).toBe('system:serviceaccount:default:robot');
    const { certificate: cert, key } = await server.authority.client({ commonName: 'jane', organizations: ['devs'] });
    const jane = await connectHttp2(server, { cert, key });
    const refused = await jane.ask({ ':path': pods });
    expect(refused.json.message).toContain('User "jane" cannot list resource "pods"');
    jane.session.destroy();
    const other = await createCertificateAuthority(createEnvironment());
    const forged = await other.client({ commonName: 'jane', organizations: [] });
    const stranger = await connectHttp2(server, { cert: forged.certificate, key: forged.key });
    expect((await stranger.ask({ ':path': pods })).code).toBe(401);
    stranger.session.destroy();
  });

  it('headers that occur several times stay apart', async () => {
    const groups = { 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'] };
    const { json } = await client.ask({ ':path': pods, ...groups });
    expect(json.message).toContain('User "jane" cannot list');
    const body = JSON.stringify({ ...pod('x'), größe: 1, other: 2 });
    const { headers } = await client.ask({ ...post, ':path': pods }, body);
    const warnings = Buffer.from(String(headers.warning), 'latin1').toString();
    expect(warnings).toContain('unknown field \\"größe\\"');
    expect(warnings).toContain('unknown field \\"other\\"');
  });

  it('HEAD has headers only', async () => {
    await server.put(pod('x'));
    const answer = await client.ask({ ':method': 'HEAD', ':path': `${pods}/x` });
    expect([answer.code, answer.body.length]).toEqual([200, 0]);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
  });

  it('long responses are compressed for clients that accept it', async () => {
    for (let i = 0; i < 1000; i++) await server.put(pod(`x${i}`));
    const answer = await client.ask({ ':path': pods, 'accept-encoding': 'gzip' });
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual(['gzip', 'Accept-Encoding']);
    expect(JSON.parse(gunzipSync(answer.body).toString()).items).toHaveLength(1000);
  });

  it('a body that is too large is refused, and the connection goes on', async () => {
    const big = new Uint8Array(8 * 1024 * 1024);
    expect(await client.ask({ ...post, ':path': pods }, big)).toMatchObject({ code: 413 });
    expect(await client.ask({ ':path': '/version' })).toMatchObject({ code: 200 });
  });

  it('a failure is an internal error', async () => {
    server.own.get = async () => {
      throw new Error('broken');
    };
    expect(await client.ask({ ':path': `${pods}/x` })).toMatchObject({
      code: 500,
      json: { message: expect.stringContaining('broken') },
    });
  });

  it('connections are not upgraded', async () => {
    await server.put(pod('x'));
    const answer = await client.ask({ ':method': 'POST', ':path': `${pods}/x/exec?command=ls&stdout=true` });
    expect(answer.json).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });

  it('a log is streamed as text', async () => {
    await server.put(pod('x'));
    const answer = await client.ask({ ':path': `${pods}/x/log` });
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.body.toString()).toMatch(/^a\n/);
  });
});

describe('a watch over HTTP/2', () => {
  it('is answered before anything happens, and sends every change', async () => {
    const { headers, stream } = await client.start({ ':path': `${pods}?watch=1` });
    expect([headers[':status'], headers['transfer-encoding']]).toEqual([200, undefined]);
    const events = linesOf(stream);
    await server.put(pod('x'));
    expect(JSON.parse((await events.next()).value as string)).toMatchObject({ type: 'ADDED' });
    stream.close();
  });

  it('is closed when the client resets it, and others on the connection go on', async () => {
    const first = await client.start({ ':path': `${pods}?watch=1` });
    const second = await client.start({ ':path': `${pods}?watch=1` });
    expect(server.watches()).toBe(2);
    first.stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => server.watches()).toBe(1);
    const events = linesOf(second.stream);
    await server.put(pod('x'));
    expect(JSON.parse((await events.next()).value as string)).toMatchObject({ type: 'ADDED' });
    client.session.destroy();
    await expect.poll(() => server.watches()).toBe(0);
  });

  it('of a client that does not read ends with an error instead of filling the memory', async () => {
    const events = new Subject<WatchEvent>();
    server.own.watch = async () => events;
    const { stream } = await client.start({ ':path': `${pods}?watch=1` });
    stream.pause();
    const object = await server.put(pod('x'));
    let sent = 0;
    while (events.observed && sent < 1_000_000) {
      events.next({ type: 'MODIFIED', object });
      sent++;
    }
    expect(events.observed).toBe(false);
    let last = '';
    for await (const line of linesOf(stream)) last = line;
    expect(JSON.parse(last)).toMatchObject({ type: 'ERROR', object: { reason: 'Expired' } });
  });

  it('ends when the server closes, and requests in flight finish', async () => {
    const { stream } = await client.start({ ':path': `${pods}?watch=1` });
    const { promise: asked, resolve: reached } = Promise.withResolvers<void>();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    server.own.get = async () => {
      reached();
      await held;
      throw failures.badRequest('late');
    };
    const slow = client.ask({ ':path': `${pods}/x` });
    await asked;
    const goaway = once(client.session, 'goaway');
    const closed = server.close();
    expect(await Array.fromAsync(linesOf(stream))).toEqual([]);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    await goaway;
    release();
    expect(await slow).toMatchObject({ code: 400, json: { message: 'late' } });
    await closed;
    expect(server.watches()).toBe(0);
  });
});

describe('limits of a connection', () => {
  it('are those of Kubernetes', async () => {
    const known = () => client.session.remoteSettings;
    await expect.poll(() => known().maxHeaderListSize).toBe(65_536);
    expect(known()).toMatchObject({ maxConcurrentStreams: 100, initialWindowSize: 262_144 });
  });

  it('refuse headers that are too long, and the server goes on', async () => {
    const long = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x-${i}`, 'y'.repeat(2000)]));
    await expect(client.ask({ ':path': '/version', ...long })).rejects.toThrow();
    expect((await ask(server, 'GET', '/version')).code).toBe(200);
  });

  it('end the connection of a client that opens and resets streams without end', async () => {
    let opened = 0;
    while (!client.session.destroyed && opened < 20_000) {
      const streams = Array.from({ length: 90 }, () => client.session.request({ ':path': `${pods}?watch=1` }));
      opened += streams.length;
      await Promise.all(streams.map((stream) => once(stream, 'response').catch(() => undefined)));
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
      await Promise.all(streams.map((stream) => (stream.destroyed ? undefined : once(stream, 'close'))));
    }
    expect(client.session.destroyed).toBe(true);
    expect(opened).toBeLessThan(20_000);
    await expect.poll(() => server.watches()).toBe(0);
    expect((await ask(server, 'GET', '/version')).code).toBe(200);
  });

  it('hold back what a client does not read', async () => {
    for (let i = 0; i < 2000; i++) await server.put(pod(`x${i}`));
    const { stream } = await client.start({ ':path': pods });
    stream.pause();
    expect((await client.ask({ ':path': '/version' })).code).toBe(200);
    stream.close(constants.NGHTTP2_CANCEL);
  });
});
