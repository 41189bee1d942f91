import { failures, type KubernetesObject, type Stored } from '@orrery/api';
import { clockScheduler, type WatchEvent, type WatchOptions } from '@orrery/core';
import { Compacted, type StoreEvent } from '@orrery/store';
import { from, interval, Observable, switchMap } from 'rxjs';
import { collectionOf } from './collections.ts';
import type { ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { freshEnough } from './freshness.ts';
import { checkListOptions, parseRevision } from './list-options.ts';
import { type Selection, selectedNow, selection } from './reads.ts';
import type { RequestScope } from './request-path.ts';

/** Interval of BOOKMARKs on an idle watch that allows them, in milliseconds. */
const bookmarkInterval = 60_000;

export interface WatchRequest extends WatchOptions {
  readonly resourceVersionMatch?: string;
  /** Send a BOOKMARK every minute when bookmarks are allowed. Default true; in-process informers need none. */
  readonly periodicBookmarks?: boolean;
}

/**
 * The events of a selection (Kubernetes API concepts, "Efficient detection of changes"). Fails with Expired if its history is
 * gone, and with Timeout if it starts at a state that this server does not see in time.
 */
export function watchObjects(
  server: ServerContext,
  scope: RequestScope,
  request: WatchRequest,
): Observable<WatchEvent> {
  checkListOptions(request, true);
  const asked = parseRevision(request.resourceVersion);
  const selected = selection(server, scope, request);
  const initial = request.sendInitialEvents ?? asked === 0;
  const begin = (): Observable<WatchEvent> => {
    if (!initial) return eventsAfter(server, scope, selected, request, asked === 0 ? server.store.revision : asked);
    const { items, metadata } = selectedNow(server, scope, selected);
    const { resourceVersion } = metadata;
    const events: WatchEvent[] = items.map((object) => ({ type: 'ADDED', object }));
    if (request.sendInitialEvents === true && request.allowWatchBookmarks === true)
      events.push({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: true });
    const later = eventsAfter(server, scope, selected, request, Number(resourceVersion));
    // What `concat` does, without its operators between each later event and whoever watches.
    return new Observable((subscriber) => {
      for (const event of events) subscriber.next(event);
      return subscriber.closed ? undefined : later.subscribe(subscriber);
    });
  };
  return new Observable((subscriber) => {
    // A watch that resumes from a revision waits for the changes after it, without a timeout.
    const wait = initial || asked === 0 ? freshEnough(server, request.resourceVersion) : undefined;
    const events = wait === undefined ? begin() : from(wait).pipe(switchMap(begin));
    return events.subscribe(subscriber);
  });
}

/** The events after a revision, and bookmarks if requested. */
function eventsAfter(
  server: ServerContext,
  scope: RequestScope,
  selected: Selection,
  { allowWatchBookmarks, periodicBookmarks }: WatchRequest,
  after: number,
): Observable<WatchEvent> {
  const place = {
    ...(selected.namespace === undefined ? {} : { namespace: selected.namespace }),
    ...(selected.name === undefined ? {} : { name: selected.name }),
    ...(selected.index === undefined ? {} : { index: selected.index }),
  };
  return new Observable((subscriber) => {
    const subscription = server.store.watch(collectionOf(scope.kind), place, after).subscribe({
      next: (event) => {
        const seen = watchEvent(event, selected, scope);
        if (seen !== undefined) subscriber.next(seen);
      },
      error: (error: unknown) => {
        subscriber.error(
          error instanceof Compacted ? failures.expired(`too old resource version: ${after} (${error.oldest})`) : error,
        );
      },
      complete: () => subscriber.complete(),
    });
    if (allowWatchBookmarks === true && periodicBookmarks !== false) {
      const minutes = interval(bookmarkInterval, clockScheduler(server.environment.clock));
      subscription.add(
        minutes.subscribe(() => {
          subscriber.next({
            type: 'BOOKMARK',
            resourceVersion: String(server.store.revision),
            initialEventsEnd: false,
          });
        }),
      );
    }
    return subscription;
  });
}

/** The event of a change for this selection: an object that starts matching is added, one that stops is deleted. */
function watchEvent(event: StoreEvent, selected: Selection, scope: RequestScope): WatchEvent | undefined {
  const { matches } = selected;
  const now = event.type !== 'deleted' && (matches === undefined || matches(event.object));
  const before = event.previous !== undefined && (matches === undefined || matches(event.previous));
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: convert(event.object, scope.kind) as Stored };
  if (!before) return undefined;
  // The last state that matched, at the revision of the event that ended it.
  const last = event.type === 'deleted' ? event.object : atRevision(event.previous as Stored, event.revision);
  return { type: 'DELETED', object: convert(last, scope.kind) as Stored };
}

function atRevision(object: KubernetesObject, revision: number): KubernetesObject {
  return Object.freeze({
    ...object,
    metadata: Object.freeze({ ...object.metadata, resourceVersion: String(revision) }),
  });
}
