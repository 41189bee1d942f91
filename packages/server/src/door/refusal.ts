import { failures, type Status, StatusError } from '@orrery/api';
import { errorText } from '@orrery/core';
import { negotiate, type Representation } from '../rest/media-type.ts';
import type { ApiResponse } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import { jsonBytes } from './json-bytes.ts';
import { replyJson, replyText } from './reply.ts';

/** What a kubelet refuses to stream: its words pass through the API server as they are, and clients quote them. */
export class KubeletRefusal extends Error {
  override readonly name = 'KubeletRefusal';
}

/** The answer that says why there is none. An error that is no refusal is recorded too. */
export async function refusal(exchange: Exchange, error: unknown): Promise<ApiResponse> {
  if (error instanceof KubeletRefusal) return replyText(exchange, 500, error.message);
  if (!(error instanceof StatusError)) exchange.record('error', 'request failed', error);
  const status = statusOf(error);
  const retryAfter = status.details?.retryAfterSeconds ?? 0;
  return replyJson(exchange, jsonBytes(status), encodingFor(exchange), {
    status: isErrorCode(status.code) ? status.code : 500,
    ...(retryAfter === 0 ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  });
}

/** Any error as the Status that the client gets; what is no StatusError is an internal error. */
export function statusOf(error: unknown): Status {
  return error instanceof StatusError ? error.status : failures.internal(errorText(error)).status;
}

function isErrorCode(code: number | undefined): code is number {
  return code !== undefined && code >= 400 && code <= 599;
}

function encodingFor({ request }: Exchange): Representation['encoding'] {
  try {
    return negotiate(request.headers.get('accept') ?? '').encoding;
  } catch {
    // Whoever takes nothing that there is learns why in JSON.
    return 'json';
  }
}
