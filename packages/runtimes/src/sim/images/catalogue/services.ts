import { reasonPhrase, textResponse } from '../../network/http.ts';
import { listen } from '../../network/listen.ts';
import type { Process } from '../../process/process.ts';
import type { Program } from '../../process/program.ts';
import { curl } from '../../programs/curl.ts';
import { parseOptions } from '../../programs/options.ts';
import { defineImage, type Image } from '../image.ts';
import { plausibleTag } from '../reference.ts';
import { alpine, debian, pauseProgram } from './systems.ts';

const nodeHello: Program = async (process) => {
  process.title = 'node server.js';
  listen(process, { port: 8080, http: () => textResponse(200, 'Hello Kubernetes!') });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 143;
};

export const nodeHelloImage: Image = defineImage({
  name: 'google-samples/node-hello',
  base: debian,
  command: ['/bin/sh', '-c', 'node server.js'],
  ports: [8080],
  sizeBytes: 264_000_000,
  programs: { '/usr/local/bin/node': nodeHello },
});

const helloApp: Program = async (process) => {
  const port = Number(process.environment.get('PORT') ?? 8080);
  const version = process.environment.get('VERSION') ?? '1.0.0';
  await process.stderr.write(`Server listening on port ${port}\n`);
  listen(process, {
    port,
    http: () => textResponse(200, `Hello, world!\nVersion: ${version}\nHostname: ${process.realm.hostname}\n`),
  });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 143;
};

const versions = ['1.0', '2.0'] as const;

export const helloAppImages: readonly Image[] = versions.map((tag) =>
  defineImage({
    name: `google-samples/hello-app:${tag}`,
    entrypoint: ['/hello-app'],
    env: { VERSION: `${tag}.0` },
    ports: [8080],
    sizeBytes: 12_000_000,
    programs: { '/hello-app': helloApp },
  }),
);

const echo: Program = async (process) => {
  const text = process.args.find((arg) => arg.startsWith('-text='))?.slice(6) ?? 'hello';
  const given = process.args.find((arg) => arg.startsWith('-listen='))?.slice(8) ?? ':5678';
  listen(process, {
    port: Number(given.slice(given.lastIndexOf(':') + 1)),
    http: () => textResponse(200, `${text}\n`),
  });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 0;
};

export const httpEcho: Image = defineImage({
  name: 'hashicorp/http-echo',
  entrypoint: ['/http-echo'],
  ports: [5678],
  sizeBytes: 3_000_000,
  programs: { '/http-echo': echo },
});

export const helloWorld: Image = defineImage({
  name: 'hello-world',
  tags: plausibleTag,
  command: ['/hello'],
  sizeBytes: 10_072,
  programs: {
    '/hello': async (process) => {
      await process.stdout.write(
        '\nHello from a container!\nThe image was found, a container was made of it, and it printed this.\n\n',
      );
      return 0;
    },
  },
});

/** The Swiss army knife of Kubernetes' own tests, as far as examples use it. */
const agnhost: Program = async (process) => {
  const [command = 'pause', ...args] = process.args;
  switch (command) {
    case 'pause':
      return pauseProgram(process);
    case 'netexec':
    case 'serve-hostname':
    case 'liveness':
    case 'porter':
      return agnhostServer(process, command, args);
    case 'entrypoint-tester':
      await process.stdout.write(`${JSON.stringify([process.argv[0], ...process.args])}\n`);
      return 0;
    case 'test-webserver':
      return agnhostServer(process, 'serve-hostname', ['--port', '80']);
    default:
      await process.stderr.write(`Error: unknown command "${command}" for "app"\n`);
      return 1;
  }
};

async function agnhostServer(process: Process, command: string, args: readonly string[]): Promise<number> {
  const { values } = parseOptions(args, '', {
    'http-port': 'port:',
    port: 'port:',
    'udp-port': 'udp:',
    delay: 'delay:',
  });
  const port = Number(values.get('port') ?? (command === 'serve-hostname' ? 9376 : 8080));
  const started = process.clock.now();
  const { hostname } = process.realm;
  let healthy = true;
  await process.stderr.write(`Started HTTP server on port ${port}\n`);
  listen(process, {
    port,
    http: (request) => {
      const [path = '/', query = ''] = request.path.split('?');
      const parameters = new URLSearchParams(query);
      if (command === 'liveness' && path === '/healthz') {
        // Healthy for ten seconds, as in the documentation's example.
        const seconds = (process.clock.now() - started) / 1000;
        return seconds > 10 ? textResponse(500, `error: ${seconds}`) : textResponse(200, 'ok');
      }
      if (command === 'serve-hostname' || path === '/hostname' || path === '/hostName')
        return textResponse(200, hostname);
      if (path === '/echo') return textResponse(Number(parameters.get('code') ?? 200), parameters.get('msg') ?? '');
      if (path === '/clientip') return textResponse(200, `${request.remoteAddress}:40000`);
      if (path === '/healthz') return healthy ? textResponse(200, '') : textResponse(412, reasonPhrase(412));
      if (path === '/unhealthy') healthy = false;
      if (path === '/exit') {
        const code = Number(parameters.get('code') ?? 0);
        process.clock.schedule(Number(parameters.get('timeout')?.replace('s', '') ?? 0) * 1000, () =>
          process.end(code),
        );
      }
      return textResponse(200, `NOW: ${new Date(process.clock.now()).toISOString()}`);
    },
    grpcHealth: () => (healthy ? 'SERVING' : 'NOT_SERVING'),
  });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 0;
}

export const agnhostImage: Image = defineImage({
  name: ['agnhost', 'liveness', 'e2e-test-images/agnhost'],
  base: alpine,
  entrypoint: ['/agnhost'],
  command: ['pause'],
  sizeBytes: 52_000_000,
  programs: { '/agnhost': agnhost, '/usr/bin/curl': curl },
});

const redis: Program = async (process) => {
  await process.stdout.write('Ready to accept connections tcp\n');
  listen(process, {
    port: 6379,
    connection: (connection) => {
      connection.incoming.flow(
        (bytes) => {
          if (/ping/i.test(new TextDecoder().decode(bytes)))
            connection.outgoing.push(new TextEncoder().encode('+PONG\r\n'));
        },
        () => connection.outgoing.end(),
      );
    },
  });
  await process.untilSignal('SIGTERM', 'SIGINT');
  return 0;
};

export const redisImage: Image = defineImage({
  name: 'redis',
  tags: plausibleTag,
  base: debian,
  command: ['redis-server'],
  ports: [6379],
  sizeBytes: 45_000_000,
  programs: { '/usr/local/bin/redis-server': redis },
});
