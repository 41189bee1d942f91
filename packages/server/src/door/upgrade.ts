import { failures, StatusError } from '@orrery/api';
import { EMPTY, type Observable } from 'rxjs';
import type { ContainerTarget, NodeApi, StreamSession } from '../node-api.ts';
import type { RequestScope } from '../request-path.ts';
import { containerOf } from '../rest/containers.ts';
import { boolean } from '../rest/query.ts';
import { parseTarget } from '../rest/request-target.ts';
import type { ApiResponse } from './api-response.ts';
import { channelProtocols, commandProtocols, logProtocols, portForwardProtocols } from './channel-protocols.ts';
import { authorizePath } from './documents.ts';
import type { Exchange } from './exchange.ts';
import { openLog } from './log-body.ts';
import { spdyProtocol, webSocketProtocol } from './negotiate-protocol.ts';
import { type ProxyTunnel, proxyTunnel } from './proxy/proxy.ts';
import type { Failure } from './record.ts';
import { KubeletRefusal, refusal } from './refusal.ts';
import { requested } from './resource.ts';

/** A change of protocol that the front door agrees to: the adapter accepts it and carries it out on its connection. */
export interface ApiUpgrade {
  readonly action: UpgradeAction;
  /** The response if the upgrade fails. */
  refuse(error: unknown): Promise<ApiResponse>;
  /** Records an error that occurs later. */
  record(level: Failure['level'], message: string, error: unknown): void;
}

/** The protocol that a connection changes to. */
type UpgradeAction = CommandUpgrade | LogUpgrade | PortForwardUpgrade | TunnelUpgrade;

/** The negotiated protocol. */
interface Agreed {
  readonly over: 'websocket' | 'spdy';
  /** The subprotocol of the WebSocket, or the stream protocol over SPDY; `''` if the client names none. */
  readonly protocol: string;
}

/** The streams of a command, or of a container's main process. Its session is already running: an adapter that fails closes it. */
export interface CommandUpgrade extends Agreed {
  readonly type: 'exec' | 'attach';
  readonly session: StreamSession;
  readonly wanted: CommandStreams;
}

/** Which of a process's streams the client asked for. */
export interface CommandStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A log as a sequence of messages. How it ended is not reported. */
export interface LogUpgrade extends Agreed {
  readonly type: 'log';
  readonly chunks: Observable<Uint8Array>;
}

/** Connections to ports of a Pod. */
export interface PortForwardUpgrade extends Agreed {
  readonly type: 'portforward';
  readonly node: NodeApi;
  readonly target: Omit<ContainerTarget, 'container'>;
}

/** Raw bytes in both directions between the client and a port of a Pod. */
export interface TunnelUpgrade extends ProxyTunnel {
  readonly type: 'tunnel';
}

/** Decides which protocol a connection changes to. @throws StatusError, KubeletRefusal */
export async function upgradeOf(exchange: Exchange, over: Agreed['over']): Promise<ApiUpgrade> {
  return {
    action: await actionOf(exchange, over),
    refuse: (error) => refusal(exchange, error),
    record: (level, message, error) => exchange.record(level, message, error),
  };
}

async function actionOf(exchange: Exchange, over: Agreed['over']): Promise<UpgradeAction> {
  await exchange.authenticate();
  const target = parseTarget(exchange.path);
  if (target.type !== 'resource') {
    await authorizePath(exchange, target.path);
    throw failures.noSuchPath();
  }
  const { scope, verb } = await requested(exchange, target);
  if (verb === 'connect' && scope.subresource === 'proxy')
    return { type: 'tunnel', ...(await proxyTunnel(exchange, scope)) };
  const subresource = verb === 'connect' || verb === 'get' ? scope.subresource : '';
  switch (subresource) {
    case 'exec':
    case 'attach':
      return command(exchange, scope, subresource, over);
    case 'portforward':
      return portForward(exchange, scope, over);
    case 'log':
      return log(exchange, scope, over);
    default:
      throw failures.badRequest('this request cannot be upgraded: only exec, attach, portforward and log of Pods can');
  }
}

async function command(
  exchange: Exchange,
  scope: RequestScope,
  type: 'exec' | 'attach',
  over: Agreed['over'],
): Promise<CommandUpgrade> {
  const { context, query, request } = exchange;
  const given = (name: string) => boolean(query, name) ?? false;
  const tty = given('tty');
  // A terminal has one output.
  const wanted: CommandStreams = { stdin: given('stdin'), stdout: given('stdout'), stderr: given('stderr') && !tty };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw failures.badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const commandLine = query.getAll('command');
  if (type === 'exec' && commandLine.length === 0) throw failures.badRequest('you must specify a command to run');
  const { pod, node } = await context.requestPath.node(scope);
  const container = containerOf(pod, query.get('container') ?? '', 'first');
  const { namespace = '', name, uid } = pod.metadata;
  const protocol =
    over === 'websocket'
      ? webSocketProtocol(request.headers, Object.keys(channelProtocols))
      : spdyProtocol(request.headers, commandProtocols);
  const target = { namespace, pod: name, uid, container };
  const session = await startSession(() =>
    type === 'exec'
      ? node.exec(target, { command: commandLine, ...wanted, tty })
      : node.attach(target, { ...wanted, tty }),
  );
  return { type, over, protocol, session, wanted };
}

/**
 * Runs before the upgrade, so that a container that is not running is a plain refusal. A runtime's failure is reported on the
 * error stream, as by a kubelet, which calls the runtime after it has opened the streams.
 */
async function startSession(start: () => Promise<StreamSession>): Promise<StreamSession> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof StatusError)) return failedSession(error);
    throw error.code === 500 ? new KubeletRefusal(error.message, { cause: error }) : error;
  }
}

function failedSession(error: unknown): StreamSession {
  const exit = Promise.reject<{ exitCode: number }>(error);
  // The client may be gone by now.
  exit.catch(() => undefined);
  return {
    stdin: { write: () => {}, end: () => {} },
    stdout: EMPTY,
    stderr: EMPTY,
    exit,
    resize: () => {},
    hold: () => {},
    close: () => {},
  };
}

async function log(exchange: Exchange, scope: RequestScope, over: Agreed['over']): Promise<LogUpgrade> {
  if (over !== 'websocket') throw failures.badRequest('a log is streamed over HTTP or a WebSocket');
  const protocol = webSocketProtocol(exchange.request.headers, logProtocols);
  return { type: 'log', over, protocol, chunks: await openLog(exchange, scope) };
}

async function portForward(
  { context, request }: Exchange,
  scope: RequestScope,
  over: Agreed['over'],
): Promise<PortForwardUpgrade> {
  const { pod, node } = await context.requestPath.node(scope);
  const { namespace = '', name, uid } = pod.metadata;
  const spoken = portForwardProtocols[over];
  const protocol =
    over === 'websocket' ? webSocketProtocol(request.headers, [spoken]) : spdyProtocol(request.headers, [spoken]);
  if (over === 'websocket' && protocol === '') {
    throw failures.badRequest(`unable to upgrade: the subprotocol ${spoken} is required`);
  }
  return { type: 'portforward', over, protocol, node, target: { namespace, pod: name, uid } };
}
