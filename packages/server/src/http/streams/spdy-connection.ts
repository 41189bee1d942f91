import type { Duplex } from 'node:stream';
import { constants, createInflate } from 'node:zlib';
import { pendingOutput } from '../../door/pending-bytes.ts';
import { endSocket } from '../end-socket.ts';
import { spdyDictionary } from './spdy-dictionary.ts';
import { parseHeaders, type SpdyFrame, SpdyFrameReader, spdyFrames } from './spdy-frames.ts';

/** Maximum number of open streams. */
const maxStreams = 1000;
/** Maximum size of the headers of one stream in bytes. */
const maxHeaderBytes = 64 * 1024;
/** A frame's length has 24 bits; much smaller frames let streams interleave. */
const maxDataBytes = 64 * 1024;

/** Receives what the client sends on one stream. */
export interface SpdyStreamListener {
  /** A promise if the client should send no more until it resolves: then nothing is read from the connection. */
  data(chunk: Uint8Array): void | Promise<void>;
  /** The client sends no more. */
  end(): void;
  /** The client reset the stream, or the connection is gone. */
  abort(): void;
}

/** One stream that the client opened. */
export interface SpdyStream {
  readonly id: number;
  /** Names are lower case. */
  readonly headers: ReadonlyMap<string, string>;
  write(chunk: Uint8Array): void;
  /** The server sends no more. */
  end(): void;
  /** Resets the stream. */
  abort(): void;
}

/** Called for each stream that the client opens; undefined refuses it. */
export type SpdyAcceptor = (stream: SpdyStream) => SpdyStreamListener | undefined;

interface OpenStream {
  listener: SpdyStreamListener;
  receiving: boolean;
  sending: boolean;
}

/**
 * The server's side of a SPDY/3.1 connection (SPDY draft 3.1), as far as Kubernetes streams use it: the client opens
 * streams, both sides send data. Kubernetes' clients neither obey nor send window updates, so output is limited only by
 * the connection.
 */
export class SpdyConnection {
  /** Resolves when the connection has ended, with the error if there was one; never rejects. */
  readonly closed: Promise<unknown>;
  readonly #transport: Duplex;
  readonly #accept: SpdyAcceptor;
  readonly #streams = new Map<number, OpenStream>();
  readonly #inflate = new HeaderInflate();
  readonly #gone: Promise<void>;
  readonly #drained: () => void;
  #replied = false;
  #lastId = 0;

  /** @param drained is called when the client has read all that waited for it */
  constructor(transport: Duplex, accept: SpdyAcceptor, drained: () => void = ignore) {
    this.#drained = drained;
    this.#transport = transport;
    this.#accept = accept;
    transport.on('error', ignore);
    transport.on('drain', () => {
      pendingOutput.exceeds(this, transport.writableLength);
      this.#drained();
    });
    this.#gone = new Promise((resolve) => transport.once('close', () => resolve()));
    this.closed = this.#read();
  }

  /** Bytes that wait for the client. */
  get pending(): number {
    return this.#transport.writableLength;
  }

