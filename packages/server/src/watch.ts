import { failures, type KubernetesObject, type Stored } from '@orrery/api';
import { clockScheduler, type WatchEvent, type WatchOptions } from '@orrery/core';
import { Compacted, type StoreEvent } from '@orrery/store';
import { interval, Observable } from 'rxjs';
import { collectionOf } from './collections.ts';
import type { ServerContext } from './context.ts';
import { convert } from './conversion.ts';
import { checkListOptions, parseRevision } from './list-options.ts';
import { listObjects, type Selection, selection } from './reads.ts';
import type { RequestScope } from './request-path.ts';

/** How often an idle watch that allows it gets a BOOKMARK, in milliseconds. */
const bookmarkInterval = 60_000;

export interface WatchRequest extends WatchOptions {
  readonly resourceVersionMatch?: string;
  /** Send a BOOKMARK every minute when bookmarks are allowed. Default true; informers in process need none. */
  readonly periodicBookmarks?: boolean;
}

/** The events of a selection (Kubernetes API concepts, "Efficient detection of changes"). */
export function watchObjects(
  server: ServerContext,
  scope: RequestScope,
  request: WatchRequest,
): Observable<WatchEvent> {
  checkListOptions(request, true);
  const asked = parseRevision(request.resourceVersion);
  const selected = selection(server, scope, request);
  const collection = collectionOf(scope.kind);
  const initial = request.sendInitialEvents ?? asked === 0;
  return new Observable((subscriber) => {
    let from = asked;
    if (initial) {
      const { items, metadata } = listObjects(server, scope, {
        ...(request.labelSelector === undefined ? {} : { labelSelector: request.labelSelector }),
        ...(request.fieldSelector === undefined ? {} : { fieldSelector: request.fieldSelector }),
      });
      from = Number(metadata.resourceVersion);
      for (const object of items) subscriber.next({ type: 'ADDED', object });
      if (request.sendInitialEvents === true && request.allowWatchBookmarks === true) {
        subscriber.next({ type: 'BOOKMARK', resourceVersion: metadata.resourceVersion, initialEventsEnd: true });
      }
    } else if (asked === 0) {
      from = server.store.revision;
    }
    const subscription = server.store
      .watch(
        collection,
        {
          ...(selected.namespace === undefined ? {} : { namespace: selected.namespace }),
          ...(selected.name === undefined ? {} : { name: selected.name }),
          ...(selected.index === undefined ? {} : { index: selected.index }),
        },
        from,
      )
      .subscribe({
        next: (event) => {
          const seen = watchEvent(event, selected, scope);
          if (seen !== undefined) subscriber.next(seen);
        },
        error: (error: unknown) => {
          subscriber.error(
            error instanceof Compacted
              ? failures.expired(`too old resource version: ${from} (${error.oldest})`)
              : error,
          );
        },
        complete: () => subscriber.complete(),
      });
    if (request.allowWatchBookmarks === true && request.periodicBookmarks !== false) {
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

/** What a watcher with this selection sees of a change: an object that starts matching is added, one that stops is deleted. */
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
