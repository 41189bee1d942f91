import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { concatBytes } from '../door/bytes.ts';
import type { BodyController, BodySource } from '../door/index.ts';
import { partTurns } from './part-turns.ts';
import type { ResponseChannel } from './response-channel.ts';

/** Chunks shorter than this wait for the end of the task, and are sent together. */
const smallBytes = 16 * 1024;

/** How {@link streamBody} sends a body. */
export interface StreamOptions {
  /** Aborted when the server closes: bodies without an end of their own then end cleanly. */
  readonly closing: AbortSignal;
  /** Compresses the body on its way. */
  readonly gzipped: boolean;
}

/** Sends a streamed body at the client's pace. Resolves when the client has all of it, or is gone. */
export function streamBody(
  channel: ResponseChannel,
  source: BodySource,
  { closing, gzipped }: StreamOptions,
): Promise<void> {
  return new Promise((resolve) => {
    const client = channel.body;
    const target = gzipped ? gzipTo(client) : client;
    const controller = new StreamedBody(target, channel, source);
    const finish = () => {
      source.cancel();
      controller.close();
    };
    target.on('drain', () => controller.drained());
    client.on('close', () => {
      closing.removeEventListener('abort', finish);
      source.cancel();
      if (target !== client) target.destroy();
      resolve();
    });
    if (source.openEnded) closing.addEventListener('abort', finish);
    controller.start();
    if (closing.aborted && source.openEnded) finish();
  });
}

/** A stream that compresses what is written to it, at the pace of the client. */
function gzipTo(client: Writable): Writable {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  gzip.pipe(client);
  return gzip;
}

/**
 * The controller of a streamed body. As on the web, a source that has enqueued something and left room is pulled again, but in a
 * later task: between two parts, everybody else has a turn.
 */
class StreamedBody implements BodyController {
  readonly #target: Writable;
  readonly #channel: ResponseChannel;
  readonly #source: BodySource;
  #blocked = false;
  /** Short chunks of this task, which are sent at its end. */
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #ended = false;
  /** Whether the source has enqueued something since it was last pulled. */
  #fed = false;
  /** Whether the next pull is under way. */
  #scheduled = false;

  constructor(target: Writable, channel: ResponseChannel, source: BodySource) {
    this.#target = target;
    this.#channel = channel;
    this.#source = source;
  }

  start(): void {
    this.#source.start(this);
    this.#again();
  }

  get desiredSize(): number | null {
    const { destroyed, writableHighWaterMark, writableLength } = this.#target;
    if (this.#ended || destroyed) return null;
    const room = writableHighWaterMark - writableLength - this.#gatheredBytes;
    if (this.#blocked) return Math.min(0, room);
    return this.#gatheredBytes > 0 ? room : Math.max(1, room);
  }

  enqueue(chunk: Uint8Array): void {
    this.#fed = true;
    if (chunk.length >= smallBytes && this.#gathered.length === 0) this.#write(chunk);
    else this.#gather(chunk);
  }

  drained(): void {
    this.#blocked = false;
    this.#pullLater();
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#flush();
    this.#target.end();
  }

  error(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#channel.abort();
  }

  #pullLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Lines of a watch are short, and there may be many watches.
    if (this.#source.openEnded) setImmediate(this.#pullScheduled);
    else partTurns.later(this.#pullScheduled);
  }

  readonly #pullScheduled = (): void => {
    this.#scheduled = false;
    this.#pull();
  };

  #pull(): void {
    if (this.#ended || this.#blocked || this.#target.destroyed) return;
    this.#fed = false;
    this.#source.pull(this);
    this.#again();
  }

  /** What arrives in one task is sent in one piece: a burst of events costs one packet. */
  #gather(chunk: Uint8Array): void {
    if (this.#gathered.length === 0) setImmediate(this.#flush);
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
  }

  readonly #flush = (): void => {
    if (this.#gathered.length === 0) return;
    const chunks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#write(concatBytes(chunks));
    // Now there may be room for what the source holds back.
    if (!this.#ended) this.#pull();
  };

  #write(chunk: Uint8Array): void {
    this.#blocked = !this.#target.write(chunk);
  }

  #again(): void {
    if (this.#fed && !this.#blocked && !this.#ended) this.#pullLater();
  }
}
