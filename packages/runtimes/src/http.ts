import type { Observable } from 'rxjs';

/** One HTTP header. Names are compared without regard to case. */
export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** A request as a value. On a simulated network it becomes bytes only if one side speaks raw TCP. */
export interface HttpRequest {
  readonly method: string;
  /** With the query: `/healthz?full=1`. */
  readonly path: string;
  readonly headers: readonly HttpHeader[];
  readonly body: string | Uint8Array;
  /** IP of the client. */
  readonly remoteAddress: string;
}

/** A response as a value. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | Uint8Array;
  /** A body that comes bit by bit, after `body`: a watch. */
  readonly stream?: Observable<Uint8Array>;
}