  /** Announces that it accepts no more streams, flushes pending data, and closes the connection. */
  close(): void {
    if (this.#transport.writableEnded || this.#transport.destroyed) return;
    endSocket(this.#transport, spdyFrames.goAway(this.#lastId));
  }

  /** Breaks the connection off. */
  abort(reason: Error): void {
    this.#transport.destroy(reason);
  }

  async #read(): Promise<unknown> {
    const reader = new SpdyFrameReader();
    let failure: unknown;
    try {
      for await (const chunk of this.#transport as AsyncIterable<Buffer>) {
        for (const frame of reader.push(chunk)) {
          if ('block' in frame) await this.#handleHeaders(frame);
          else {
            const room = this.#handle(frame);
            if (room !== undefined) await Promise.race([room, this.#gone]);
          }
        }
      }
    } catch (error) {
      failure = error;
    }
    this.#transport.destroy();
    this.#inflate.close();
    pendingOutput.release(this);
    for (const { listener } of this.#streams.values()) {
      // One that fails must not keep the others from their end.
      try {
        listener.abort();
      } catch (error) {
        failure ??= error;
      }
    }
    this.#streams.clear();
    return failure;
  }

  /** A promise if the client should send no more until it resolves. */
  #handle(frame: Exclude<SpdyFrame, { readonly block: Buffer }>): undefined | Promise<void> {
    switch (frame.type) {
      case 'data': {
        const stream = this.#streams.get(frame.id);
        if (stream === undefined || !stream.receiving) return undefined;
        let room: undefined | Promise<void>;
        if (frame.data.length > 0) {
          this.#send(spdyFrames.windowUpdate(frame.id, frame.data.length));
          this.#send(spdyFrames.windowUpdate(0, frame.data.length));
          room = stream.listener.data(frame.data) ?? undefined;
        }
        if (frame.fin) this.#received(frame.id, stream);
        return room;
      }
      case 'rstStream': {
        const stream = this.#streams.get(frame.id);
        this.#streams.delete(frame.id);
        stream?.listener.abort();
        return undefined;
      }
      case 'ping':
        // Even numbers are streams that the server opened.
        if (frame.id % 2 === 1) this.#send(spdyFrames.ping(frame.id));
        return undefined;
      case 'goAway':
      case 'other':
        return undefined;
    }
  }

  async #handleHeaders(frame: Extract<SpdyFrame, { readonly block: Buffer }>): Promise<void> {
    const headers = parseHeaders(await this.#inflate.block(frame.block));
    if (frame.type === 'headers') {
      const stream = this.#streams.get(frame.id);
      if (stream !== undefined && frame.fin) this.#received(frame.id, stream);
      return;
    }
    const { id } = frame;
    if (id % 2 === 0 || id <= this.#lastId) throw new Error(`SPDY stream ${id} is out of order`);
    this.#lastId = id;
    const open: OpenStream = { listener: nobody, receiving: true, sending: true };
    this.#streams.set(id, open);
    const listener = this.#streams.size > maxStreams ? undefined : this.#accept(this.#stream(id, headers, open));
    if (listener === undefined) {
      this.#streams.delete(id);
      this.#send(spdyFrames.rstStream(id, refusedStream));
      return;
    }
    open.listener = listener;
    this.#send(spdyFrames.synReply(id, !this.#replied));
    this.#replied = true;
    if (frame.fin) this.#received(id, open);
  }

  #stream(id: number, headers: ReadonlyMap<string, string>, open: OpenStream): SpdyStream {
    const isOpen = () => open.sending && this.#streams.get(id) === open;
    return {
      id,
      headers,
      write: (chunk) => {
        for (let at = 0; at < chunk.length && isOpen(); at += maxDataBytes) {
          this.#send(spdyFrames.data(id, chunk.subarray(at, at + maxDataBytes), false));
        }
      },
      end: () => {
        if (!isOpen()) return;
        this.#send(spdyFrames.data(id, new Uint8Array(), true));
        open.sending = false;
        if (!open.receiving) this.#streams.delete(id);
      },
      abort: () => {
        if (this.#streams.get(id) !== open) return;
        this.#streams.delete(id);
        this.#send(spdyFrames.rstStream(id));
      },
    };
  }

  #received(id: number, stream: OpenStream): void {
    stream.receiving = false;
    if (!stream.sending) this.#streams.delete(id);
    stream.listener.end();
  }

  #send(frame: Buffer): void {
    if (this.#transport.destroyed || this.#transport.writableEnded) return;
    this.#transport.write(frame);
    if (pendingOutput.exceeds(this, this.#transport.writableLength)) this.#transport.destroy();
  }
}

const ignore = () => undefined;
const nobody: SpdyStreamListener = { data: ignore, end: ignore, abort: ignore };
/** Status code REFUSED_STREAM. */
const refusedStream = 3;

/** Decompresses header blocks, which all share one compression stream. */
class HeaderInflate {
  readonly #inflate = createInflate({ dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH });
  #chunks: Buffer[] = [];
  #length = 0;
  #fail: (error: Error) => void = ignore;

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      if (this.#length > maxHeaderBytes) this.#inflate.destroy(new Error('SPDY headers are too large'));
    });
    // For life: it may fail when no block is waited for any more.
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  block(compressed: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#inflate.write(compressed, (error) => {
        if (error) reject(error);
        else resolve(Buffer.concat(this.#chunks));
        this.#chunks = [];
        this.#length = 0;
      });
    });
  }

  close(): void {
    this.#inflate.destroy();
  }
}
