import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { toBase64 } from '@orrery/api';
import type { Clock } from '@orrery/core';
import { channelProtocols } from '../../door/channel-protocols.ts';
import type {
  ApiDoor,
  ApiResponse,
  ApiUpgrade,
  CommandUpgrade,
  LogUpgrade,
  PortForwardUpgrade,
  TunnelUpgrade,
} from '../../door/index.ts';
import { pendingOutput } from '../../door/pending-bytes.ts';
import { peerOf } from '../client-certificate.ts';
import { endSocket } from '../end-socket.ts';
import { Http1Channel } from '../http1-channel.ts';
import { IncomingRequest } from '../incoming-request.ts';
import { connectToPort } from '../proxy/port-socket.ts';
import { sendResponse } from '../send-response.ts';
import { type CommandChannels, connectCommand } from './command.ts';
import { acceptSpdy, acceptWebSocket, type Upgrade } from './handshake.ts';
import { forwardPorts } from './port-forward.ts';
import { spdyChannels } from './spdy-command.ts';
import { webSocketChannels } from './websocket-command.ts';

/** The services that upgrades use. */
export interface UpgradeContext {
  readonly door: ApiDoor;
  /** Times TLS handshakes with Pods. */
  readonly clock: Clock;
  /** Aborted when the server closes: all streams end. */
  readonly closing: AbortSignal;
}

/** Answers a request to change the protocol of its connection, and carries out what the front door agrees to. */
export async function handleUpgrade(context: UpgradeContext, upgrade: Upgrade): Promise<void> {
  const { request, socket } = upgrade;
  // A disconnected client is detected by the socket's close event.
  socket.on('error', () => undefined);
  const to = /^websocket$/i.test(request.headers.upgrade ?? '') ? 'websocket' : 'spdy';
  const answer = await context.door.upgrade(new IncomingRequest(request, socket), peerOf(socket as TLSSocket), to);
  if ('status' in answer) return refuse(context, upgrade, answer);
  try {
    await carryOut(context, answer, upgrade);
  } catch (error) {
    await refuse(context, upgrade, await answer.refuse(error));
  }
}

/** Refuses over HTTP, which the connection still speaks. */
async function refuse({ closing }: UpgradeContext, { request, socket }: Upgrade, answer: ApiResponse): Promise<void> {
  if (socket.destroyed) return;
  // Imported as a module, it loads Node's whole HTTP client, which a server that starts does not wait for.
  const { ServerResponse } = await import('node:http');
  if (socket.destroyed) return;
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  response.on('finish', () => endSocket(socket));
  const { headers } = answer;
  const channel = new Http1Channel(request, response);
  await sendResponse(channel, { ...answer, headers: { ...headers, connection: 'close' } }, closing);
}

function carryOut(context: UpgradeContext, { action, record }: ApiUpgrade, upgrade: Upgrade): Promise<void> {
  switch (action.type) {
    case 'exec':
    case 'attach':
      return command(context, action, upgrade);
    case 'log':
      return log(context, action, upgrade, record);
    case 'portforward':
      return portForward(context, action, upgrade, record);
    case 'tunnel':
      return tunnel(context, action, upgrade);
  }
}

async function command(context: UpgradeContext, action: CommandUpgrade, upgrade: Upgrade): Promise<void> {
  const { type, session, wanted } = action;
  if (upgrade.socket.destroyed) {
    session.close();
    return;
  }
  let channels: CommandChannels;
  try {
    channels = await channelsFor(context, action, upgrade);
  } catch (error) {
    session.close();
    throw error;
  }
  connectCommand(type, session, wanted, channels);
  onClosing(context, upgrade, () => channels.drop());
}

async function channelsFor(
  { clock }: UpgradeContext,
  { over, protocol, wanted }: CommandUpgrade,
  upgrade: Upgrade,
): Promise<CommandChannels> {
  if (over === 'spdy')
    return spdyChannels(clock, acceptSpdy(upgrade, protocol), wanted, protocol === 'v4.channel.k8s.io');
  const first = wanted.stdout ? 'stdout' : wanted.stderr ? 'stderr' : 'error';
  const spoken = channelProtocols[protocol] ?? { base64: false, json: false, closes: false };
  return webSocketChannels(await acceptWebSocket(upgrade, protocol), spoken, first);
}

type Record = ApiUpgrade['record'];

async function log(
  context: UpgradeContext,
  { protocol, chunks }: LogUpgrade,
  upgrade: Upgrade,
  record: Record,
): Promise<void> {
  const socket = await acceptWebSocket(upgrade, protocol);
  const subscription = chunks.subscribe({
    next: (chunk) => {
      socket.send(protocol === 'base64.binary.k8s.io' ? toBase64(chunk) : chunk, () => {
        if (socket.readyState === socket.OPEN) pendingOutput.exceeds(socket, socket.bufferedAmount);
      });
      if (pendingOutput.exceeds(socket, socket.bufferedAmount)) socket.terminate();
    },
    error: (error: unknown) => {
      record('debug', 'log broke off', error);
      socket.close(1011);
    },
    complete: () => socket.close(1000),
  });
  socket.on('close', () => {
    pendingOutput.release(socket);
    subscription.unsubscribe();
  });
  onClosing(context, upgrade, () => socket.close(1001));
}

async function portForward(
  context: UpgradeContext,
  { over, protocol, node, target }: PortForwardUpgrade,
  upgrade: Upgrade,
  record: Record,
): Promise<void> {
  const connection = forwardPorts(await transportFor(over, protocol, upgrade), node, target);
  onClosing(context, upgrade, () => connection.close());
  void connection.closed.then((error) => {
    if (error !== undefined) record('debug', 'port-forward connection broke', error);
  });
}

async function transportFor(over: 'websocket' | 'spdy', protocol: string, upgrade: Upgrade) {
  if (over === 'spdy') return acceptSpdy(upgrade, protocol);
  const { createWebSocketStream } = await import('ws');
  return createWebSocketStream(await acceptWebSocket(upgrade, protocol));
}

/** Pipes raw bytes in both directions. @throws StatusError ServiceUnavailable before the first byte */
async function tunnel(
  { clock, closing }: UpgradeContext,
  { backend, request }: TunnelUpgrade,
  { socket, head }: Upgrade,
): Promise<void> {
  const target = await connectToPort(clock, backend);
  if (socket.destroyed) {
    target.destroy();
    return;
  }
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  target.write(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  target.write(head);
  target.pipe(socket).pipe(target);
  const end = () => {
    closing.removeEventListener('abort', end);
    target.destroy();
    socket.destroy();
  };
  target.on('error', end).on('close', end);
  socket.on('close', end);
  closing.addEventListener('abort', end);
}

/** Ends a stream when the server closes, unless its connection has already ended. */
function onClosing({ closing }: UpgradeContext, { socket }: Upgrade, end: () => void): void {
  closing.addEventListener('abort', end);
  socket.on('close', () => closing.removeEventListener('abort', end));
}
