import { textOf } from '../files/tree.ts';
import { joined } from '../process/pipe.ts';
import { type HttpHeader, headerOf } from './http.ts';

/** An HTTP/1.1 message. */
export interface Message {
  readonly start: string;
  readonly headers: readonly HttpHeader[];
  readonly body: Uint8Array;
}

/** A message that is refused for its size or form, with the status that a server answers. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
  readonly status: 400 | 413 | 431;

  constructor(status: MessageError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Bytes of a start line with headers, of a body, and of the line before a chunk. */
const longestHead = 65_536;
const longestBody = 16 * 1024 ** 2;
const longestChunkLine = 1024;
/** Pieces in which a body comes: chunks, or what was read at once. */
const mostPieces = 65_536;

/** How the end of a body is known: its length in bytes, chunks, or the end of the connection. */
type Framing = number | 'chunked' | 'end';

interface Head {
  readonly start: string;
  readonly headers: readonly HttpHeader[];
  readonly framing: Framing;
}

/** Cuts HTTP/1.1 messages out of bytes as they come (RFC 9112), in the time of their length, and none that is too large. */
export class MessageReader {
  readonly #response: boolean;
  /** Bytes of a body after which the rest does not matter. */
  readonly #enough: number | undefined;
  readonly #bytes = new ByteQueue();
  #head: Head | undefined;
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** What is left of the chunk under way, with the line end behind it. */
  #chunkLeft: number | undefined;
  #lastChunk = false;

  constructor(response: boolean, enough?: number) {
    this.#response = response;
    this.#enough = enough;
  }

  push(bytes: Uint8Array): void {
    this.#bytes.push(bytes);
  }

  /** The next message, if it is complete. `ended` means that no bytes will follow. @throws MessageError */
  next(ended: boolean): Message | undefined {
    this.#head ??= this.#takeHead();
    if (this.#head === undefined) return undefined;
    const { start, headers, framing } = this.#head;
    const done =
      framing === 'chunked' ? this.#takeChunks() : framing === 'end' ? this.#takeRest(ended) : this.#takeSized(framing);
    const enough = this.#enough !== undefined && this.#size >= this.#enough;
    if (!done && !enough) return undefined;
    const body = joined(this.#chunks);
    this.#head = undefined;
    this.#chunks = [];
    this.#size = 0;
    return { start, headers, body };
  }

  #takeHead(): Head | undefined {
    const bytes = this.#bytes.peek(longestHead);
    const end = indexOfBlankLine(bytes);
    if (end < 0) {
      if (bytes.length >= longestHead) throw new MessageError(431, 'header too large');
      return undefined;
    }
    const [start = '', ...lines] = textOf(bytes.subarray(0, end)).split(/\r?\n/);
    this.#bytes.take(end + (bytes[end] === 13 ? 4 : 2));
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
    });
    return { start, headers, framing: this.#framing(headers) };
  }

  #framing(headers: readonly HttpHeader[]): Framing {
    if (/\bchunked\b/i.test(headerOf(headers, 'Transfer-Encoding') ?? '')) return 'chunked';
    const length = headerOf(headers, 'Content-Length');
    if (length === undefined) return this.#response ? 'end' : 0;
    if (!/^\d{1,15}$/.test(length)) throw new MessageError(400, 'bad Content-Length');
    if (Number(length) > longestBody && this.#enough === undefined) throw new MessageError(413, 'body too large');
    return Number(length);
  }

  #add(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size > longestBody || this.#chunks.length > mostPieces) throw new MessageError(413, 'body too large');
  }

  #takeSized(size: number): boolean {
    this.#add(this.#bytes.take(size - this.#size));
    return this.#size === size;
  }

  #takeRest(ended: boolean): boolean {
    this.#add(this.#bytes.take(this.#bytes.length));
    return ended;
  }

  #takeChunks(): boolean {
    for (;;) {
      if (this.#chunkLeft === undefined) {
        const line = this.#bytes.peek(longestChunkLine);
        const end = line.indexOf(10);
        if (end < 0) {
          if (line.length >= longestChunkLine) throw new MessageError(400, 'bad chunk');
          return false;
        }
        const size = Number.parseInt(textOf(line.subarray(0, end)), 16);
        if (!(size >= 0)) throw new MessageError(400, 'bad chunk');
        if (size > longestBody) throw new MessageError(413, 'body too large');
        this.#bytes.take(end + 1);
        this.#chunkLeft = size + 2;
        if (size === 0) this.#lastChunk = true;
      }
      if (this.#chunkLeft > 2) {
        const part = this.#bytes.take(this.#chunkLeft - 2);
        this.#add(part);
        this.#chunkLeft -= part.length;
      }
      if (this.#chunkLeft > 2 || this.#bytes.length < 2) return false;
      this.#bytes.take(2);
      this.#chunkLeft = undefined;
      if (!this.#lastChunk) continue;
      this.#lastChunk = false;
      return true;
    }
  }
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return bytes[at - 1] === 13 ? at - 1 : at;
  }
  return -1;
}

/** Bytes that come in pieces and go in others. */
class ByteQueue {
  #chunks: Uint8Array[] = [];
  length = 0;

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.length += bytes.length;
  }

  /** At most `max` bytes from the front, which stay. */
  peek(max: number): Uint8Array {
    const first = this.#chunks[0];
    if (first === undefined || first.length >= max) return first?.subarray(0, max) ?? new Uint8Array();
    if (this.#chunks.length > 1) {
      let count = 0;
      let size = 0;
      while (count < this.#chunks.length && size < max) size += this.#chunks[count++]?.length ?? 0;
      this.#chunks.splice(0, count, joined(this.#chunks.slice(0, count)));
    }
    return this.#chunks[0]?.subarray(0, max) ?? new Uint8Array();
  }

  /** At most `max` bytes off the front. */
  take(max: number): Uint8Array {
    const taken: Uint8Array[] = [];
    let size = 0;
    let count = 0;
    for (const chunk of this.#chunks) {
      if (size >= max) break;
      const part = chunk.subarray(0, max - size);
      taken.push(part);
      size += part.length;
      if (part.length < chunk.length) {
        this.#chunks[count] = chunk.subarray(part.length);
        break;
      }
      count++;
    }
    this.#chunks.splice(0, count);
    this.length -= size;
    return joined(taken);
  }
}
