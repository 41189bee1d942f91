import { FileError } from '../../files/file-error.ts';
import { bytesOf, contentOf, textOf } from '../../files/tree.ts';
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
import { configuration, type Server } from './nginx-configuration.ts';
import { handler, type Site, version } from './nginx-site.ts';
import { alpine, debian } from './systems.ts';

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
  // Without `daemon off` the server continues in the background.
  const child = process.fork(process.argv);
  child.start(() => master(child, servers));
  return 0;
};

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

/** The image's start script: logs what it does, like the real one, and then execs the command. */
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
