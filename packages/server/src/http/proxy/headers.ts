/** Headers as Node gives and takes them: name, value, name, value. */
export type RawHeaders = readonly string[];

/** What concerns one connection only (RFC 9110 section 7.6.1), and is not passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the API server keeps for itself, or says anew. */
const replaced = new Set(['authorization', 'x-forwarded-for', 'x-forwarded-uri']);

function pairs(raw: RawHeaders): readonly (readonly [name: string, value: string])[] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? ''] as const);
}

/** Names that `Connection` headers declare to be of this connection only. */
function declared(raw: RawHeaders): ReadonlySet<string> {
  const names = pairs(raw)
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase()));
  return new Set(names);
}

/** What is told to the backend about the request that a proxy passes on. */
export interface Forwarding {
  /** Address of the client. */
  readonly client: string;
  /** Path of the request before it was cut. */
  readonly uri: string;
  /** The connection is to change its protocol: the headers that ask for it stay. */
  readonly upgrade: boolean;
}

/** The headers of a request as they are passed on: without what proved to the API server who asks. Pure. */
export function requestHeaders(raw: RawHeaders, { client, uri, upgrade }: Forwarding): string[] {
  const ofConnection = declared(raw);
  const kept = pairs(raw).filter(([name]) => {
    const key = name.toLowerCase();
    if (upgrade && (key === 'connection' || key === 'upgrade')) return true;
    if (hopByHop.has(key) || ofConnection.has(key)) return false;
    return !replaced.has(key) && !key.startsWith('impersonate-');
  });
  const before = pairs(raw)
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .map(([, value]) => value);
  const chunked = pairs(raw).some(([name]) => name.toLowerCase() === 'transfer-encoding');
  return [
    ...kept.flat(),
    // The next connection frames the body as this one does.
    ...(chunked ? ['Transfer-Encoding', 'chunked'] : []),
    'X-Forwarded-For',
    [...before, client].join(', '),
    'X-Forwarded-Uri',
    uri,
  ];
}

/** The headers of a response as they are passed on: who may read it across origins is the API server's matter. Pure. */
export function responseHeaders(raw: RawHeaders, location: (to: string) => string): { [name: string]: string[] } {
  const ofConnection = declared(raw);
  const headers: { [name: string]: string[] } = Object.create(null);
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (hopByHop.has(key) || ofConnection.has(key) || key.startsWith('access-control-')) continue;
    headers[key] = [...(headers[key] ?? []), key === 'location' ? location(value) : value];
  }
  return headers;
}

/**
 * Where a redirection of the backend leads when the client follows it through the proxy: places of the backend itself get the
 * proxy's path before theirs, all others stay. Pure.
 */
export function redirection(to: string, proxyPath: string, hosts: readonly string[]): string {
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(to);
  if (absolute !== null && !hosts.includes(absolute[1] ?? '')) return to;
  const path = absolute === null ? to : to.slice(absolute[0].length) || '/';
  if (!path.startsWith('/') || path.startsWith('//') || path.startsWith(`${proxyPath}/`)) return to;
  return `${proxyPath}${path}`;
}
