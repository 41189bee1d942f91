import { failures, type KubernetesObject } from '@orrery/api';
import type { Milliseconds, WatchEvent, WatchOptions } from '@orrery/core';
import { type ClientRequest, scheduleArrival } from '@orrery/core/assembly';
import { Observable, type Subscriber, Subscription } from 'rxjs';
import { type FaultPlan, watchFaults } from './fault-rules.ts';
import { chooseLatency, connectionLost, type FaultContext } from './fault-source.ts';

/** A watch that may get faults. */
export interface FaultyWatch {
  readonly context: FaultContext;
  readonly actor: string;
  readonly request: ClientRequest;
  /** Returns the current faults, if any. */
  readonly plan: () => FaultPlan | undefined;
}

/** A watch whose events are delayed, and that may fail to open, break, expire or stall. Its events stay in order. */
export function faultyWatch<T extends KubernetesObject>(
  faulty: FaultyWatch,
  open: () => Observable<WatchEvent<T>>,
  options: WatchOptions,
): Observable<WatchEvent<T>> {
  return new Observable((subscriber) => {
    const { context, request, plan } = faulty;
    const passage = new Passage(faulty, subscriber);
    const now = plan();
    if (now !== undefined && context.choices.weigh(now.weights(request.verb), 'fault', () => textOf(faulty)) !== 0) {
      context.happens('lost request');
      passage.end(latencyOf(faulty), () => subscriber.error(connectionLost()));
      return passage.subscription;
    }
    passage.through(open(), options.sendInitialEvents === true);
    return passage.subscription;
  });
}

/** The events in flight to one watcher. */
class Passage<T extends KubernetesObject> {
  /** Ends the watch, and drops what is in flight. */
  readonly subscription = new Subscription();
  readonly #faulty: FaultyWatch;
  readonly #subscriber: Subscriber<WatchEvent<T>>;
  /** In the order of arrival. A clock may fire timers in any order, so only the first event has one. */
  readonly #underWay: { readonly arrival: Milliseconds; readonly deliver: () => void }[] = [];
  #timer: Disposable | undefined;
  #upstream: Subscription | undefined;
  #ended = false;

  constructor(faulty: FaultyWatch, subscriber: Subscriber<WatchEvent<T>>) {
    this.#faulty = faulty;
    this.#subscriber = subscriber;
    this.subscription.add(() => {
      this.#underWay.length = 0;
      this.#timer?.[Symbol.dispose]();
    });
  }

  /** `listing`: the events up to the first bookmark are delivered together. */
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

  /** Delivers nothing after this. */
  end(delay: Milliseconds, last: () => void): void {
    if (this.#ended) return;
    this.#send(delay, last);
    this.#ended = true;
    this.#upstream?.unsubscribe();
  }

  #next(event: WatchEvent<T>): void {
    const { context, plan } = this.#faulty;
    const now = plan();
    const fault =
      now === undefined
        ? undefined
        : watchFaults[context.choices.weigh(now.watchWeights, 'watch fault', () => textOf(this.#faulty))];
    const latency = latencyOf(this.#faulty);
    if (now === undefined || fault === undefined) {
      this.#send(latency, () => this.#subscriber.next(event));
      return;
    }
    context.happens(fault);
    if (fault === 'watch expiry') {
      this.end(latency, () =>
        this.#subscriber.error(failures.expired('The resourceVersion for the provided watch is too old.')),
      );
    } else {
      const silence = fault === 'watch stall' ? now.stallDuration : 0;
      this.end(silence + latency, () => this.#subscriber.error(connectionLost()));
    }
  }

  /** Delivers events without latency and without earlier events in flight at once. */
  #send(latency: Milliseconds, deliver: () => void): void {
    if (this.#ended) return;
    const now = this.#faulty.context.clock.now();
    const arrival = Math.max(this.#underWay.at(-1)?.arrival ?? now, now + latency);
    if (arrival === now && this.#underWay.length === 0) {
      deliver();
      return;
    }
    this.#underWay.push({ arrival, deliver });
    if (this.#underWay.length === 1) this.#awaitFirst();
  }

  #awaitFirst(): void {
    const [first] = this.#underWay;
    if (first === undefined) return;
    const { context } = this.#faulty;
    const what = `an event of the ${textOf(this.#faulty)}`;
    this.#timer = scheduleArrival(context.clock, first.arrival - context.clock.now(), what, () => {
      first.deliver();
      this.#underWay.shift();
      this.#awaitFirst();
    });
  }
}

function latencyOf({ context, plan }: FaultyWatch): Milliseconds {
  const now = plan();
  return now === undefined ? 0 : chooseLatency(context, now);
}

function textOf({ actor, request }: FaultyWatch): string {
  return `watch ${request.kind} of ${actor}`;
}
