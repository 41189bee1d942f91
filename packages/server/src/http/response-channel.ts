import type { Writable } from 'node:stream';
import type { ApiResponseHeaders } from '../door/index.ts';

/** The way of one response to its client, whichever version of HTTP carries it. */
export interface ResponseChannel {
  /** Of the request. */
  readonly method: string;
  /** The request's `Accept-Encoding`; `''` if there is none. */
  readonly acceptEncoding: string;
  /** Takes the bytes of the body. Closes when the client has its response, or is gone. */
  readonly body: Writable;
  /**
   * Makes way for a response to a request that may not have been read to its end. False if the connection must not be used again
   * after this response.
   */
  settle(status: number): Promise<boolean>;
  /** Sends the head of a response, at once if its body follows in parts. */
  head(head: ResponseHead, body: 'complete' | 'streamed' | 'none'): void;
  /** Breaks the response off: the client must notice that it is incomplete. */
  abort(): void;
}

/** What {@link ResponseChannel.head} sends. */
export interface ResponseHead {
  readonly status: number;
  /** Undefined for the usual one. HTTP/2 has none. */
  readonly statusText: string | undefined;
  readonly headers: ApiResponseHeaders;
  /** The connection ends after this response. */
  readonly last: boolean;
}
