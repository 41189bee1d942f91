import { type Observable, Subject } from 'rxjs';
import type { Inspection, Inspector } from '../inspection.ts';

/** An inspector that can be read: `events` emits everything to its subscribers. */
export interface InspectionStream extends Inspector {
  /** Hot: what was emitted before the subscription is not repeated. */
  readonly events: Observable<Inspection>;
}

/** The inspection stream of a cluster. It is `silent`, and so costs nothing, without subscribers. */
export function createInspector(): InspectionStream {
  const subject = new Subject<Inspection>();
  return {
    events: subject.asObservable(),
    get silent() {
      return !subject.observed;
    },
    emit: (event) => subject.next(event),
  };
}
