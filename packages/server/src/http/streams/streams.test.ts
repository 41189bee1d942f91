import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { constants, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeNode } from '../fake-node.fixture.ts';
import { pod, type ServedApi, serveApi } from '../served-api.fixture.ts';
import { number, overSpdy } from './spdy-client.fixture.ts';
import { spdyDictionary, spdyDictionaryId } from './spdy-dictionary.ts';
import { parseHeaders, type SpdyFrame, SpdyFrameReader, spdyFrames } from './spdy-frames.ts';

let server: ServedApi;
let node: FakeNode;
beforeAll(async () => {
  server = await serveApi();
});
afterAll(() => server.close());
beforeEach(async () => {
  node = new FakeNode();
  server.setNode(node);
  await server.put(pod('x'));
});

const pods = '/api/v1/namespaces/default/pods';
const execPath = (command: string, more = '&stdout=true&stderr=true') =>
  `${pods}/x/exec?${command
    .split(' ')
    .map((word) => `command=${word}`)
    .join('&')}${more}`;

/** The output on each channel of a WebSocket. */
async function overWebSocket(
  path: string,
  protocols: string[],
  during?: (socket: WebSocket) => void,
): Promise<{ channels: { [channel: string]: string }; protocol: string; code: number }> {
  const socket = new WebSocket(`${server.url}${path}`, protocols, { ca: server.authority.authority.certificate });
  const channels: { [channel: string]: string } = {};
  socket.on('message', (data: Buffer, isBinary) => {
    const [channel, text] = isBinary
      ? [String(data[0]), data.subarray(1).toString()]
      : [data.toString('latin1', 0, 1), Buffer.from(data.toString('latin1', 1), 'base64').toString()];
    channels[channel] = (channels[channel] ?? '') + text;
  });
  if (during !== undefined) socket.on('open', () => during(socket));
  const [code] = await once(socket, 'close');
  return { channels, protocol: socket.protocol, code };
}

/** The response to a refused WebSocket. */
async function rawRefusal(
  path: string,
  protocols: string[],
): Promise<{ code: number | undefined; type: string | undefined; text: string }> {
  const socket = new WebSocket(`${server.url}${path}`, protocols, { ca: server.authority.authority.certificate });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
  return {
    code: response.statusCode,
    type: response.headers['content-type'],
    text: Buffer.concat(chunks).toString(),
  };
}

async function refusal(path: string, protocols: string[]): Promise<{ code: number | undefined; body: unknown }> {
  const { code, text } = await rawRefusal(path, protocols);
  return { code, body: JSON.parse(text) };
}

const frame = (channel: number, text: string) => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);

