import { fnv1a32 } from '@orrery/api';
import type { QueueOptions } from './level-limits.ts';

/** What waits in a queue. */
export interface Waiting {
  /** Seats that it will occupy. */
  readonly seats: number;
}

interface Queue<T> {
  /** In the order of arrival. */
  readonly waiting: Set<T>;
  /** Seats of those that wait. */
  seats: number;
  running: number;
  /** Seat-milliseconds that its requests have used, as far as known: the queue with the least is next. */
  used: number;
}

/** What a request that was taken out has been charged for in advance, until it ends. */
export interface Charge {
  /** The queues it came from, which may no longer be its level's. */
  readonly queues: { finish(charge: Charge, milliseconds: number): void };
  readonly queue: number;
  readonly seats: number;
  /** In seat-milliseconds. */
  readonly amount: number;
}

/** The first guess at how long a request takes, in milliseconds. */
const firstGuess = 5;
/** What a request counts at least, in milliseconds: in virtual time all take none. */
const shortest = 0.1;
/** The weight of the newest duration in the mean. */
const weight = 0.1;

/**
 * The queues of a priority level (Kubernetes API Priority and Fairness). Each flow is dealt a hand of queues by its name (shuffle
 * sharding), so that a flow which floods fills its own hand, and few others share all of it. Among queues the one whose requests have
 * used the least so far is served next, as a fair scheduler does. Pure data: no time and no chance.
 */
export class FairQueues<T extends Waiting> {
  readonly #options: QueueOptions;
  /** Made when they are first used: most levels never have a request. */
  readonly #queues: (Queue<T> | undefined)[];
  readonly #placeOf = new Map<T, number>();
  /** Mean duration of a request, in milliseconds. */
  #mean = firstGuess;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#queues = new Array(options.queues).fill(undefined);
  }

  /** How many wait. */
  get length(): number {
    return this.#placeOf.size;
  }

  /** Those that wait, in no particular order. */
  items(): Iterable<T> {
    return this.#placeOf.keys();
  }

  /** Puts a request of a flow at the end of the least filled queue of its hand; false if that is full. */
  add(flow: string, item: T): boolean {
    const index = this.#leastFilled(flow);
    const queue = this.#queue(index);
    if (queue.waiting.size >= this.#options.queueLengthLimit) return false;
    this.#begin(queue);
    queue.waiting.add(item);
    queue.seats += item.seats;
    this.#placeOf.set(item, index);
    return true;
  }

  /** Takes out one that waits no longer. */
  remove(item: T): void {
    const index = this.#placeOf.get(item);
    if (index === undefined) return;
    const queue = this.#queues[index] as Queue<T>;
    this.#placeOf.delete(item);
    queue.waiting.delete(item);
    queue.seats -= item.seats;
  }

  /** Which is next; undefined if none waits. */
  next(): T | undefined {
    const index = this.#nextQueue();
    return index === undefined ? undefined : first(this.#queues[index] as Queue<T>);
  }

  /** Takes out the next one, and charges its queue for what it will probably use. */
  take(): { readonly item: T; readonly charge: Charge } | undefined {
    const index = this.#nextQueue();
    if (index === undefined) return undefined;
    const item = first(this.#queues[index] as Queue<T>) as T;
    this.remove(item);
    return { item, charge: this.#charge(index, item.seats) };
  }

  /** Charges a request that need not wait. */
  pass(flow: string, seats: number): Charge {
    const index = this.#leastFilled(flow);
    this.#begin(this.#queue(index));
    return this.#charge(index, seats);
  }

  /** A request has ended: its queue is charged for what it used beyond the guess. What it did not use is not given back, so that a queue which has begun later stays ahead. */
  finish({ queue: index, seats, amount }: Charge, milliseconds: number): void {
    const queue = this.#queues[index] as Queue<T>;
    queue.running--;
    queue.used += Math.max(0, seats * milliseconds - amount);
    this.#mean += (milliseconds - this.#mean) * weight;
  }

  /** A queue that was idle has no credit for that: it begins where the busy one stands that has used the least. */
  #begin(queue: Queue<T>): void {
    if (isBusy(queue)) return;
    let least = Number.POSITIVE_INFINITY;
    for (const other of this.#queues) if (other !== undefined && isBusy(other)) least = Math.min(least, other.used);
    if (least !== Number.POSITIVE_INFINITY) queue.used = Math.max(queue.used, least);
  }

  #charge(index: number, seats: number): Charge {
    const queue = this.#queues[index] as Queue<T>;
    const amount = seats * Math.max(this.#mean, shortest);
    queue.used += amount;
    queue.running++;
    return { queues: this, queue: index, seats, amount };
  }

  #leastFilled(flow: string): number {
    const { queues, handSize } = this.#options;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const index of dealHand(flow, queues, handSize)) {
      const queue = this.#queues[index];
      const filled = queue === undefined ? 0 : queue.seats + queue.running;
      if (filled >= least) continue;
      best = index;
      least = filled;
    }
    return best;
  }

  #queue(index: number): Queue<T> {
    let queue = this.#queues[index];
    if (queue === undefined) {
      queue = { waiting: new Set(), seats: 0, running: 0, used: 0 };
      this.#queues[index] = queue;
    }
    return queue;
  }

  #nextQueue(): number | undefined {
    if (this.#placeOf.size === 0) return undefined;
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [index, queue] of this.#queues.entries()) {
      if (queue === undefined || queue.waiting.size === 0 || queue.used >= least) continue;
      best = index;
      least = queue.used;
    }
    return best;
  }
}

function isBusy<T>({ waiting, running }: Queue<T>): boolean {
  return waiting.size > 0 || running > 0;
}

function first<T>({ waiting }: Queue<T>): T | undefined {
  return waiting.values().next().value;
}

/** The queues that a flow may use: different ones, the same for the same name. Pure. */
export function dealHand(flow: string, queues: number, handSize: number): readonly number[] {
  const hand: number[] = [];
  const dealt: number[] = [];
  let hash = fnv1a32(flow);
  for (let card = 0; card < Math.min(handSize, queues); card++) {
    hash = mixed(hash);
    // One of those that are left: the index skips the queues that are dealt already, in their order.
    let index = hash % (queues - card);
    let place = 0;
    for (; place < dealt.length && (dealt[place] as number) <= index; place++) index++;
    dealt.splice(place, 0, index);
    hand.push(index);
  }
  return hand;
}

/** The next of a sequence of hashes in which each bit depends on all bits before (an integer finalizer). */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return ((bits ^ (bits >>> 16)) + 0x9e3779b9) >>> 0;
}
