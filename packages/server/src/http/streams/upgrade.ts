import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { failures, StatusError } from '@orrery/api';
import { EMPTY } from 'rxjs';
import type { StreamSession } from '../../node-api.ts';
import type { RequestScope } from '../../request-path.ts';
import { containerOf } from '../../rest/containers.ts';
import { boolean } from '../../rest/query.ts';
import { parseTarget } from '../../rest/request-target.ts';
import { resourceRequest } from '../../rest/resource-request.ts';
import { type Exchange, open, refuse, type Server, tell } from '../exchange.ts';
import { openLog } from '../logs.ts';
import { maxPendingBytes } from '../pending-bytes.ts';
import { tunnelProxied } from '../proxy/proxy.ts';
import { lineOf } from '../resource.ts';
import { type CommandChannels, type CommandStreams, connectCommand } from './command.ts';
import {
  acceptSpdy,
  acceptWebSocket,
  spdyProtocol,
  type Upgrade,
  wantsWebSocket,
  webSocketProtocol,
} from './handshake.ts';
import { forwardPorts } from './port-forward.ts';
import { spdyChannels } from './spdy-command.ts';
import { channelProtocols, webSocketChannels } from './websocket-command.ts';

/** Answers a request to upgrade its connection: exec, attach, port-forward and log of Pods. Never rejects. */
export async function handleUpgrade(server: Server, upgrade: Upgrade): Promise<void> {
  const { request, socket } = upgrade;
  // A client that goes away is noticed by the socket's close.
  socket.on('error', () => undefined);
  const response = new ServerResponse(request);
  try {
    const exchange = await open(server, request, response);
    const target = parseTarget(exchange.path);
    if (target.type !== 'resource') throw failures.noSuchPath();
    const { scope, verb } = await resourceRequest(server.requestPath, lineOf(exchange), target);
    if (verb === 'connect' && scope.subresource === 'proxy')
      return await tunnelProxied(server, exchange, scope, upgrade);
    const subresource = scope.kind.kind === 'Pod' && (verb === 'connect' || verb === 'get') ? scope.subresource : '';
    switch (subresource) {
      case 'exec':
      case 'attach':
        return await command(server, exchange, scope, subresource, upgrade);
      case 'portforward':
        return await portForward(server, exchange, scope, upgrade);
      case 'log':
        return await log(server, exchange, scope, upgrade);
      default:
        throw failures.badRequest(
          'this request cannot be upgraded: only exec, attach, portforward and log of Pods can',
        );
    }
  } catch (error) {
    if (socket.destroyed) return;
    response.assignSocket(socket as Socket);
    response.setHeader('connection', 'close');
    response.on('finish', () => socket.end());
    if (error instanceof KubeletRefusal) {
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(error.message);
      return;
    }
    await refuse(server, request, response, error);
  }
}

/** What a kubelet refuses to stream: its words pass through the API server as they are, and clients quote them. */
class KubeletRefusal extends Error {
  override readonly name = 'KubeletRefusal';
}

const commandProtocols = Object.keys(channelProtocols);
const spdyCommandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

async function command(
  server: Server,
  { query, request }: Exchange,
  scope: RequestScope,
  type: 'exec' | 'attach',
  upgrade: Upgrade,
): Promise<void> {
  const given = (name: string) => boolean(query, name) ?? false;
  const tty = given('tty');
  // A terminal has one output.
  const wanted: CommandStreams = { stdin: given('stdin'), stdout: given('stdout'), stderr: given('stderr') && !tty };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
    throw failures.badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const commandLine = query.getAll('command');
  if (type === 'exec' && commandLine.length === 0) throw failures.badRequest('you must specify a command to run');
  const { pod, node } = await server.requestPath.node(scope);
  const container = containerOf(pod, query.get('container') ?? '', 'first');
  const { namespace = '', name, uid } = pod.metadata;
  const webSocket = wantsWebSocket(request);
  const protocol = webSocket
    ? webSocketProtocol(request, commandProtocols)
    : spdyProtocol(request, spdyCommandProtocols);
  const target = { namespace, pod: name, uid, container };
  const session = await startSession(() =>
    type === 'exec'
      ? node.exec(target, { command: commandLine, ...wanted, tty })
      : node.attach(target, { ...wanted, tty }),
  );
  let channels: CommandChannels;
  try {
    if (webSocket) {
      const first = wanted.stdout ? 'stdout' : wanted.stderr ? 'stderr' : 'error';
      const spoken = channelProtocols[protocol || 'channel.k8s.io'] ?? { base64: false, json: false, closes: false };
      channels = webSocketChannels(await acceptWebSocket(upgrade, protocol), spoken, first);
    } else {
      channels = spdyChannels(acceptSpdy(upgrade, protocol), wanted, protocol === 'v4.channel.k8s.io');
    }
  } catch (error) {
    session.close();
    throw error;
  }
  connectCommand(type, session, wanted, channels);
  onClosing(server, upgrade, () => channels.drop());
}

