import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { failures } from '@orrery/api';
import type { WebSocket } from 'ws';

/** Maximum size of a WebSocket message from a client in bytes. */
const maxMessageBytes = 16 * 1024 * 1024;

/** A request to change the protocol of its connection. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes already received after the request. */
  readonly head: Buffer;
}

/** Completes the WebSocket handshake. @throws StatusError BadRequest for an invalid handshake */
export async function acceptWebSocket({ request, socket, head }: Upgrade, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  // The library accepts only names without a slash, unlike `SPDY/3.1+portforward.k8s.io`, so the header is written here.
  delete request.headers['sec-websocket-protocol'];
  server.on('headers', (headers) => {
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  return new Promise((resolve, reject) => {
    server.on('wsClientError', (error) => reject(failures.badRequest(error.message)));
    server.handleUpgrade(request, socket, head, (accepted) => {
      // Every error of a WebSocket is followed by its close event, which is handled instead.
      accepted.on('error', () => undefined);
      resolve(accepted);
    });
  });
}

/** Accepts SPDY; from here on the socket carries its frames. */
export function acceptSpdy({ socket, head }: Upgrade, protocol: string): Duplex {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    ...(protocol === '' ? [] : [`X-Stream-Protocol-Version: ${protocol}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return socket;
}
