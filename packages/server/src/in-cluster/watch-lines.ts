import { failures, type KubernetesObject, type Status, StatusError, type Stored } from '@orrery/api';
import type { Environment, WatchEvent } from '@orrery/core';
import { Observable } from 'rxjs';
import type { RequestPath, RequestScope } from '../request-path.ts';
import { watchQuery } from '../rest/query.ts';

/** A watch that a container asks for. */
export interface WatchLinesRequest {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  readonly scope: RequestScope;
  readonly query: URLSearchParams;
}

/**
 * A watch as lines of JSON, one for each event, until `timeoutSeconds` are over or nobody listens. What ends it early comes as
 * an ERROR event with a Status (Kubernetes "Efficient detection of changes").
 * @throws StatusError before the first line
 */
export async function watchLines({
  requestPath,
  environment: { clock },
  scope,
  query,
}: WatchLinesRequest): Promise<Observable<Uint8Array>> {
  const { options, timeoutSeconds = 0 } = watchQuery(query);
  const events = await requestPath.watch(scope, options);
  const encoder = new TextEncoder();
  return new Observable<Uint8Array>((subscriber) => {
    const line = (type: string, object: KubernetesObject | Status) =>
      subscriber.next(encoder.encode(`${JSON.stringify({ type, object })}\n`));
    if (timeoutSeconds > 0) {
      const timer = clock.schedule(timeoutSeconds * 1000, () => subscriber.complete());
      subscriber.add(() => timer[Symbol.dispose]());
    }
    subscriber.add(
      events.subscribe({
        next: (event: WatchEvent<Stored>) =>
          line(event.type, event.type === 'BOOKMARK' ? bookmark(scope, event) : event.object),
        error: (error: unknown) => {
          line('ERROR', error instanceof StatusError ? error.status : failures.internal(String(error)).status);
          subscriber.complete();
        },
        complete: () => subscriber.complete(),
      }),
    );
  });
}

function bookmark({ kind }: RequestScope, event: Extract<WatchEvent, { readonly type: 'BOOKMARK' }>): KubernetesObject {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      resourceVersion: event.resourceVersion,
      ...(event.initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  } as KubernetesObject;
}
