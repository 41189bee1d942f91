import type { Container, Pod, Probe } from '@orrery/api';
import { errorText, type Milliseconds } from '@orrery/core';
import type { ContainerRuntime, HttpProbeRequest, HttpProbeResponse } from '@orrery/runtimes';
import { RuntimeError } from '@orrery/runtimes';
import { expand } from '../containers/expansion.ts';
import type { ProbeOutcome } from './probe-state.ts';

/** What a probe learned, with the text of its event. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  readonly message: string;
}

/** A probe made ready to run again and again. It answers at once where the runtime does. */
export type ProbeCall = () => ProbeResult | Promise<ProbeResult>;

const success: ProbeResult = { outcome: 'success', message: '' };

/** Makes the call of a probe for one running instance. `podIp` is where it is reached unless the probe names a host. */
export function probeCall(
  runtime: ContainerRuntime,
  pod: Pod,
  container: Container,
  probe: Probe,
  containerId: string,
  podIp: string,
): ProbeCall {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.exec !== undefined) {
    const command = (probe.exec.command ?? []).map((text) => expand(text, staticEnv(container)));
    return () => execProbe(runtime, containerId, command, timeout);
  }
  if (probe.httpGet !== undefined) {
    const request = httpRequest(probe.httpGet, container, podIp, timeout);
    if (typeof request === 'string') return () => ({ outcome: 'error', message: request });
    const { network } = runtime;
    const send = network.prepareHttpGet?.(request) ?? (() => network.httpGet(request));
    return () => httpProbe(runtime, request, send);
  }
  if (probe.tcpSocket !== undefined) {
    const port = portNumber(probe.tcpSocket.port, container);
    if (port === undefined) return () => ({ outcome: 'error', message: portError(probe.tcpSocket?.port) });
    const host = probe.tcpSocket.host || podIp;
    const { network } = runtime;
    const connect = network.prepareConnect?.(host, port, timeout) ?? (() => network.connect(host, port, timeout));
    return () => attempt(connect, connected);
  }
  const grpc = probe.grpc;
  if (grpc !== undefined) {
    return () =>
      attempt(
        () => runtime.network.grpcHealth(podIp, grpc.port, grpc.service ?? '', timeout),
        (status) =>
          status === 'SERVING'
            ? success
            : { outcome: 'failure', message: `service unhealthy (responded with "${status}")` },
      );
  }
  return () => ({
    outcome: 'error',
    message: `missing probe handler for ${pod.metadata.namespace}/${pod.metadata.name}:${container.name}`,
  });
}

/** Runs what may answer at once or later; a refusal to connect is a failure of the probe. */
function attempt<T>(call: () => T | Promise<T>, read: (answer: T) => ProbeResult): ProbeResult | Promise<ProbeResult> {
  try {
    const answer = call();
    return answer instanceof Promise ? answer.then(read, failed) : read(answer);
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): ProbeResult {
  return { outcome: 'failure', message: errorText(error) };
}

function connected(): ProbeResult {
  return success;
}

/** How many redirects a probe follows on its host. */
const maxRedirects = 10;

function httpProbe(
  runtime: ContainerRuntime,
  request: HttpProbeRequest,
  send: () => HttpProbeResponse | Promise<HttpProbeResponse>,
  followed = 0,
): ProbeResult | Promise<ProbeResult> {
  try {
    const answer = send();
    if (!(answer instanceof Promise)) return readResponse(runtime, request, answer, followed);
    return answer.then((response) => readResponse(runtime, request, response, followed)).catch(failed);
  } catch (error) {
    return failed(error);
  }
}

function readResponse(
  runtime: ContainerRuntime,
  request: HttpProbeRequest,
  response: HttpProbeResponse,
  followed: number,
): ProbeResult | Promise<ProbeResult> {
  if (response.status >= 200 && response.status < 300) return success;
  const next = redirect(response, request);
  if (next === undefined) return httpResult(response);
  if (followed === maxRedirects) return { outcome: 'failure', message: `stopped after ${maxRedirects} redirects` };
  return httpProbe(runtime, next, () => runtime.network.httpGet(next), followed + 1);
}

/** What an answer means that is not followed: 200 to 399 is success, with a warning if it leads off the host. */
function httpResult({ status, body }: HttpProbeResponse): ProbeResult {
  if (status >= 200 && status < 300) return success;
  if (status >= 300 && status < 400) {
    return { outcome: 'warning', message: `Probe terminated redirects, Response body: ${body.slice(0, 10_240)}` };
  }
  return { outcome: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
}

/** The request that a redirect asks for; undefined if the answer is none, or leads to another host. */
function redirect(response: HttpProbeResponse, request: HttpProbeRequest): HttpProbeRequest | undefined {
  if (response.status < 300 || response.status >= 400) return undefined;
  const location = response.headers.location ?? response.headers.Location;
  const host = request.host.includes(':') ? `[${request.host}]` : request.host;
  const base = `${request.scheme}://${host}:${request.port}${request.path}`;
  if (location === undefined || !URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  if (url.hostname !== new URL(base).hostname) return undefined;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    ...request,
    scheme,
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
  };
}

async function execProbe(
  runtime: ContainerRuntime,
  containerId: string,
  command: readonly string[],
  timeout: Milliseconds,
): Promise<ProbeResult> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, timeout);
    return exitCode === 0 ? success : { outcome: 'failure', message: (stdout + stderr).slice(0, 10_240) };
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 'DeadlineExceeded') {
      return {
        outcome: 'failure',
        message: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeout / 1000}s`,
      };
    }
    return { outcome: 'error', message: errorText(error) };
  }
}

type HttpGet = NonNullable<Probe['httpGet']>;

const probeAgent = { name: 'User-Agent', value: 'kube-probe/1.35' };

/** The request of an httpGet probe or hook; a text says why there is none. */
export function httpRequest(
  action: HttpGet,
  container: Container,
  podIp: string,
  timeout: Milliseconds,
): HttpProbeRequest | string {
  const port = portNumber(action.port, container);
  if (port === undefined) return portError(action.port);
  const given = (action.httpHeaders ?? []).map(({ name, value }) => ({ name, value }));
  const has = (name: string) => given.find((header) => header.name.toLowerCase() === name);
  const accept = has('accept');
  const headers = given.filter((header) => header !== accept);
  if (has('user-agent') === undefined) headers.push(probeAgent);
  if (accept === undefined) headers.push({ name: 'Accept', value: '*/*' });
  else if (accept.value !== '') headers.push(accept);
  const path = action.path === undefined || action.path === '' ? '/' : action.path;
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host || podIp,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    headers,
    timeout,
  };
}

/** A port given as a number, a container port's name, or a number in text; undefined if it is none from 1 to 65535. */
export function portNumber(port: number | string, container: Container): number | undefined {
  const number =
    typeof port === 'number'
      ? port
      : (container.ports?.find(({ name }) => name === port)?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : 0));
  return number > 0 && number < 65536 ? number : undefined;
}

function portError(port: number | string | undefined): string {
  return typeof port === 'number' ? `invalid port number: ${port}` : `couldn't find port: ${JSON.stringify(port)}`;
}

/** Probes see only values that stand in the spec: a variable from somewhere else is empty (Kubernetes expands it to nothing). */
function staticEnv(container: Container): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  for (const { name, value = '' } of container.env ?? []) env.set(name, value);
  return env;
}
