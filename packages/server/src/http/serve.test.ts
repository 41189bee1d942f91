import { gunzipSync } from 'node:zlib';
import { failures } from '@orrery/api';
import { encodeProtobuf, openApiV2ProtobufAccept, openApiV2ProtobufContentType } from '@orrery/api/server';
import { createEnvironment } from '@orrery/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../certificates/index.ts';
import { ask } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

let server: ServedApi;
beforeAll(async () => {
  server = await serveApi({ health: [{ name: 'store', check: () => broken }] });
});
afterAll(() => server.close());

let broken: string | undefined;
beforeEach(async () => {
  broken = undefined;
  await server.clear();
});

const pods = '/api/v1/namespaces/default/pods';
const protobufFirst = 'application/vnd.kubernetes.protobuf,application/json';
const json = { 'content-type': 'application/json' };

describe('non-resource paths', () => {
  it.each([
    ['/version', { major: '1', minor: '35', gitVersion: expect.stringMatching(/^v1\.35\.0\+orrery/) }],
    ['/api', { kind: 'APIVersions', versions: ['v1'] }],
    ['/apis', { kind: 'APIGroupList' }],
    ['/apis/apps', { kind: 'APIGroup', name: 'apps' }],
    ['/apis/apps/v1', { kind: 'APIResourceList', groupVersion: 'apps/v1' }],
    ['/api/v1', { kind: 'APIResourceList', groupVersion: 'v1' }],
    ['/openapi/v3', { paths: expect.objectContaining({ 'apis/apps/v1': expect.anything() }) }],
    ['/openapi/v3/apis/apps/v1', { openapi: expect.stringMatching(/^3\.0/) }],
  ])('%s is a document', async (path, expected) => {
    const answer = await ask(server, 'GET', path);
    expect(answer.code).toBe(200);
    expect(answer.json).toMatchObject(expected);
  });

  it.each(['/healthz', '/livez', '/readyz', '/readyz/store'])('%s is ok', async (path) => {
    const answer = await ask(server, 'GET', path);
    expect([answer.code, answer.body.toString()]).toEqual([200, 'ok']);
  });

  it('verbose health lists the checks', async () => {
    const answer = await ask(server, 'GET', '/readyz?verbose');
    expect(answer.body.toString()).toBe('[+]ping ok\n[+]store ok\nreadyz check passed\n');
  });

  it('a failing check makes the server unready, but not dead', async () => {
    broken = 'disk full';
    const ready = await ask(server, 'GET', '/readyz');
    expect([ready.code, ready.body.toString()]).toEqual([
      500,
      '[+]ping ok\n[-]store failed: disk full\nreadyz check failed\n',
    ]);
    expect((await ask(server, 'GET', '/livez')).code).toBe(200);
  });

  it.each(['v2', 'v2beta1'])('discovery is aggregated on demand (%s)', async (form) => {
    const type = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`;
    const answer = await ask(server, 'GET', '/apis', { headers: { accept: `${type},application/json` } });
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${form}` });
  });

  it('a document that the client has cached is not sent again', async () => {
    const first = await ask(server, 'GET', '/openapi/v3');
    const second = await ask(server, 'GET', '/openapi/v3', { headers: { 'if-none-match': first.headers.etag } });
    expect([second.code, second.body.length]).toEqual([304, 0]);
  });

  it('kubectl gets OpenAPI v2 as protobuf', async () => {
    const answer = await ask(server, 'GET', '/openapi/v2', { headers: { accept: openApiV2ProtobufAccept } });
    expect([answer.code, answer.headers['content-type']]).toEqual([200, openApiV2ProtobufContentType]);
  });

  it.each(['/nowhere', '/apis/nowhere', '/apis/apps/v9', '/openapi/v3/apis/nowhere/v1', '/apis/apps/v1/nowhere'])(
    '%s does not exist',
    async (path) => {
      const answer = await ask(server, 'GET', path);
      expect(answer.json).toMatchObject({
        kind: 'Status',
        code: 404,
        reason: 'NotFound',
        message: 'the server could not find the requested resource',
      });
    },
  );

  it('a missing path is forbidden to users without permissions', async () => {
    const answer = await ask(server, 'GET', '/apis/apps/v1/nowhere', { headers: { 'impersonate-user': 'nobody' } });
    expect(answer.json).toMatchObject({ code: 403, reason: 'Forbidden' });
  });
});

