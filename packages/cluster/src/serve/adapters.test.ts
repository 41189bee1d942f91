import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as startRequest } from 'node:https';
import { type Kind, type KubernetesObject, Pod, ServiceAccount } from '@orrery/api';
import { createRealClock } from '@orrery/core';
import type { SimulatedMachines } from '@orrery/runtimes/sim';
import { createApiDoor } from '@orrery/server';
import type { HttpsServing } from '@orrery/server/http';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, createCluster } from '../index.ts';
import { type ClusterCertificates, makeCertificates, serveCluster } from './serve-cluster.ts';

/** The same requests over a socket (with HTTP/1.1 and HTTP/2), over the simulated network, and as the web's own classes: all get the same responses. */

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: string;
}

let cluster: Cluster<SimulatedMachines>;
let certificates: ClusterCertificates;
let serving: HttpsServing;
let http2: ClientHttp2Session | undefined;
let token: string;

beforeAll(async () => {
  cluster = await createCluster({ nodes: 1 });
  certificates = await makeCertificates(cluster.environment);
  serving = await serveCluster({ cluster, certificates, port: 0 });
  await cluster.apply(objects);
  token = await tokenOf('default', 'owner');
  await running('speaker');
});

afterAll(async () => {
  http2?.destroy();
  await serving.close();
  await cluster.close();
});

const objects = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: owner, namespace: default }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: owner-does-all }
subjects: [{ kind: ServiceAccount, name: owner, namespace: default }]
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: a, namespace: default, labels: { app: test } }
data: { value: "1" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: b, namespace: default, labels: { app: test } }
data: { value: "2" }
---
apiVersion: v1
kind: Pod
metadata: { name: speaker, namespace: default }
spec: { containers: [{ name: main, image: busybox, command: [sh, -c, "echo hello; sleep 1000"] }] }
`;

async function tokenOf(namespace: string, name: string): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } as KubernetesObject;
  const made = await cluster.client.createSubresource(ServiceAccount as Kind, { namespace, name }, 'token', body);
  return (made as unknown as { status: { token: string } }).status.token;
}

async function running(name: string): Promise<void> {
  const pods = cluster.client.watch(Pod, { namespace: 'default', fieldSelector: `metadata.name=${name}` });
  await firstValueFrom(
    pods.pipe(filter((event) => event.type !== 'BOOKMARK' && event.object.status?.phase === 'Running')),
  );
}

function overSocket({ method, path, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ca = certificates.authority.authority.certificate;
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = startRequest(`${serving.url}${path}`, { method, ca, headers: { ...headers, ...length } });
    outgoing.on('error', reject);
    outgoing.on('response', async (incoming) => {
      const bytes = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
      const { statusCode = 0, headers: answered } = incoming;
      const warning = Buffer.from(answered.warning ?? '', 'latin1').toString();
      const texts = { ...answered, ...(warning === '' ? {} : { warning }) };
      resolve({ status: statusCode, headers: texts as Answer['headers'], body: bytes.toString() });
    });
    outgoing.end(body);
  });
}

function overHttp2({ method, path, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    http2 ??= connectHttp2(serving.url, { ca: certificates.authority.authority.certificate });
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const head = { ...headers, ...length, ':method': method, ':path': path };
    const stream = http2.request(head, { endStream: body === '' });
    stream.on('error', reject);
    stream.on('response', async ({ ':status': status = 0, ...answered }) => {
      const bytes = Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
      const warning = Buffer.from(String(answered.warning ?? ''), 'latin1').toString();
      const texts = { ...answered, ...(warning === '' ? {} : { warning }) };
      resolve({ status, headers: texts as Answer['headers'], body: bytes.toString() });
    });
    if (body !== '') stream.end(body);
  });
}

async function overSimulatedNetwork({ method, path, headers, body }: Sent): Promise<Answer> {
  const { network, apiServer } = cluster.machines;
  const listener = network.reach(undefined, apiServer.ip, apiServer.port);
  const pairs = Object.entries(headers).map(([name, value]) => ({ name, value }));
  const answered = await listener.ask({ method, path, headers: pairs, body, remoteAddress: '10.244.0.9' });
  const decoder = new TextDecoder();
  let text = typeof answered.body === 'string' ? answered.body : decoder.decode(answered.body);
  await answered.stream?.forEach((chunk) => {
    text += decoder.decode(chunk);
  });
  return { status: answered.status, headers: answered.headers, body: text };
}

async function asRequest({ method, path, headers, body }: Sent): Promise<Answer> {
  const { environment, server } = cluster;
  const door = createApiDoor({
    requestPath: server,
    environment,
    random: environment.random,
    clock: createRealClock(),
  });
  const request = new Request(`https://orrery${path}`, { method, headers, ...(body === '' ? {} : { body }) });
  const response = await door.fetch(request);
  const warning = Buffer.from(response.headers.get('warning') ?? '', 'latin1').toString();
  const texts = { ...Object.fromEntries(response.headers), ...(warning === '' ? {} : { warning }) };
  return { status: response.status, headers: texts, body: await response.text() };
}