/**
 * Asked before the upgrade, so that a container that does not run is a plain refusal. What the runtime cannot run is told on
 * the error stream, as by a kubelet, which asks it when the streams stand.
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
  // It may be that nobody listens any more.
  exit.catch(() => undefined);
  return {
    stdin: { write: () => {}, end: () => {} },
    stdout: EMPTY,
    stderr: EMPTY,
    exit,
    resize: () => {},
    close: () => {},
  };
}

/** Streams a log in messages of its own: binary, or base64 in text. Nothing tells how it ended. */
async function log(server: Server, exchange: Exchange, scope: RequestScope, upgrade: Upgrade): Promise<void> {
  const { request } = exchange;
  if (!wantsWebSocket(request)) throw failures.badRequest('a log is streamed over HTTP or a WebSocket');
  const protocol = webSocketProtocol(request, ['binary.k8s.io', 'base64.binary.k8s.io']);
  const chunks = await openLog(server, exchange, scope);
  const socket = await acceptWebSocket(upgrade, protocol);
  const subscription = chunks.subscribe({
    next: (chunk) => {
      socket.send(protocol === 'base64.binary.k8s.io' ? Buffer.from(chunk).toString('base64') : chunk);
      if (socket.bufferedAmount > maxPendingBytes) socket.terminate();
    },
    error: (error: unknown) => {
      tell(server, request, 'debug', 'log broke off', error);
      socket.close(1011);
    },
    complete: () => socket.close(1000),
  });
  socket.on('close', () => subscription.unsubscribe());
  onClosing(server, upgrade, () => socket.close(1001));
}

/** Prefix of WebSocket subprotocols under which SPDY frames travel in binary messages (KEP-4006). */
const tunnel = 'SPDY/3.1+portforward.k8s.io';

async function portForward(
  server: Server,
  { request }: Exchange,
  scope: RequestScope,
  upgrade: Upgrade,
): Promise<void> {
  const { pod, node } = await server.requestPath.node(scope);
  const { namespace = '', name, uid } = pod.metadata;
  const target = { namespace, pod: name, uid };
  if (wantsWebSocket(request)) {
    const protocol = webSocketProtocol(request, [tunnel]);
    if (protocol === '') throw failures.badRequest(`unable to upgrade: the subprotocol ${tunnel} is required`);
    const { createWebSocketStream } = await import('ws');
    const transport = createWebSocketStream(await acceptWebSocket(upgrade, protocol));
    watchOver(server, upgrade, forwardPorts(transport, node, target));
  } else {
    const protocol = spdyProtocol(request, ['portforward.k8s.io']);
    watchOver(server, upgrade, forwardPorts(acceptSpdy(upgrade, protocol), node, target));
  }
}

function watchOver(server: Server, upgrade: Upgrade, connection: ReturnType<typeof forwardPorts>): void {
  onClosing(server, upgrade, () => connection.close());
  void connection.closed.then((error) => {
    if (error !== undefined) tell(server, upgrade.request, 'debug', 'port-forward connection broke', error);
  });
}

/** Ends a stream when the server closes, unless its connection has ended before. */
function onClosing({ closing }: Server, { socket }: Upgrade, end: () => void): void {
  closing.addEventListener('abort', end);
  socket.on('close', () => closing.removeEventListener('abort', end));
}
