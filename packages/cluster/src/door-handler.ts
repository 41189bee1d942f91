import type { Environment } from '@orrery/core';
import type { ContainerApi, HttpHeader, HttpRequest, HttpResponse } from '@orrery/runtimes';
import {
  type ApiDoor,
  type ApiRequest,
  type ApiResponse,
  type BodyController,
  type BodySource,
  isSource,
} from '@orrery/server';
import { Observable } from 'rxjs';

/**
 * The API's front door as machines serve it to their containers: requests and responses are values on both sides, and no stream in
 * between has internal promises, so that virtual time knows when a response has arrived.
 */
export function doorHandler(door: ApiDoor, environment: Environment): ContainerApi['handle'] {
  return async (request) => {
    // Neither the clock nor turns see a caller that waits here for a response.
    using _busy = environment.work.busy('request from a container');
    return httpResponse(await door.answer(apiRequest(request), { remoteAddress: request.remoteAddress }));
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function apiRequest({ method, path, headers, body }: HttpRequest): ApiRequest {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body;
  return {
    method,
    url: path,
    headers: {
      get: (name) => {
        const values = valuesOf(headers, name);
        return values.length === 0 ? null : values.join(', ');
      },
      keys: () => headers.map(({ name }) => name.toLowerCase()),
      entries: () => headers.map(({ name, value }) => [name, value] as const),
    },
    body: bytes.length === 0 ? null : chunk(bytes),
    get signal() {
      // A process that aborts its request does not say so.
      return new AbortController().signal;
    },
  };
}

function valuesOf(headers: readonly HttpHeader[], name: string): readonly string[] {
  return headers.filter((header) => header.name.toLowerCase() === name).map(({ value }) => value);
}

async function* chunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function httpResponse({ status, headers: given, body }: ApiResponse): HttpResponse {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(given)) {
    headers[name] = textOf(typeof value === 'string' ? value : value.join(', '));
  }
  if (isSource(body)) return { status, headers, body: '', stream: streamOf(body) };
  return { status, headers, body: body ?? '' };
}

/** The front door's header values have one character per byte; this network carries text. */
function textOf(value: string): string {
  return /^[\0-\x7f]*$/.test(value) ? value : decoder.decode(Uint8Array.from(value, (char) => char.charCodeAt(0)));
}

/** There is no backpressure: chunks that a process has not read yet wait in the process. */
function streamOf(source: BodySource): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    let fed = false;
    const controller: BodyController = {
      desiredSize: Number.POSITIVE_INFINITY,
      enqueue: (bytes) => {
        fed = true;
        subscriber.next(bytes);
      },
      close: () => subscriber.complete(),
      error: (reason) => subscriber.error(reason),
    };
    source.start(controller);
    while (fed && !subscriber.closed) {
      fed = false;
      source.pull(controller);
    }
    return () => source.cancel();
  });
}