/** The comparable part of a response: without random values, and without what the framing of bytes adds. */
function comparable(sent: Sent, { status, headers, body }: Answer) {
  const text = body
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll(/"(\d+s)"/g, '"AGE"');
  const named = ['content-type', 'cache-control', 'etag', 'location', 'retry-after', 'warning'];
  const { 'audit-id': id } = headers;
  return {
    status,
    headers: Object.fromEntries(named.map((name) => [name, headers[name]])),
    audited: id !== undefined && id !== '',
    body: sent.method === 'HEAD' ? '' : text,
  };
}

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const configMap = (more: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, ...more });
const deletion = JSON.stringify({
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  propagationPolicy: 'Background',
  dryRun: ['All'],
});
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const metadata = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
const openApiProtobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

type Row = readonly [
  what: string,
  status: number,
  request: `${string} /${string}`,
  headers?: { readonly [name: string]: string },
  body?: string,
];

const rows: readonly Row[] = [
  ['the version', 200, 'GET /version'],
  ['the version, indented', 200, 'GET /version', { 'user-agent': 'curl/8.11.0' }],
  ['health', 200, 'GET /readyz'],
  ['health in detail', 200, 'GET /livez?verbose'],
  ['one check of health', 200, 'GET /readyz/ping'],
  ['a check that there is not', 404, 'GET /readyz/nothing'],
  ['all paths', 200, 'GET /'],
  ['versions', 200, 'GET /api'],
  ['groups', 200, 'GET /apis'],
  ['groups with all resources', 200, 'GET /apis', { accept: aggregated }],
  ['a group', 200, 'GET /apis/apps'],
  ['resources of a group', 200, 'GET /apis/apps/v1'],
  ['resources as YAML', 200, 'GET /api/v1', { accept: 'application/yaml' }],
  ['OpenAPI 3', 200, 'GET /openapi/v3'],
  ['OpenAPI 3 of a group', 200, 'GET /openapi/v3/apis/apps/v1'],
  ['OpenAPI 2', 200, 'GET /openapi/v2'],
  ['OpenAPI 2 in protobuf', 200, 'GET /openapi/v2', { accept: openApiProtobuf }],
  ['a path that there is not', 404, 'GET /nowhere'],
  ['a version that there is not', 404, 'GET /apis/apps/v9'],
  ['another method on a path', 404, 'POST /version'],
  ['an object', 200, `GET ${maps}/a`],
  ['the head of an object', 200, `HEAD ${maps}/a`],
  ['an object, indented', 200, `GET ${maps}/a?pretty=true`],
  ['an object as YAML', 200, `GET ${maps}/a`, { accept: 'application/yaml' }],
  ['an object as a Table', 200, `GET ${maps}/a`, { accept: table }],
  ['a missing object', 404, `GET ${maps}/nothing`],
  ['a list', 200, `GET ${maps}?labelSelector=app%3Dtest`],
  ['a list of one name', 200, `GET ${maps}?fieldSelector=metadata.name%3Da`],
  ['a list in parts', 200, `GET ${maps}?labelSelector=app%3Dtest&limit=1`],
  ['a list as a Table', 200, `GET ${maps}?labelSelector=app%3Dtest`, { accept: table }],
  ['a Table with objects', 200, `GET ${maps}?labelSelector=app%3Dtest&includeObject=Object`, { accept: table }],
  ['a list of metadata', 200, `GET ${maps}?labelSelector=app%3Dtest`, { accept: metadata }],
  ['a list of nothing that is there', 404, 'GET /api/v1/namespaces/default/nothing'],
  ['an invalid selector', 400, `GET ${maps}?labelSelector=%3D%3D`],
  ['a limit that is not a number', 400, `GET ${maps}?limit=many`],
  ['a path with broken escapes', 400, 'GET /api/v1/namespaces/%zz/pods'],
  ['an unsupported media type', 406, `GET ${maps}`, { accept: 'image/png' }],
  ['a creation', 201, `POST ${maps}?dryRun=All`, {}, configMap()],
  ['a creation with a warning', 201, `POST ${maps}?dryRun=All`, {}, configMap({ 'größe "1"': 1, other: 2 })],
  ['a strict creation', 400, `POST ${maps}?dryRun=All&fieldValidation=Strict`, {}, configMap({ other: 2 })],
  [
    'a creation from YAML',
    201,
    `POST ${maps}?dryRun=All`,
    { 'content-type': 'application/yaml' },
    'metadata: { name: c }',
  ],
  ['a creation of an existing object', 409, `POST ${maps}?dryRun=All`, {}, configMap({ metadata: { name: 'a' } })],
  ['a creation of an invalid object', 422, `POST ${maps}?dryRun=All`, {}, configMap({ metadata: { name: 'A_' } })],
  ['a creation of broken JSON', 400, `POST ${maps}?dryRun=All`, {}, '{'],
  ['a creation without a body', 400, `POST ${maps}?dryRun=All`],
  ['a creation from a form', 415, `POST ${maps}`, { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b'],
  ['a body that is too large', 413, `POST ${maps}`, {}, ' '.repeat(3 * 1024 * 1024 + 1)],
  ['an invalid dry run', 422, `POST ${maps}?dryRun=Some`, {}, configMap()],
  ['an update of another name', 400, `PUT ${maps}/a?dryRun=All`, {}, configMap()],
  [
    'a patch',
    200,
    `PATCH ${maps}/a?dryRun=All`,
    { 'content-type': 'application/merge-patch+json' },
    '{"data":{"c":"3"}}',
  ],
  ['a patch without a type', 415, `PATCH ${maps}/a?dryRun=All`, {}, '{}'],
  [
    'an apply',
    200,
    `PATCH ${maps}/a?dryRun=All&fieldManager=me&force=true`,
    { 'content-type': 'application/apply-patch+yaml' },
    '{ apiVersion: v1, kind: ConfigMap, data: { d: "4" } }',
  ],
  [
    'an apply by nobody',
    422,
    `PATCH ${maps}/a?dryRun=All`,
    { 'content-type': 'application/apply-patch+yaml' },
    '{ apiVersion: v1, kind: ConfigMap }',
  ],
  ['a deletion', 200, `DELETE ${maps}/a`, {}, deletion],
  ['a deletion with query parameters', 200, `DELETE ${maps}/a?dryRun=All`],
  ['a deletion with an invalid propagation policy', 422, `DELETE ${maps}/a?dryRun=All&propagationPolicy=Sometimes`],
  ['a deletion of all selected objects', 200, `DELETE ${maps}?dryRun=All&labelSelector=app%3Dtest`],
  ['an unsupported method', 405, `PUT ${maps}`, {}, configMap()],
  ['an invalid bearer token', 401, `GET ${maps}`, { authorization: 'Bearer nonsense' }],
  ['an anonymous user', 403, `GET ${maps}`, { authorization: '' }],
  ['an impersonated user', 403, `GET ${maps}`, { 'impersonate-user': 'jane' }],
  ['impersonated groups without a user', 500, `GET ${maps}`, { 'impersonate-group': 'a' }],
  ['a log', 200, `GET ${pods}/speaker/log`],
  ['a log of an unknown container', 400, `GET ${pods}/speaker/log?container=other`],
  ['a log with an invalid limit', 422, `GET ${pods}/speaker/log?limitBytes=0`],
  ['a watch', 200, `GET ${maps}?watch=1&labelSelector=app%3Dtest&timeoutSeconds=1`],
  ['a watch of Tables', 200, `GET ${maps}?watch=1&labelSelector=app%3Dtest&timeoutSeconds=1`, { accept: table }],
  [
    'a watch that begins with a list',
    200,
    `GET ${maps}?watch=1&labelSelector=app%3Dtest&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
  ],
  ['a watch from an invalid revision', 400, `GET ${maps}?watch=1&resourceVersion=new`],
  ['exec without an upgrade', 400, `POST ${pods}/speaker/exec?command=ls&stdout=true`],
  ['exec in a missing Pod', 404, `POST ${pods}/nothing/exec?command=ls&stdout=true`],
  ['the kubelet', 200, 'GET /api/v1/nodes/node1/proxy/healthz'],
  ['a log from the kubelet', 200, 'GET /api/v1/nodes/node1/proxy/containerLogs/default/speaker/main'],
  ['a proxy without a slash', 301, `GET ${pods}/speaker:80/proxy?a=b`],
];

test.for(rows)('%s: %d, whoever carries it', async ([, status, request, headers = {}, body = '']) => {
  const space = request.indexOf(' ');
  const own = {
    'content-type': 'application/json',
    'user-agent': 'test/1',
    authorization: `Bearer ${token}`,
    ...headers,
  };
  const sent: Sent = {
    method: request.slice(0, space),
    path: request.slice(space + 1),
    headers: Object.fromEntries(Object.entries(own).filter(([, value]) => value !== '')),
    body,
  };
  const answers = await Promise.all([overSocket(sent), overHttp2(sent), overSimulatedNetwork(sent), asRequest(sent)]);
  const [socket, multiplexed, network, web] = answers.map((answer) => comparable(sent, answer));
  expect(socket?.status, socket?.body.slice(0, 500)).toBe(status);
  expect(socket?.audited).toBe(true);
  expect(multiplexed).toEqual(socket);
  expect(network).toEqual(socket);
  expect(web).toEqual(socket);
});
