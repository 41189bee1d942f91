import type { Observable, Subscription } from 'rxjs';
import type { RequestScope } from '../request-path.ts';
import { containerOf } from '../rest/containers.ts';
import { logOptions } from '../rest/log-options.ts';
import type { ApiResponse, BodyController, BodySource } from './api-response.ts';
import type { Exchange } from './exchange.ts';
import { pendingOutput } from './pending-bytes.ts';
import { reply } from './reply.ts';

/**
 * Answers with a container's log as text.
 * @throws StatusError for invalid options, and every error of the node
 */
export async function replyLog(exchange: Exchange, scope: RequestScope): Promise<ApiResponse> {
  return logReply(exchange, await openLog(exchange, scope));
}

/** Streams a log as the response. */
export function logReply(exchange: Exchange, log: Observable<Uint8Array>): ApiResponse {
  return reply(exchange, new LogBody(exchange, log), { contentType: 'text/plain' });
}

/** The log that a request asks for. @throws StatusError */
export async function openLog({ context, query }: Exchange, scope: RequestScope): Promise<Observable<Uint8Array>> {
  const options = logOptions(query);
  const { pod, node } = await context.requestPath.node(scope);
  const container = containerOf(pod, query.get('container') ?? '', 'refuse');
  const { namespace = '', name, uid } = pod.metadata;
  return node.logs({ namespace, pod: name, uid, container }, options);
}

/** A container's output cannot be held back: a client that reads too slowly is cut off. */
class LogBody implements BodySource {
  readonly openEnded = true;
  readonly compressible = false;
  readonly #exchange: Exchange;
  readonly #log: Observable<Uint8Array>;
  #subscription: Subscription | undefined;

  constructor(exchange: Exchange, log: Observable<Uint8Array>) {
    this.#exchange = exchange;
    this.#log = log;
  }

  start(controller: BodyController): void {
    let open = true;
    const breakOff = (error: unknown) => {
      open = false;
      this.#exchange.record('debug', 'log broke off', error);
      controller.error(error);
    };
    this.#subscription = this.#log.subscribe({
      next: (chunk) => {
        if (!open) return;
        controller.enqueue(chunk);
        if (!pendingOutput.exceeds(this, Math.max(0, -(controller.desiredSize ?? 0)))) return;
        breakOff(new Error('the client does not read'));
        this.cancel();
      },
      error: breakOff,
      complete: () => {
        pendingOutput.release(this);
        if (open) controller.close();
      },
    });
    if (!open) this.cancel();
  }

  pull(controller: BodyController): void {
    pendingOutput.exceeds(this, Math.max(0, -(controller.desiredSize ?? 0)));
  }

  cancel(): void {
    pendingOutput.release(this);
    this.#subscription?.unsubscribe();
  }
}