describe('objects', () => {
  it('are created, read, replaced and deleted', async () => {
    const body = JSON.stringify(pod('x'));
    expect(await ask(server, 'POST', pods, { headers: json, body })).toMatchObject({
      code: 201,
      json: { kind: 'Pod', metadata: { name: 'x' } },
    });
    expect(await ask(server, 'GET', `${pods}/x`)).toMatchObject({ code: 200, json: { metadata: { name: 'x' } } });
    expect(await ask(server, 'PUT', `${pods}/x`, { headers: json, body })).toMatchObject({ code: 200 });
    expect(await ask(server, 'DELETE', `${pods}/x?gracePeriodSeconds=0`)).toMatchObject({ code: 200 });
    expect(await ask(server, 'GET', `${pods}/x`)).toMatchObject({
      code: 404,
      json: { kind: 'Status', message: 'pods "x" not found' },
    });
  });

  it('a PUT that creates is answered with 201', async () => {
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/x';
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'x' }, spec: {} };
    const body = JSON.stringify(lease);
    expect(await ask(server, 'PUT', path, { headers: json, body })).toMatchObject({ code: 201 });
  });

  it('are listed with their kind and revision', async () => {
    await server.put(pod('x'));
    await server.put(pod('y', 'other'));
    const all = await ask(server, 'GET', '/api/v1/pods?limit=500&labelSelector=a%21%3Db');
    expect(all.json).toMatchObject({ kind: 'PodList', apiVersion: 'v1' });
    expect(all.json.items).toHaveLength(2);
    expect(server.calls[0]?.options).toEqual({ limit: 500, labelSelector: 'a!=b' });
    expect((await ask(server, 'GET', pods)).json.items).toHaveLength(1);
  });

  it.each([
    ['metadata.name=x', 'x'],
    ['status.phase!=Running,metadata.name==x', 'x'],
    ['metadata.name!=x', ''],
    ['spec.nodeName=x', ''],
  ])('a list that selects %j asks for the name %j', async (selector, name) => {
    await ask(server, 'GET', `${pods}?fieldSelector=${encodeURIComponent(selector)}`);
    expect(server.calls[0]).toMatchObject({ scope: { name }, options: { fieldSelector: selector } });
  });

  it('are printed as a table on demand', async () => {
    await server.put(pod('x'));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { json: table } = await ask(server, 'GET', pods, { headers: { accept } });
    expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(table.rows[0]).toMatchObject({ object: { kind: 'PartialObjectMetadata', metadata: { name: 'x' } } });
    const { json: whole } = await ask(server, 'GET', `${pods}?includeObject=Object`, { headers: { accept } });
    expect(whole.rows[0]).toMatchObject({ object: { kind: 'Pod' } });
  });

  it('are reduced to their metadata on demand', async () => {
    await server.put(pod('x'));
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    expect((await ask(server, 'GET', pods, { headers: { accept } })).json).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'x' } }],
    });
  });

  it('are written as YAML on demand', async () => {
    await server.put(pod('x'));
    const answer = await ask(server, 'GET', `${pods}/x`, { headers: { accept: 'application/yaml' } });
    expect(answer.headers['content-type']).toBe('application/yaml');
    expect(answer.body.toString()).toContain('kind: Pod\n');
  });

  it('no acceptable type is 406', async () => {
    const answer = await ask(server, 'GET', pods, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    expect(answer.json).toMatchObject({ code: 406, reason: 'NotAcceptable' });
  });

  it('long responses are compressed for clients that accept it', async () => {
    for (let i = 0; i < 1000; i++) await server.put(pod(`x${i}`));
    const answer = await ask(server, 'GET', pods, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(answer.body).toString()).items).toHaveLength(1000);
    expect((await ask(server, 'GET', pods)).headers['content-encoding']).toBeUndefined();
  });

  it('pretty JSON is indented', async () => {
    await server.put(pod('x'));
    expect((await ask(server, 'GET', `${pods}/x?pretty=true`)).body.toString()).toContain('\n  "metadata": {');
  });

  it('HEAD has headers only', async () => {
    await server.put(pod('x'));
    const answer = await ask(server, 'HEAD', `${pods}/x`);
    expect([answer.code, answer.body.length]).toEqual([200, 0]);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
  });
});

