import { errorText } from '@orrery/core';
import { FileError } from '../files/file-error.ts';
import { baseName } from '../files/path.ts';
import { bytesOf } from '../files/tree.ts';
import { candidates, connectFrom, requestFrom, resolveHost, UnknownHostError } from '../network/client.ts';
import { listen } from '../network/listen.ts';
import { ConnectError } from '../network/network.ts';
import type { Connection } from '../network/network-namespace.ts';
import { openPath } from '../process/open.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';
import { launch } from './run.ts';
import { complain } from './words.ts';

/** BusyBox's and GNU's `wget`, as far as scripts and probes use it. */
export const wget: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'qO:T:t:ScU:P:Y:', {
    spider: 'spider',
    quiet: 'q',
    header: 'header:',
    'post-data': 'post-data:',
    timeout: 'T:',
    tries: 't:',
    'no-check-certificate': 'insecure',
    'output-document': 'O:',
    'server-response': 'S',
  });
  const [target] = operands;
  if (target === undefined) {
    await complain(process, 'missing URL');
    return 1;
  }
  const url = parseUrl(target);
  if (url === undefined) {
    await complain(process, `not an http or ftp url: ${target}`);
    return 1;
  }
  const quiet = flags.has('q');
  const body = values.get('post-data');
  const say = (text: string) => (quiet ? undefined : process.stderr.write(text));
  const timeout = values.has('T') ? Number(values.get('T')) * 1000 : 900_000;
  const { port } = url;
  let ip = '';
  try {
    [ip = ''] = resolveHost(process, url.host);
    await say(`Connecting to ${url.host}${target.includes(`:${port}`) ? `:${port}` : ''} (${ip}:${port})\n`);
    const headers = allHeaders(process.args).map(parseHeader);
    const response = await requestFrom(
      process,
      { ip, port, path: url.path, host: url.authority },
      {
        method: body === undefined ? (flags.has('spider') ? 'HEAD' : 'GET') : 'POST',
        headers: [{ name: 'Host', value: url.authority }, { name: 'User-Agent', value: 'Wget' }, ...headers],
        timeout,
        ...(body === undefined ? {} : { body }),
      },
    );
    if (flags.has('S')) await process.stderr.write(`  HTTP/1.1 ${response.status}\n`);
    if (response.status >= 400) {
      await complain(process, `server returned error: HTTP/1.1 ${response.status} ${statusText(response.status)}`);
      return process.realm.flavor === 'busybox' ? 1 : 8;
    }
    if (flags.has('spider')) {
      await say('remote file exists\n');
      return 0;
    }
    const file = values.get('O') ?? (baseName(url.path.replace(/[?#].*/, '')) || 'index.html');
    const bytes = bytesOf(response.body);
    if (file === '-') {
      await say('writing to stdout\n');
      await process.stdout.write(bytes);
      await say('-                    100% |********************************|\nwritten to stdout\n');
      return 0;
    }
    await say(`saving to '${file}'\n`);
    await openPath(process, file, 'write').write(process, bytes);
    await say(`'${file}' saved\n`);
    return 0;
  } catch (error) {
    if (error instanceof UnknownHostError) await complain(process, `bad address '${error.host}'`);
    else if (error instanceof ConnectError) {
      const text =
        error.reason === 'timeout' && values.has('T')
          ? 'download timed out'
          : `can't connect to remote host (${ip}): ${error.message}`;
      await complain(process, text);
    } else if (error instanceof FileError) await complain(process, `can't open '${error.path}': ${error.reason}`);
    else {
      process.check();
      await complain(process, errorText(error));
    }
    return process.realm.flavor === 'busybox' ? 1 : 4;
  }
};

function statusText(status: number): string {
  return status === 404
    ? 'Not Found'
    : status === 500
      ? 'Internal Server Error'
      : status === 403
        ? 'Forbidden'
        : status === 503
          ? 'Service Unavailable'
          : '';
}

function allHeaders(args: readonly string[]): readonly string[] {
  const headers: string[] = [];
  args.forEach((arg, at) => {
    if (arg === '--header') headers.push(args[at + 1] ?? '');
    else if (arg.startsWith('--header=')) headers.push(arg.slice(9));
  });
  return headers;
}

/** `Name: value` taken apart. */
export function parseHeader(text: string): { readonly name: string; readonly value: string } {
  const colon = text.indexOf(':');
  return {
    name: text.slice(0, colon < 0 ? undefined : colon).trim(),
    value: colon < 0 ? '' : text.slice(colon + 1).trim(),
  };
}

/** What of a URL a client needs. The scheme may be missing. */
export interface ParsedUrl {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** As in the Host header. */
  readonly authority: string;
}

/** Undefined where it is no HTTP URL. */
export function parseUrl(text: string): ParsedUrl | undefined {
  const match = /^(?:(\w+):\/\/)?(?:[^/@]*@)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?/.exec(text);
  if (match === null) return undefined;
  const [, scheme = 'http', host = '', port, path = '/'] = match;
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  const number = Number(port ?? (scheme === 'https' ? 443 : 80));
  return {
    scheme,
    host: host.replace(/^\[|\]$/g, ''),
    port: number,
    path: path.startsWith('?') ? `/${path}` : path,
    authority: port === undefined ? host : `${host}:${port}`,
  };
}

/** `nc`: tests ports, talks over a connection, or listens. */
export const nc: Program = async (process) => {
  const { flags, values, operands } = parseOptions(process.args, 'zvlkunNw:p:e:i:s:q:4');
  if (flags.has('l'))
    return serve(process, Number(values.get('p') ?? operands.at(-1) ?? 0), flags.has('k'), values.get('e'));
  const [host = '', portText = ''] = operands;
  const verbose = flags.has('v');
  const timeout = values.has('w') ? Number(values.get('w')) * 1000 : undefined;
  const [low = 0, high = low] = portText.split('-').map(Number);
  try {
    const [ip = ''] = resolveHost(process, host);
    let status = 1;
    for (let port = low; port <= high; port++) {
      try {
        const connection = await connectFrom(process, ip, port, timeout);
        status = 0;
        if (verbose) await process.stderr.write(`${host} (${ip}:${port}) open\n`);
        if (flags.has('z')) connection.outgoing.end();
        else return await converse(process, connection);
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        const reason = error.reason === 'timeout' && timeout !== undefined ? 'Operation timed out' : error.message;
        if (verbose || !flags.has('z')) await complain(process, `${host} (${ip}:${port}): ${reason}`);
      }
    }
    return status;
  } catch (error) {
    if (!(error instanceof UnknownHostError)) throw error;
    await complain(process, `bad address '${host}'`);
    return 1;
  }
};

async function converse(process: Process, connection: Connection): Promise<number> {
  process.go(async () => {
    for (let chunk = await process.stdin.read(); chunk !== undefined; chunk = await process.stdin.read()) {
      await connection.outgoing.write(process, chunk);
    }
    connection.outgoing.end();
  });
  for (;;) {
    const chunk = await connection.incoming.read(process, 65_536);
    if (chunk === undefined) return 0;
    await process.stdout.write(chunk);
  }
}

async function serve(process: Process, port: number, again: boolean, program: string | undefined): Promise<number> {
  const waiting: Connection[] = [];
  let arrived: (() => void) | undefined;
  listen(process, {
    port,
    connection: (connection) => {
      waiting.push(connection);
      arrived?.();
    },
  });
  for (;;) {
    const connection = waiting.shift();
    if (connection === undefined) {
      await process.park<void>((wake) => {
        arrived = () => wake();
        return () => {
          arrived = undefined;
        };
      });
      continue;
    }
    if (program === undefined) await converse(process, connection);
    else await handOver(process, connection, program);
    connection.outgoing.end();
    if (!again) return 0;
  }
}

/** Runs a program with the connection as its input and output. */
async function handOver(process: Process, connection: Connection, program: string): Promise<void> {
  const descriptors = [connection.incoming.reader, connection.outgoing.writer, process.descriptors[2]];
  const child = await launch(process, program.split(' '), { descriptors });
  if (typeof child !== 'number') await process.waitFor(child);
}

export const nslookup: Program = async (process) => {
  const [name = '', server] = process.args.filter((arg) => !arg.startsWith('-'));
  const resolver = server ?? nameserver(process);
  await process.stdout.write(`Server:\t\t${resolver}\nAddress:\t${resolver}:53\n\n`);
  for (const candidate of candidates(process, name)) {
    const found = process.kernel.network.names.resolve(candidate);
    if (found === undefined) continue;
    for (const ip of found) await process.stdout.write(`Name:\t${candidate}\nAddress: ${ip}\n`);
    await process.stdout.write('\n');
    return 0;
  }
  await process.stdout.write(`** server can't find ${name}: NXDOMAIN\n\n`);
  return 1;
};

function nameserver(process: Process): string {
  const text = process.files.exists('/etc/resolv.conf')
    ? new TextDecoder().decode(process.files.readFile('/etc/resolv.conf'))
    : '';
  return /^nameserver\s+(\S+)/m.exec(text)?.[1] ?? '127.0.0.1';
}

export const getent: Program = async (process) => {
  const [database, name = ''] = process.args;
  if (database !== 'hosts' && database !== 'ahosts') return 1;
  try {
    for (const ip of resolveHost(process, name)) await process.stdout.write(`${ip.padEnd(16)}${name}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UnknownHostError)) throw error;
    return 2;
  }
};

export const ping: Program = async (process) => {
  const { values, operands } = parseOptions(process.args, 'c:w:W:i:q4n');
  const [host = ''] = operands;
  const count = values.has('c') ? Number(values.get('c')) : Number.POSITIVE_INFINITY;
  let ip: string;
  try {
    ip = resolveHost(process, host)[0] ?? '';
  } catch (error) {
    if (!(error instanceof UnknownHostError)) throw error;
    await complain(process, `bad address '${host}'`);
    return 1;
  }
  const there = ip.startsWith('127.') || process.kernel.network.hosts.has(ip);
  await process.stdout.write(`PING ${host} (${ip}): 56 data bytes\n`);
  for (let sent = 0; sent < count; sent++) {
    if (there) await process.stdout.write(`64 bytes from ${ip}: seq=${sent} ttl=64 time=0.050 ms\n`);
    if (sent + 1 < count) await process.sleep(1000);
  }
  const received = there ? count : 0;
  await process.stdout.write(
    `\n--- ${host} ping statistics ---\n${count} packets transmitted, ${received} packets received, ${there ? 0 : 100}% packet loss\n`,
  );
  return there ? 0 : 1;
};

/** `ip addr`, `ifconfig`, `hostname -i`: the addresses of the Pod. */
export const ip: Program = async (process) => {
  const { ip: own } = process.realm.network;
  if (/^r/.test(process.args[0] ?? '')) await process.stdout.write('default via 169.254.1.1 dev eth0\n');
  else {
    await process.stdout.write(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    inet ${own}/24 scope global eth0\n`,
    );
  }
  return 0;
};

export const ifconfig: Program = async (process) => {
  const { ip: own } = process.realm.network;
  await process.stdout.write(
    `eth0      Link encap:Ethernet\n          inet addr:${own}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\nlo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n`,
  );
  return 0;
};

/** Ports that are listened on: `netstat -tln`, `ss -tln`. */
export const netstat: Program = async (process) => {
  const lines = [...process.realm.network.listeners.values()].map(
    (listener) =>
      `tcp        0      0 ${`${listener.local ? '127.0.0.1' : '0.0.0.0'}:${listener.options.port}`.padEnd(23)} 0.0.0.0:*               LISTEN`,
  );
  await process.stdout.write(
    `Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State\n${lines.map((line) => `${line}\n`).join('')}`,
  );
  return 0;
};
