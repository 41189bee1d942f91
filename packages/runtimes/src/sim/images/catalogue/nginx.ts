import { FileError } from '../../files/file-error.ts';
import { bytesOf, contentOf, textOf } from '../../files/tree.ts';
import type { LazyLine } from '../../log-buffer.ts';
import { LogDescription } from '../../log-description.ts';
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from '../../network/http.ts';
import { listen } from '../../network/listen.ts';
import type { Description } from '../../process/description.ts';
import { openPath } from '../../process/open.ts';
import type { Process } from '../../process/process.ts';
import type { Program } from '../../process/program.ts';
import { curl } from '../../programs/curl.ts';
import { formatDate } from '../../programs/date.ts';
import { complain } from '../../programs/words.ts';
import { findExecutable } from '../../shell/executable.ts';
import { defineImage, type Image } from '../image.ts';
import { plausibleTag } from '../reference.ts';
import { alpine, debian } from './systems.ts';

const version = 'nginx/1.29.0';
const pidFile = '/run/nginx.pid';

const welcome = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page comes from a simulated nginx web server. Put your own index.html into /usr/share/nginx/html to replace it.</p>
</body>
</html>
`;

const mainConfiguration = `user  nginx;
worker_processes  auto;
error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;
events { worker_connections  1024; }
http {
    include       /etc/nginx/mime.types;
    access_log  /var/log/nginx/access.log  main;
    include /etc/nginx/conf.d/*.conf;
}
`;

const serverConfiguration = `server {
    listen       80;
    server_name  localhost;
    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }
}
`;

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

/** What of a `location` block is obeyed. */
interface Location {
  readonly prefix: string;
  readonly exact: boolean;
  readonly root: string | undefined;
  readonly alias: string | undefined;
  /** `return 200 "text";` */
  readonly answer: { readonly status: number; readonly text: string } | undefined;
  readonly stubStatus: boolean;
}

interface Server {
  readonly ports: readonly number[];
  readonly root: string;
  readonly index: readonly string[];
  readonly locations: readonly Location[];
  readonly accessLog: boolean;
}

/** The servers of a configuration, as far as it is understood: listen, root, index, location, alias, return. */
function parseServers(text: string): readonly Server[] {
  const clean = text.replace(/#[^\n]*/g, '');
  return blocks(clean, 'server').map(({ body }) => {
    const locations = blocks(body, 'location').map(({ argument, body: inner }): Location => {
      const [modifier = '', given] = argument.split(/\s+/);
      const returned = /\breturn\s+(\d{3})(?:\s+(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^;]*)))?\s*;/.exec(inner);
      return {
        prefix: given ?? modifier,
        exact: modifier === '=',
        root: directive(inner, 'root'),
        alias: directive(inner, 'alias'),
        answer:
          returned === null
            ? undefined
            : {
                status: Number(returned[1]),
                text: (returned[2] ?? returned[3] ?? returned[4] ?? '').replaceAll('\\n', '\n'),
              },
        stubStatus: /\bstub_status\b/.test(inner),
      };
    });
    const outside = blocks(body, 'location').reduce((rest, block) => rest.replace(block.whole, ''), body);
    const ports = [...outside.matchAll(/\blisten\s+(?:[^;\s]*:)?(\d+)[^;]*;/g)].map((match) => Number(match[1]));
    return {
      ports: ports.length === 0 ? [80] : [...new Set(ports)],
      root: directive(outside, 'root') ?? '/etc/nginx/html',
      index: (directive(outside, 'index') ?? 'index.html index.htm').split(/\s+/),
      locations,
      accessLog: !/\baccess_log\s+off\s*;/.test(outside),
    };
  });
}

