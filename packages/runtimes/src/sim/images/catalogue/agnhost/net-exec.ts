import { requestFrom, resolveHost, UnknownHostError } from '../../../network/client.ts';
import { type HttpRequest, type HttpResponse, headerOf, textResponse } from '../../../network/http.ts';
import { listen } from '../../../network/listen.ts';
import { ConnectError } from '../../../network/network.ts';
import type { Process } from '../../../process/process.ts';
import type { Program } from '../../../process/program.ts';
import { goDuration, goFlags } from './go-flags.ts';

/** How long one dialled request may take, in milliseconds. */
const dialTimeout = 5000;

/** What a server of netexec knows. */
interface Server {
  readonly process: Process;
  readonly port: number;
  healthy: boolean;
  terminating: boolean;
}

/** `agnhost netexec`: a server that answers with what it knows, and asks others. */
export const netExec: Program = async (process) => {
  const flags = goFlags(process.args.slice(1));
  const port = Number(flags.get('http-port') ?? flags.get('port') ?? 8080);
  const server: Server = { process, port, healthy: true, terminating: false };
  const override = flags.get('http-override');
  log(process, `Started HTTP server on port ${port}`);
  listen(process, {
    port,
    http: (request) => answer(server, override === undefined ? request : { ...request, method: 'GET', path: override }),
    grpcHealth: () => (server.healthy ? 'SERVING' : 'NOT_SERVING'),
  });
  const signal = await process.untilSignal('SIGTERM', 'SIGINT');
  const delay = Number(flags.get('delay-shutdown') ?? 0);
  if (signal === 'SIGTERM' && delay > 0) {
    server.terminating = true;
    log(process, `Sleeping ${delay} seconds before terminating...`);
    await process.sleep(delay * 1000);
  }
  return 0;
};

function answer(server: Server, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  const { process } = server;
  const [path = '/', search = ''] = request.path.split('?');
  const query = new URLSearchParams(search);
  const of = (name: string) => query.get(name) ?? '';
  switch (path) {
    case '/clientip':
      log(process, 'GET /clientip');
      return textResponse(200, `${request.remoteAddress}:40000`);
    case '/serverport':
      log(process, 'GET /serverport');
      return textResponse(200, String(server.port));
    case '/hostname':
    case '/hostName':
      log(process, `GET ${path}`);
      return textResponse(200, process.realm.hostname);
    case '/header':
      log(process, `GET /header?key=${of('key')}`);
      return textResponse(200, headerText(request, of('key')));
    case '/echo':
      log(process, `GET /echo?msg=${of('msg')}&code=${of('code')}`);
      return textResponse(Number(of('code')) || 200, of('msg'));
    case '/redirect':
      log(process, `${request.method} /redirect?code=${of('code')}&location=${of('location')}`);
      return { status: Number(of('code')) || 302, headers: { Location: of('location') }, body: '' };
    case '/healthz':
      log(process, 'GET /healthz');
      return textResponse(server.healthy ? 200 : 412, '');
    case '/readyz':
      log(process, 'GET /readyz');
      return server.terminating ? textResponse(503, 'shutting down') : textResponse(200, 'ok');
    case '/unhealthy':
      server.healthy = false;
      break;
    case '/dial':
      return dial(process, query);
    case '/exit':
      return exit(process, query);
    case '/shutdown':
      log(process, 'GET /shutdown');
      process.end(0);
      break;
  }
  log(process, 'GET /');
  return textResponse(200, `NOW: ${new Date(process.clock.now()).toISOString()}`);
}

function headerText({ headers }: HttpRequest, key: string): string {
  if (key !== '') return headerOf(headers, key) ?? '';
  return JSON.stringify(Object.fromEntries(headers.map(({ name, value }) => [name, [value]])));
}

/** Ends the process after `wait` and, where connections are given time to close, `timeout`. */
function exit(process: Process, query: URLSearchParams): HttpResponse {
  const [code, wait, timeout] = ['code', 'wait', 'timeout'].map((name) => query.get(name) ?? '');
  log(process, `GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`);
  const spans = [wait, timeout].map((text) => goDuration(text ?? ''));
  const bad = spans.indexOf(undefined);
  if (bad >= 0)
    return textResponse(200, `argument '${['wait', 'timeout'][bad]}' must be a valid golang duration or empty\n`);
  const after = spans.reduce<number>((sum, span) => sum + (span ?? 0), 0);
  process.clock.schedule(after, () => process.end(Number(code)));
  return textResponse(200, '');
}

/** Asks another server as often as `tries` says, and tells what it answered and what went wrong. */
async function dial(process: Process, query: URLSearchParams): Promise<HttpResponse> {
  const of = (name: string) => query.get(name) ?? '';
  const [host, protocol, port, request] = [of('host'), of('protocol'), of('port'), of('request')];
  log(process, `GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${of('tries')}`);
  if (request === '') return textResponse(400, 'request parameter not specified. <nil>\n');
  if (protocol !== '' && protocol.toLowerCase() !== 'http')
    return textResponse(400, `unsupported protocol. ${protocol}\n`);
  const responses: string[] = [];
  const errors: string[] = [];
  for (let tries = Number(of('tries') || 1); tries > 0; tries--) {
    await process.step();
    try {
      responses.push(await dialled(process, host, Number(port), request));
    } catch (error) {
      if (!(error instanceof ConnectError || error instanceof UnknownHostError)) throw error;
      errors.push(`Get "http://${host}:${port}/${request}": ${error.message}`);
    }
  }
  const said = { ...(responses.length > 0 ? { responses } : {}), ...(errors.length > 0 ? { errors } : {}) };
  return textResponse(200, JSON.stringify(said));
}

async function dialled(process: Process, host: string, port: number, request: string): Promise<string> {
  const [ip = ''] = resolveHost(process, host);
  const target = { ip, port, path: `/${request}`, host: `${host}:${port}` };
  const headers = [{ name: 'Host', value: target.host }];
  const { body } = await requestFrom(process, target, { headers, timeout: dialTimeout });
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** A line as Go's `log` prints it. */
function log(process: Process, text: string): void {
  const [date = '', time = ''] = new Date(process.clock.now()).toISOString().split('T');
  void process.stderr.write(`${date.replaceAll('-', '/')} ${time.slice(0, 8)} ${text}\n`);
}
