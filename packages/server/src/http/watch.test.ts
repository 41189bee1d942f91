import type { IncomingMessage } from 'node:http';
import { failures } from '@orrery/api';
import { type Clock, createEnvironment, createSimulation, type WatchEvent } from '@orrery/core';
import { of, Subject, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, lines, start } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

let server: ServedApi;
beforeEach(async () => {
  server = await serveApi();
});
afterEach(() => server.close());

const pods = '/api/v1/namespaces/default/pods';

/** Opens a watch and reads events one by one. */
async function watch(on: ServedApi, path: string, accept = 'application/json') {
  const response: IncomingMessage = await start(on, 'GET', path, { headers: { accept } });
  const source = lines(response);
  return {
    response,
    next: async () => {
      const { value, done } = await source.next();
      return done === true ? undefined : JSON.parse(value as string);
    },
  };
}

describe('a watch', () => {
  it('is answered before anything happens', async () => {
    const { response } = await watch(server, `${pods}?watch=true`);
    expect(response.statusCode).toBe(200);
    expect(response.headers['transfer-encoding']).toBe('chunked');
    response.destroy();
  });

  it('sends the current objects and every change, one line each', async () => {
    await server.put(pod('x'));
    const { next, response } = await watch(server, `${pods}?watch=1`);
    expect(await next()).toMatchObject({ type: 'ADDED', object: { kind: 'Pod', metadata: { name: 'x' } } });
    await server.put(pod('y'));
    expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'y' } } });
    await server.put({ ...pod('y'), metadata: { ...pod('y').metadata, labels: { a: 'b' } } });
    expect(await next()).toMatchObject({ type: 'MODIFIED', object: { metadata: { name: 'y' } } });
    await ask(server, 'DELETE', `${pods}/y?gracePeriodSeconds=0`);
    expect(await next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'y' } } });
    response.destroy();
  });

  it('can be requested by the deprecated path, for one object too', async () => {
    const { response } = await watch(server, '/api/v1/watch/namespaces/default/pods/x');
    expect(server.calls[0]).toMatchObject({ verb: 'watch', scope: { name: 'x' } });
    response.destroy();
  });

  it('forwards its options', async () => {
    const { response } = await watch(
      server,
      `${pods}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=spec.nodeName%3Db`,
    );
    expect(server.calls[0]?.options).toEqual({
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
      fieldSelector: 'spec.nodeName=b',
    });
    response.destroy();
  });

  it('sends tables, with their columns only once', async () => {
    await server.put(pod('x'));
    await server.put(pod('y'));
    const { next, response } = await watch(
      server,
      `${pods}?watch=true`,
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    );
    const first = await next();
    expect(first.object).toMatchObject({ kind: 'Table', rows: [{ object: { metadata: { name: 'x' } } }] });
    expect(first.object.columnDefinitions.length).toBeGreaterThan(1);
    expect((await next()).object).toMatchObject({ columnDefinitions: null, rows: [expect.anything()] });
    response.destroy();
  });

  it('sends only metadata on demand', async () => {
    await server.put(pod('x'));
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const { next, response } = await watch(server, `${pods}?watch=true`, accept);
    const { object } = await next();
    expect(object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'x' } });
    expect(object).not.toHaveProperty('spec');
    response.destroy();
  });

  it('marks the end of the current objects', async () => {
    const streaming = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const { metadata } = await server.put(pod('x'));
    const { next, response } = await watch(server, `${pods}?watch=true&${streaming}`);
    expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'x' } } });
    expect(await next()).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: {
          resourceVersion: metadata.resourceVersion,
          creationTimestamp: null,
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      },
    });
    response.destroy();
  });

  it('ends with an ERROR event that contains the Status', async () => {
    server.own.watch = async () => throwError(() => failures.expired('too old resource version: 1 (5)'));
    const { next, response } = await watch(server, `${pods}?watch=true&resourceVersion=1`);
    expect(response.statusCode).toBe(200);
    expect(await next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect(await next()).toBeUndefined();
  });

  it('is refused with a Status before it begins', async () => {
    server.own.watch = async () => {
      throw failures.badRequest('no such field');
    };
    expect((await ask(server, 'GET', `${pods}?watch=true`)).json).toMatchObject({
      code: 400,
      message: 'no such field',
    });
  });

  it('ends when the server says so', async () => {
    server.own.watch = async () => of<WatchEvent>({ type: 'BOOKMARK', resourceVersion: '1', initialEventsEnd: false });
    const { next } = await watch(server, `${pods}?watch=true`);
    expect(await next()).toMatchObject({ type: 'BOOKMARK' });
    expect(await next()).toBeUndefined();
  });

  it('ends with an ERROR event if an object cannot be encoded', async () => {
    const object = await server.put(pod('x'));
    server.own.watch = async () =>
      of<WatchEvent>({ type: 'MODIFIED', object: { ...object, count: 1n } as typeof object });
    const { next } = await watch(server, `${pods}?watch=true`);
    expect(await next()).toMatchObject({ type: 'ERROR', object: { code: 500, reason: 'InternalError' } });
    expect(await next()).toBeUndefined();
  });

  it('is closed when the client disconnects', async () => {
    const { response } = await watch(server, `${pods}?watch=true`);
    expect(server.watches()).toBe(1);
    response.destroy();
    await expect.poll(() => server.watches()).toBe(0);
  });

  it('ends when the server closes', async () => {
    const { next } = await watch(server, `${pods}?watch=true`);
    const end = next();
    await server.close();
    expect(await end).toBeUndefined();
    expect(server.watches()).toBe(0);
  });

  it('of a client that does not read ends with an error instead of filling the memory', async () => {
    const events = new Subject<WatchEvent>();
    server.own.watch = async () => events;
    const { response } = await watch(server, `${pods}?watch=true`);
    response.pause();
    const object = await server.put({
      ...pod('x'),
      metadata: { ...pod('x').metadata, annotations: { a: 'x'.repeat(2000) } },
    });
    let sent = 0;
    while (events.observed && sent < 1_000_000) {
      events.next({ type: 'MODIFIED', object });
      sent++;
    }
    expect(events.observed).toBe(false);
    let last = '';
    for await (const line of lines(response)) last = line;
    expect(JSON.parse(last)).toMatchObject({ type: 'ERROR', object: { reason: 'Expired' } });
  });

  it('goes on after bursts of any size', async () => {
    const events = new Subject<WatchEvent>();
    server.own.watch = async () => events;
    const { next, response } = await watch(server, `${pods}?watch=true`);
    const object = await server.put(pod('x'));
    for (const burst of [1, 10, 100, 1000, 10, 3000, 1]) {
      for (let i = 0; i < burst; i++) events.next({ type: 'MODIFIED', object });
      for (let i = 0; i < burst; i++) expect(await next()).toMatchObject({ type: 'MODIFIED' });
    }
    response.destroy();
  });

  it('keeps its events in order for a slow client', async () => {
    const events = new Subject<WatchEvent>();
    server.own.watch = async () => events;
    const { response } = await watch(server, `${pods}?watch=true`);
    for (let i = 0; i < 20_000; i++)
      events.next({ type: 'BOOKMARK', resourceVersion: String(i), initialEventsEnd: false });
    events.complete();
    let expected = 0;
    for await (const line of lines(response)) {
      expect(JSON.parse(line).object.metadata.resourceVersion).toBe(String(expected++));
    }
    expect(expected).toBe(20_000);
  });
});

