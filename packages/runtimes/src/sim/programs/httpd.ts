import { FileError } from '../files/file-error.ts';
import type { HttpResponse } from '../network/http.ts';
import { listen } from '../network/listen.ts';
import type { Process } from '../process/process.ts';
import type { Program } from '../process/program.ts';
import { parseOptions } from './options.ts';

function page(status: number, title: string): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'text/html' },
    body: `<HTML><BODY><H1>${status} ${title}</H1></BODY></HTML>\n`,
  };
}

function serve(process: Process, root: string, target: string): HttpResponse {
  const path = target.replace(/[?#].*/, '');
  if (path.split('/').includes('..')) return page(400, 'Bad Request');
  try {
    const file = path.endsWith('/') ? `${root}${path}index.html` : `${root}${path}`;
    const node = process.files.find(file);
    if (node?.kind !== 'file') return page(404, 'Not Found');
    return {
      status: 200,
      headers: { 'Content-Type': /html?$/.test(file) ? 'text/html' : 'text/plain' },
      body: process.files.readFile(file),
    };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return page(403, 'Forbidden');
  }
}

/** BusyBox's web server: `httpd -f -p 8080 -h /www`. */
export const httpd: Program = async (process) => {
  const { flags, values } = parseOptions(process.args, 'fivp:h:c:u:r:');
  const port = Number((values.get('p') ?? '80').replace(/^.*:/, ''));
  const root = process.path(values.get('h') ?? '.');
  const run = async (own: Process): Promise<number> => {
    listen(own, { port, http: (request) => serve(own, root, request.path) });
    return own.forever();
  };
  if (flags.has('f')) return run(process);
  const child = process.fork(process.argv);
  child.start(run);
  return 0;
};
