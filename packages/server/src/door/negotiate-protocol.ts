import { failures } from '@orrery/api';
import type { ApiRequestHeaders } from './api-request.ts';

/**
 * The subprotocol that both sides of a WebSocket speak; `''` if the client names none.
 * @throws StatusError BadRequest if it names only others
 */
export function webSocketProtocol(headers: ApiRequestHeaders, spoken: readonly string[]): string {
  const offered = list(headers.get('sec-websocket-protocol'));
  const relevant = offered.filter((protocol) => !protocol.startsWith('base64url.bearer.'));
  const common = relevant.find((protocol) => spoken.includes(protocol));
  if (common === undefined && relevant.length > 0) {
    throw failures.badRequest(
      `unable to upgrade: client supports the subprotocols [${relevant.join(' ')}], server accepts [${spoken.join(' ')}]`,
    );
  }
  return common ?? '';
}

/**
 * The stream protocol that both sides speak over SPDY; `''` if the client names none.
 * @throws StatusError Forbidden if it names only others
 */
export function spdyProtocol(headers: ApiRequestHeaders, spoken: readonly string[]): string {
  const offered = list(headers.get('x-stream-protocol-version'));
  const common = offered.find((protocol) => spoken.includes(protocol));
  if (common === undefined && offered.length > 0) {
    throw failures.forbidden(
      { group: '', resource: '' },
      '',
      `unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${spoken.join(' ')}]`,
    );
  }
  return common ?? '';
}

function list(header: string | null): string[] {
  return (header ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
