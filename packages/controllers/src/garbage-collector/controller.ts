import type { Kind } from '@orrery/api';
import { aborted, type Controller, errorText, fromAbort } from '@orrery/core';
import { concatMap, isObservable, type Observable, of, takeUntil } from 'rxjs';
import { Collector } from './collector.ts';

const name = 'generic-garbage-collector';

export interface GarbageCollectorOptions {
  /** The kinds that the cluster serves; an observable emits all kinds each time one comes or goes. */
  readonly kinds: Iterable<Kind> | Observable<Iterable<Kind>>;
}

/** Deletes objects whose owners are gone (Kubernetes "Garbage Collection": background, foreground and orphan). */
export function garbageCollector({ kinds }: GarbageCollectorOptions): Controller {
  return {
    name,
    kinds: 'any',
    async start(context) {
      const { signal, log } = context;
      const collector = new Collector(context, name);
      const sets = isObservable(kinds) ? kinds : of(kinds);
      sets
        .pipe(
          concatMap((set) => collector.watch(set)),
          takeUntil(fromAbort(signal)),
        )
        .subscribe({
          error: (error: unknown) => log.error('the kinds are no longer known', { error: errorText(error) }),
        });
      await aborted(signal);
      await collector.stop();
    },
  };
}
