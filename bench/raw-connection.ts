import { connect, type TLSSocket } from 'node:tls';
import type { Access } from './served-cluster.ts';

/** A response, as little of it as a client needs that costs next to nothing itself. */
interface RawResponse {
  readonly status: number;
  /** Of head and body, with their framing. */
  readonly bytes: number;
  /** Where `continue` stands in lists: the head and the first bytes of the body. */
  readonly beginning: string;
}

/** A connection with HTTP/1.1 that is written and read by hand: with any library, the client would be what is measured. */
export interface RawConnection {
  readonly socket: TLSSocket;
  /** Sends a request and waits for all of its response. @throws Error if the connection ends */
  ask(method: string, path: string, body?: string): Promise<RawResponse>;
}

export async function openConnection({ url, ca, cert, key }: Access): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca, cert, key, ALPNProtocols: ['http/1.1'] });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return { socket, ask: (method, path, body) => exchange(socket, requestOf(method, path, body)) };
}

/** The bytes of a request. */
export function requestOf(method: string, path: string, body?: string): string {
  const entity =
    body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\nuser-agent: bench/1\r\n${entity}\r\n${body ?? ''}`;
}

const headBytes = 16_384;
const lastChunk = '0\r\n\r\n';

function exchange(socket: TLSSocket, request: string): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let beginning = '';
    let length: number | undefined;
    let tail = '';
    const failed = () => reject(new Error('the connection ended'));
    const read = (chunk: Buffer) => {
      if (beginning.length < headBytes) {
        beginning += chunk.toString('latin1', 0, headBytes);
        const end = beginning.indexOf('\r\n\r\n');
        const sized = /\r\ncontent-length: (\d+)\r\n/i.exec(beginning.slice(0, end + 2));
        if (sized !== null) length = end + 4 + Number(sized[1]);
      }
      bytes += chunk.length;
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - lastChunk.length))).slice(-lastChunk.length);
      if (length === undefined ? tail !== lastChunk : bytes < length) return;
      socket.off('data', read).off('close', failed);
      resolve({ status: Number(beginning.slice(9, 12)), bytes, beginning });
    };
    socket.on('data', read).once('close', failed);
    socket.write(request);
  });
}
