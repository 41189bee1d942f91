import { textOf } from '../../files/tree.ts';
import { type HttpHandler, type HttpResponse, reasonPhrase } from '../../network/http.ts';
import { listen } from '../../network/listen.ts';
import type { Process } from '../../process/process.ts';
import type { Program } from '../../process/program.ts';
import { formatDate } from '../../programs/date.ts';
import { readEntries } from '../../programs/tar.ts';
import { defineImage, type Image } from '../image.ts';
import { plausibleTag } from '../reference.ts';
import { debian } from './systems.ts';

const port = 8080;
const seedHome = '/root/apache-tomcat-7.0.42-v2';

/** Files of a deployed application by path; a war of ours is a tar archive under its usual name. */
function applicationFiles(process: Process, war: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const bytes = process.files.readFile(war);
  if (!textOf(bytes.subarray(257, 262)).startsWith('ustar')) return files;
  for (const entry of readEntries(bytes))
    if (entry.type === '0') files.set(`/${entry.name.replace(/^\.?\//, '')}`, entry.content);
  return files;
}

/** The Java server: deploys what it finds in `webapps` and answers on port 8080. */
function tomcat(home: string): Program {
  return async (process) => {
    process.title = `/usr/bin/java -Dcatalina.home=${home} org.apache.catalina.startup.Bootstrap start`;
    const say = (text: string) =>
      process.stdout.write(`${formatDate('%d-%b-%Y %H:%M:%S', process.clock.now())}.000 INFO [main] ${text}\n`);
    const webapps = `${home}/webapps`;
    const applications = new Map<string, ReadonlyMap<string, Uint8Array>>();
    await say('org.apache.catalina.startup.Catalina.load Initialization processed in [120] milliseconds');
    await say('org.apache.catalina.core.StandardService.startInternal Starting service [Catalina]');
    for (const name of process.files.isDirectory(webapps) ? process.files.readdir(webapps) : []) {
      if (!name.endsWith('.war')) continue;
      await say(
        `org.apache.catalina.startup.HostConfig.deployWAR Deploying web application archive [${webapps}/${name}]`,
      );
      applications.set(name.slice(0, -4), applicationFiles(process, `${webapps}/${name}`));
    }
    listen(process, { port, http: handler(process, webapps, applications) });
    await say(`org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-${port}"]`);
    await say('org.apache.catalina.startup.Catalina.start Server startup in [240] milliseconds');
    await process.untilSignal('SIGTERM', 'SIGINT');
    await say(`org.apache.coyote.AbstractProtocol.stop Stopping ProtocolHandler ["http-nio-${port}"]`);
    return 143;
  };
}

function handler(
  process: Process,
  webapps: string,
  applications: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>,
): HttpHandler {
  return ({ path: target }) => {
    const path = target.replace(/[?#].*/, '');
    if (path.split('/').includes('..')) return page(400);
    const [, first = '', ...rest] = path.split('/');
    const application = applications.get(first) ?? (first === '' ? applications.get('ROOT') : undefined);
    if (application !== undefined) {
      if (rest.length === 0 && first !== '') return { ...page(302), headers: { Location: `/${first}/` } };
      const file = `/${rest.join('/')}`;
      const content = application.get(file.endsWith('/') ? `${file}index.html` : file);
      return content === undefined
        ? page(404)
        : { status: 200, headers: { 'Content-Type': 'text/html;charset=UTF-8' }, body: textOf(content) };
    }
    const node = process.files.find(`${webapps}${path.endsWith('/') ? `${path}index.html` : path}`);
    if (node?.kind === 'file')
      return {
        status: 200,
        headers: { 'Content-Type': 'text/html;charset=UTF-8' },
        body: process.files.readFile(`${webapps}${path.endsWith('/') ? `${path}index.html` : path}`),
      };
    return page(404);
  };
}

function page(status: number): HttpResponse {
  const title = `HTTP Status ${status} - ${reasonPhrase(status)}`;
  return {
    status,
    headers: { 'Content-Type': 'text/html;charset=utf-8' },
    body: `<!doctype html><html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  };
}

/** The start script of the seeds' image, which stays in the foreground. */
const startScript = `#!/bin/sh
# Starts Tomcat and stays with it.
cd ${seedHome} || exit 1
exec ${seedHome}/bin/catalina run
`;

export const seedTomcat: Image = defineImage({
  name: ['geektime/tomcat:7.0', 'geektime/tomcat'],
  base: debian,
  command: ['sh', '-c', `${seedHome}/bin/start.sh`],
  ports: [port],
  sizeBytes: 213_000_000,
  files: {
    [`${seedHome}/bin/start.sh`]: { content: startScript, mode: 0o755 },
    [`${seedHome}/webapps/ROOT/index.html`]: '<html><body><h1>Apache Tomcat/7.0.42</h1></body></html>\n',
    [`${seedHome}/logs`]: { directory: true },
  },
  programs: { [`${seedHome}/bin/catalina`]: tomcat(seedHome) },
});

export const tomcatImage: Image = defineImage({
  name: 'tomcat',
  tags: plausibleTag,
  base: debian,
  command: ['catalina.sh', 'run'],
  workingDir: '/usr/local/tomcat',
  env: {
    CATALINA_HOME: '/usr/local/tomcat',
    PATH: '/usr/local/tomcat/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  },
  ports: [port],
  sizeBytes: 187_000_000,
  files: { '/usr/local/tomcat/webapps': { directory: true }, '/usr/local/tomcat/logs': { directory: true } },
  programs: { '/usr/local/tomcat/bin/catalina.sh': tomcat('/usr/local/tomcat') },
});

/** A ustar archive of small text files: what our war is made of. */
function archive(files: { readonly [path: string]: string }): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const [path, text] of Object.entries(files)) {
    const content = encoder.encode(text);
    const head = new Uint8Array(512);
    const put = (at: number, value: string) => head.set(encoder.encode(value), at);
    put(0, path);
    put(100, ['0000644', '0000000', '0000000', ''].join('\0'));
    put(124, `${content.length.toString(8).padStart(11, '0')}\0`);
    put(136, '00000000000\0');
    put(148, '        ');
    put(156, '0');
    put(257, 'ustar\x0000');
    put(
      148,
      `${head
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    );
    const body = new Uint8Array(Math.ceil(content.length / 512) * 512);
    body.set(content);
    parts.push(head, body);
  }
  parts.push(new Uint8Array(1024));
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => {
    all.set(part, at);
    return at + part.length;
  }, 0);
  return all;
}

export const sampleWar: Image = defineImage({
  name: ['geektime/sample:v2', 'geektime/sample'],
  base: debian,
  command: ['sh', '-c', 'cp /sample.war /app && tail -f /dev/null'],
  sizeBytes: 52_000_000,
  files: {
    '/sample.war': archive({
      'WEB-INF/web.xml': '<web-app></web-app>\n',
      'index.html': '<html><body><h1>Sample "Hello, World" Application</h1></body></html>\n',
      'hello.jsp': '<html><body><h1>Hello from a JSP page</h1></body></html>\n',
    }),
  },
});
