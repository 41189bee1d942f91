import { type Observable, Subscription } from 'rxjs';
import type { RequestScope } from '../request-path.ts';
import { containerOf } from '../rest/containers.ts';
import { logOptions } from '../rest/log-options.ts';
import { type Exchange, type Server, tell } from './exchange.ts';
import { maxPendingBytes } from './pending-bytes.ts';

/**
 * Streams a container's log as text.
 * @throws StatusError before the first byte: for options that make no sense, and whatever the node says
 */
export async function sendLogs(server: Server, exchange: Exchange, scope: RequestScope): Promise<void> {
  streamLog(server, exchange, await openLog(server, exchange, scope));
}

/** Answers with a log, as it comes. */
export function streamLog(server: Server, exchange: Exchange, log: Observable<Uint8Array>): void {
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
