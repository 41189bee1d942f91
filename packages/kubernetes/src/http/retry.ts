import type { Milliseconds } from '@orrery/core';

/** How often a request is retried before it fails, as in client-go. */
export const maxRetries = 10;

/** How long to wait before retrying a read whose connection broke. */
const brokenConnectionWait: Milliseconds = 1000;

/**
 * How long to wait before retrying a request, or undefined if it must not be retried. A server that answers 429 or 5xx with
 * `Retry-After` has not processed the request, so every verb can be retried. Pure.
 */
export function waitAfterAnswer(
  code: number,
  headers: { readonly [name: string]: unknown },
  attempt: number,
): Milliseconds | undefined {
  if (attempt >= maxRetries || !(code === 429 || code >= 500)) return undefined;
  const seconds = retryAfterSeconds(headers);
  return seconds === undefined ? undefined : seconds * 1000;
}

/**
 * The same after a connection broke before the response was complete. Only reads are retried: a write may have been applied. A
 * refused connection is not retried, so that the caller sees the error at once. Pure.
 */
export function waitAfterBreak(method: string, error: unknown, attempt: number): Milliseconds | undefined {
  return attempt < maxRetries && method === 'GET' && isBroken(error) ? brokenConnectionWait : undefined;
}

/** `UND_ERR_SOCKET` is undici's code for a connection that the other side closed. */
function isBroken(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } };
  return [code, cause?.code].some((one) => one === 'ECONNRESET' || one === 'EPIPE' || one === 'UND_ERR_SOCKET');
}

/** The seconds of a `Retry-After` header; undefined without one, and for a date, which would need synchronized clocks. */
export function retryAfterSeconds(headers: { readonly [name: string]: unknown }): number | undefined {
  const value = headers['retry-after'];
  return typeof value === 'string' && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}
