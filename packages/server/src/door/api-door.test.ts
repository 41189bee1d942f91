import { failures } from '@orrery/api';
import type { WatchEvent } from '@orrery/core';
import { Subject } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { configMapNamed, podNamed, type TestApi, testApi } from '../api.fixture.ts';
import { delegatingRequestPath } from '../request-path.fixture.ts';
import type { RequestPath } from '../request-path.ts';
import type { ProxyBackend } from '../subresources/proxy.ts';
import { type ApiDoor, createApiDoor } from './api-door.ts';
import type { ApiRequest, Peer } from './api-request.ts';
import type { BodySource } from './api-response.ts';
import type { ForwardedRequest, SendToPort } from './proxy/proxy.ts';
import type { UploadLimits } from './uploads.ts';

/** The front door through `fetch`, and through its own values where the web's classes are not enough. */

let api: TestApi;
let door: ApiDoor;
beforeEach(async () => {
  api = await testApi();
  door = doorOver(api.server);
});

function doorOver(requestPath: RequestPath): ApiDoor {
  return createApiDoor({ requestPath, environment: api.sim.environment, random: api.sim.environment.random });
}

const admin: Peer = { remoteAddress: '', certificate: { commonName: 'admin', organizations: ['system:masters'] } };
const maps = 'https://orrery/api/v1/namespaces/default/configmaps';
const json = { 'content-type': 'application/json' };

const ask = (url: string, init: RequestInit = {}) => door.fetch(new Request(url, init), admin);

