import { deepFreeze, isJsonObject, type Kind, StatusError, type Stored } from '@orrery/api';
import type { Environment, WatchEvent, WatchOptions } from '@orrery/core';
import { Observable, type Subscriber } from 'rxjs';
import { ConnectionError } from '../http/connection-error.ts';
import { linesOf } from '../http/lines.ts';
import { asFailure } from '../http/refusal.ts';
import type { ApiRequest, Transport } from '../http/transport.ts';
import { query, watchQuery } from './query.ts';
import { collectionPath } from './resource-path.ts';

/** What a watch needs. */
export interface WatchRequest {
  readonly transport: Transport;
  readonly environment: Pick<Environment, 'clock' | 'random'>;
  readonly kind: Kind;
  readonly options: WatchOptions;
  readonly headers: NonNullable<ApiRequest['headers']>;
}

/** Seconds after which the server ends a watch: five to ten minutes, at random, as in client-go, so that not all end at once. */
const shortestWatch = 300;
/** Milliseconds after which an overdue watch is considered dead: a connection can die silently. */
const overtime = 30_000;

/**
 * The events of a watch. Each subscription is a separate request, and unsubscribing closes its connection. An event is read
 * only after the subscriber has handled the one before.
 */
export function watchEvents(watch: WatchRequest): Observable<WatchEvent> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    subscriber.add(() => abort.abort());
    run(watch, subscriber, abort).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
  });
}

async function run(
  { transport, environment, kind, options, headers }: WatchRequest,
  subscriber: Subscriber<WatchEvent>,
  abort: AbortController,
): Promise<void> {
  const timeoutSeconds = shortestWatch + environment.random.integer(shortestWatch);
  const deadline = environment.clock.schedule(timeoutSeconds * 1000 + overtime, () => {
    subscriber.error(new ConnectionError(transport.server, 'the watch did not end when it should have'));
  });
  subscriber.add(() => deadline[Symbol.dispose]());
  const bytes = await transport.stream({
    method: 'GET',
    target: `${collectionPath(kind, options.namespace ?? '')}${query(watchQuery(options, timeoutSeconds))}`,
    headers,
    signal: abort.signal,
    resource: kind,
    name: '',
  });
  for await (const line of linesOf(bytes)) {
    if (line === '') continue;
    subscriber.next(eventOf(line, kind));
    if (subscriber.closed) return;
  }
}

/** One line of a watch. Pure. @throws StatusError for an ERROR event, and for a line that is not an event */
export function eventOf(line: string, kind: Kind): WatchEvent {
  const { type, object } = parsed(line);
  if (type === 'ERROR') throw new StatusError(asFailure(object) ?? unreadable(line));
  const { metadata } = object as Stored;
  if (type === 'BOOKMARK') {
    const initialEventsEnd = metadata.annotations?.[initialEventsEndAnnotation] === 'true';
    return { type, resourceVersion: metadata.resourceVersion, initialEventsEnd };
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') throw new StatusError(unreadable(line));
  return { type, object: withType(object as Stored, kind) };
}

/** Kubernetes "Streaming lists". */
const initialEventsEndAnnotation = 'k8s.io/initial-events-end';

function parsed(line: string): { readonly type: unknown; readonly object: object } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new StatusError(unreadable(line));
  }
  if (!isJsonObject(value) || !isJsonObject(value.object)) throw new StatusError(unreadable(line));
  const { type, object } = value;
  return { type, object };
}

function unreadable(line: string): StatusError['status'] {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `unable to decode an event from the watch stream: ${line.slice(0, 200)}`,
    details: { causes: [{ reason: 'ClientWatchDecoding', message: line.slice(0, 200) }] },
    code: 500,
  };
}

/** The object, frozen, with the type that servers omit from the items of lists. */
export function withType(object: Stored, { apiVersion, kind }: Kind): Stored {
  return deepFreeze(object.kind === undefined ? { apiVersion, kind, ...object } : object);
}