function directive(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;{}\\s])${name}\\s+([^;{}]+);`).exec(text)?.[1]?.trim();
}

function blocks(
  text: string,
  name: string,
): readonly { readonly argument: string; readonly body: string; readonly whole: string }[] {
  const found: { argument: string; body: string; whole: string }[] = [];
  const start = new RegExp(`(?:^|[;{}\\s])${name}\\b([^;{}]*)\\{`, 'g');
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    let depth = 1;
    let end = start.lastIndex;
    for (; end < text.length && depth > 0; end++) {
      if (text[end] === '{') depth++;
      if (text[end] === '}') depth--;
    }
    found.push({
      argument: (match[1] ?? '').trim(),
      body: text.slice(start.lastIndex, end - 1),
      whole: text.slice(match.index, end),
    });
    start.lastIndex = end;
  }
  return found;
}

/** `nginx`: the master process, or a message to it with `-s`. */
const nginx: Program = async (process) => {
  const { args } = process;
  const signalAt = args.indexOf('-s');
  if (signalAt >= 0) return control(process, args[signalAt + 1] ?? '');
  if (args.includes('-v') || args.includes('-V')) {
    await process.stderr.write(`nginx version: ${version}\n`);
    return 0;
  }
  let servers: readonly Server[];
  try {
    servers = configuration(process, args);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.stderr.write(`nginx: [emerg] open() "${error.path}" failed (2: ${error.reason})\n`);
    return 1;
  }
  if (args.includes('-t')) {
    await process.stderr.write(
      'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
    );
    return 0;
  }
  const foreground = args.some((arg) => /daemon\s+off/.test(arg));
  if (foreground) return master(process, servers);
  // Without `daemon off` the server goes on by itself.
  const child = process.fork(process.argv);
  child.start(() => master(child, servers));
  return 0;
};

function configuration(process: Process, args: readonly string[]): readonly Server[] {
  const given = args.indexOf('-c');
  const main = textOf(
    process.files.readFile(given >= 0 ? process.path(args[given + 1] ?? '') : '/etc/nginx/nginx.conf'),
  );
  const parts = [main];
  if (/include\s+\/etc\/nginx\/conf\.d\/\*\.conf/.test(main) && process.files.isDirectory('/etc/nginx/conf.d')) {
    for (const name of process.files.readdir('/etc/nginx/conf.d')) {
      if (name.endsWith('.conf')) parts.push(textOf(process.files.readFile(`/etc/nginx/conf.d/${name}`)));
    }
  }
  return parts.flatMap(parseServers);
}

async function control(process: Process, command: string): Promise<number> {
  const signals = { quit: 'SIGQUIT', stop: 'SIGTERM', reload: 'SIGHUP', reopen: 'SIGUSR1' } as const;
  const signal = signals[command as keyof typeof signals];
  if (signal === undefined) {
    await process.stderr.write(`nginx: invalid option: "-s ${command}"\n`);
    return 1;
  }
  const node = process.files.find(pidFile);
  if (node?.kind !== 'file') {
    await process.stderr.write(`nginx: [error] open() "${pidFile}" failed (2: No such file or directory)\n`);
    return 1;
  }
  const pid = Number(textOf(contentOf(node)));
  process.realm.processes.processes.get(pid)?.deliver(signal, process);
  return 0;
}

async function master(process: Process, servers: readonly Server[]): Promise<number> {
  const errors = openLog(process, '/var/log/nginx/error.log', 2);
  const note = (text: string) => {
    const time = formatDate('%Y/%m/%d %H:%M:%S', process.clock.now());
    return errors.write(process, bytesOf(`${time} [notice] ${process.pid}#${process.pid}: ${text}\n`));
  };
  process.title = `nginx: master process ${process.argv.join(' ')}`;
  const access = openLog(process, '/var/log/nginx/access.log', 1);
  const sites: Site[] = [];
  for (const server of servers) {
    for (const port of server.ports) {
      try {
        const site: Site = { port, server };
        listen(process, { port, http: handler(process, site, access) });
        sites.push(site);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        await process.stderr.write(`nginx: [emerg] bind() to 0.0.0.0:${port} failed (98: ${error.message})\n`);
        return 1;
      }
    }
  }
  process.files.writeFile(pidFile, `${process.pid}\n`);
  await note('using the "epoll" event method');
  await note(version);
  await note('start worker processes');
  let worker = startWorker(process);
  await note(`start worker process ${worker.pid}`);
  for (;;) {
    const signal = await process.untilSignal('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1');
    if (signal === 'SIGUSR1') continue;
    if (signal === 'SIGHUP') {
      await note('signal 1 (SIGHUP) received, reconfiguring');
      const servers = configuration(process, process.args);
      for (const site of sites) site.server = servers.find(({ ports }) => ports.includes(site.port)) ?? site.server;
      worker.deliver('SIGKILL');
      worker = startWorker(process);
      continue;
    }
    await note(
      `signal ${signal === 'SIGQUIT' ? '3 (SIGQUIT) received, shutting down' : '15 (SIGTERM) received, exiting'}`,
    );
    worker.deliver('SIGKILL');
    process.files.remove(pidFile);
    await note('exit');
    return 0;
  }
}

