import { failures } from '@orrery/api';
import { maxBodyBytes } from '../rest/body-value.ts';
import type { ApiRequest } from './api-request.ts';
import { concatBytes } from './bytes.ts';

/**
 * Reads a body to its end.
 * @throws StatusError RequestEntityTooLarge; BadRequest if the client disconnected
 */
export async function bodyOf({ body, headers }: ApiRequest, limit = maxBodyBytes): Promise<Uint8Array> {
  const tooLarge = () => failures.entityTooLarge(`limit is ${limit}`);
  if (body === null) return new Uint8Array();
  if (Number(headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > limit) break;
      chunks.push(chunk);
    }
  } catch {
    throw failures.badRequest('the request ended before its body did');
  }
  if (length > limit) throw tooLarge();
  return concatBytes(chunks);
}
