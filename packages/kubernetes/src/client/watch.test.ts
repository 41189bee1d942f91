import type { ServerResponse } from 'node:http';
import { ConfigMap, StatusError } from '@orrery/api';
import { createSimulation, type WatchEvent } from '@orrery/core';
import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../connect.ts';
import { ConnectionError } from '../http/connection-error.ts';
import { type ScriptedServer, serveScript } from '../scripted-server.fixture.ts';
import { eventOf } from './watch.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', resourceVersion: '5' } };

describe('a line', () => {
  test('is an event, whose object has its type filled in', () => {
    const { apiVersion: _, kind: __, ...untyped } = object;
    expect(eventOf(JSON.stringify({ type: 'ADDED', object: untyped }), ConfigMap)).toEqual({ type: 'ADDED', object });
  });

  test('is a bookmark, which may mark the end of the initial objects', () => {
    const metadata = { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } };
    const line = (more: object) => JSON.stringify({ type: 'BOOKMARK', object: { ...object, metadata: more } });
    expect(eventOf(line(metadata), ConfigMap)).toEqual({
      type: 'BOOKMARK',
      resourceVersion: '9',
      initialEventsEnd: true,
    });
    expect(eventOf(line({ resourceVersion: '9' }), ConfigMap)).toMatchObject({ initialEventsEnd: false });
  });

  test("is an error, with the server's reason", () => {
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', code: 410 };
    const read = () => eventOf(JSON.stringify({ type: 'ERROR', object: status }), ConfigMap);
    expect(read).toThrow(StatusError);
    expect(read).toThrow(expect.objectContaining({ code: 410, reason: 'Expired' }));
  });

  test.each([
    'hello',
    '[]',
    '{"type":"ADDED"}',
    '{"type":"GREETING","object":{"metadata":{}}}',
    '{"type":"ERROR","object":{}}',
  ])('%s is none', (line) => {
    expect(() => eventOf(line, ConfigMap)).toThrow(StatusError);
    expect(() => eventOf(line, ConfigMap)).toThrow('unable to decode an event from the watch stream');
  });
});

describe('a watch', () => {
  const opened: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });

  async function setup(): Promise<{
    server: ScriptedServer;
    simulation: ReturnType<typeof createSimulation>;
    seen: WatchEvent[];
    ended: Promise<unknown>;
    response: ServerResponse;
  }> {
    const { promise, resolve } = Promise.withResolvers<ServerResponse>();
    const server = await serveScript((_, response) => {
      response.writeHead(200).flushHeaders();
      resolve(response);
    });
    opened.push(() => server.close());
    const simulation = createSimulation();
    const connection = await connect(
      {
        clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': server.authority } }],
        contexts: [{ name: 'x', context: { cluster: 'c' } }],
        'current-context': 'x',
      },
      { env: {}, environment: simulation.environment },
    );
    opened.push(() => connection.close());
    const seen: WatchEvent[] = [];
    const ended = new Promise((done) => {
      connection.client
        .watch(ConfigMap, { namespace: 'default', resourceVersion: '4', allowWatchBookmarks: true })
        .subscribe({ next: (event) => seen.push(event), error: done, complete: () => done('complete') });
    });
    return { server, simulation, seen, ended, response: await promise };
  }

  const line = (name: string) =>
    `${JSON.stringify({ type: 'ADDED', object: { ...object, metadata: { ...object.metadata, name } } })}\n`;

  test('asks the server to end it after five to ten minutes', async () => {
    const { server } = await setup();
    const url = new URL(server.received[0]?.url ?? '', server.url);
    expect(url.pathname).toBe('/api/v1/namespaces/default/configmaps');
    expect(url.searchParams.get('watch')).toBe('true');
    expect(url.searchParams.get('resourceVersion')).toBe('4');
    expect(url.searchParams.get('allowWatchBookmarks')).toBe('true');
    const seconds = Number(url.searchParams.get('timeoutSeconds'));
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThan(600);
  });

  test('emits events as they arrive, and completes with the response', async () => {
    const { response, seen, ended } = await setup();
    response.write(line('a'));
    await expect.poll(() => seen.length).toBe(1);
    response.write(line('b').slice(0, 20));
    response.write(line('b').slice(20));
    await expect.poll(() => seen.length).toBe(2);
    response.end();
    expect(await ended).toBe('complete');
  });

  test('fails when its connection breaks', async () => {
    const { response, seen, ended } = await setup();
    response.write(line('a'));
    await expect.poll(() => seen.length).toBe(1);
    response.socket?.destroy();
    expect(await ended).toBeInstanceOf(ConnectionError);
  });

  test('fails on a line that is not an event, and releases the connection', async () => {
    const { response, server, ended } = await setup();
    response.write('nonsense\n');
    expect(await ended).toMatchObject({ code: 500 });
    await expect.poll(() => server.connections().open).toBe(0);
  });

  test('fails when the server does not end it in time: the connection may be dead', async () => {
    const { simulation, ended, server } = await setup();
    let over = false;
    void ended.then(() => {
      over = true;
    });
    await simulation.advance('5m');
    expect(over).toBe(false);
    await simulation.advance('6m');
    expect(await ended).toBeInstanceOf(ConnectionError);
    await expect.poll(() => server.connections().open).toBe(0);
  });
});
