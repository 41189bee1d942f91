import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type ApiResponse, type ApiResponseHeaders, isSource } from '../door/index.ts';
import type { ResponseChannel } from './response-channel.ts';
import { streamBody } from './stream-body.ts';

/** Bodies longer than this are compressed for clients that accept it: 128 KiB, as in Kubernetes. */
const gzipFromBytes = 128 * 1024;

const compress = promisify(gzip);

/**
 * Sends a response. Resolves when it has been sent; if its body never ends by itself, like a watch, when it has begun.
 * @param closing aborted when the server closes: streamed responses then end cleanly
 */
export async function sendResponse(
  channel: ResponseChannel,
  { status, statusText, headers, body }: ApiResponse,
  closing: AbortSignal,
): Promise<void> {
  if (isSource(body)) {
    if (channel.body.destroyed) {
      body.cancel();
      return;
    }
    const encoding = body.compressible ? encodingOf(channel, status, headers) : { headers, gzipped: false };
    const head = { status, statusText, headers: encoding.headers, last: closing.aborted };
    if (channel.method === 'HEAD') {
      body.cancel();
      channel.head(head, 'none');
      channel.body.end();
      return;
    }
    channel.head(head, 'streamed');
    const over = streamBody(channel, body, { closing, gzipped: encoding.gzipped });
    if (!body.openEnded) await over;
    return;
  }
  const reusable = await channel.settle(status);
  const packed =
    body === undefined || body.length <= gzipFromBytes
      ? { headers, bytes: body }
      : await compressed(channel, status, headers, body);
  if (channel.body.destroyed) return;
  const length = String(packed.bytes?.length ?? 0);
  const sized: ApiResponseHeaders = status === 304 ? packed.headers : { ...packed.headers, 'content-length': length };
  const head = { status, statusText, headers: sized, last: !reusable || closing.aborted };
  channel.head(head, packed.bytes === undefined ? 'none' : 'complete');
  channel.body.end(packed.bytes);
}

async function compressed(
  channel: ResponseChannel,
  status: number,
  given: ApiResponseHeaders,
  body: Uint8Array,
): Promise<{ readonly headers: ApiResponseHeaders; readonly bytes: Uint8Array }> {
  const { headers, gzipped } = encodingOf(channel, status, given);
  // Level 1 costs a tenth of the default's time and gives most of its effect.
  return { headers, bytes: gzipped ? await compress(body, { level: constants.Z_BEST_SPEED }) : body };
}

/** Whether a long body is compressed for this client, with the headers to match. */
function encodingOf(
  { acceptEncoding }: ResponseChannel,
  status: number,
  given: ApiResponseHeaders,
): { readonly headers: ApiResponseHeaders; readonly gzipped: boolean } {
  const vary = given.vary === undefined ? 'Accept-Encoding' : `${given.vary}, Accept-Encoding`;
  const gzipped = status === 200 && acceptsGzip(acceptEncoding);
  return { headers: { ...given, vary, ...(gzipped ? { 'content-encoding': 'gzip' } : {}) }, gzipped };
}

function acceptsGzip(acceptEncoding: string): boolean {
  return acceptEncoding.split(',').some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}
