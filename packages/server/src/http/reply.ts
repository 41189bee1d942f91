import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { failures, type Status, StatusError } from '@orrery/api';
import type { Representation } from '../rest/media-type.ts';
import { jsonBytes } from './json-bytes.ts';

/** Bodies longer than this are compressed for clients that ask: 128 KiB, as in Kubernetes. */
const gzipFromBytes = 128 * 1024;

const compress = promisify(gzip);

/** One answer: what goes into it besides the body. */
export interface ReplyOptions {
  readonly code?: number;
  readonly contentType: string;
  readonly headers?: { readonly [name: string]: string };
}

/** Sends a whole body. */
export async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  { code = 200, contentType, headers = {} }: ReplyOptions,
): Promise<void> {
  const packed = body.length > gzipFromBytes && code === 200 && takesGzip(request);
  // Level 1 costs a tenth of the default's time and gives most of its effect.
  const bytes = packed ? await compress(body, { level: constants.Z_BEST_SPEED }) : body;
  if (response.destroyed) return;
  response.writeHead(code, {
    ...headers,
    'content-type': contentType,
    'content-length': bytes.length,
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
    ...(body.length > gzipFromBytes ? { vary: 'Accept-Encoding' } : {}),
  });
  response.end(bytes);
}

function takesGzip(request: IncomingMessage): boolean {
  return (request.headers['accept-encoding'] ?? '')
    .toString()
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

/** Sends JSON that is bytes already, as the client wants to see it. */
export async function replyJson(
  request: IncomingMessage,
  response: ServerResponse,
  json: Buffer,
  {
    encoding,
    pretty,
    code,
  }: { readonly encoding: Representation['encoding']; readonly pretty: boolean; readonly code?: number },
): Promise<void> {
  const status = code === undefined ? {} : { code };
  if (encoding === 'yaml') {
    const { stringify } = await import('yaml');
    const text = stringify(JSON.parse(json.toString()), { aliasDuplicateObjects: false });
    return reply(request, response, Buffer.from(text), { ...status, contentType: 'application/yaml' });
  }
  const body = pretty ? Buffer.from(`${JSON.stringify(JSON.parse(json.toString()), null, 2)}\n`) : json;
  return reply(request, response, body, { ...status, contentType: 'application/json' });
}

/** Any error as the Status that the client gets; what is no StatusError is an internal error. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  return failures.internal(error instanceof Error ? error.message : String(error)).status;
}

/** Sends a refusal. Nothing is sent if an answer has begun already: the connection is cut, so that the client notices. */
export function replyStatus(response: ServerResponse, status: Status): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = jsonBytes(status);
  const retryAfter = status.details?.retryAfterSeconds;
  response.writeHead(isErrorCode(status.code) ? status.code : 500, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(retryAfter === undefined || retryAfter === 0 ? {} : { 'retry-after': String(retryAfter) }),
  });
  response.end(body);
}

function isErrorCode(code: number | undefined): code is number {
  return code !== undefined && code >= 400 && code <= 599;
}

/** Value of a `Warning` header (RFC 7234, code 299) that says `text`. */
export function warningHeader(text: string): string {
  const printable = [...text]
    .filter((char) => !/\p{Cc}/u.test(char))
    .join('')
    .replace(/["\\]/g, '\\$&');
  // Headers are written as Latin-1: this makes their bytes those of UTF-8.
  return `299 - "${Buffer.from(printable).toString('latin1')}"`;
}
