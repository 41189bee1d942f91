import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { firstValueFrom, fromEvent, map, Subject, takeUntil } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortConnection } from '../../node-api.ts';
import { ask } from '../https-client.fixture.ts';
import { type ServedApi, serveApi } from '../served-api.fixture.ts';

let server: ServedApi;
let backend: Server;
let authorization = '';
/** Pending responses of `/silent`. */
const silent = new Subject<ServerResponse>();
const largeBytes = 20 * 1024 * 1024;

beforeAll(async () => {
  server = await serveApi();
  backend = createServer((request, response) => {
    if (request.url === '/away') return void response.writeHead(302, { location: '/there' }).end();
    if (request.url === '/silent') return void silent.next(response);
    if (request.url === '/broken') return void response.write('half', () => response.destroy());
    if (request.url === '/large') return void response.end(Buffer.alloc(largeBytes, 'x'));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const recorded = { method: request.method, url: request.url, headers: request.headers };
      const text = JSON.stringify({ ...recorded, body: Buffer.concat(chunks).toString() });
      response
        .writeHead(418, { 'content-type': 'application/json', 'x-own': 'yes', 'access-control-allow-origin': '*' })
        .end(text);
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  server.own.proxied = async () => ({
    type: 'port',
    scheme: 'http',
    address: `10.0.0.7:${port}`,
    connect: () => connected(port),
  });
  authorization = `Bearer ${await server.token('client')}`;
});

afterAll(async () => {
  await server.close();
  backend.close();
});

async function connected(port: number): Promise<PortConnection> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const data = fromEvent(socket, 'data').pipe(
    map((chunk) => chunk as Uint8Array),
    takeUntil(fromEvent(socket, 'close')),
  );
  const sink = { write: (chunk: Uint8Array) => void socket.write(chunk), end: () => void socket.end() };
  return { data, sink, hold: () => undefined, close: () => void socket.destroy() };
}

const path = '/api/v1/namespaces/default/pods/http:a:80/proxy';

describe('a proxied request', () => {
  it.each([
    ['GET', 'get'],
    ['POST', 'create'],
    ['PUT', 'update'],
    ['PATCH', 'patch'],
    ['DELETE', 'delete'],
  ])('%s is passed on, with path, query, body and headers, and its answer back', async (method, verb) => {
    const body = method === 'GET' ? {} : { body: 'hello' };
    const headers = { 'x-mine': 'a', authorization };
    const answer = await ask(server, method, `${path}/a%2Fb/?q=1&watch=true`, { headers, ...body });
    expect(answer.code).toBe(418);
    expect(answer.headers['x-own']).toBe('yes');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.json).toMatchObject({
      method,
      url: '/a%2Fb/?q=1&watch=true',
      body: method === 'GET' ? '' : 'hello',
      headers: { 'x-mine': 'a', 'x-forwarded-uri': `${path}/a%2Fb/` },
    });
    expect((answer.json as { headers: object }).headers).not.toHaveProperty('authorization');
    expect(server.calls.at(-1)).toMatchObject({ verb: `proxy ${verb}`, scope: { name: 'http:a:80' } });
  });

  it('to the root without a slash is sent there', async () => {
    const answer = await ask(server, 'GET', `${path}?q=1`);
    expect([answer.code, answer.headers.location]).toEqual([301, `${path}/?q=1`]);
  });

  it('is aborted at its backend when its client aborts it', async () => {
    const asked = firstValueFrom(silent);
    const ca = server.authority.authority.certificate;
    const outgoing = request(`${server.url}${path}/silent`, { ca, agent: false });
    outgoing.on('error', () => undefined).end();
    const pending = await asked;
    const gone = once(pending, 'close');
    outgoing.destroy();
    await gone;
    expect(pending.writableFinished).toBe(false);
  });

  it('has a broken response if its backend fails midway', async () => {
    await expect(ask(server, 'GET', `${path}/broken`)).rejects.toThrow('aborted');
  });

  it('has a response of any length', async () => {
    expect((await ask(server, 'GET', `${path}/large`)).body.length).toBe(largeBytes);
  });

  it('has a body of any length', async () => {
    const answer = await ask(server, 'POST', `${path}/echo`, { body: 'x'.repeat(5 * 1024 * 1024) });
    expect((answer.json as { body: string }).body).toHaveLength(5 * 1024 * 1024);
  });

  it('that its backend redirects stays behind the proxy', async () => {
    const answer = await ask(server, 'GET', `${path}/away`);
    expect([answer.code, answer.headers.location]).toEqual([302, `${path}/there`]);
  });
});
