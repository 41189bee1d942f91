/** Headers as they came: names and values, in their order. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

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

/** Names that `Connection` headers declare to be of this connection only. */
function declared(headers: readonly (readonly [string, string])[]): ReadonlySet<string> {
  const names = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((name) => name.trim().toLowerCase()));
  return new Set(names);
}

/** The headers that tell the backend about a proxied request. */
export interface Forwarding {
  /** Address of the client. */
  readonly client: string;
  /** Path of the request before it was cut. */
  readonly uri: string;
  /** The connection is to change its protocol: the headers that ask for it stay. */
  readonly upgrade: boolean;
}

/** The headers of a request as they are passed on: without what proved to the API server who asks. Pure. */
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
    // The next connection frames the body as this one does.
    ...(chunked ? [['Transfer-Encoding', 'chunked'] as const] : []),
    ['X-Forwarded-For', [...before, client].join(', ')],
    ['X-Forwarded-Uri', uri],
  ];
}

/** The headers of a response as they are passed on: who may read it across origins is the API server's matter. Pure. */
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