describe('the end of a watch', () => {
  async function timed(query: string): Promise<{ scheduled: number; fire: () => void; over: Promise<unknown> }> {
    await server.close();
    let scheduled = 0;
    let fire = () => undefined as void;
    const clock: Clock = {
      ...createEnvironment().clock,
      schedule: (duration, task) => {
        scheduled = Number(duration);
        fire = () => void task();
        return { [Symbol.dispose]: () => undefined };
      },
    };
    server = await serveApi({ clock });
    const { next } = await watch(server, `${pods}?watch=true${query}`);
    return { scheduled, fire, over: next() };
  }

  it('is after the seconds that the client requests', async () => {
    const { scheduled, fire, over } = await timed('&timeoutSeconds=7');
    expect(scheduled).toBe(7000);
    fire();
    expect(await over).toBeUndefined();
  });

  it('is between half an hour and an hour otherwise', async () => {
    const { scheduled } = await timed('');
    expect(scheduled).toBeGreaterThanOrEqual(1_800_000);
    expect(scheduled).toBeLessThan(3_600_000);
  });

  it("follows the cluster's clock unless another is injected", async () => {
    await server.close();
    const simulation = createSimulation();
    server = await serveApi({ environment: simulation.environment });
    const { next } = await watch(server, `${pods}?watch=true&timeoutSeconds=60`);
    const over = next();
    await simulation.advance('61s');
    expect(await over).toBeUndefined();
  });
});