describe('writes', () => {
  it.each([
    ['application/json-patch+json', '[]', { type: 'json', body: [] }],
    ['application/merge-patch+json', '{"metadata":{}}', { type: 'merge', body: { metadata: {} } }],
    ['application/strategic-merge-patch+json', '{"metadata":{}}', { type: 'strategic', body: { metadata: {} } }],
    [
      'application/apply-patch+yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: { name: x }',
      { type: 'apply', body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }, force: true },
    ],
  ])('%s is a patch', async (type, body, patch) => {
    await server.put(pod('x'));
    const query = type.includes('apply') ? '?fieldManager=me&force=true' : '';
    const answer = await ask(server, 'PATCH', `${pods}/x${query}`, { headers: { 'content-type': type }, body });
    expect(answer.code).toBe(200);
    expect(server.calls[0]?.options).toMatchObject({ patch });
  });

  it('bodies can be protobuf', async () => {
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf', accept: protobufFirst };
    const created = await ask(server, 'POST', pods, { headers: protobuf, body: encodeProtobuf(pod('x')) });
    expect(created).toMatchObject({ code: 201, json: { kind: 'Pod', spec: { containers: [{ name: 'a' }] } } });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, dryRun: ['All'] };
    await ask(server, 'DELETE', `${pods}/x`, { headers: protobuf, body: encodeProtobuf(options) });
    expect(server.calls.at(-1)?.options).toEqual({ gracePeriodSeconds: 0, dryRun: true });
  });

  it('broken protobuf is a bad request', async () => {
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const answer = await ask(server, 'POST', pods, { headers: protobuf, body: 'k8s' });
    expect(answer.json).toMatchObject({ code: 400, reason: 'BadRequest' });
  });

  it('another type is not a patch', async () => {
    const answer = await ask(server, 'PATCH', `${pods}/x`, { headers: json, body: '{}' });
    expect(answer.json).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    expect(answer.json.message).toContain('application/strategic-merge-patch+json');
  });

  it('the options of the query are forwarded', async () => {
    await ask(server, 'POST', `${pods}?fieldManager=kubectl-create&fieldValidation=Strict&dryRun=All`, {
      headers: json,
      body: JSON.stringify(pod('x')),
    });
    expect(server.calls[0]?.options).toMatchObject({
      fieldManager: 'kubectl-create',
      fieldValidation: 'Strict',
      dryRun: true,
    });
  });

  it('warnings are sent as headers', async () => {
    const body = JSON.stringify({ ...pod('x'), spec: { ...pod('x').spec, fü: 1 } });
    const answer = await ask(server, 'POST', pods, { headers: json, body });
    const warning = Buffer.from(answer.headers.warning ?? '', 'latin1').toString();
    expect(warning).toBe('299 - "unknown field \\"spec.fü\\""');
  });

  it('a body of more than 3 MiB is too large', async () => {
    const answer = await ask(server, 'POST', pods, { headers: json, body: ' '.repeat(3 * 1024 * 1024 + 1) });
    expect(answer.json).toMatchObject({ code: 413, message: 'Request entity too large: limit is 3145728' });
  });

  it('a body that is too large is read to its end, so that the client sees why, and the connection stays open', async () => {
    const answer = await ask(server, 'POST', pods, { headers: json, body: ' '.repeat(20 * 1024 * 1024) });
    expect([answer.code, answer.headers.connection]).toEqual([413, 'keep-alive']);
  });

  it('a body of more than 3 MiB without a length is too large', async () => {
    const headers = { ...json, 'transfer-encoding': 'chunked' };
    const answer = await ask(server, 'POST', pods, { headers, body: ' '.repeat(3 * 1024 * 1024 + 1) });
    expect(answer.json).toMatchObject({ code: 413 });
  });

  it.each([
    ['broken JSON', '{'],
    ['no body at all', ''],
  ])('%s is a bad request', async (_rule, body) => {
    expect((await ask(server, 'POST', pods, { headers: json, body })).json).toMatchObject({
      code: 400,
      reason: 'BadRequest',
    });
  });

  it('DELETE reads its options from the body', async () => {
    await server.put(pod('x'));
    await ask(server, 'DELETE', `${pods}/x`, {
      headers: json,
      body: JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 3 }),
    });
    expect(server.calls[0]?.options).toEqual({ gracePeriodSeconds: 3, dryRun: false });
  });

  it('DELETE of a collection deletes the selected objects', async () => {
    const answer = await ask(server, 'DELETE', `${pods}?labelSelector=a%3Db`);
    expect(answer.json).toMatchObject({ kind: 'PodList' });
    expect(server.calls[0]).toMatchObject({
      verb: 'deletecollection',
      options: { selection: { labelSelector: 'a=b' } },
    });
  });

  it.each([
    ['POST', `${pods}/x`],
    ['POST', '/api/v1/pods'],
    ['PUT', pods],
    ['OPTIONS', pods],
    ['DELETE', `${pods}/x/status`],
    ['PUT', `${pods}/x/log`],
  ])('%s %s is not allowed', async (method, path) => {
    expect((await ask(server, method, path)).json).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
  });

  it('exec without an upgrade is a bad request', async () => {
    await server.put(pod('x'));
    expect((await ask(server, 'POST', `${pods}/x/exec?command=ls`)).json).toMatchObject({
      code: 400,
      message: 'Upgrade request required',
    });
  });

  it('exec of a missing Pod is not found, upgrade or not', async () => {
    expect((await ask(server, 'POST', `${pods}/x/exec?command=ls`)).json).toMatchObject({
      code: 404,
      reason: 'NotFound',
    });
  });
});

