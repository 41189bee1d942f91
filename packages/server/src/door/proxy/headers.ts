/** Headers as received: names and values, in order. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

/** Headers of a single connection (RFC 9110 section 7.6.1), which are not forwarded. */
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

/** Headers that the API server removes or replaces. */
const replaced = new Set(['authorization', 'x-forwarded-for', 'x-forwarded-uri']);

/** Names that `Connection` headers declare as belonging to this connection only. */
function declared(headers: readonly (readonly [string, string])[]): ReadonlySet<string> {
  const names = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase()));
  return new Set(names);
}

/** The headers that describe a proxied request to the backend. */
export interface Forwarding {
  /** Address of the client. */
  readonly client: string;
  /** Path of the original request. */
  readonly uri: string;
  /** The connection changes its protocol: the headers that request it are kept. */
  readonly upgrade: boolean;
}

/** The headers to forward of a request: without the client's credentials for the API server. Pure. */
export function requestHeaders(
  headers: HeaderPairs,
  { client, uri, upgrade }: Forwarding,
): readonly (readonly [name: string, value: string])[] {
  const all = [...headers];
  const ofConnection = declared(all);
  const kept = all.filter(([name]) => {
    const key = name.toLowerCase();
    if (upgrade && (key === 'connection' || key === 'upgrade')) return true;
    if (hopByHop.has(key) || ofConnection.has(key)) return false;
    return !replaced.has(key) && !key.startsWith('impersonate-');
  });
  const before = all.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  const chunked = all.some(([name]) => name.toLowerCase() === 'transfer-encoding');
  return [
    ...kept,
    // The next connection frames the body in the same way.
    ...(chunked ? [['Transfer-Encoding', 'chunked'] as const] : []),
    ['X-Forwarded-For', [...before, client].join(', ')],
    ['X-Forwarded-Uri', uri],
  ];
}

/** The headers to forward of a response: without CORS headers, which are up to the API server. Pure. */
export function responseHeaders(
  headers: HeaderPairs,
  location: (to: string) => string,
): { readonly [name: string]: readonly string[] } {
  const all = [...headers];
  const ofConnection = declared(all);
  const passed: { [name: string]: string[] } = Object.create(null);
  for (const [name, value] of all) {
    const key = name.toLowerCase();
    if (hopByHop.has(key) || ofConnection.has(key) || key.startsWith('access-control-')) continue;
    passed[key] = [...(passed[key] ?? []), key === 'location' ? location(value) : value];
  }
  return passed;
}

/**
 * The target of a backend's redirect for a client behind the proxy: URLs of the backend itself are prefixed with the proxy's
 * path, all others are unchanged. Pure.
 */
export function redirection(to: string, proxyPath: string, hosts: readonly string[]): string {
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(to);
  if (absolute !== null && !hosts.includes(absolute[1] ?? '')) return to;
  const path = absolute === null ? to : to.slice(absolute[0].length) || '/';
  if (!path.startsWith('/') || path.startsWith('//') || path.startsWith(`${proxyPath}/`)) return to;
  return `${proxyPath}${path}`;
}
