import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError } from '@orrery/api';
import type { Clock, Environment, Random, UserInfo } from '@orrery/core';
import type { RequestPath } from '../request-path.ts';
import { credentialsOf } from './credentials.ts';
import { replyStatus, statusOf, warningHeader } from './reply.ts';

/** What all handlers stand on. */
export interface Server {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  /** Times connections: a watch's end. */
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the server closes: everything that streams ends. */
  readonly closing: AbortSignal;
}

/** One request and what is known of it so far. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the URL, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  /** Takes the text of a `Warning` header. */
  warn(text: string): void;
}

/** Finds out who asks. @throws StatusError Unauthorized */
export async function open(server: Server, request: IncomingMessage, response: ServerResponse): Promise<Exchange> {
  response.setHeader('audit-id', request.headers['audit-id'] ?? server.random.uuid());
  response.setHeader('cache-control', 'no-cache, private');
  const url = request.url ?? '/';
  const question = url.indexOf('?');
  const user = await server.requestPath.authenticate(credentialsOf(request));
  return {
    request,
    response,
    path: question < 0 ? url : url.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    user,
    warn: warner(response),
  };
}

/** Characters that all warnings of one answer may have together: clients limit what they read of headers. */
const maxWarningLength = 4096;

function warner(response: ServerResponse): Exchange['warn'] {
  const given = new Set<string>();
  let length = 0;
  return (text) => {
    if (response.headersSent || given.has(text)) return;
    given.add(text);
    length += text.length;
    if (length <= maxWarningLength) response.appendHeader('warning', warningHeader(text));
  };
}

/** Sends an error to the client; those that are nobody's refusal are also told to whoever watches over the server. */
export async function refuse(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): Promise<void> {
  if (!(error instanceof StatusError)) tell(server, request, 'error', 'request failed', error);
  // What is left of a body that nobody will read would be taken for the next request.
  if (!(await drained(request)) && !response.headersSent) response.setHeader('connection', 'close');
  replyStatus(response, statusOf(error));
}

/** Bytes of an unwanted body that are read all the same. */
const maxDrainedBytes = 32 * 1024 * 1024;

/** Reads what is left of a body: clients send all of it before they look for the answer. False if there is no end to it. */
async function drained(request: IncomingMessage): Promise<boolean> {
  if (request.complete) return true;
  if (request.destroyed || request.errored !== null) return false;
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxDrainedBytes) return false;
    }
  } catch {
    // The client went away: there is nobody left to tell.
    return false;
  }
  return true;
}

/** Tells of an error that no client will be told. */
export function tell(
  { environment: { inspector, clock } }: Server,
  request: IncomingMessage,
  level: 'debug' | 'error',
  message: string,
  error: unknown,
): void {
  if (inspector.silent) return;
  inspector.emit({
    type: 'log',
    level,
    time: clock.now(),
    actor: 'apiserver',
    message,
    fields: {
      method: request.method,
      // Without the query, which can hold what a command was given.
      path: request.url?.split('?', 1)[0],
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    },
  });
}
