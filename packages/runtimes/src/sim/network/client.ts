import { textOf } from '../files/tree.ts';
import type { Process } from '../process/process.ts';
import type { HttpHeader, HttpRequest, HttpResponse } from './http.ts';
import { ConnectError } from './network.ts';
import type { Connection, Listener } from './network-namespace.ts';
import { askOverBytes } from './raw-http.ts';

/** A host name that no one knows. */
export class UnknownHostError extends Error {
  override readonly name = 'UnknownHostError';
  readonly host: string;

  constructor(host: string) {
    super(`Name or service not known: ${host}`);
    this.host = host;
  }
}

/** Time until a connection to an unused address fails, in milliseconds (tcp_syn_retries). */
const connectTimeout = 127_000;

const address = /^(\d{1,3}(\.\d{1,3}){3}|\[?[0-9a-fA-F:]*:[0-9a-fA-F:]*\]?)$/;

/** The addresses of a host name, as /etc/hosts, /etc/resolv.conf and the cluster's DNS give them. @throws UnknownHostError */
export function resolveHost(process: Process, host: string): readonly string[] {
  if (address.test(host)) return [host.replace(/^\[|\]$/g, '')];
  const fromFile = hostsEntry(process, host);
  if (fromFile !== undefined) return [fromFile];
  if (host === 'localhost') return ['127.0.0.1'];
  for (const name of candidates(process, host)) {
    const found = process.kernel.network.names.resolve(name);
    if (found !== undefined && found.length > 0) return found;
  }
  throw new UnknownHostError(host);
}

function hostsEntry(process: Process, host: string): string | undefined {
  const wanted = host.toLowerCase();
  for (const line of readText(process, '/etc/hosts').split('\n')) {
    const [ip, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (ip?.includes('.') && names.some((name) => name.toLowerCase() === wanted)) return ip;
  }
  return undefined;
}

/** The full names that a resolver tries, in order (resolv.conf(5)). */
export function candidates(process: Process, host: string): readonly string[] {
  if (host.endsWith('.')) return [host];
  let search: readonly string[] = [];
  let dots = 1;
  for (const line of readText(process, '/etc/resolv.conf').split('\n')) {
    const [key, ...values] = line.trim().split(/\s+/);
    if (key === 'search') search = values;
    if (key === 'options') {
      for (const value of values) if (value.startsWith('ndots:')) dots = Number(value.slice(6));
    }
  }
  const searched = search.map((domain) => `${host}.${domain}`);
  return host.split('.').length - 1 >= dots ? [host, ...searched] : [...searched, host];
}

function readText(process: Process, path: string): string {
  return process.files.stat(path)?.type === 'file' ? textOf(process.files.readFile(path)) : '';
}

/** The server behind an address; times out where there is none. `timeout` in milliseconds. @throws ConnectError */
export async function reachFrom(
  process: Process,
  ip: string,
  port: number,
  timeout = connectTimeout,
): Promise<Listener> {
  try {
    return process.kernel.network.reach(process.realm.network, ip, port);
  } catch (error) {
    if (error instanceof ConnectError && error.reason === 'timeout')
      await process.sleep(Math.min(timeout, connectTimeout));
    throw error;
  }
}

/** A byte connection from a process. @throws ConnectError */
export async function connectFrom(process: Process, ip: string, port: number, timeout?: number): Promise<Connection> {
  return process.kernel.network.open(process.realm.network, ip, await reachFrom(process, ip, port, timeout));
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: readonly HttpHeader[];
  readonly body?: string | Uint8Array;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Target of a request. */
export interface RequestTarget {
  readonly ip: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** What the header `Host` says. */
  readonly host: string;
}

/** One request to an address, whatever the listener there speaks. @throws ConnectError, Error */
export async function requestFrom(
  process: Process,
  target: RequestTarget,
  options: RequestOptions = {},
): Promise<HttpResponse> {
  return requestTo(process, await reachFrom(process, target.ip, target.port, options.timeout), target, options);
}

/** The same to a listener that was reached at the address. @throws ConnectError, Error */
export async function requestTo(
  process: Process,
  listener: Listener,
  target: RequestTarget,
  options: RequestOptions = {},
): Promise<HttpResponse> {
  const request: HttpRequest = {
    method: options.method ?? 'GET',
    path: target.path,
    headers: options.headers ?? [],
    body: options.body ?? '',
    remoteAddress: target.ip.startsWith('127.') ? '127.0.0.1' : process.realm.network.ip,
  };
  const { http } = listener.options;
  const answer =
    http === undefined
      ? askOverBytes(process.kernel.network.open(process.realm.network, target.ip, listener), request, target.host)
      : http(request);
  if (!(answer instanceof Promise)) return answer;
  const { timeout } = options;
  if (timeout === undefined) return process.external(answer);
  const settled = await process.park<HttpResponse | Error>((wake) => {
    answer.then(wake, (error: unknown) => wake(error instanceof Error ? error : new Error(String(error))));
    const timer = process.clock.schedule(timeout, () => wake(new ConnectError('timeout')));
    return () => timer[Symbol.dispose]();
  });
  if (settled instanceof Error) throw settled;
  return settled;
}
