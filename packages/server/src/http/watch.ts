import { failures, type Kind, type Status } from '@orrery/api';
import type { WatchEvent } from '@orrery/core';
import { Subscription } from 'rxjs';
import type { RequestScope } from '../request-path.ts';
import { watchQuery } from '../rest/query.ts';
import { type Exchange, type Server, tell } from './exchange.ts';
import { eventBytes } from './json-bytes.ts';
import { type Presentation, shown } from './present.ts';
import { statusOf } from './reply.ts';

/** Events that may wait for a slow client. They share their objects with the store; what is bounded is how far behind it may be. */
const maxPendingEvents = 100_000;

/** Seconds after which a watch ends if the client does not say: between half an hour and an hour, so that not all end at once. */
const defaultTimeoutSeconds = 1800;

/** One week: timers cannot wait much longer. */
const maxTimeoutSeconds = 604_800;

/** Annotation of the bookmark after the current objects (Kubernetes "Streaming lists"). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Streams a watch: one line of JSON per event. Once the first byte is out, errors come as an ERROR event with a Status.
 * @throws StatusError before that
 */
export async function sendWatch(
  server: Server,
  exchange: Exchange,
  scope: RequestScope,
  presentation: Presentation,
): Promise<void> {
  const { options, timeoutSeconds } = watchQuery(exchange.query);
  const events = await server.requestPath.watch(scope, options);
  const { response } = exchange;
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'application/json' });
  // A client that waits for the first event must see that the watch stands.
  response.flushHeaders();
  const lines = new EventLines(scope.kind, presentation, () => server.environment.clock.now());
  const subscription = new Subscription();
  const pending = new Backlog();
  let blocked = false;

  const finish = () => {
    if (subscription.closed) return;
    subscription.unsubscribe();
    if (pending.length === 0) response.end();
  };
  const write = (event: WatchEvent | Status) => {
    try {
      blocked = !response.write(lines.of(event));
    } catch (error) {
      // An object that cannot be shown must not take the server down, nor be left out in silence.
      tell(server, exchange.request, 'error', 'watch failed', error);
      pending.clear();
      response.write(lines.of(statusOf(error)));
      finish();
    }
  };
  response.on('drain', () => {
    blocked = false;
    for (let event = pending.shift(); event !== undefined; event = blocked ? undefined : pending.shift()) write(event);
    if (subscription.closed && pending.length === 0) response.end();
  });
  response.on('close', () => {
    pending.clear();
    finish();
  });
  const timeout = server.clock.schedule(lifetime(server, timeoutSeconds) * 1000, finish);
  server.closing.addEventListener('abort', finish);
  subscription.add(() => {
    timeout[Symbol.dispose]();
    server.closing.removeEventListener('abort', finish);
  });
  const push = (event: WatchEvent | Status) => {
    if (subscription.closed) return;
    if (blocked) pending.push(event);
    else write(event);
  };
  subscription.add(
    events.subscribe({
      next: (event) => {
        push(event);
        if (pending.length <= maxPendingEvents) return;
        pending.clear();
        push(failures.expired(`the watch is more than ${maxPendingEvents} events behind: list again`).status);
        finish();
      },
      error: (error: unknown) => {
        push(statusOf(error));
        finish();
      },
      complete: finish,
    }),
  );
}

/** Seconds that a watch may last. */
function lifetime({ random }: Server, asked: number | undefined): number {
  if (asked === undefined || asked <= 0) return defaultTimeoutSeconds + random.integer(defaultTimeoutSeconds);
  return Math.min(asked, maxTimeoutSeconds);
}

/** Events that wait for the client, first in, first out. */
class Backlog {
  #events: (WatchEvent | Status)[] = [];
  #head = 0;

  get length(): number {
    return this.#events.length - this.#head;
  }

  push(event: WatchEvent | Status): void {
    this.#events.push(event);
  }

  shift(): WatchEvent | Status | undefined {
    const event = this.#events[this.#head];
    if (event === undefined) return undefined;
    this.#head++;
    // Cutting off what is gone only when it is half of the array makes each event cost the same however many wait.
    if (this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  clear(): void {
    this.#events = [];
    this.#head = 0;
  }
}

/** Makes the lines of one watch. */
class EventLines {
  readonly #kind: Kind;
  readonly #presentation: Presentation;
  readonly #now: () => number;
  #columnsSent = false;

  constructor(kind: Kind, presentation: Presentation, now: () => number) {
    this.#kind = kind;
    this.#presentation = presentation;
    this.#now = now;
  }

  of(event: WatchEvent | Status): Buffer {
    if ('kind' in event) return eventBytes('ERROR', event);
    if (event.type === 'BOOKMARK') return eventBytes('BOOKMARK', this.#bookmark(event));
    const { as } = this.#presentation;
    if (as === 'object') return eventBytes(event.type, event.object);
    const presentation = as === 'Table' ? { ...this.#presentation, now: this.#now() } : this.#presentation;
    const object = shown(this.#kind, event.object, presentation, !this.#columnsSent);
    this.#columnsSent = true;
    return eventBytes(event.type, object);
  }

  /** A bookmark's object has the type that the client waits for, and nothing but a resourceVersion. */
  #bookmark(event: Extract<WatchEvent, { readonly type: 'BOOKMARK' }>): object {
    const { as, version } = this.#presentation;
    const metadata = {
      resourceVersion: event.resourceVersion,
      creationTimestamp: null,
      ...(event.initialEventsEnd ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
    };
    const meta = `meta.k8s.io/${version}`;
    if (as === 'object') return { kind: this.#kind.kind, apiVersion: this.#kind.apiVersion, metadata };
    const partial = { kind: 'PartialObjectMetadata', apiVersion: meta, metadata };
    if (as === 'PartialObjectMetadata') return partial;
    return {
      kind: 'Table',
      apiVersion: meta,
      metadata: { resourceVersion: event.resourceVersion },
      columnDefinitions: null,
      rows: [{ cells: [], object: partial }],
    };
  }
}
