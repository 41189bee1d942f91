import { failures, type KubernetesObject } from '@orrery/api';
import {
  type ClientRequest,
  type Milliseconds,
  scheduleArrival,
  type WatchEvent,
  type WatchOptions,
} from '@orrery/core';
import { Observable, type Subscriber, Subscription } from 'rxjs';
import { type FaultPlan, type FaultType, watchFaults } from './fault-rules.ts';
import { chooseLatency, connectionLost, type FaultSource } from './fault-source.ts';

/** A watch that may go wrong. */
export interface FaultyWatch {
  readonly source: FaultSource;
  readonly happens: (fault: FaultType) => void;
  readonly actor: string;
  readonly request: ClientRequest;
  /** The faults that hold now, if any. */
  readonly plan: () => FaultPlan | undefined;
}

/** A watch whose events take their time, and that may not be opened, break, expire or fall silent. Its events stay in order. */
export function faultyWatch<T extends KubernetesObject>(
  faulty: FaultyWatch,
  open: () => Observable<WatchEvent<T>>,
  options: WatchOptions,
): Observable<WatchEvent<T>> {
  return new Observable((subscriber) => {
    const { source, happens, request, plan } = faulty;
    const passage = new Passage(faulty, subscriber);
    const now = plan();
    if (now !== undefined && source.choices.weigh(now.weights(request.verb), 'fault') !== 0) {
      happens('lost request');
      passage.end(latencyOf(faulty), () => subscriber.error(connectionLost()));
      return passage.subscription;
    }
    passage.through(open(), options.sendInitialEvents === true);
    return passage.subscription;
  });
}

/** What is on its way to one watcher. */
class Passage<T extends KubernetesObject> {
  /** Ends the watch, and forgets what is on its way. */
  readonly subscription = new Subscription();
  readonly #faulty: FaultyWatch;
  readonly #subscriber: Subscriber<WatchEvent<T>>;
  readonly #underWay = new Set<Disposable>();
  /** When what was sent last arrives. */
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;
  #upstream: Subscription | undefined;
  #ended = false;

  constructor(faulty: FaultyWatch, subscriber: Subscriber<WatchEvent<T>>) {
    this.#faulty = faulty;
    this.#subscriber = subscriber;
    this.subscription.add(() => {
      for (const timer of this.#underWay) timer[Symbol.dispose]();
    });
  }

  /** `listing`: the events up to the first bookmark come as one. */
  through(events: Observable<WatchEvent<T>>, listing: boolean): void {
    let listed = !listing;
    const listLatency = listing ? latencyOf(this.#faulty) : 0;
    this.#upstream = new Subscription();
    this.subscription.add(this.#upstream);
    this.#upstream.add(
      events.subscribe({
        next: (event) => {
          if (listed) this.#next(event);
          else this.#send(listLatency, () => this.#subscriber.next(event));
          listed ||= event.type === 'BOOKMARK' && event.initialEventsEnd;
        },
        error: (error: unknown) => this.end(latencyOf(this.#faulty), () => this.#subscriber.error(error)),
        complete: () => this.end(latencyOf(this.#faulty), () => this.#subscriber.complete()),
      }),
    );
  }

  /** Brings nothing more but this. */
  end(delay: Milliseconds, last: () => void): void {
    if (this.#ended) return;
    this.#send(delay, last);
    this.#ended = true;
    this.#upstream?.unsubscribe();
  }

  #next(event: WatchEvent<T>): void {
    const { source, happens, plan } = this.#faulty;
    const now = plan();
    const fault = now === undefined ? undefined : watchFaults[source.choices.weigh(now.watchWeights, 'watch fault')];
    const latency = latencyOf(this.#faulty);
    if (now === undefined || fault === undefined) {
      this.#send(latency, () => this.#subscriber.next(event));
      return;
    }
    happens(fault);
    if (fault === 'watch expiry') {
      this.end(latency, () =>
        this.#subscriber.error(failures.expired('The resourceVersion for the provided watch is too old.')),
      );
    } else {
      const silence = fault === 'watch stall' ? now.stallDuration : 0;
      this.end(silence + latency, () => this.#subscriber.error(connectionLost()));
    }
  }

  /** Delivers at once what takes no time and has nothing before it. */
  #send(latency: Milliseconds, deliver: () => void): void {
    if (this.#ended) return;
    const { source, actor, request } = this.#faulty;
    const now = source.clock.now();
    const arrival = Math.max(this.#lastArrival, now + latency);
    if (arrival === now && this.#underWay.size === 0) {
      deliver();
      return;
    }
    this.#lastArrival = arrival;
    const timer = scheduleArrival(source.clock, arrival - now, `an event of ${request.kind} to ${actor}`, () => {
      this.#underWay.delete(timer);
      deliver();
    });
    this.#underWay.add(timer);
  }
}

function latencyOf({ source, plan }: FaultyWatch): Milliseconds {
  const now = plan();
  return now === undefined ? 0 : chooseLatency(source, now);
}
