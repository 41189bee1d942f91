import { type Observable, Subject } from 'rxjs';

/** How far a projected volume is. */
export type ProjectionState =
  | { readonly ready: true; readonly path: string }
  | {
      readonly ready: false;
      /** Why, in the words of a FailedMount event: `secret "x" not found`. */
      readonly error: string;
    };

/** The projector's report of how far a volume is; a lasting failure is reported again with every try. */
export interface ProjectionReport {
  readonly podUid: string;
  readonly volume: string;
  readonly state: ProjectionState;
}

/**
 * What the secret projector and the kubelet of one node know of each other: nothing but which volumes are ready, and which
 * Pods no longer need theirs. The projector writes with {@link report}, the kubelet with {@link release}, and both {@link forget}.
 */
export class ProjectedVolumes {
  readonly #states = new Map<string, Map<string, ProjectionState>>();
  readonly #released = new Set<string>();
  readonly #reports = new Subject<ProjectionReport>();
  readonly #releases = new Subject<string>();

  /** For the kubelet: each report as it comes. */
  readonly reports: Observable<ProjectionReport> = this.#reports.asObservable();
  /** For the projector: uids of Pods that stopped for good. */
  readonly releases: Observable<string> = this.#releases.asObservable();

  /** How far a volume is; undefined before the first report. */
  state(podUid: string, volume: string): ProjectionState | undefined {
    return this.#states.get(podUid)?.get(volume);
  }

  /** The projector's: reports how far a volume is. Ignored for a Pod that was released. */
  report(podUid: string, volume: string, state: ProjectionState): void {
    if (this.#released.has(podUid)) return;
    let volumes = this.#states.get(podUid);
    if (volumes === undefined) {
      volumes = new Map();
      this.#states.set(podUid, volumes);
    }
    volumes.set(volume, state);
    this.#reports.next({ podUid, volume, state });
  }

  /** The projector's: a volume that is ready could not be made anew, and keeps its old files. */
  reportStale(podUid: string, volume: string, error: string): void {
    if (this.#released.has(podUid)) return;
    this.#reports.next({ podUid, volume, state: { ready: false, error } });
  }

  /** The kubelet's: nothing of the Pod runs any more, so nothing is to be written for it. */
  release(podUid: string): void {
    if (this.#released.has(podUid)) return;
    this.#released.add(podUid);
    this.#states.delete(podUid);
    this.#releases.next(podUid);
  }

  isReleased(podUid: string): boolean {
    return this.#released.has(podUid);
  }

  /** The Pod is gone: what was known of it is forgotten. Both say so when they are done with it, for either may be the last. */
  forget(podUid: string): void {
    this.#states.delete(podUid);
    this.#released.delete(podUid);
  }
}
