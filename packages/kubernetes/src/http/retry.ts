import type { Milliseconds } from '@orrery/core';

/** How often a request is sent again before its caller hears of it, as in client-go. */
export const maxRetries = 10;

/** How long to wait before a read is sent again whose connection broke. */
const brokenConnectionWait: Milliseconds = 1000;

/**
 * How long to wait before a request is sent again, or undefined if it must not be. A server that says `Retry-After` has not done
 * what it was asked, whatever it was; that goes for 429 and for errors of its own. Pure.
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
 * The same after a connection that broke before an answer was there. Only reads are sent again: a write may have been done. A
 * server that cannot be reached at all is not asked again either, since whoever waits for it should know. Pure.
 */
export function waitAfterBreak(method: string, error: unknown, attempt: number): Milliseconds | undefined {
  return attempt < maxRetries && method === 'GET' && isBroken(error) ? brokenConnectionWait : undefined;
}

/** `UND_ERR_SOCKET` is undici's for a connection that the other side closed. */
function isBroken(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } };
  return [code, cause?.code].some((one) => one === 'ECONNRESET' || one === 'EPIPE' || one === 'UND_ERR_SOCKET');
}

/** The seconds of a `Retry-After` header; undefined for none, and for a date, which clocks would have to agree on. */
export function retryAfterSeconds(headers: { readonly [name: string]: unknown }): number | undefined {
  const value = headers['retry-after'];
  return typeof value === 'string' && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}
