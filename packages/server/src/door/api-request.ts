/**
 * An HTTP request, as much of the web's `Request` as the front door looks at: a real one can be passed, and so can an adapter's
 * own that makes each part only when it is asked for.
 */
export interface ApiRequest {
  readonly method: string;
  /** Absolute, or its path and query alone: `/api/v1/pods?watch=true`. */
  readonly url: string;
  readonly headers: ApiRequestHeaders;
  /** Null where there is none. May be iterated once; leaving it early leaves the rest unread. */
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Aborted when the client goes away before it has the answer. */
  readonly signal: AbortSignal;
}

/** Headers of a request, as much of the web's `Headers` as the front door looks at. */
export interface ApiRequestHeaders {
  /** Takes lower case. A header that was sent several times is one value, joined with `, `; null if it is missing. */
  get(name: string): string | null;
  /** In lower case. */
  keys(): Iterable<string>;
  /** Names and values as they came: a header that was sent several times comes several times, unless a platform has joined it. */
  entries(): Iterable<readonly [name: string, value: string]>;
}

/** What an adapter knows of a client that its requests do not say. */
export interface Peer {
  /** IP address; `''` where there is none. */
  readonly remoteAddress: string;
  /** Subject of the client's certificate, if the cluster's authority signed it; `untrusted` if another did. */
  readonly certificate?: CertificateSubject | 'untrusted';
}

/** CN and O of a client certificate: the user and its groups. */
interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}
