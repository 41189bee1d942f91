/** An HTTP response as a value. The adapter frames and compresses it, and omits the body in response to a HEAD. */
export interface ApiResponse {
  readonly status: number;
  /** The reason phrase, if it is not the usual one. */
  readonly statusText?: string;
  /** By name in lower case. As on the web, each character of a value stands for one byte. */
  readonly headers: ApiResponseHeaders;
  /** Complete, streamed, or absent. Bytes are shared between responses: never write to them. */
  readonly body: Uint8Array | BodySource | undefined;
}

export type ApiResponseHeaders = { readonly [name: string]: string | readonly string[] };

/**
 * A streamed body, such as a watch: an underlying source of the web, so that `new ReadableStream(source)` is its stream; an
 * adapter that must avoid promises drives it directly. The receiver either starts it, once, or cancels it.
 */
export interface BodySource {
  /** Whether it is complete wherever it ends, like a watch: such bodies are ended when the server closes. */
  readonly openEnded: boolean;
  /** Whether it is long and worth compressing for clients that accept that. */
  readonly compressible: boolean;
  /** Starts: from here on, chunks arrive at any time. */
  start(controller: BodyController): void;
  /** The reader has room again. */
  pull(controller: BodyController): void;
  /** The reader is gone. */
  cancel(): void;
}

/** Receives the chunks of a {@link BodySource}. */
export interface BodyController {
  /** Bytes that the reader still has room for; zero or less asks the source to wait for `pull`. Null at the end. */
  readonly desiredSize: number | null;
  enqueue(chunk: Uint8Array): void;
  /** The body is complete. */
  close(): void;
  /** The body is cut off, and the client must notice. */
  error(reason: unknown): void;
}

/** Whether a body is streamed. */
export function isSource(body: ApiResponse['body']): body is BodySource {
  return body !== undefined && !(body instanceof Uint8Array);
}
