import { failures, type Kind, type Status } from '@orrery/api';
import type { WatchEvent } from '@orrery/core';
import { Fifo } from '@orrery/core/assembly';
import { type Observable, Subscription } from 'rxjs';
import type { RequestScope } from '../request-path.ts';
import { watchQuery } from '../rest/query.ts';
import type { ApiResponse, BodyController, BodySource } from './api-response.ts';
import type { DoorContext, Exchange } from './exchange.ts';
import { eventBytes, jsonBytes } from './json-bytes.ts';
import { pendingOutput } from './pending-bytes.ts';
import { type Presentation, shown } from './present.ts';
import { statusOf } from './refusal.ts';
import { reply } from './reply.ts';

/** Events buffered for a slow client. They share their objects with the store; the bound limits how far the client may fall behind. */
const maxPendingEvents = 100_000;

/** Seconds after which a watch ends by default: between this and twice as long, so that not all end at once. */
const defaultTimeoutSeconds = 1800;

/** One week: timers do not support much longer delays. */
const maxTimeoutSeconds = 604_800;

/** Annotation of the bookmark that follows the current objects (Kubernetes "Streaming lists"). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Answers with a watch: one line of JSON per event. Once it has begun, errors are sent as an ERROR event with a Status.
 * @throws StatusError before it begins
 */
export async function replyWatch(
  exchange: Exchange,
  scope: RequestScope,
  presentation: Presentation,
): Promise<ApiResponse> {
  const { context, query } = exchange;
  const { options, timeoutSeconds } = watchQuery(query);
  const events = await context.requestPath.watch(scope, options);
  const lines = new EventLines(scope.kind, presentation, () => context.environment.clock.now());
  return reply(exchange, new WatchBody(exchange, events, lines, timeoutSeconds), { contentType: 'application/json' });
}

/** The lines of a watch, until it ends, its time is up, or the client is gone. */
class WatchBody implements BodySource {
  readonly openEnded = true;
  readonly compressible = false;
  readonly #exchange: Exchange;
  readonly #events: Observable<WatchEvent>;
  readonly #lines: EventLines;
  readonly #timeoutSeconds: number | undefined;
  readonly #subscription = new Subscription();
  /** Events that wait for the client. */
  readonly #pending = new Fifo<{ readonly event: WatchEvent | Status; readonly bytes: number }>();
  #bytes = 0;
  #closed = false;

  constructor(
    exchange: Exchange,
    events: Observable<WatchEvent>,
    lines: EventLines,
    timeoutSeconds: number | undefined,
  ) {
    this.#exchange = exchange;
    this.#events = events;
    this.#lines = lines;
    this.#timeoutSeconds = timeoutSeconds;
  }

  start(controller: BodyController): void {
    const { context } = this.#exchange;
    const end = () => this.#end(controller);
    const timeout = context.clock.schedule(lifetime(context, this.#timeoutSeconds) * 1000, end);
    this.#subscription.add(() => timeout[Symbol.dispose]());
    this.#subscription.add(
      this.#events.subscribe({
        next: (event) => this.#take(controller, event),
        error: (error: unknown) => {
          this.#take(controller, statusOf(error));
          end();
        },
        complete: end,
      }),
    );
  }

  pull(controller: BodyController): void {
    while (this.#pending.length > 0 && hasRoom(controller)) {
      const next = this.#pending.shift();
      if (next === undefined) break;
      this.#holds(-next.bytes);
      this.#write(controller, next.event);
    }
    if (this.#subscription.closed && this.#pending.length === 0) this.#close(controller);
  }

  cancel(): void {
    this.#forget();
    this.#subscription.unsubscribe();
  }

  #take(controller: BodyController, event: WatchEvent | Status): void {
    if (this.#subscription.closed) return;
    if (this.#pending.length === 0 && hasRoom(controller)) {
      this.#write(controller, event);
      return;
    }
    const bytes = heldBy(event);
    this.#pending.push({ event, bytes });
    const tooMuch = this.#holds(bytes);
    if (this.#pending.length <= maxPendingEvents && !tooMuch) return;
    const behind = tooMuch ? 'too many bytes' : `more than ${maxPendingEvents} events`;
    this.#forget();
    this.#pending.push({ event: failures.expired(`the watch is ${behind} behind: list again`).status, bytes: 0 });
    this.#end(controller);
  }

  /** Counts the bytes that wait for this client; whether they are too many. */
  #holds(more: number): boolean {
    if (more === 0) return false;
    this.#bytes += more;
    return pendingOutput.exceeds(this, this.#bytes);
  }

  #forget(): void {
    this.#pending.clear();
    this.#bytes = 0;
    pendingOutput.release(this);
  }

  #write(controller: BodyController, event: WatchEvent | Status): void {
    let line: Uint8Array;
    try {
      line = this.#lines.of(event);
    } catch (error) {
      // An object that cannot be encoded must neither crash the server nor be omitted silently.
      this.#exchange.record('error', 'watch failed', error);
      this.#forget();
      controller.enqueue(this.#lines.of(statusOf(error)));
      this.#end(controller);
      return;
    }
    controller.enqueue(line);
  }

  /** Accepts no more events; buffered ones are still sent. */
  #end(controller: BodyController): void {
    if (this.#subscription.closed) return;
    this.#subscription.unsubscribe();
    if (this.#pending.length === 0) this.#close(controller);
  }

  #close(controller: BodyController): void {
    if (this.#closed) return;
    this.#closed = true;
    controller.close();
  }
}

/** Bytes of an object that only those who wait for its event may still hold: what is added is stored too. */
function heldBy(event: WatchEvent | Status): number {
  const replaced = 'type' in event && (event.type === 'MODIFIED' || event.type === 'DELETED');
  return replaced ? jsonBytes(event.object).length : 0;
}

function hasRoom({ desiredSize }: BodyController): boolean {
  return desiredSize !== null && desiredSize > 0;
}

/** Maximum duration of a watch in seconds. */
function lifetime({ random }: DoorContext, asked: number | undefined): number {
  if (asked === undefined || asked <= 0) return defaultTimeoutSeconds + random.integer(defaultTimeoutSeconds);
  return Math.min(asked, maxTimeoutSeconds);
}

/** Encodes the lines of one watch. */
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

  of(event: WatchEvent | Status): Uint8Array {
    if ('kind' in event) return eventBytes('ERROR', event);
    if (event.type === 'BOOKMARK') return eventBytes('BOOKMARK', this.#bookmark(event));
    const { as } = this.#presentation;
    if (as === 'object') return eventBytes(event.type, event.object);
    const presentation = as === 'Table' ? { ...this.#presentation, now: this.#now() } : this.#presentation;
    const object = shown(this.#kind, event.object, presentation, !this.#columnsSent);
    this.#columnsSent = true;
    return eventBytes(event.type, object);
  }

  /** A bookmark's object has the type that the client expects, and only a resourceVersion. */
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