describe('a Request gets a Response', () => {
  it('that creates, and one that reads', async () => {
    const body = JSON.stringify(configMapNamed('a'));
    const created = await ask(maps, { method: 'POST', headers: json, body });
    expect([created.status, created.headers.get('content-type')]).toEqual([201, 'application/json']);
    const read = await ask(`${maps}/a`);
    expect(await read.json()).toEqual(await created.json());
  });

  it('with the headers of every response', async () => {
    const { headers } = await ask(maps, { headers: { 'audit-id': 'mine' } });
    expect(headers.get('audit-id')).toBe('mine');
    expect(headers.get('cache-control')).toBe('no-cache, private');
  });

  it('with a Status for a refused request', async () => {
    const response = await ask(`${maps}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  });

  it('with each warning once', async () => {
    const body = JSON.stringify({ ...configMapNamed('a'), grüße: 1 });
    const response = await ask(maps, { method: 'POST', headers: json, body });
    const bytes = Uint8Array.from(response.headers.get('warning') ?? '', (char) => char.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe('299 - "unknown field \\"grüße\\""');
  });

  it('without a body for HEAD, but with its length', async () => {
    const [head, get] = [await ask(maps, { method: 'HEAD' }), await ask(maps)];
    expect(await head.text()).toBe('');
    expect(Number(head.headers.get('content-length'))).toBe((await get.bytes()).length);
  });

  it('without a body for HEAD of an endless body', async () => {
    const head = await ask(`${maps}?watch=true`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('as the impersonated user, whose groups the web joins into one header', async () => {
    const impersonated: unknown[] = [];
    const path = delegatingRequestPath(api.server, {
      authenticate: async (credentials) => {
        impersonated.push(credentials.impersonate);
        return api.server.authenticate(credentials);
      },
    });
    const headers = new Headers({ 'impersonate-user': 'jane', 'impersonate-group': 'a' });
    headers.append('impersonate-group', 'cn=b,dc=c');
    await doorOver(path).fetch(new Request(maps, { headers }), admin);
    expect(impersonated).toEqual([{ username: 'jane', groups: ['a', 'cn=b,dc=c'] }]);
  });

  it('as the anonymous user without credentials', async () => {
    const response = await door.fetch(new Request(maps));
    expect(await response.json()).toMatchObject({ code: 403, message: expect.stringContaining('system:anonymous') });
  });

  it('refused if another authority signed the certificate', async () => {
    const response = await door.fetch(new Request(maps), { remoteAddress: '', certificate: 'untrusted' });
    expect(response.status).toBe(401);
  });

  it('refused if it needs an upgrade', async () => {
    await api.admin.create(podNamed('x', {}, { nodeName: '' }));
    const response = await ask('https://orrery/api/v1/namespaces/default/pods/x/exec?command=ls', { method: 'POST' });
    expect(await response.json()).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });
});

describe('a watch as a ReadableStream', () => {
  let events: Subject<WatchEvent>;
  beforeEach(() => {
    events = new Subject();
    door = doorOver(delegatingRequestPath(api.server, { watch: async () => events }));
  });

  const bookmark = (revision: number): WatchEvent => ({
    type: 'BOOKMARK',
    resourceVersion: String(revision),
    initialEventsEnd: false,
  });

  async function opened(query = ''): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const { body } = await ask(`${maps}?watch=true${query}`);
    if (body === null) throw new Error('the watch has no body');
    return body.getReader();
  }

  const lineOf = (chunk: ReadableStreamReadResult<Uint8Array>) =>
    chunk.done ? undefined : JSON.parse(new TextDecoder().decode(chunk.value));

  it('delivers its events as they occur', async () => {
    const reader = await opened();
    const first = reader.read();
    events.next(bookmark(1));
    events.next(bookmark(2));
    expect(lineOf(await first)).toMatchObject({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } });
    expect(lineOf(await reader.read())).toMatchObject({ object: { metadata: { resourceVersion: '2' } } });
    events.complete();
    expect(lineOf(await reader.read())).toBeUndefined();
  });

  it('is closed when its reader cancels', async () => {
    const reader = await opened();
    expect(events.observed).toBe(true);
    await reader.cancel();
    expect(events.observed).toBe(false);
  });

  it('ends when its time is up', async () => {
    const reader = await opened('&timeoutSeconds=7');
    const over = reader.read();
    await api.sim.advance('8s');
    expect(lineOf(await over)).toBeUndefined();
    expect(events.observed).toBe(false);
  });

  it('buffers events for a slow reader, in order and without loss', async () => {
    const reader = await opened();
    for (let revision = 0; revision < 20_000; revision++) events.next(bookmark(revision));
    events.complete();
    for (let revision = 0; revision < 20_000; revision++) {
      expect(lineOf(await reader.read()).object.metadata.resourceVersion).toBe(String(revision));
    }
    expect(lineOf(await reader.read())).toBeUndefined();
  });

  it('ends with an ERROR event for a reader that falls too far behind', async () => {
    const reader = await opened();
    for (let revision = 0; events.observed && revision < 200_000; revision++) events.next(bookmark(revision));
    expect(events.observed).toBe(false);
    let last: unknown;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) last = lineOf(chunk);
    expect(last).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  it('ends with an ERROR event that reports why it failed', async () => {
    const reader = await opened();
    events.error(failures.expired('too old resource version: 1 (5)'));
    expect(lineOf(await reader.read())).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    expect(lineOf(await reader.read())).toBeUndefined();
  });
});

/** A request as an adapter builds it, with a body that records how much of it is read. */
function plain(
  method: string,
  url: string,
  body: () => AsyncGenerator<Uint8Array>,
  more: HeadersInit = json,
): ApiRequest {
  return { method, url, headers: new Headers(more), body: body(), signal: new AbortController().signal };
}

describe('the body of a request', () => {
  it.each([
    ['of a read request', 'GET', '/api/v1/namespaces/default/configmaps', json],
    ['of what does not exist', 'POST', '/api/v1/namespaces/default/nothing', json],
    ['of a forbidden request', 'PUT', '/api/v1/namespaces/default/configmaps', json],
    [
      'that is too long by its own word',
      'POST',
      '/api/v1/namespaces/default/configmaps',
      { 'content-length': '4000000' },
    ],
  ])('%s is not read', async (_which, method, url, headers) => {
    let read = false;
    const body = async function* () {
      read = true;
      yield new Uint8Array(1);
    };
    await door.answer(plain(method, url, body, headers), admin);
    expect(read).toBe(false);
  });

  it('of an unauthenticated client is not read', async () => {
    let read = false;
    const body = async function* () {
      read = true;
      yield new Uint8Array(1);
    };
    const headers = { ...json, authorization: 'Bearer nonsense' };
    const { status } = await door.answer(plain('POST', maps, body, headers), { remoteAddress: '' });
    expect([status, read]).toEqual([401, false]);
  });

  it('that is endless is read up to the size limit', async () => {
    let chunks = 0;
    const body = async function* () {
      for (;;) {
        chunks++;
        yield new Uint8Array(1024 * 1024);
      }
    };
    const { status } = await door.answer(plain('POST', maps, body), admin);
    expect([status, chunks]).toEqual([413, 4]);
  });

  it('that is cut off is a bad request', async () => {
    const body = async function* () {
      yield new Uint8Array(1);
      throw new Error('socket hang up');
    };
    const { status } = await door.answer(plain('POST', maps, body), admin);
    expect(status).toBe(400);
  });
});

describe('a request is authorized as soon as its target is known', () => {
  const nobody: Peer = { remoteAddress: '', certificate: { commonName: 'nobody', organizations: [] } };
  const inDefault = 'https://orrery/api/v1/namespaces/default';
  it.each([
    ['a method that is not served', 'PUT', `${inDefault}/configmaps`, json],
    ['an unknown method', 'OPTIONS', `${inDefault}/configmaps`, json],
    ['an unknown subresource', 'GET', `${inDefault}/configmaps/a/nothing`, json],
    ['an unknown resource', 'POST', `${inDefault}/nothing`, json],
    ['an unsupported media type', 'POST', `${inDefault}/configmaps`, { 'content-type': 'text/csv' }],
    ['an unsupported patch', 'PATCH', `${inDefault}/configmaps/a`, json],
    ['an unacceptable type', 'GET', `${inDefault}/configmaps`, { accept: 'image/png' }],
    ['invalid options', 'POST', `${inDefault}/configmaps?dryRun=Some`, json],
    ['a list with invalid options', 'GET', `${inDefault}/configmaps?limit=many`, json],
    ['a body that is too large', 'POST', `${inDefault}/configmaps`, { ...json, 'content-length': '4000000' }],
    ['an object that does not exist', 'GET', `${inDefault}/configmaps/none`, json],
    ['a missing upgrade', 'GET', `${inDefault}/pods/none/exec`, json],
    ['a proxy to nowhere', 'TRACE', `${inDefault}/pods/none/proxy/`, json],
    ['a path', 'DELETE', 'https://orrery/nowhere', json],
  ])('%s is 403 without its body being read', async (_which, method, url, headers) => {
    let read = false;
    const body = async function* () {
      read = true;
      yield new Uint8Array(1);
    };
    const { status } = await door.answer(plain(method, url, body, headers), nobody);
    expect([status, read]).toEqual([403, false]);
  });

  it.each([
    ['a path', '/version/x', 403],
    ['what cannot be upgraded', '/api/v1/namespaces/default/configmaps', 403],
    ['a command without its options', '/api/v1/namespaces/default/pods/none/exec', 403],
    ['a broken path', '/api/v1/namespaces/%zz/pods', 400],
  ])('an upgrade of %s too', async (_which, path, status) => {
    const request = plain('GET', path, async function* () {}, {});
    expect(await door.upgrade(request, nobody, 'websocket')).toMatchObject({ status });
  });
});

describe('bytes of bodies in flight', () => {
  const alice: Peer = { remoteAddress: '', certificate: { commonName: 'alice', organizations: ['system:masters'] } };
  const limited = (uploads: UploadLimits) =>
    createApiDoor({
      requestPath: api.server,
      environment: api.sim.environment,
      random: api.sim.environment.random,
      uploads,
    });
  /** A body whose first chunk has arrived, and whose end is still to come. */
  const unfinished = (bytes: number) => {
    const arrived = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const body = async function* () {
      yield new Uint8Array(bytes);
      arrived.resolve();
      await rest.promise;
    };
    return { body, arrived: arrived.promise, finish: rest.resolve };
  };

  it.each([
    ['one client', { perClient: 100, total: 1000 }, [429, 400]],
    ['all clients', { perClient: 1000, total: 100 }, [429, 429]],
  ] as const)('of %s are limited', async (_whose, limits, [same, other]) => {
    const guarded = limited(limits);
    const first = unfinished(80);
    const waiting = guarded.answer(plain('POST', maps, first.body), admin);
    await first.arrived;
    const small = async function* () {
      yield new Uint8Array(30);
    };
    const refused = await guarded.answer(plain('POST', maps, small), admin);
    expect([refused.status, refused.headers['retry-after']]).toEqual([same, '1']);
    expect((await guarded.answer(plain('POST', maps, small), alice)).status).toBe(other);
    first.finish();
    await waiting;
    // What was held is free again.
    expect((await guarded.answer(plain('POST', maps, small), admin)).status).toBe(400);
  });

  it('have a minute to arrive', async () => {
    const endless = unfinished(1);
    const answered = door.answer(plain('POST', maps, endless.body), admin);
    await api.sim.advance('60s');
    expect(await answered).toMatchObject({ status: 504 });
  });
});

describe('the URL of a request', () => {
  it.each([
    '/version',
    '/version?pretty=false',
    '/version/',
    'https://orrery/version',
    'https://orrery:6443/version?a=b',
    'https://orrery/version#part',
  ])('can be %s', async (url) => {
    const { status, body } = await door.answer({ ...plain('GET', url, noBody), body: null }, admin);
    expect(status).toBe(200);
    expect(new TextDecoder().decode(body as Uint8Array)).toContain('v1.35.0+orrery');
  });

  it('without a path is the root', async () => {
    const { body } = await door.answer({ ...plain('GET', 'https://orrery', noBody), body: null }, admin);
    expect(new TextDecoder().decode(body as Uint8Array)).toContain('"paths"');
  });
});

async function* noBody(): AsyncGenerator<Uint8Array> {}

describe('a refusal', () => {
  it('is YAML for clients that accept YAML', async () => {
    const response = await ask(`${maps}/nowhere`, { headers: { accept: 'application/yaml' } });
    expect(response.headers.get('content-type')).toBe('application/yaml');
    expect(await response.text()).toContain('reason: NotFound\n');
  });

  it('is indented for curl', async () => {
    const response = await ask(`${maps}/nowhere`, { headers: { 'user-agent': 'curl/8.11.0' } });
    expect(await response.text()).toContain('\n  "reason": "NotFound"');
  });

  it('is JSON for clients that accept none of the available types', async () => {
    const response = await ask(maps, { headers: { accept: 'image/png' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([406, 'application/json']);
  });
});

describe('a request that is forwarded to a Pod', () => {
  const proxied = 'https://orrery/api/v1/namespaces/default/pods/http:x:80/proxy/a?b=c';
  const backend: ProxyBackend = {
    type: 'port',
    scheme: 'http',
    address: '10.0.0.7:80',
    connect: () => Promise.reject(new Error('nobody connects here')),
  };
  const path = () => delegatingRequestPath(api.server, { proxied: async () => backend });

  it('is unavailable if the platform has no HTTP client for Pods', async () => {
    const response = await doorOver(path()).fetch(new Request(proxied), admin);
    expect(await response.json()).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
  });

  it('streams the response, whatever its status', async () => {
    const sent: ForwardedRequest[] = [];
    const { environment } = api.sim;
    const sendToPort: SendToPort = async (_backend, request) => {
      sent.push(request);
      const body: BodySource = {
        openEnded: false,
        compressible: false,
        start: (controller) => {
          for (const chunk of ['one ', 'two']) controller.enqueue(new TextEncoder().encode(chunk));
          controller.close();
        },
        pull: () => undefined,
        cancel: () => undefined,
      };
      return { status: 700, statusText: 'Odd', headers: [['X-Own', 'yes']], body };
    };
    const odd = createApiDoor({ requestPath: path(), environment, random: environment.random, sendToPort });
    const response = await odd.fetch(new Request(proxied), admin);
    expect([response.status, response.statusText, response.headers.get('x-own')]).toEqual([502, 'Odd', 'yes']);
    expect(await response.text()).toBe('one two');
    expect(sent[0]).toMatchObject({ method: 'GET', path: '/a?b=c', body: null });
  });
});

describe('an upgrade', () => {
  const request = (url: string, headers: HeadersInit = {}): ApiRequest => ({
    method: 'GET',
    url,
    headers: new Headers(headers),
    body: null,
    signal: new AbortController().signal,
  });

  it('is refused with a response', async () => {
    const answer = await door.upgrade(request('/version'), admin, 'websocket');
    expect(answer).toMatchObject({ status: 404 });
  });

  it('with a token that is not base64 is not authenticated', async () => {
    const headers = { 'sec-websocket-protocol': 'base64url.bearer.authorization.k8s.io.%%%, v5.channel.k8s.io' };
    expect(await door.upgrade(request('/version', headers), { remoteAddress: '' }, 'websocket')).toMatchObject({
      status: 401,
    });
  });
});