describe('every response', () => {
  it("has an audit ID, the client's if it sends one", async () => {
    expect((await ask(server, 'GET', '/version')).headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
    const given = await ask(server, 'GET', '/version', { headers: { 'audit-id': 'mine' } });
    expect(given.headers['audit-id']).toBe('mine');
    expect(given.headers['cache-control']).toBe('no-cache, private');
  });

  it('says when to retry', async () => {
    server.own.list = async () => {
      throw failures.tooManyRequests('slow down', 3);
    };
    const answer = await ask(server, 'GET', pods);
    expect([answer.code, answer.headers['retry-after']]).toEqual([429, '3']);
  });

  it('is an internal error if something breaks', async () => {
    server.own.list = async () => {
      throw new Error('a bug');
    };
    expect((await ask(server, 'GET', pods)).json).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: 'Internal error occurred: a bug',
    });
  });
});

describe('the user of a request', () => {
  /** The user that the front door authenticated, or its refusal. */
  const user = async (sent: Parameters<typeof ask>[3]) => {
    const answer = await ask(server, 'GET', pods, sent);
    return server.calls.at(-1)?.scope.user ?? answer.code;
  };

  it('is anonymous without credentials', async () => {
    expect(await user({})).toMatchObject({ username: 'system:anonymous' });
  });

  it('is the bearer of a token', async () => {
    expect(await user({ headers: { authorization: 'Bearer bad' } })).toBe(401);
    const authorization = `Bearer ${await server.token('bearer')}`;
    expect(await user({ headers: { authorization } })).toMatchObject({
      username: 'system:serviceaccount:default:bearer',
    });
  });

  it('is the subject of a certificate that the authority signed', async () => {
    const { certificate: cert, key } = await server.authority.client({
      commonName: 'kubernetes-admin',
      organizations: ['system:masters', 'others'],
    });
    expect(await user({ cert, key })).toEqual({
      username: 'kubernetes-admin',
      groups: ['system:masters', 'others', 'system:authenticated'],
    });
  });

  it('is refused with a certificate of another authority', async () => {
    const stranger = await createCertificateAuthority(createEnvironment());
    const { certificate: cert, key } = await stranger.client({ commonName: 'kubernetes-admin' });
    expect(await user({ cert, key })).toBe(401);
  });

  it('can impersonate another user', async () => {
    expect(await user({ headers: { 'impersonate-user': 'jane', 'impersonate-group': ['owners', 'b'] } })).toEqual({
      username: 'jane',
      groups: ['owners', 'b', 'system:authenticated'],
    });
  });
});

describe('the server', () => {
  it('reports which port is in use', async () => {
    await expect(serveApi({ port: server.port })).rejects.toThrow(`port ${server.port} of 127.0.0.1 is in use`);
  });

  it('releases its port when it closes, and closes once', async () => {
    const first = await serveApi();
    await ask(first, 'GET', '/version');
    await Promise.all([first.close(), first.close()]);
    const second = await serveApi({ port: first.port });
    expect((await ask(second, 'GET', '/version')).code).toBe(200);
    await second.close();
  });
});

describe('logs', () => {
  it('are text', async () => {
    await server.put(pod('x'));
    const answer = await ask(server, 'GET', `${pods}/x/log?tailLines=5&timestamps=true`);
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.body.toString()).toBe('a\n{"follow":false,"previous":false,"timestamps":true,"tailLines":5}\n');
  });

  it('are refused by the node as a Status', async () => {
    await server.put(pod('x', 'default', ['waiting']));
    expect((await ask(server, 'GET', `${pods}/x/log`)).json).toMatchObject({
      code: 400,
      message: 'container "waiting" in pod "x" is waiting to start',
    });
  });

  it('need an unambiguous container', async () => {
    await server.put(pod('x', 'default', ['a', 'b']));
    expect((await ask(server, 'GET', `${pods}/x/log`)).json).toMatchObject({
      code: 400,
      message: 'a container name must be specified for pod x, choose one of: [a b]',
    });
  });
});
