import type { IncomingMessage } from 'node:http';
import { failures } from '@orrery/api';
import { maxBodyBytes } from '../rest/body-value.ts';

/**
 * Reads a body to its end.
 * @throws StatusError RequestEntityTooLarge; BadRequest if the client went away
 */
export async function bodyOf(request: IncomingMessage, limit = maxBodyBytes): Promise<Uint8Array> {
  const tooLarge = () => failures.entityTooLarge(`limit is ${limit}`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Without this, leaving the loop would destroy the socket and the client would never read why.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (request.errored !== null || request.destroyed)
      throw failures.badRequest('the request ended before its body did');
    throw error;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
