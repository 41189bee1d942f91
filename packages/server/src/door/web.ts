import type { ApiDoor } from './api-door.ts';
import type { ApiRequest, ApiRequestHeaders, Peer } from './api-request.ts';
import { type ApiResponse, type BodySource, isSource } from './api-response.ts';

/** Bytes of a streamed body that are buffered for its reader before the source is paused. */
const pendingBytes = 64 * 1024;

/** Statuses whose responses never have a body. */
const withoutBody: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Answers a web `Request` with a web `Response`. */
export async function fetchFrom(door: ApiDoor, request: Request, peer: Peer): Promise<Response> {
  const { status, statusText, headers, body } = await door.answer(fromWeb(request), peer);
  const none = request.method === 'HEAD' || withoutBody.has(status);
  if (none && isSource(body)) body.cancel();
  // A Pod behind a proxy can answer with an invalid status.
  const valid = status >= 200 && status <= 599 ? status : 502;
  const init = {
    status: valid,
    ...(statusText === undefined ? {} : { statusText }),
    headers: webHeaders(headers, body),
  };
  return new Response(none ? null : bodyInit(body), init);
}

/** The web joins repeated headers: groups and extras of an impersonation are split again. */
function fromWeb(request: Request): ApiRequest {
  const { headers } = request;
  const apart: ApiRequestHeaders = {
    get: (name) => headers.get(name),
    keys: () => headers.keys(),
    entries: () =>
      [...headers].flatMap(([name, value]) =>
        name.startsWith('impersonate-') && name !== 'impersonate-user'
          ? value.split(', ').map((one) => [name, one] as const)
          : [[name, value] as const],
      ),
  };
  return {
    method: request.method,
    url: request.url,
    headers: apart,
    get body() {
      return request.body;
    },
    get signal() {
      return request.signal;
    },
  };
}

function webHeaders(headers: ApiResponse['headers'], body: ApiResponse['body']): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) web.append(name, one);
  }
  if (body instanceof Uint8Array) web.set('content-length', String(body.length));
  return web;
}

function bodyInit(body: ApiResponse['body']): BodyInit | null {
  if (body === undefined) return null;
  return isSource(body) ? readableStream(body) : new Uint8Array(body);
}

function readableStream(source: BodySource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(source, new ByteLengthQueuingStrategy({ highWaterMark: pendingBytes }));
}
