import type { TLSSocket } from 'node:tls';
import type { Peer } from '../door/index.ts';

/** The client does not change during a connection. */
const peers = new WeakMap<TLSSocket, Peer>();

/** The client of a connection: its address, and the subject of its certificate. */
export function peerOf(socket: TLSSocket): Peer {
  let peer = peers.get(socket);
  if (peer === undefined) {
    const certificate = certificateOf(socket);
    peer = { remoteAddress: socket.remoteAddress ?? '', ...(certificate === undefined ? {} : { certificate }) };
    peers.set(socket, peer);
  }
  return peer;
}

function certificateOf(socket: TLSSocket): Peer['certificate'] {
  const { subject } = socket.getPeerCertificate();
  // Node returns an empty object if there is no certificate.
  if (subject === undefined) return undefined;
  if (!socket.authorized) return 'untrusted';
  const { CN, O } = subject as { readonly [name: string]: string | readonly string[] | undefined };
  const commonName = typeof CN === 'string' ? CN : (CN?.[0] ?? '');
  if (commonName === '') return undefined;
  return { commonName, organizations: O === undefined ? [] : typeof O === 'string' ? [O] : O };
}
