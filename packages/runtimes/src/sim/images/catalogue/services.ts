import { textResponse } from '../../network/http.ts';
import { listen } from '../../network/listen.ts';
import type { Program } from '../../process/program.ts';
import { defineImage, type Image } from '../image.ts';
import { plausibleTag } from '../reference.ts';
import { debian } from './systems.ts';

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
