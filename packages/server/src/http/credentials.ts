import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { failures } from '@orrery/api';
import type { Credentials } from '../request-path.ts';
import { impersonation } from '../rest/impersonation.ts';

type Certificate = NonNullable<Credentials['certificate']>;

/** The subject does not change while a connection lives. */
const certificates = new WeakMap<TLSSocket, Certificate | 'none'>();

/**
 * What a request presents: a bearer token, a client certificate, headers that impersonate.
 * @throws StatusError Unauthorized for a certificate that the cluster's authority did not sign
 */
export function credentialsOf(request: IncomingMessage): Credentials {
  const bearerToken = bearerOf(request);
  const certificate = certificateOf(request.socket as TLSSocket);
  const impersonate = impersonation(request.headersDistinct);
  return {
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(impersonate === undefined ? {} : { impersonate }),
  };
}

/** Prefix of the WebSocket subprotocol by which browsers, which cannot set headers, send a token. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

function bearerOf(request: IncomingMessage): string | undefined {
  const match = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '');
  if (match !== null) return match[1];
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const encoded = offered.find((protocol) => protocol.startsWith(tokenProtocol));
  return encoded === undefined ? undefined : Buffer.from(encoded.slice(tokenProtocol.length), 'base64url').toString();
}

function certificateOf(socket: TLSSocket): Certificate | undefined {
  let known = certificates.get(socket);
  if (known === undefined) {
    known = subjectOf(socket) ?? 'none';
    certificates.set(socket, known);
  }
  return known === 'none' ? undefined : known;
}

function subjectOf(socket: TLSSocket): Certificate | undefined {
  const peer = socket.getPeerCertificate();
  // Node gives an empty object where there is no certificate.
  if (peer.subject === undefined) return undefined;
  if (!socket.authorized) throw failures.unauthorized();
  const { CN, O } = peer.subject as { readonly [name: string]: string | readonly string[] | undefined };
  const commonName = typeof CN === 'string' ? CN : (CN?.[0] ?? '');
  if (commonName === '') return undefined;
  return { commonName, organizations: O === undefined ? [] : typeof O === 'string' ? [O] : O };
}
