import { textToBase64 } from '@orrery/api';
import { FileError } from '../files/file-error.ts';
import { baseName } from '../files/path.ts';
import { bytesOf, textOf } from '../files/tree.ts';
import { reachFrom, requestTo, resolveHost, UnknownHostError } from '../network/client.ts';
import { type HttpHeader, type HttpResponse, headerOf, reasonPhrase } from '../network/http.ts';
import { ConnectError } from '../network/network.ts';
import type { Listener } from '../network/network-namespace.ts';
import { openPath } from '../process/open.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { type ParsedUrl, parseHeader, parseUrl } from './network.ts';
import { openInput, readAll } from './streams.ts';

interface Options {
  readonly flags: Set<string>;
  readonly headers: HttpHeader[];
  readonly urls: string[];
  readonly data: string[];
  readonly values: Map<string, string>;
}

const long: { readonly [name: string]: string } = {
  silent: 's',
  'show-error': 'S',
  insecure: 'k',
  location: 'L',
  include: 'i',
  head: 'I',
  verbose: 'v',
  fail: 'f',
  'no-buffer': 'N',
  get: 'G',
  header: 'H:',
  output: 'o:',
  'write-out': 'w:',
  request: 'X:',
  data: 'd:',
  'data-raw': 'd:',
  'data-binary': 'd:',
  json: 'json:',
  'max-time': 'm:',
  'connect-timeout': 'connect-timeout:',
  user: 'u:',
  'user-agent': 'A:',
  cacert: 'cacert:',
  capath: 'capath:',
  cert: 'E:',
  key: 'key:',
  resolve: 'resolve:',
  retry: 'retry:',
  'retry-delay': 'retry-delay:',
  'oauth2-bearer': 'bearer:',
  'remote-name': 'O',
  'http1.1': '1',
  http2: '2',
  'fail-with-body': 'f',
  'retry-connrefused': 'retry-connrefused',
};
const letters = 'sSkLiIvfNGOH:o:w:X:d:m:u:A:E:x:T:e:b:c:0146#';

/** An unknown option, or a value that is missing. */
class UsageError extends Error {}

function parse(args: readonly string[]): Options {
  const options: Options = { flags: new Set(), headers: [], urls: [], data: [], values: new Map() };
  const set = (name: string, value: string) => {
    if (name === 'H') options.headers.push(parseHeader(value));
    else if (name === 'd') options.data.push(value);
    else options.values.set(name, value);
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg.startsWith('--')) {
      const name = arg.slice(2);
      const target = long[name];
      if (name === 'url') options.urls.push(args[++at] ?? '');
      else if (target === undefined) throw new UsageError(`option ${arg}: is unknown`);
      else if (target.endsWith(':')) set(target.slice(0, -1), args[++at] ?? '');
      else options.flags.add(target);
    } else if (arg.startsWith('-') && arg !== '-') {
      for (let position = 1; position < arg.length; position++) {
        const letter = arg[position] as string;
        const known = letters.indexOf(letter);
        if (known < 0 || letter === ':') throw new UsageError(`option -${letter}: is unknown`);
        if (letters[known + 1] !== ':') options.flags.add(letter);
        else {
          set(letter, arg.slice(position + 1) || (args[++at] ?? ''));
          break;
        }
      }
    } else options.urls.push(arg);
  }
  return options;
}

