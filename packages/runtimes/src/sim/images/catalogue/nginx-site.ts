import { FileError } from '../../files/file-error.ts';
import { bytesOf, textOf } from '../../files/tree.ts';
import type { LazyLine } from '../../log-buffer.ts';
import { LogDescription } from '../../log-description.ts';
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from '../../network/http.ts';
import type { Description } from '../../process/description.ts';
import type { Process } from '../../process/process.ts';
import { formatDate } from '../../programs/date.ts';
import type { Server } from './nginx-configuration.ts';

/** What the server calls itself. */
export const version = 'nginx/1.29.0';

const types: { readonly [extension: string]: string } = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  ico: 'image/x-icon',
};

/** A port, and the server that answers there. A reload of the configuration changes it. */
export interface Site {
  readonly port: number;
  server: Server;
}

/** Answers from files. What was read stays good until any file of the node changes, so that probes cost next to nothing. */
export function handler(process: Process, site: Site, access: Description): HttpHandler {
  const { changes } = process.files.table.root.layer;
  const answers = new Map<string, HttpResponse>();
  const log = new AccessLog(process, access);
  let seen = changes.count;
  let { server } = site;
  let { accessLog } = server;
  let last: HttpRequest | undefined;
  let lastResponse: HttpResponse | undefined;
  return (request) => {
    if (changes.count !== seen || site.server !== server) {
      answers.clear();
      seen = changes.count;
      server = site.server;
      accessLog = server.accessLog;
      last = undefined;
    }
    // Probes send one and the same request.
    if (request === last && lastResponse !== undefined) {
      if (accessLog) log.again();
      return lastResponse;
    }
    const get = request.method === 'GET' || request.method === 'HEAD';
    let response = get ? answers.get(request.path) : undefined;
    if (response === undefined) {
      response = answer(process, server, request);
      if (answers.size > 100) answers.clear();
      if (get) answers.set(request.path, response);
    }
    if (accessLog) log.write(request, response);
    last = get ? request : undefined;
    lastResponse = response;
    return response;
  };
}

/** The access log. The same client asking the same again, as probes do, costs no new text. */
class AccessLog {
  readonly #process: Process;
  readonly #log: Description;
  /** The container's log, where lines need not be written out. */
  readonly #lines: LogDescription | undefined;
  #request: HttpRequest | undefined;
  #status = 0;
  #size = 0;
  #line: LazyLine | undefined;

  constructor(process: Process, log: Description) {
    this.#process = process;
    this.#log = log;
    this.#lines = log instanceof LogDescription ? log : undefined;
  }

  write(request: HttpRequest, response: HttpResponse): void {
    const { status, body } = response;
    const size = request.method === 'HEAD' ? 0 : bytesOf(body).length;
    const before = this.#request;
    const same =
      before !== undefined &&
      status === this.#status &&
      size === this.#size &&
      before.headers === request.headers &&
      before.path === request.path &&
      before.method === request.method &&
      before.remoteAddress === request.remoteAddress;
    if (!same) this.#line = accessLine(request, status, size);
    this.#request = request;
    this.#status = status;
    this.#size = size;
    this.again();
  }

  /** The last line once more. */
  again(): void {
    const line = this.#line;
    if (line === undefined) return;
    if (this.#lines !== undefined) this.#lines.line(line);
    else void this.#log.write(this.#process, bytesOf(line.render(this.#process.clock.now())));
  }
}

/** In the combined format, with the forwarded address that the image adds. */
function accessLine(request: HttpRequest, status: number, size: number): LazyLine {
  const { method, path, remoteAddress, headers } = request;
  const referer = headerOf(headers, 'Referer') ?? '-';
  const agent = headerOf(headers, 'User-Agent') ?? '-';
  const forwarded = headerOf(headers, 'X-Forwarded-For') ?? '-';
  const start = `${remoteAddress} - - [`;
  const end = `"${method} ${path} HTTP/1.1" ${status} ${size} "${referer}" "${agent}" "${forwarded}"\n`;
  return {
    length: start.length + 28 + end.length,
    render: (time) => `${start}${formatDate('%d/%b/%Y:%H:%M:%S +0000', time)}] ${end}`,
  };
}

function page(status: number, title: string): HttpResponse {
  return {
    status,
    headers: { Server: version, 'Content-Type': 'text/html' },
    body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>${version}</center>\r\n</body>\r\n</html>\r\n`,
  };
}

function answer(process: Process, server: Server, request: HttpRequest): HttpResponse {
  let path = request.path.replace(/[?#].*/, '');
  try {
    path = decodeURIComponent(path);
  } catch {
    return page(400, 'Bad Request');
  }
  if (path.split('/').includes('..')) return page(400, 'Bad Request');
  const location = server.locations
    .filter(({ prefix, exact }) => (exact ? path === prefix : path.startsWith(prefix)))
    .sort((one, other) => Number(other.exact) - Number(one.exact) || other.prefix.length - one.prefix.length)[0];
  if (location?.answer !== undefined) {
    const { status, text } = location.answer;
    if (status >= 300 && status < 400)
      return { ...page(status, 'Moved'), headers: { Server: version, Location: text } };
    return { status, headers: { Server: version, 'Content-Type': 'application/octet-stream' }, body: text };
  }
  if (location?.stubStatus) {
    return {
      status: 200,
      headers: { Server: version, 'Content-Type': 'text/plain' },
      body: 'Active connections: 1 \n',
    };
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return page(405, 'Not Allowed');
  const file =
    location?.alias === undefined
      ? `${location?.root ?? server.root}${path}`
      : `${location.alias}${path.slice(location.prefix.length)}`;
  return serveFile(process, server, file, path);
}

function serveFile(process: Process, server: Server, file: string, path: string): HttpResponse {
  try {
    let node = process.files.find(file.replace(/\/$/, '') || '/');
    let name = file;
    if (node?.kind === 'directory') {
      if (!path.endsWith('/'))
        return { ...page(301, 'Moved Permanently'), headers: { Server: version, Location: `${path}/` } };
      const index = server.index.find((each) => process.files.find(`${file}${each}`)?.kind === 'file');
      if (index === undefined) return page(403, 'Forbidden');
      name = `${file}${index}`;
      node = process.files.find(name);
    }
    if (node?.kind !== 'file') return page(404, 'Not Found');
    const type = types[/\.(\w+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
    const bytes = process.files.readFile(name);
    const headers = {
      Server: version,
      'Content-Type': type,
      'Content-Length': String(bytes.length),
      'Last-Modified': formatDate('%a, %d %b %Y %H:%M:%S GMT', node.mtime),
      ETag: `"${Math.floor(node.mtime / 1000).toString(16)}-${node.size.toString(16)}"`,
      'Accept-Ranges': 'bytes',
    };
    return { status: 200, headers, body: /^text|json|javascript|xml/.test(type) ? textOf(bytes) : bytes };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.code === 'EACCES' ? page(403, 'Forbidden') : page(404, 'Not Found');
  }
}
