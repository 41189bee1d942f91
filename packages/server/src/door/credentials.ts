import { failures, textFromBase64url } from '@orrery/api';
import type { Credentials } from '../request-path.ts';
import { impersonation } from '../rest/impersonation.ts';
import type { ApiRequestHeaders, Peer } from './api-request.ts';

/**
 * Reads the credentials of a request: a bearer token, a client certificate, impersonation headers.
 * @throws StatusError Unauthorized for a certificate that the cluster's authority did not sign, or for a token that cannot be read
 */
export function credentialsOf(headers: ApiRequestHeaders, { certificate }: Peer): Credentials {
  if (certificate === 'untrusted') throw failures.unauthorized();
  const bearerToken = bearerOf(headers);
  const impersonate = impersonatedBy(headers);
  return {
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(impersonate === undefined ? {} : { impersonate }),
  };
}

/** Prefix of the WebSocket subprotocol by which browsers, which cannot set headers, send a token. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

function bearerOf(headers: ApiRequestHeaders): string | undefined {
  const authorization = headers.get('authorization');
  const match = authorization === null ? null : /^bearer +(\S+) *$/i.exec(authorization);
  if (match !== null) return match[1];
  const protocols = headers.get('sec-websocket-protocol');
  if (protocols === null) return undefined;
  const offered = protocols.split(',').map((protocol) => protocol.trim());
  const encoded = offered.find((protocol) => protocol.startsWith(tokenProtocol));
  if (encoded === undefined) return undefined;
  try {
    return textFromBase64url(encoded.slice(tokenProtocol.length));
  } catch {
    // Not a token of this cluster.
    throw failures.unauthorized();
  }
}

function impersonatedBy(headers: ApiRequestHeaders): Credentials['impersonate'] {
  let found = false;
  for (const name of headers.keys()) if (name.startsWith('impersonate-')) found = true;
  if (!found) return undefined;
  const values: { [name: string]: string[] } = Object.create(null);
  for (const [name, value] of headers.entries()) {
    const key = name.toLowerCase();
    values[key] = [...(values[key] ?? []), value];
  }
  return impersonation(values);
}
