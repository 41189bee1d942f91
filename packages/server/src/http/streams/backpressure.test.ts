import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeNode } from '../fake-node.fixture.ts';
import { pod, type ServedApi, serveApi } from '../served-api.fixture.ts';
import { overSpdy } from './spdy-client.fixture.ts';

/** Whoever does not read slows down the one who writes to it, and nobody else. */

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
const exec = (command: string, streams: string) => `${pods}/x/exec?command=${command}&${streams}`;
const much = 8 * 2 ** 20;

interface Client {
  readonly closed: Promise<unknown>;
  pause(): void;
  resume(): void;
  /** Sends input. */
  send(text: string): void;
  close(): void;
  /** Breaks the connection off. */
  destroy(): void;
}

const clients: readonly (readonly [how: string, connect: (path: string) => Promise<Client>])[] = [
  [
    'a WebSocket',
    async (path) => {
      const ca = server.authority.authority.certificate;
      const socket = new WebSocket(`${server.url}${path}`, ['v5.channel.k8s.io'], { ca });
      await once(socket, 'open');
      return {
        closed: once(socket, 'close'),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        send: (text) => socket.send(Buffer.concat([Buffer.of(0), Buffer.from(text)])),
        close: () => socket.close(),
        destroy: () => socket.terminate(),
      };
    },
  ],
  [
    'SPDY',
    async (path) => {
      const { client } = await overSpdy(server, path, 'v4.channel.k8s.io');
      await client.open({ streamtype: 'error' });
      const stdin = path.includes('stdin') ? await client.open({ streamtype: 'stdin' }) : 0;
      if (path.includes('stdout')) await client.open({ streamtype: 'stdout' });
      return {
        closed: client.over,
        pause: () => client.pause(),
        resume: () => client.resume(),
        send: (text) => client.send(stdin, text),
        close: () => client.close(),
        destroy: () => client.destroy(),
      };
    },
  ],
];

describe.each(clients)('over %s', (_how, connect) => {
  it('a command whose output nobody reads is held back until somebody does', async () => {
    const client = await connect(exec('gush', 'stdout=true'));
    client.pause();
    await expect.poll(() => node.held).toBe(true);
    const { gushed } = node;
    // What sockets hold on both sides, and what may wait here.
    expect(gushed).toBeLessThan(4 * much);
    client.resume();
    await expect.poll(() => node.gushed).toBeGreaterThan(gushed + much);
    client.close();
    await expect.poll(() => node.closed).toBe(1);
  });

  it('a client that breaks off and has not read ends the command', async () => {
    const client = await connect(exec('gush', 'stdout=true'));
    client.pause();
    await expect.poll(() => node.held).toBe(true);
    client.destroy();
    await expect.poll(() => node.closed).toBe(1);
  });

  it('a client whose input is not read is slowed down until it is', async () => {
    const client = await connect(exec('sleep', 'stdin=true'));
    const block = 'x'.repeat(65_536);
    for (let sent = 0; sent < much; sent += block.length) client.send(block);
    await expect.poll(() => node.unread).toBeGreaterThan(2 ** 18);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(node.unread).toBeLessThan(2 ** 19);
    node.awake.resolve();
    await expect.poll(() => node.unread).toBe(much);
    client.close();
    await expect.poll(() => node.closed).toBe(1);
  });

  it('a client that goes while its input waits ends the command', async () => {
    const client = await connect(exec('sleep', 'stdin=true'));
    for (let i = 0; i < 5; i++) client.send('x'.repeat(65_536));
    await expect.poll(() => node.unread).toBeGreaterThan(2 ** 18);
    client.close();
    node.awake.resolve();
    await expect.poll(() => node.closed).toBe(1);
  });
});

it('a port whose output nobody reads is held back until somebody does', async () => {
  const { client } = await overSpdy(server, `${pods}/x/portforward`, 'portforward.k8s.io');
  await client.open({ streamtype: 'error', port: '80', requestid: '0' });
  const data = await client.open({ streamtype: 'data', port: '80', requestid: '0' });
  client.pause();
  // The port echoes.
  for (let sent = 0; sent < 4 * much && !node.held; sent += 65_536) {
    client.send(data, 'x'.repeat(65_536));
    await new Promise(setImmediate);
  }
  expect(node.held).toBe(true);
  client.resume();
  await expect.poll(() => node.held).toBe(false);
  client.close();
  await client.over;
});
