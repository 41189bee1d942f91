import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fromEvent, map, takeUntil } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortConnection } from '../../node-api.ts';
import { serveFake, type TestServer } from '../fake-request-path.ts';
import { ask } from '../https-client.ts';

let server: TestServer;
let backend: Server;

beforeAll(async () => {
  server = await serveFake();
  backend = createServer((request, response) => {
    if (request.url === '/away') return void response.writeHead(302, { location: '/there' }).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const told = { method: request.method, url: request.url, headers: request.headers };
      const text = JSON.stringify({ ...told, body: Buffer.concat(chunks).toString() });
      response
        .writeHead(418, { 'content-type': 'application/json', 'x-own': 'yes', 'access-control-allow-origin': '*' })
        .end(text);
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  server.path.backend = { type: 'port', scheme: 'http', address: `10.0.0.7:${port}`, connect: () => connected(port) };
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
  return { data, sink, close: () => void socket.destroy() };
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
    const headers = { 'x-mine': 'a', authorization: 'Bearer good' };
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
    expect(server.path.calls.at(-1)).toMatchObject({ verb: `proxy ${verb}`, scope: { name: 'http:a:80' } });
  });

  it('to the root without a slash is sent there', async () => {
    const answer = await ask(server, 'GET', `${path}?q=1`);
    expect([answer.code, answer.headers.location]).toEqual([301, `${path}/?q=1`]);
  });

  it('that is sent elsewhere by its backend stays behind the proxy', async () => {
    const answer = await ask(server, 'GET', `${path}/away`);
    expect([answer.code, answer.headers.location]).toEqual([302, `${path}/there`]);
  });
});
