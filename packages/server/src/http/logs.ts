import { type FieldError, fieldErrors, invalid } from '@orrery/api';
import type { LogOptions } from '@orrery/core';
import { type Observable, Subscription } from 'rxjs';
import type { RequestScope } from '../request-path.ts';
import { boolean, integer } from '../rest/query.ts';
import { containerOf } from './containers.ts';
import { type Exchange, type Server, tell } from './exchange.ts';
import { maxPendingBytes } from './pending-bytes.ts';

/**
 * Streams a container's log as text.
 * @throws StatusError before the first byte: for options that make no sense, and whatever the node says
 */
export async function sendLogs(server: Server, exchange: Exchange, scope: RequestScope): Promise<void> {
  const log = await openLog(server, exchange, scope);
  const { response } = exchange;
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const subscription = new Subscription();
  const finish = () => {
    if (subscription.closed) return;
    subscription.unsubscribe();
    response.end();
  };
  response.on('close', finish);
  server.closing.addEventListener('abort', finish);
  subscription.add(() => server.closing.removeEventListener('abort', finish));
  subscription.add(
    log.subscribe({
      next: (chunk) => {
        if (subscription.closed) return;
        response.write(chunk);
        if (response.writableLength > maxPendingBytes) response.destroy();
      },
      error: (error: unknown) => {
        tell(server, exchange.request, 'debug', 'log broke off', error);
        // The answer has begun: cutting the connection is what tells the client that it is not whole.
        response.destroy();
      },
      complete: finish,
    }),
  );
}

/** The log that a request asks for. @throws StatusError */
export async function openLog(
  { requestPath }: Server,
  { query }: Exchange,
  scope: RequestScope,
): Promise<Observable<Uint8Array>> {
  const options = logOptions(query);
  const { pod, node } = await requestPath.node(scope);
  const container = containerOf(pod, query.get('container') ?? '', 'refuse');
  const { namespace = '', name, uid } = pod.metadata;
  return node.logs({ namespace, pod: name, uid, container }, options);
}

/**
 * Query parameters of a log request (`v1.PodLogOptions`).
 * @throws StatusError BadRequest, Invalid
 */
export function logOptions(query: URLSearchParams): LogOptions {
  const sinceSeconds = integer(query, 'sinceSeconds');
  const tailLines = integer(query, 'tailLines');
  const limitBytes = integer(query, 'limitBytes');
  const sinceTime = query.get('sinceTime') ?? '';
  const stream = query.get('stream') ?? '';
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(fieldErrors.invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(fieldErrors.invalid('limitBytes', limitBytes, 'must be greater than 0'));
  }
  if (sinceSeconds !== undefined && sinceTime !== '') {
    errors.push(fieldErrors.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(fieldErrors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  }
  if (sinceTime !== '' && Number.isNaN(Date.parse(sinceTime))) {
    errors.push(fieldErrors.invalid('sinceTime', sinceTime, 'must be a time in RFC 3339'));
  }
  if (stream !== '' && stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') {
    errors.push(fieldErrors.notSupported('stream', stream, ['All', 'Stdout', 'Stderr']));
  } else if (stream !== '' && stream !== 'All' && tailLines !== undefined) {
    errors.push(fieldErrors.forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', errors);
  return {
    follow: boolean(query, 'follow') ?? false,
    previous: boolean(query, 'previous') ?? false,
    timestamps: boolean(query, 'timestamps') ?? false,
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === '' ? {} : { sinceTime }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(stream === '' ? {} : { stream: stream as NonNullable<LogOptions['stream']> }),
  };
}