function startWorker(process: Process): Process {
  const { credentials } = process.files;
  // A master that is not root cannot change users.
  const worker = process.fork(process.argv, {
    credentials: credentials.uid === 0 ? { ...credentials, uid: 101, gid: 101, groups: [] } : credentials,
  });
  worker.title = 'nginx: worker process';
  worker.handle('SIGINT', 'ignore');
  worker.start((own) => own.forever());
  return worker;
}

function openLog(process: Process, path: string, otherwise: number): Description {
  try {
    return openPath(process, path, 'append').retain();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return openPath(process, otherwise === 1 ? '/dev/stdout' : '/dev/stderr', 'append').retain();
  }
}

/** A port, and the server that answers there. A reload of the configuration changes it. */
interface Site {
  readonly port: number;
  server: Server;
}

/** Answers from files. What was read stays good until any file of the node changes, so that probes cost next to nothing. */
function handler(process: Process, site: Site, access: Description): HttpHandler {
  const { changes } = process.files.table.root.layer;
  const answers = new Map<string, HttpResponse>();
  const log = new AccessLog(process, access);
  let seen = changes.count;
  let { server } = site;
  let last: HttpRequest | undefined;
  let lastResponse: HttpResponse | undefined;
  return (request) => {
    if (changes.count !== seen || site.server !== server) {
      answers.clear();
      seen = changes.count;
      server = site.server;
      last = undefined;
    }
    // Probes send one and the same request.
    if (request === last && lastResponse !== undefined) {
      if (server.accessLog) log.again();
      return lastResponse;
    }
    const get = request.method === 'GET' || request.method === 'HEAD';
    let response = get ? answers.get(request.path) : undefined;
    if (response === undefined) {
      response = answer(process, server, request);
      if (answers.size > 100) answers.clear();
      if (get) answers.set(request.path, response);
    }
    if (server.accessLog) log.write(request, response);
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

/** The image's start script: says what it does, as the real one, and goes on as the command. */
const entrypoint: Program = async (process) => {
  const [command = 'nginx', ...rest] = process.args;
  if (command !== 'nginx' && command !== 'nginx-debug') {
    const found = findExecutable(process, [command, ...rest], process.environment.get('PATH'));
    if ('exitCode' in found || found.program === undefined) {
      await complain(process, `exec: ${command}: not found`);
      return 127;
    }
    return process.become(found.argv, found.program, process.environment);
  }
  if (process.files.isDirectory('/docker-entrypoint.d')) {
    await process.stdout.write('/docker-entrypoint.sh: Configuration complete; ready for start up\n');
  }
  return process.become([command, ...rest], nginx, process.environment);
};

function nginxImage(
  name: string | readonly string[],
  base: Image,
  tags: (tag: string) => boolean,
  port: number,
): Image {
  return defineImage({
    name,
    base,
    tags,
    entrypoint: ['/docker-entrypoint.sh'],
    command: ['nginx', '-g', 'daemon off;'],
    env: { NGINX_VERSION: version.slice(6) },
    stopSignal: 'SIGQUIT',
    ports: [port],
    sizeBytes: 72_316_312,
    files: {
      '/docker-entrypoint.d': { directory: true },
      '/etc/nginx/conf.d/default.conf': serverConfiguration.replace('80', String(port)),
      '/etc/nginx/mime.types': 'types { text/html html; }\n',
      '/etc/nginx/nginx.conf': mainConfiguration,
      '/etc/passwd':
        'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx user:/nonexistent:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n',
      '/etc/group': 'root:x:0:\nnginx:x:101:\n',
      '/usr/share/nginx/html/50x.html': '<html><body>An error occurred.</body></html>\n',
      '/usr/share/nginx/html/index.html': welcome,
      '/var/cache/nginx': { directory: true, uid: 101, gid: 101 },
      '/var/log/nginx/access.log': { link: '/dev/stdout' },
      '/var/log/nginx/error.log': { link: '/dev/stderr' },
    },
    programs: { '/docker-entrypoint.sh': entrypoint, '/usr/sbin/nginx': nginx, '/usr/bin/curl': curl },
  });
}

const onAlpine = (tag: string) => tag.includes('alpine');

/** nginx on Debian, and its tags with `alpine`. */
export const nginxImages: readonly Image[] = [
  nginxImage('nginx', debian, (tag) => plausibleTag(tag) && !onAlpine(tag), 80),
  nginxImage('nginx', alpine, (tag) => plausibleTag(tag) && onAlpine(tag), 80),
  nginxImage('nginxinc/nginx-unprivileged', debian, plausibleTag, 8080),
];
