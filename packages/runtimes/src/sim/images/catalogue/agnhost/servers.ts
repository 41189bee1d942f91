import { connectFrom, resolveHost, UnknownHostError } from '../../../network/client.ts';
import { textResponse } from '../../../network/http.ts';
import { listen } from '../../../network/listen.ts';
import { ConnectError } from '../../../network/network.ts';
import type { Program } from '../../../process/program.ts';
import { goDuration, goFlags } from './go-flags.ts';

/** `agnhost serve-hostname`, and `test-webserver` on port 80. */
export function serveHostname(defaultPort: number): Program {
  return async (process) => {
    const port = Number(goFlags(process.args.slice(1)).get('port') ?? defaultPort);
    await process.stderr.write(`Serving on port ${port}.\n`);
    listen(process, { port, http: () => textResponse(200, process.realm.hostname) });
    await process.untilSignal('SIGTERM', 'SIGINT');
    return 0;
  };
}

/** `agnhost liveness`: healthy for ten seconds. */
export const liveness: Program = async (process) => {
  const started = process.clock.now();
  listen(process, {
    port: 8080,
    http: ({ path }) => {
      const seconds = (process.clock.now() - started) / 1000;
      if (!path.startsWith('/healthz')) return textResponse(200, new Date(process.clock.now()).toISOString());
      return seconds > 10 ? textResponse(500, `error: ${seconds}`) : textResponse(200, 'ok');
    },
  });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 0;
};

/** `agnhost porter`: answers on each port that a variable `SERVE_PORT_N` or `SERVE_TLS_PORT_N` names, with its value. */
export const porter: Program = async (process) => {
  const asJson = goFlags(process.args.slice(1)).get('json-response') === 'true';
  for (const [name, value] of process.environment) {
    const port = /^SERVE_(?:TLS_)?PORT_(\d+)$/.exec(name)?.[1];
    if (port === undefined) continue;
    listen(process, {
      port: Number(port),
      http: ({ method }) =>
        asJson
          ? textResponse(200, JSON.stringify({ Method: method, Body: value }), 'application/json')
          : textResponse(200, value),
    });
  }
  return process.forever();
};

/** `agnhost grpc-health-checking`: serves, but not after `--delay-unhealthy-sec`, or when it is told so over HTTP. */
export const grpcHealthChecking: Program = async (process) => {
  const flags = goFlags(process.args.slice(1));
  const started = process.clock.now();
  const unhealthyAfter = Number(flags.get('delay-unhealthy-sec') ?? -1);
  const known = flags.get('service') ?? '';
  let told: boolean | undefined;
  const seconds = () => (process.clock.now() - started) / 1000;
  listen(process, {
    port: Number(flags.get('http-port') ?? 8080),
    http: ({ path }) => {
      if (path !== '/make-serving' && path !== '/make-not-serving') return textResponse(404, '404 page not found\n');
      told = path === '/make-serving';
      return textResponse(200, `${seconds()}s`);
    },
  });
  listen(process, {
    port: Number(flags.get('port') ?? 5000),
    grpcHealth: (service) => {
      if (service !== known) return 'SERVICE_UNKNOWN';
      const late = unhealthyAfter >= 0 && seconds() >= unhealthyAfter;
      return told === false || late ? 'NOT_SERVING' : 'SERVING';
    },
  });
  return process.forever();
};

/** `agnhost connect HOST:PORT`: 0 if a connection opens, or 1 and the kind of failure. */
export const connect: Program = async (process) => {
  const [target = '', ...options] = process.args.slice(1);
  const flags = goFlags(options);
  const colon = target.lastIndexOf(':');
  const timeout = goDuration(flags.get('timeout') ?? '') || undefined;
  try {
    if (colon < 0) throw new TypeError(`UNKNOWN: address ${target}: missing port in address`);
    const [ip = ''] = resolveHost(process, target.slice(0, colon));
    const connection = await connectFrom(process, ip, Number(target.slice(colon + 1)), timeout);
    connection.outgoing.end();
    return 0;
  } catch (error) {
    await process.stderr.write(`${failure(error)}\n`);
    return 1;
  }
};

/** @throws what is no failure to connect */
function failure(error: unknown): string {
  if (error instanceof UnknownHostError) return `DNS: lookup ${error.host}: no such host`;
  if (error instanceof TypeError) return error.message;
  if (!(error instanceof ConnectError)) throw error;
  return error.reason === 'timeout' ? 'TIMEOUT' : error.reason === 'refused' ? 'REFUSED' : `OTHER: ${error.message}`;
}