/** A transfer that failed, with curl's exit code. */
class TransferError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const curl: Program = async (process) => {
  let options: Options;
  try {
    options = parse(process.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await process.stderr.write(`curl: ${error.message}\ncurl: try 'curl --help' for more information\n`);
    return 2;
  }
  if (options.urls.length === 0) {
    await process.stderr.write("curl: (2) no URL specified\ncurl: try 'curl --help' for more information\n");
    return 2;
  }
  let status = 0;
  for (const url of options.urls) status = await withRetries(process, options, url);
  return status;
};

async function withRetries(process: Process, options: Options, url: string): Promise<number> {
  for (let left = Number(options.values.get('retry') ?? 0); ; left--) {
    try {
      await transfer(process, options, url);
      return 0;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      const again = error.exitCode === 28 || (error.exitCode === 7 && options.flags.has('retry-connrefused'));
      if (left > 0 && again) {
        await process.sleep(Number(options.values.get('retry-delay') ?? 1) * 1000);
        continue;
      }
      if (!options.flags.has('s') || options.flags.has('S'))
        await process.stderr.write(`curl: (${error.exitCode}) ${error.message}\n`);
      return error.exitCode;
    }
  }
}

async function transfer(process: Process, options: Options, text: string): Promise<void> {
  const { flags, values } = options;
  const started = process.clock.now();
  let url = parseUrl(text);
  if (url === undefined) throw new TransferError(1, `Protocol "${text.split(':')[0]}" not supported`);
  const body = await requestBody(process, options);
  let method = values.get('X') ?? (flags.has('I') ? 'HEAD' : body === undefined || flags.has('G') ? 'GET' : 'POST');
  if (flags.has('G') && body !== undefined)
    url = { ...url, path: `${url.path}${url.path.includes('?') ? '&' : '?'}${textOf(body)}` };
  let response = await ask(process, options, url, method, flags.has('G') ? undefined : body);
  for (let hops = 0; flags.has('L') && response.status >= 300 && response.status < 400 && hops < 50; hops++) {
    const location = headerValue(response, 'Location');
    if (location === undefined) break;
    if (flags.has('i')) await process.stdout.write(headText(response));
    url =
      parseUrl(
        /^\w+:\/\//.test(location)
          ? location
          : `${url.scheme}://${url.authority}${location.startsWith('/') ? '' : '/'}${location}`,
      ) ?? url;
    if (response.status === 303 || (method === 'POST' && response.status < 307)) method = 'GET';
    response = await ask(process, options, url, method, method === 'GET' ? undefined : body);
  }
  if (flags.has('f') && response.status >= 400)
    throw new TransferError(22, `The requested URL returned error: ${response.status}`);
  await writeBody(process, options, url, response, method === 'HEAD');
  const format = values.get('w');
  if (format !== undefined)
    await process.stdout.write(writeOut(format, response, url, text, process.clock.now() - started));
}

async function requestBody(process: Process, { data, values }: Options): Promise<Uint8Array | undefined> {
  const json = values.get('json');
  const parts = json === undefined ? data : [json];
  if (parts.length === 0) return undefined;
  const texts: string[] = [];
  for (const part of parts) {
    try {
      texts.push(part.startsWith('@') ? textOf(await readAll(process, openInput(process, part.slice(1)))) : part);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new TransferError(26, `Failed to open ${part.slice(1)}`);
    }
  }
  return bytesOf(texts.join('&'));
}

async function ask(
  process: Process,
  options: Options,
  url: ParsedUrl,
  method: string,
  body: Uint8Array | undefined,
): Promise<HttpResponse> {
  const { flags, values } = options;
  const limit = values.get('m') ?? values.get('connect-timeout');
  const timeout = limit === undefined ? undefined : Number(limit) * 1000;
  const verbose = (line: string) => (flags.has('v') ? process.stderr.write(`${line}\n`) : undefined);
  try {
    const pinned = values.get('resolve')?.split(':');
    const addresses =
      pinned?.[0] === url.host && pinned[2] !== undefined ? [pinned[2]] : resolveHost(process, url.host);
    const ip = addresses[0] ?? '';
    await verbose(`*   Trying ${ip}:${url.port}...`);
    const listener = await reachFrom(process, ip, url.port, timeout);
    await verbose(`* Connected to ${url.host} (${ip}) port ${url.port}`);
    checkTls(process, options, url, listener);
    const headers = requestHeaders(options, url, body);
    await verbose(`> ${method} ${url.path} HTTP/1.1`);
    for (const { name, value } of headers) await verbose(`> ${name}: ${value}`);
    await verbose('>');
    const response = await requestTo(
      process,
      listener,
      { ip, port: url.port, path: url.path, host: url.authority },
      { method, headers, ...(body === undefined ? {} : { body }), ...(timeout === undefined ? {} : { timeout }) },
    );
    for (const line of headText(response).trimEnd().split('\r\n')) await verbose(`< ${line}`);
    await verbose('<');
    return response;
  } catch (error) {
    throw transferError(process, error, url, timeout);
  }
}

function transferError(process: Process, error: unknown, url: ParsedUrl, timeout: number | undefined): unknown {
  if (error instanceof UnknownHostError) return new TransferError(6, `Could not resolve host: ${url.host}`);
  if (error instanceof ConnectError && error.reason === 'timeout') {
    return new TransferError(
      28,
      timeout === undefined
        ? `Failed to connect to ${url.host} port ${url.port}: Connection timed out`
        : `Connection timed out after ${timeout} milliseconds`,
    );
  }
  if (error instanceof ConnectError && error.reason === 'refused') {
    return new TransferError(
      7,
      `Failed to connect to ${url.host} port ${url.port} after 0 ms: Couldn't connect to server`,
    );
  }
  if (error instanceof ConnectError) return new TransferError(56, 'Recv failure: Connection reset by peer');
  if (process.ended || error instanceof TransferError || !(error instanceof Error)) return error;
  return error.message.startsWith('Empty reply') ? new TransferError(52, 'Empty reply from server') : error;
}

function checkTls(process: Process, { flags, values }: Options, url: ParsedUrl, listener: Listener): void {
  const { tls } = listener.options;
  if (url.scheme === 'http') {
    if (tls !== undefined) throw new TransferError(52, 'Empty reply from server');
    return;
  }
  if (tls === undefined) throw new TransferError(35, 'OpenSSL/3.0: error:0A00010B:SSL routines::wrong version number');
  if (flags.has('k')) return;
  const file = values.get('cacert');
  if (file === undefined)
    throw new TransferError(60, 'SSL certificate problem: unable to get local issuer certificate');
  const node = process.files.find(process.path(file));
  if (node?.kind !== 'file') throw new TransferError(77, `error setting certificate file: ${file}`);
  const trusted = textOf(process.files.readFile(process.path(file)));
  if (!trusted.includes(tls.certificateAuthority.trim())) {
    throw new TransferError(60, 'SSL certificate problem: unable to get local issuer certificate');
  }
}

function requestHeaders(
  { headers, values }: Options,
  url: ParsedUrl,
  body: Uint8Array | undefined,
): readonly HttpHeader[] {
  const given = new Set(headers.map(({ name }) => name.toLowerCase()));
  const all: HttpHeader[] = [];
  const add = (name: string, value: string) => {
    if (!given.has(name.toLowerCase())) all.push({ name, value });
  };
  add('Host', url.authority);
  const user = values.get('u');
  if (user !== undefined) add('Authorization', `Basic ${textToBase64(user)}`);
  const bearer = values.get('bearer');
  if (bearer !== undefined) add('Authorization', `Bearer ${bearer}`);
  add('User-Agent', values.get('A') ?? 'curl/8.11.0');
  add('Accept', values.has('json') ? 'application/json' : '*/*');
  if (body !== undefined)
    add('Content-Type', values.has('json') ? 'application/json' : 'application/x-www-form-urlencoded');
  return [...all, ...headers.filter(({ value }) => value !== '')];
}

function headerValue(response: HttpResponse, name: string): string | undefined {
  return headerOf(
    Object.entries(response.headers).map(([key, value]) => ({ name: key, value })),
    name,
  );
}

function headText(response: HttpResponse): string {
  const lines = [`HTTP/1.1 ${response.status} ${reasonPhrase(response.status)}`];
  for (const [name, value] of Object.entries(response.headers)) lines.push(`${name}: ${value}`);
  if (headerValue(response, 'Content-Length') === undefined && response.stream === undefined) {
    lines.push(`Content-Length: ${bytesOf(response.body).length}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function writeBody(
  process: Process,
  { flags, values }: Options,
  url: ParsedUrl,
  response: HttpResponse,
  onlyHead: boolean,
): Promise<void> {
  const file = values.get('o') ?? (flags.has('O') ? baseName(url.path.replace(/\?.*/, '')) : undefined);
  const output = file === undefined || file === '-' ? process.descriptors[1] : openPath(process, file, 'write');
  if (flags.has('i') || flags.has('I')) await output?.write(process, bytesOf(headText(response)));
  if (onlyHead) return;
  await output?.write(process, bytesOf(response.body));
  if (response.stream === undefined) return;
  const { stream } = response;
  const waiting: Uint8Array[] = [];
  let ended = false;
  let notify: (() => void) | undefined;
  const subscription = stream.subscribe({
    next: (bytes) => {
      waiting.push(bytes);
      notify?.();
    },
    complete: () => {
      ended = true;
      notify?.();
    },
    error: () => {
      ended = true;
      notify?.();
    },
  });
  process.own({ [Symbol.dispose]: () => subscription.unsubscribe() });
  for (;;) {
    const bytes = waiting.shift();
    if (bytes !== undefined) await output?.write(process, bytes);
    else if (ended) return;
    else {
      await process.park<void>((wake) => {
        notify = () => wake();
        return () => {
          notify = undefined;
        };
      });
    }
  }
}

function writeOut(format: string, response: HttpResponse, url: ParsedUrl, given: string, elapsed: number): string {
  const values: { readonly [name: string]: string } = {
    http_code: String(response.status).padStart(3, '0'),
    response_code: String(response.status).padStart(3, '0'),
    content_type: headerValue(response, 'Content-Type') ?? '',
    size_download: String(bytesOf(response.body).length),
    time_total: (elapsed / 1000).toFixed(6),
    url_effective: given,
    remote_port: String(url.port),
    scheme: url.scheme.toUpperCase(),
  };
  return format
    .replace(/%\{(\w+)\}/g, (_whole, name: string) => values[name] ?? '')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll('\\r', '\r');
}
