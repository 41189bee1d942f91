/**
 * An HTTP request: the part of the web's `Request` that the front door reads. Pass a real one, or an adapter's implementation
 * that computes each part lazily.
 */
export interface ApiRequest {
  readonly method: string;
  /** Absolute, or its path and query alone: `/api/v1/pods?watch=true`. */
  readonly url: string;
  readonly headers: ApiRequestHeaders;
  /** Null if there is none. Can be iterated once; leaving the loop early leaves the rest unread. */
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Aborted when the client disconnects before it has the response. */
  readonly signal: AbortSignal;
}

/** Headers of a request: the part of the web's `Headers` that the front door reads. */
export interface ApiRequestHeaders {
  /** Expects a lower-case name. A header that was sent several times is one value, joined with `, `; null if it is missing. */
  get(name: string): string | null;
  /** In lower case. */
  keys(): Iterable<string>;
  /** Names and values as received: a header that was sent several times occurs several times, unless the platform has joined it. */
  entries(): Iterable<readonly [name: string, value: string]>;
}

/** Facts about a client that only the adapter knows. */
export interface Peer {
  /** IP address; `''` if there is none. */
  readonly remoteAddress: string;
  /** Subject of the client's certificate, if the cluster's authority signed it; `untrusted` if another did. */
  readonly certificate?: CertificateSubject | 'untrusted';
}

/** CN and O of a client certificate: the user and its groups. */
interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}
