import { failures, type Status, StatusError } from '@orrery/api';
import { errorText } from '@orrery/core';
import { Overloaded } from '../flow-control/flow-control.ts';
import { negotiate, type Representation } from '../rest/media-type.ts';
import type { ApiResponse } from './api-response.ts';
import { classificationHeaders, type Exchange } from './exchange.ts';
import { jsonBytes } from './json-bytes.ts';
import { replyJson, replyText } from './reply.ts';

/** A kubelet's refusal to stream: the API server passes its message on unchanged, and clients quote it. */
export class KubeletRefusal extends Error {
  override readonly name = 'KubeletRefusal';
}

/** The error response for a failed request. An error that is not a refusal is also recorded. */
export async function refusal(exchange: Exchange, error: unknown): Promise<ApiResponse> {
  if (error instanceof KubeletRefusal) return replyText(exchange, 500, error.message);
  if (error instanceof Overloaded) return replyOverloaded(exchange, error);
  if (!(error instanceof StatusError)) exchange.record('error', 'request failed', error);
  const status = statusOf(error);
  const retryAfter = status.details?.retryAfterSeconds ?? 0;
  return replyJson(exchange, jsonBytes(status), encodingFor(exchange), {
    status: isErrorCode(status.code) ? status.code : 500,
    ...(retryAfter === 0 ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  });
}

/** As Kubernetes refuses what its priority levels have no room for: a text, because even a Status would cost something. */
function replyOverloaded(exchange: Exchange, { message, retryAfter, classification }: Overloaded): ApiResponse {
  const response = replyText(exchange, 429, `${message}\n`);
  const headers = { ...classificationHeaders(classification), 'retry-after': String(retryAfter) };
  return { ...response, headers: { ...response.headers, ...headers } };
}

/** Converts any error to a Status for the client; anything but a StatusError becomes an internal error. */
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
    // A client that accepts none of the available types gets the reason in JSON.
    return 'json';
  }
}
