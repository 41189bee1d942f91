import { Buffer } from 'node:buffer';
import { spdyDictionaryId } from './spdy-dictionary.ts';

/** A SPDY/3.1 frame as it arrives; header blocks are still compressed. */
export type SpdyFrame =
  | { readonly type: 'data'; readonly id: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly type: 'synStream'; readonly id: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'headers'; readonly id: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: 'rstStream'; readonly id: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway' }
  /** Settings, window updates, and other frames that need no reply. */
  | { readonly type: 'other' };

const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 };
const finFlag = 1;
const headBytes = 8;

/** Splits a byte stream into frames. */
export class SpdyFrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The frames that these bytes complete. @throws Error if they are not SPDY/3 */
  push(chunk: Buffer): SpdyFrame[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: SpdyFrame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): SpdyFrame | undefined {
    if (this.#length < headBytes) return undefined;
    const first = this.#chunks[0] as Buffer;
    const bytes = first.length >= headBytes ? first : this.#joined();
    const size = headBytes + bytes.readUIntBE(5, 3);
    if (this.#length < size) return undefined;
    const whole = bytes.length >= size ? bytes : this.#joined();
    const rest = whole.subarray(size);
    if (rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    this.#length -= size;
    return parseFrame(whole.subarray(0, size));
  }

  #joined(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

function parseFrame(bytes: Buffer): SpdyFrame {
  const fin = ((bytes[4] ?? 0) & finFlag) !== 0;
  const body = bytes.subarray(headBytes);
  if (((bytes[0] ?? 0) & 0x80) === 0) return { type: 'data', id: bytes.readUInt32BE(0), fin, data: body };
  const version = bytes.readUInt16BE(0) & 0x7fff;
  if (version !== 3) throw new Error(`SPDY version ${version} is not supported`);
  const id = () => {
    if (body.length < 4) throw new Error('SPDY frame is too short');
    return body.readUInt32BE(0) & 0x7fffffff;
  };
  switch (bytes.readUInt16BE(2)) {
    case types.synStream:
      return { type: 'synStream', id: id(), fin, block: body.subarray(10) };
    case types.headers:
      return { type: 'headers', id: id(), fin, block: body.subarray(4) };
    case types.rstStream:
      return { type: 'rstStream', id: id() };
    case types.ping:
      return { type: 'ping', id: id() };
    case types.goAway:
      return { type: 'goAway' };
    default:
      return { type: 'other' };
  }
}

function control(type: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** Frames that a server sends. */
export const spdyFrames = {
  data(id: number, data: Uint8Array, fin: boolean): Buffer {
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(id, 0);
    head.writeUInt8(fin ? finFlag : 0, 4);
    head.writeUIntBE(data.length, 5, 3);
    return Buffer.concat([head, data]);
  },
  /** Accepts a stream, without headers. `first`: nothing compressed has been sent on this connection yet. */
  synReply: (id: number, first: boolean): Buffer =>
    control(types.synReply, Buffer.concat([numbers(id), noHeaders(first)])),
  /** 5 (CANCEL) by default. */
  rstStream: (id: number, status = 5): Buffer => control(types.rstStream, numbers(id, status)),
  ping: (id: number): Buffer => control(types.ping, numbers(id)),
  goAway: (lastId: number): Buffer => control(types.goAway, numbers(lastId, 0)),
  /** ID 0 is the whole connection. */
  windowUpdate: (id: number, delta: number): Buffer => control(types.windowUpdate, numbers(id, delta)),
};

/**
 * A header block without headers. Blocks of one direction share a compression stream, but a stored block (RFC 1951, 3.2.4) does
 * not depend on earlier ones, so no compressor is needed. An empty block follows: it makes Go's decompressor return its output.
 */
function noHeaders(first: boolean): Buffer {
  const count = [0, 0, 0, 0];
  const stored = Buffer.of(0x00, count.length, 0x00, 0xff - count.length, 0xff, ...count, 0x00, 0x00, 0x00, 0xff, 0xff);
  return first ? Buffer.concat([Buffer.of(0x78, 0x20), numbers(spdyDictionaryId), stored]) : stored;
}

/** Parses a decompressed header block. Names are lower case. @throws Error if it is truncated */
export function parseHeaders(block: Buffer): Map<string, string> {
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new Error('SPDY header block is cut off');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > block.length) throw new Error('SPDY header block is cut off');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  const headers = new Map<string, string>();
  for (let count = number(); count > 0; count--) headers.set(text().toLowerCase(), text());
  return headers;
}
