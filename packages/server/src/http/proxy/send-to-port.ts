import type { ClientRequest, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Clock } from '@orrery/core';
import type { BodyController, BodySource, ForwardedRequest, ForwardedResponse, SendToPort } from '../../door/index.ts';
import { connectToPort, unreachable } from './port-socket.ts';

/**
 * Speaks HTTP/1.1 to ports of Pods, for the front door's proxy.
 * @param clock times TLS handshakes
 */
export function httpToPorts(clock: Clock): SendToPort {
  return async (backend, forwarded) => {
    // Imported as a module, it loads Node's whole HTTP client, which a server that starts does not wait for.
    const { request: startRequest } = await import('node:http');
    const socket = await connectToPort(clock, backend);
    if (forwarded.signal.aborted) socket.destroy();
    const outgoing = startRequest({
      createConnection: () => socket,
      method: forwarded.method,
      path: forwarded.path,
      headers: forwarded.headers.flat(),
      setHost: false,
    });
    return answered(outgoing, forwarded);
  };
}

function answered(outgoing: ClientRequest, { body, signal }: ForwardedRequest): Promise<ForwardedResponse> {
  return new Promise((resolve, reject) => {
    const abandon = () => outgoing.destroy();
    signal.addEventListener('abort', abandon);
    outgoing.on('close', () => signal.removeEventListener('abort', abandon));
    outgoing.on('error', (error) => reject(unreachable(error)));
    outgoing.on('response', (incoming: IncomingMessage) => {
      const { statusCode = 502, statusMessage = '', rawHeaders } = incoming;
      const names = rawHeaders.filter((_, at) => at % 2 === 0);
      const headers = names.map((name, at) => [name, rawHeaders[2 * at + 1] ?? ''] as const);
      resolve({ status: statusCode, statusText: statusMessage, headers, body: new IncomingBody(outgoing, incoming) });
    });
    if (body === null) outgoing.end();
    // An error on either side ends the request, which reports it.
    else pipeline(body, outgoing, () => undefined);
  });
}

/** The streamed body of a port's response. */
class IncomingBody implements BodySource {
  readonly openEnded = false;
  readonly compressible = false;
  readonly #outgoing: ClientRequest;
  readonly #incoming: IncomingMessage;

  constructor(outgoing: ClientRequest, incoming: IncomingMessage) {
    this.#outgoing = outgoing;
    this.#incoming = incoming;
    // It can fail before it is read.
    incoming.on('error', () => undefined);
  }

  start(controller: BodyController): void {
    const incoming = this.#incoming;
    incoming.on('error', (error) => controller.error(error));
    incoming.on('end', () => controller.close());
    incoming.on('data', (chunk: Buffer) => {
      controller.enqueue(chunk);
      if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
    });
  }

  pull(): void {
    this.#incoming.resume();
  }

  cancel(): void {
    this.#outgoing.destroy();
  }
}
