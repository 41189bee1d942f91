import type { Clock } from '@orrery/core';
import { type Charge, FairQueues } from './fair-queues.ts';
import type { LevelLimits } from './level-limits.ts';

/** A flow's request for seats. */
interface FlowSeats {
  readonly flow: string;
  readonly seats: number;
}

/** A request that waits for seats of a level. */
export interface Candidate extends FlowSeats {
  /** It may begin, and has these seats. */
  grant(seated: Seated): void;
  /** It is refused. */
  refuse(): void;
}

/** A request that occupies seats. */
export interface Seated {
  readonly level: PriorityLevel;
  /** Undefined in a level without queues. */
  readonly charge: Charge | undefined;
  readonly seats: number;
  readonly since: number;
}

/** Seats of a priority level, and the requests that wait for them. */
export class PriorityLevel {
  readonly name: string;
  readonly #clock: Clock;
  #limits: LevelLimits;
  #queues: FairQueues<Candidate> | undefined;
  #occupied = 0;

  constructor(name: string, limits: LevelLimits, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.#limits = limits;
    this.#queues = queuesOf(limits);
  }

  get limits(): LevelLimits {
    return this.#limits;
  }

  get occupied(): number {
    return this.#occupied;
  }

  get waiting(): number {
    return this.#queues?.length ?? 0;
  }

  /** Seats beyond its own that it uses. */
  get borrowed(): number {
    return Math.max(0, this.#occupied - (this.#limits.nominal ?? Number.POSITIVE_INFINITY));
  }

  /** Its own seats that are free for others. */
  get lendable(): number {
    const { nominal, lendable } = this.#limits;
    return nominal === undefined ? lendable : Math.max(0, Math.min(lendable, nominal - this.#occupied));
  }

  /** How many seats a request of that size occupies here. */
  seatsOf(wanted: number): number {
    return Math.max(1, Math.min(wanted, this.#limits.perRequest));
  }

  /** Whether so many more seats are within its own limit, or within what it may borrow of the seats that others lend. */
  fits(seats: number, lent: number): boolean {
    const { nominal, borrowing } = this.#limits;
    if (nominal === undefined || this.#occupied === 0) return true;
    const beyond = this.#occupied + seats - nominal;
    return beyond <= 0 || beyond <= Math.min(borrowing, lent);
  }

  /** Seats a request that need not wait. */
  seat(request: FlowSeats): Seated {
    return this.#seated(request.seats, this.#queues?.pass(request.flow, request.seats));
  }

  /** Queues a request; false if it has no queue, or a full one. */
  queue(candidate: Candidate): boolean {
    return this.#queues?.add(candidate.flow, candidate) ?? false;
  }

  leave(candidate: Candidate): void {
    this.#queues?.remove(candidate);
  }

  /** Seats that the next of those that wait needs; undefined if none waits. */
  get next(): number | undefined {
    return this.#queues?.next()?.seats;
  }

  /** Seats the next of those that wait. */
  seatNext(): void {
    const taken = this.#queues?.take();
    if (taken !== undefined) taken.item.grant(this.#seated(taken.item.seats, taken.charge));
  }

  /** A request has ended. */
  free({ charge, seats, since }: Seated): void {
    this.#occupied -= seats;
    charge?.queues.finish(charge, this.#clock.now() - since);
  }

  /** Follows a change of the configuration. Those that wait go to the new queues; whom they have no room for is refused. */
  configure(limits: LevelLimits): void {
    const before = this.#queues;
    const same = JSON.stringify(limits.queuing) === JSON.stringify(this.#limits.queuing);
    this.#limits = limits;
    if (same) return;
    this.#queues = queuesOf(limits);
    for (const candidate of before?.items() ?? []) if (!this.queue(candidate)) candidate.refuse();
  }

  /** It is no longer configured: those that wait begin. */
  dissolve(): void {
    const waiting = [...(this.#queues?.items() ?? [])];
    this.#queues = undefined;
    for (const candidate of waiting) candidate.grant(this.#seated(candidate.seats, undefined));
  }

  #seated(seats: number, charge: Charge | undefined): Seated {
    this.#occupied += seats;
    return { level: this, charge, seats, since: this.#clock.now() };
  }
}

function queuesOf({ queuing }: LevelLimits): FairQueues<Candidate> | undefined {
  return queuing === undefined ? undefined : new FairQueues(queuing);
}
