/** An HTTP answer as a value. The adapter frames and compresses it, and leaves the body out of the answer to a HEAD. */
export interface ApiResponse {
  readonly status: number;
  /** The reason phrase, where it is not the usual one. */
  readonly statusText?: string;
  /** By name in lower case. As on the web, each character of a value stands for one byte. */
  readonly headers: ApiResponseHeaders;
  /** Whole, bit by bit, or none at all. Bytes are shared between answers: nobody may write to them. */
  readonly body: Uint8Array | BodySource | undefined;
}

export type ApiResponseHeaders = { readonly [name: string]: string | readonly string[] };

/**
 * A body that comes bit by bit, such as a watch: the web's underlying source, so that `new ReadableStream(source)` is its
 * stream, and an adapter that has to keep promises out of it drives it by itself. Whoever gets one either starts it, once, or
 * cancels it.
 */
export interface BodySource {
  /** Whether it is whole wherever it ends, as a watch is: such bodies are ended when the server closes. */
  readonly openEnded: boolean;
  /** Begins: from here on, chunks come at any time. */
  start(controller: BodyController): void;
  /** There is room again. */
  pull(controller: BodyController): void;
  /** Nobody reads any more. */
  cancel(): void;
}

/** Where a {@link BodySource} puts its chunks. */
export interface BodyController {
  /** Bytes that may still come before the reader falls behind; zero or less asks the source to wait for `pull`. Null at the end. */
  readonly desiredSize: number | null;
  enqueue(chunk: Uint8Array): void;
  /** The body is whole. */
  close(): void;
  /** The body breaks off: the client must notice. */
  error(reason: unknown): void;
}

/** Whether a body comes bit by bit. */
export function isSource(body: ApiResponse['body']): body is BodySource {
  return body !== undefined && !(body instanceof Uint8Array);
}