describe('a command over a WebSocket', () => {
  it('sends its output on channels 1 and 2 and its status on channel 3', async () => {
    const { channels, protocol, code } = await overWebSocket(execPath('echo hi'), ['v5.channel.k8s.io']);
    expect(protocol).toBe('v5.channel.k8s.io');
    expect(channels).toEqual({ 1: 'hi\n', 2: 'to stderr\n', 3: '{"metadata":{},"status":"Success"}' });
    expect(code).toBe(1000);
  });

  it('reports its exit code as a cause', async () => {
    const { channels } = await overWebSocket(execPath('exit 3'), ['v4.channel.k8s.io']);
    expect(JSON.parse(channels[3] ?? '')).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: exit status 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  it('reports a failure of the runtime', async () => {
    const { channels } = await overWebSocket(execPath('crash'), ['v5.channel.k8s.io']);
    expect(JSON.parse(channels[3] ?? '')).toMatchObject({ status: 'Failure', reason: 'InternalError', code: 500 });
  });

  it('receives its input on channel 0, and the end of input on channel 255', async () => {
    const path = execPath('cat', '&stdin=true&stdout=true');
    const { channels } = await overWebSocket(path, ['v5.channel.k8s.io'], (socket) => {
      socket.send(frame(0, 'ab'));
      socket.send(frame(0, 'c'));
      socket.send(Buffer.of(255, 0));
    });
    expect(channels).toMatchObject({ 1: 'abc', 3: expect.stringContaining('Success') });
  });

  it('receives the size of its terminal on channel 4', async () => {
    const path = execPath('size', '&stdin=true&stdout=true&stderr=true&tty=true');
    const { channels } = await overWebSocket(path, ['v5.channel.k8s.io'], (socket) => {
      socket.send(frame(4, 'nonsense'));
      socket.send(frame(4, '{"Width":80,"Height":24}'));
    });
    expect(channels[1]).toBe('80x24');
    expect(node.sizes).toEqual(['80x24']);
  });

  it('can use base64', async () => {
    const path = execPath('cat', '&stdin=true&stdout=true');
    const { channels, protocol } = await overWebSocket(path, ['base64.channel.k8s.io'], (socket) => {
      socket.send(`0${Buffer.from('abc').toString('base64')}`);
      socket.once('message', () => socket.once('message', () => socket.close()));
    });
    expect(protocol).toBe('base64.channel.k8s.io');
    expect(channels).toEqual({ 1: 'abc' });
  });

  it('sends text on the error channel of old protocols, and nothing for success', async () => {
    const failed = await overWebSocket(execPath('exit 3'), ['channel.k8s.io']);
    expect(failed.channels[3]).toBe('command terminated with non-zero exit code: exit status 3');
    const succeeded = await overWebSocket(execPath('echo hi'), ['channel.k8s.io']);
    expect(succeeded.channels).toEqual({ 1: 'hi\n', 2: 'to stderr\n' });
  });

  it('sends only the requested streams', async () => {
    const { channels } = await overWebSocket(execPath('echo hi', '&stdout=true'), ['v5.channel.k8s.io']);
    expect(Object.keys(channels)).toEqual(['1', '3']);
  });

  it('is ended when the client goes', async () => {
    await overWebSocket(execPath('hang'), ['v5.channel.k8s.io'], (socket) => socket.terminate());
    await expect.poll(() => node.closed).toBe(1);
  });

  it('of an attach ends with success', async () => {
    const { channels } = await overWebSocket(
      `${pods}/x/attach?stdin=true&stdout=true`,
      ['v5.channel.k8s.io'],
      (socket) => {
        socket.send(frame(0, 'abc'));
        socket.send(Buffer.of(255, 0));
      },
    );
    expect(channels).toMatchObject({ 1: 'abc', 3: '{"metadata":{},"status":"Success"}' });
  });

  it('accepts a token in place of a header', async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(await server.token('client')).toString('base64url')}`;
    await overWebSocket(execPath('echo hi'), [token, 'v4.channel.k8s.io']);
    expect(server.calls.at(-1)?.scope.user.username).toBe('system:serviceaccount:default:client');
  });

  it.each([
    [
      'a Pod that is not there',
      `${pods}/z/exec?command=ls&stdout=true`,
      ['v5.channel.k8s.io'],
      404,
      'pods "z" not found',
    ],
    [
      'a container that is not there',
      execPath('ls', '&stdout=true&container=z'),
      ['v5.channel.k8s.io'],
      400,
      'container z is not valid for pod x',
    ],
    [
      'no streams',
      execPath('ls', ''),
      ['v5.channel.k8s.io'],
      400,
      'you must specify at least 1 of stdin, stdout, stderr',
    ],
    ['no command', `${pods}/x/exec?stdout=true`, ['v5.channel.k8s.io'], 400, 'you must specify a command'],
    ['an unknown protocol', execPath('ls'), ['v9.channel.k8s.io'], 400, 'server accepts'],
    ['a subresource that is not a stream', `${pods}/x`, ['v5.channel.k8s.io'], 400, 'cannot be upgraded'],
    ['port-forward without its protocol', `${pods}/x/portforward`, [], 400, 'SPDY/3.1+portforward.k8s.io is required'],
  ])('is refused for %s', async (_why, path, protocols, code, message) => {
    expect(await refusal(path, protocols)).toEqual({
      code,
      body: expect.objectContaining({ kind: 'Status', message: expect.stringContaining(message) }),
    });
  });
});

describe('an invalid handshake', () => {
  it('is refused, and its running command is ended', async () => {
    const outgoing = httpsRequest(`${server.url}${execPath('hang')}`, {
      ca: server.authority.authority.certificate,
      agent: false,
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io' },
    });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
      kind: 'Status',
      reason: 'BadRequest',
      message: expect.stringContaining('Sec-WebSocket-Key'),
    });
    expect(node.closed).toBe(1);
  });
});

describe('an upgrade that is refused', () => {
  it('leaves no socket behind, whoever closes first', async () => {
    const accepted: Socket[] = [];
    const accept = (message: unknown) => void accepted.push((message as { readonly socket: Socket }).socket);
    subscribe('net.server.socket', accept);
    const { port } = new URL(server.url);
    const ca = server.authority.authority.certificate;
    const lines = [`GET ${pods}/none/exec?command=ls&stdout=true HTTP/1.1`, 'Host: a', 'Connection: Upgrade'];
    const upgrade = `${[...lines, 'Upgrade: SPDY/3.1'].join('\r\n')}\r\n\r\n`;
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const socket = connectTls({
          port: Number(port),
          host: '127.0.0.1',
          ca,
          servername: 'localhost',
        });
        // What follows the request is unread when it is refused.
        socket.on('error', () => undefined).write(upgrade + 'more'.repeat(i));
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString('latin1', 0, 12)).toBe('HTTP/1.1 404');
        // Some never read on, and so never close their side.
        if (i % 4 === 0) socket.destroy();
        else socket.pause();
      }),
    );
    unsubscribe('net.server.socket', accept);
    expect(accepted).toHaveLength(40);
    await expect.poll(() => accepted.filter(({ destroyed }) => !destroyed), { timeout: 10_000 }).toEqual([]);
  });
});

describe("a node's failure", () => {
  it('is a refusal with the kubelet’s own message, which clients quote, if a container is not running', async () => {
    const response = await rawRefusal(execPath('missing'), ['v5.channel.k8s.io']);
    expect(response).toEqual({
      code: 500,
      type: 'text/plain; charset=utf-8',
      text: 'container not found ("a")',
    });
  });

  it('is reported on the error stream if the runtime cannot run the command', async () => {
    const { channels } = await overWebSocket(execPath('nosuch'), ['v5.channel.k8s.io']);
    expect(JSON.parse(channels[3] ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message:
        'Internal error occurred: error executing command in container: failed to exec in container: no such program',
    });
  });
});

describe('a log over a WebSocket', () => {
  it.each([
    ['binary.k8s.io', (data: Buffer) => data.toString()],
    ['base64.binary.k8s.io', (data: Buffer) => Buffer.from(data.toString(), 'base64').toString()],
  ])('comes in messages (%s)', async (protocol, decode) => {
    const socket = new WebSocket(`${server.url}${pods}/x/log?follow=true`, [protocol], {
      ca: server.authority.authority.certificate,
    });
    let text = '';
    socket.on('message', (data: Buffer) => {
      text += decode(data);
    });
    expect((await once(socket, 'close'))[0]).toBe(1000);
    expect(text).toBe('a\n{"follow":true,"previous":false,"timestamps":false}\n');
  });
});

describe('a command over SPDY', () => {
  it('has a stream for each of its own and one for its status', async () => {
    const { client, protocol } = await overSpdy(server, execPath('echo hi'), 'v5.channel.k8s.io, v4.channel.k8s.io');
    expect(protocol).toBe('v4.channel.k8s.io');
    const error = await client.open({ streamtype: 'error' });
    const stdout = await client.open({ streamtype: 'stdout' });
    const stderr = await client.open({ streamtype: 'stderr' });
    await client.over;
    expect(client.received).toEqual(
      new Map([
        [stdout, 'hi\n'],
        [stderr, 'to stderr\n'],
        [error, '{"metadata":{},"status":"Success"}'],
      ]),
    );
    expect(client.ended).toEqual(new Set([error, stdout, stderr]));
    expect(client.frames.at(-1)).toEqual({ type: 'goAway' });
  });

  it('receives its input until the stream ends', async () => {
    const { client } = await overSpdy(server, execPath('cat', '&stdin=true&stdout=true'), 'v4.channel.k8s.io');
    await client.open({ streamtype: 'error' });
    const stdin = await client.open({ streamtype: 'stdin' });
    const stdout = await client.open({ streamtype: 'stdout' });
    client.send(stdin, 'ab');
    client.send(stdin, 'c', true);
    await client.over;
    expect(client.received.get(stdout)).toBe('abc');
  });

  it('receives the size of its terminal', async () => {
    const { client } = await overSpdy(
      server,
      execPath('size', '&stdin=true&stdout=true&tty=true'),
      'v4.channel.k8s.io',
    );
    await client.open({ streamtype: 'error' });
    const stdout = await client.open({ streamtype: 'stdout' });
    const resize = await client.open({ streamtype: 'resize' });
    client.send(resize, '{"Width":80,"Height":24}\n');
    await client.over;
    expect(client.received.get(stdout)).toBe('80x24');
  });

  it('is ended when the client goes', async () => {
    const { client } = await overSpdy(server, execPath('hang'), 'v4.channel.k8s.io');
    client.close();
    await client.over;
    await expect.poll(() => node.closed).toBe(1);
  });

  it('answers pings', async () => {
    const { client } = await overSpdy(server, execPath('hang'), 'v4.channel.k8s.io');
    client.write(spdyFrames.ping(1));
    await client.until(() => client.frames.length > 0);
    expect(client.frames).toEqual([{ type: 'ping', id: 1 }]);
    client.close();
  });

  it.each([
    ['at once', 1],
    ['a little at a time', 40],
  ])('closes the connection on headers that inflate beyond all bounds, %s', async (_how, streams) => {
    const { client } = await overSpdy(server, execPath('hang'), 'v4.channel.k8s.io');
    for (let stream = 0; stream < streams; stream++)
      await client.open({ streamtype: 'error', padding: 'x'.repeat(stream === streams - 1 ? 200_000 : 1000) });
    await client.over;
    await expect.poll(() => node.closed).toBe(1);
  });

  it('closes the connection on data that is not SPDY', async () => {
    const { client } = await overSpdy(server, execPath('hang'), 'v4.channel.k8s.io');
    client.write(Buffer.of(0x80, 9, 0, 1, 0, 0, 0, 0));
    await client.over;
  });
});

describe('port-forward', () => {
  const open = () => overSpdy(server, `${pods}/x/portforward`, 'portforward.k8s.io');

  it('carries each connection on its own stream', async () => {
    const { client, protocol } = await open();
    expect(protocol).toBe('portforward.k8s.io');
    const streams: number[] = [];
    for (const requestid of ['0', '1']) {
      await client.open({ streamtype: 'error', port: '80', requestid }, true);
      streams.push(await client.open({ streamtype: 'data', port: '80', requestid }));
    }
    const [first = 0, second = 0] = streams;
    client.send(first, 'one');
    client.send(second, 'two', true);
    await client.until(() => client.ended.has(second) && client.received.get(first) === 'one');
    expect(client.received.get(second)).toBe('two');
    expect(client.ended.has(first)).toBe(false);
    client.close();
  });

  it('reports on the error stream why a port cannot be reached', async () => {
    const { client } = await open();
    const error = await client.open({ streamtype: 'error', port: '81', requestid: '0' }, true);
    const data = await client.open({ streamtype: 'data', port: '81', requestid: '0' });
    await client.until(() => client.ended.has(data) && client.ended.has(error));
    expect(client.received.get(error)).toMatch(
      /^error forwarding port 81 to pod x, uid [0-9a-f-]{36}: connection refused$/,
    );
    client.close();
  });

  it('refuses a stream without a port', async () => {
    const { client } = await open();
    const data = await client.open({ streamtype: 'data', port: 'http' });
    await client.until(() => client.frames.length > 0);
    expect(client.frames).toEqual([{ type: 'rstStream', id: data }]);
    client.close();
  });

  it('refuses other protocols', async () => {
    const outgoing = httpsRequest(`${server.url}${pods}/x/portforward`, {
      method: 'POST',
      ca: server.authority.authority.certificate,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'other' },
    });
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    expect(response.statusCode).toBe(403);
    response.destroy();
  });
});

describe('closing', () => {
  it('ends streams', async () => {
    const other = await serveApi();
    await other.put(pod('x'));
    const socket = new WebSocket(`${other.url}${execPath('hang')}`, ['v5.channel.k8s.io'], {
      ca: other.authority.authority.certificate,
    });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await other.close();
    await closed;
  });
});

describe('SPDY frames', () => {
  it('use the standard dictionary', () => {
    let a = 1;
    let b = 0;
    for (const byte of spdyDictionary) {
      a = (a + byte) % 65521;
      b = (b + a) % 65521;
    }
    expect(b * 65536 + a).toBe(spdyDictionaryId);
  });

  it('are parsed the same however their bytes are split', () => {
    const bytes = Buffer.concat([
      spdyFrames.ping(1),
      spdyFrames.data(3, Buffer.from('abc'), true),
      spdyFrames.rstStream(5),
      spdyFrames.goAway(5),
      spdyFrames.windowUpdate(0, 7),
    ]);
    const expected: SpdyFrame[] = [
      { type: 'ping', id: 1 },
      { type: 'data', id: 3, fin: true, data: Buffer.from('abc') },
      { type: 'rstStream', id: 5 },
      { type: 'goAway' },
      { type: 'other' },
    ];
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new SpdyFrameReader();
      const frames: SpdyFrame[] = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
      expect(frames).toEqual(expected);
    }
  });

  it('share one compression stream in replies, each ending with the empty block that makes decompressors return it', () => {
    const blocks = [spdyFrames.synReply(1, true), spdyFrames.synReply(3, false)].map((frame) => frame.subarray(12));
    for (const block of blocks) expect(block.subarray(-5)).toEqual(Buffer.of(0, 0, 0, 0xff, 0xff));
    const plain = inflateSync(Buffer.concat(blocks), {
      dictionary: spdyDictionary,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    expect(plain).toEqual(Buffer.alloc(8));
  });

  it('reject a truncated header block', () => {
    expect(() => parseHeaders(Buffer.concat([number(1), number(5), Buffer.from('ab')]))).toThrow('cut off');
  });
});
