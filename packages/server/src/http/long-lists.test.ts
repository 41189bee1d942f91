import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { KubernetesObject, Stored } from '@orrery/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectHttp2 } from './http2-client.fixture.ts';
import { start } from './https-client.fixture.ts';
import { pod, type ServedApi, serveApi } from './served-api.fixture.ts';

/** Objects in a list that is far longer than what is written at a time, or what sockets hold. */
const count = 10_000;
/** Bytes of an object. */
const size = 3000;
/** What one part of a list may hold. */
const objectsOfPart = 100;

let server: ServedApi;
/** Per task of the event loop, the objects that were encoded in it. */
let encodedIn: number[];
let turning: NodeJS.Immediate;

beforeEach(async () => {
  server = await serveApi();
  encodedIn = [0];
  const nextTask = () => {
    if (encodedIn.at(-1) !== 0) encodedIn.push(0);
    turning = setImmediate(nextTask);
  };
  nextTask();
  const items = Array.from({ length: count }, (_, index) => counted(index));
  server.own.list = async () => ({ items, metadata: { resourceVersion: '7' } });
});

afterEach(async () => {
  clearImmediate(turning);
  await server.close();
});

/** Text in which gzip finds next to nothing, so that compressed lists too are longer than what sockets hold. */
const noise = Array.from({ length: 4096 }, (_, block) =>
  createHash('sha512').update(String(block)).digest('base64'),
).join('');

/** An object that counts when it is encoded. */
function counted(index: number): Stored {
  const { metadata, ...rest } = pod(`x${index}`);
  const from = (index * size) % (noise.length - size);
  const object = { ...rest, metadata: { ...metadata, annotations: { a: noise.slice(from, from + size) } } };
  const toJSON = () => {
    encodedIn[encodedIn.length - 1] = (encodedIn.at(-1) ?? 0) + 1;
    return object;
  };
  return Object.defineProperty({ ...object }, 'toJSON', { value: toJSON }) as unknown as Stored;
}

const encoded = () => encodedIn.reduce((sum, tasks) => sum + tasks, 0);
const pods = '/api/v1/namespaces/default/pods';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const metadata = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

/** Asks for the list over each protocol. */
const carriers: readonly [name: string, ask: (headers?: Record<string, string>) => Promise<Taken>][] = [
  [
    'HTTP/1.1',
    async (headers = {}) => {
      const response = await start(server, 'GET', pods, { headers });
      return { body: response, leave: () => response.destroy() };
    },
  ],
  [
    'HTTP/2',
    async (headers = {}) => {
      const { session, start: begin } = await connectHttp2(server);
      const { stream } = await begin({ ':path': pods, ...headers });
      stream.on('close', () => session.close());
      return { body: stream, leave: () => stream.close(constants.NGHTTP2_CANCEL) };
    },
  ],
];

interface Taken {
  readonly body: Readable;
  /** Loses interest in the rest. */
  leave(): void;
}

const encodings: readonly Record<string, string>[] = [{}, { 'accept-encoding': 'gzip' }];

async function bytesOf(body: Readable): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>));
}

/** Waits until nothing has been encoded for many turns of the event loop. */
async function untilQuiet(): Promise<void> {
  let before = -1;
  for (let quiet = 0; quiet < 200; quiet++) {
    if (encoded() !== before) quiet = 0;
    before = encoded();
    await new Promise(setImmediate);
  }
}

describe.each(carriers)('a long list over %s', (_protocol, ask) => {
  it('is written in parts, and everybody else has a turn after each', async () => {
    const { body } = await ask();
    const { items, kind } = JSON.parse((await bytesOf(body)).toString());
    expect([kind, items.length]).toEqual(['PodList', count]);
    expect(items.map((item: KubernetesObject) => item.metadata?.name)).toEqual(
      Array.from({ length: count }, (_, index) => `x${index}`),
    );
    expect(encoded()).toBe(count);
    expect(Math.max(...encodedIn)).toBeLessThanOrEqual(objectsOfPart);
  });

  it('is compressed part by part', async () => {
    const { body } = await ask({ 'accept-encoding': 'gzip' });
    expect(JSON.parse(gunzipSync(await bytesOf(body)).toString()).items).toHaveLength(count);
    expect(Math.max(...encodedIn)).toBeLessThanOrEqual(objectsOfPart);
  });

  it.each([
    ['table', table, 'rows'],
    ['list of metadata', metadata, 'items'],
  ])('is written in parts as a %s too', async (_what, accept, field) => {
    const chunks: number[] = [];
    const { body } = await ask({ accept });
    body.on('data', (chunk: Buffer) => chunks.push(chunk.length));
    expect(JSON.parse((await bytesOf(body)).toString())[field]).toHaveLength(count);
    expect(chunks.length).toBeGreaterThan(1);
  });

  it.each([
    ['YAML', { accept: 'application/yaml' }, '  - '],
    ['indented JSON', { 'user-agent': 'curl/8.0.0' }, '    {\n'],
  ])('is written in parts as %s, and waits for a client that does not read', async (_what, headers, item) => {
    const { body, leave } = await ask(headers);
    const [first] = (await once(body, 'data')) as [Buffer];
    expect(first.toString()).toContain(`\n${item}`);
    body.pause();
    await untilQuiet();
    expect(encoded()).toBeLessThan(count / 2);
    expect(Math.max(...encodedIn)).toBeLessThanOrEqual(objectsOfPart);
    leave();
  });

  it.each(encodings)('waits for a client that does not read (%o)', async (headers) => {
    const { body, leave } = await ask(headers);
    body.pause();
    await untilQuiet();
    expect(encoded()).toBeLessThan(count / 2);
    leave();
  });

  it.each(encodings)('stops when the client goes (%o)', async (headers) => {
    const { body, leave } = await ask(headers);
    await once(body, 'data');
    leave();
    await untilQuiet();
    expect(encoded()).toBeLessThan(count / 2);
  });
});
