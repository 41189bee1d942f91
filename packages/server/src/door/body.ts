import { failures } from '@orrery/api';
import { maxBodyBytes } from '../rest/body-value.ts';
import { concatBytes } from './bytes.ts';
import type { Exchange } from './exchange.ts';

/** Milliseconds that a client has to send a body: Kubernetes' time for a whole request (`--request-timeout`). */
const uploadMs = 60_000;

/**
 * Reads a body to its end. Its bytes count as the client's until the exchange is over.
 * @throws StatusError RequestEntityTooLarge; TooManyRequests if too many bytes are in flight; Timeout for a client that sends
 *   too slowly; BadRequest if the client disconnected
 */
export async function bodyOf(exchange: Exchange, limit = maxBodyBytes): Promise<Uint8Array> {
  const { body, headers } = exchange.request;
  const tooLarge = () => failures.entityTooLarge(`limit is ${limit}`);
  if (body === null) return new Uint8Array();
  if (Number(headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const expired = Promise.withResolvers<never>();
  // Nobody waits for it once the body has arrived.
  expired.promise.catch(() => undefined);
  using _deadline = exchange.context.clock.schedule(uploadMs, () =>
    expired.reject(failures.timeout('request did not complete within the allotted timeout')),
  );
  const chunks: Uint8Array[] = [];
  const reader = body[Symbol.asyncIterator]();
  let length = 0;
  let ended = false;
  try {
    for (;;) {
      const next = await Promise.race([received(reader.next()), expired.promise]);
      ended = next.done === true;
      if (next.done === true) return concatBytes(chunks);
      length += next.value.length;
      if (length > limit) throw tooLarge();
      exchange.charge(next.value.length);
      chunks.push(next.value);
    }
  } finally {
    // A chunk that is still on its way may never come.
    if (!ended) void reader.return?.().catch(() => undefined);
  }
}

async function received(next: Promise<IteratorResult<Uint8Array>>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await next;
  } catch {
    throw failures.badRequest('the request ended before its body did');
  }
}
