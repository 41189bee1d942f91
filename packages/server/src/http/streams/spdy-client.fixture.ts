import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { constants, createDeflate } from 'node:zlib';
import type { ServedApi } from '../served-api.fixture.ts';
import { spdyDictionary } from './spdy-dictionary.ts';
import { type SpdyFrame, SpdyFrameReader, spdyFrames } from './spdy-frames.ts';

/** The client's side of SPDY, with real compression that does not depend on how the server encodes its blocks. */
export class SpdyClient {
  readonly frames: SpdyFrame[] = [];
  readonly received = new Map<number, string>();
  readonly ended = new Set<number>();
  readonly over: Promise<unknown>;
  readonly #transport: Duplex;
  readonly #deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  #nextId = 1;
  #changed = Promise.withResolvers<void>();

  constructor(transport: Duplex) {
    this.#transport = transport;
    const reader = new SpdyFrameReader();
    transport.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        this.frames.push(frame);
        if (frame.type !== 'data') continue;
        this.received.set(frame.id, (this.received.get(frame.id) ?? '') + frame.data.toString());
        if (frame.fin) this.ended.add(frame.id);
      }
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
    this.over = once(transport, 'close');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  async open(headers: { readonly [name: string]: string }, fin = false): Promise<number> {
    const id = this.#nextId;
    this.#nextId += 2;
    const block = await this.#compress(headers);
    const body = Buffer.concat([number(id), number(0), Buffer.of(0, 0), block]);
    this.#control(1, body, fin ? 1 : 0);
    return id;
  }

  send(id: number, text: string, fin = false): void {
    this.#transport.write(spdyFrames.data(id, Buffer.from(text), fin));
  }

  write(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  /** Reads no more. */
  pause(): void {
    this.#transport.pause();
  }

  resume(): void {
    this.#transport.resume();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  close(): void {
    this.#transport.end();
  }

  #control(type: number, body: Buffer, flags: number): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8003, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt8(flags, 4);
    head.writeUIntBE(body.length, 5, 3);
    this.#transport.write(Buffer.concat([head, body]));
  }

  #compress(headers: { readonly [name: string]: string }): Promise<Buffer> {
    const entries = Object.entries(headers);
    const strings = entries.flat().flatMap((text) => [number(Buffer.byteLength(text)), Buffer.from(text)]);
    const plain = Buffer.concat([number(entries.length), ...strings]);
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const collect = (chunk: Buffer) => chunks.push(chunk);
      this.#deflate.on('data', collect);
      this.#deflate.write(plain, () => {
        this.#deflate.off('data', collect);
        resolve(Buffer.concat(chunks));
      });
    });
  }
}

/** A number in four bytes. */
export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Opens a SPDY connection to the server. */
export async function overSpdy(
  server: ServedApi,
  path: string,
  protocol: string,
): Promise<{ client: SpdyClient; protocol: unknown }> {
  const outgoing = httpsRequest(`${server.url}${path}`, {
    method: 'POST',
    ca: server.authority.authority.certificate,
    agent: false,
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol },
  });
  outgoing.end();
  const [response, socket] = await once(outgoing, 'upgrade');
  return { client: new SpdyClient(socket), protocol: response.headers['x-stream-protocol-version'] };
}
