import type { FlowSchema, PriorityLevelConfiguration } from '@orrery/api';
import type { Clock, Milliseconds } from '@orrery/core';
import { byPrecedence, type FlowRequest, flowOf, schemaOf } from './flow-request.ts';
import { levelLimits, type RequestLimits } from './level-limits.ts';
import { type Candidate, PriorityLevel, type Seated } from './priority-level.ts';

/** What a request was classified as. */
export interface Classification {
  /** Its FlowSchema and PriorityLevelConfiguration; uids, `''` for one that is not stored yet. */
  readonly flowSchema: string;
  readonly priorityLevel: string;
}

/** The seats of a request, which begins when it has them. */
export interface Admission extends Classification {
  /** Gives the seats back. Calling it again has no effect. */
  leave(): void;
}

/** The server is too busy for a request: HTTP 429. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  readonly classification: Classification;
  /** Seconds after which the client should try again. */
  readonly retryAfter = 1;

  constructor(classification: Classification) {
    super('Too many requests, please try again later.');
    this.classification = classification;
  }
}

/** How long a request waits for seats: a quarter of Kubernetes' request timeout. */
const waitLimit: Milliseconds = 15_000;

interface Configured {
  readonly schemas: readonly FlowSchema[];
  readonly uids: ReadonlyMap<string, string>;
}

/**
 * Decides when a request begins (Kubernetes API Priority and Fairness, KEP-1040): its FlowSchema puts it into a priority level,
 * which has a share of the server's seats; where they are taken it waits in a queue, and its flow gets its fair part. A level lends what it
 * does not use, and takes its own back as those requests end.
 */
export class FlowControl {
  readonly #clock: Clock;
  readonly #limits: RequestLimits;
  readonly #levels = new Map<string, PriorityLevel>();
  #configured: Configured = { schemas: [], uids: new Map() };

  constructor(clock: Clock, limits: RequestLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Follows the stored configuration. Schemas of levels that do not exist are ignored. */
  configure(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): void {
    const limits = levelLimits(levels, this.#limits);
    for (const [name, level] of this.#levels) {
      if (limits.has(name)) continue;
      this.#levels.delete(name);
      level.dissolve();
    }
    for (const [name, own] of limits) {
      const known = this.#levels.get(name);
      if (known === undefined) this.#levels.set(name, new PriorityLevel(name, own, this.#clock));
      else known.configure(own);
    }
    this.#configured = {
      schemas: schemas
        .filter(({ spec }) => limits.has(spec.priorityLevelConfiguration.name ?? ''))
        .toSorted(byPrecedence),
      uids: new Map(levels.map((level) => [level.metadata.name, uidOf(level)])),
    };
    this.#dispatch();
  }

  /**
   * Waits until a request may begin; the answer is a promise only if it has to wait.
   * @param seats how many it would occupy: one, or more for a long list
   * @param signal aborted when the client has gone
   * @throws Overloaded at once or, from the promise, later
   */
  enter(request: FlowRequest, seats: () => number, signal?: () => AbortSignal): Admission | Promise<Admission> {
    const schema = schemaOf(this.#configured.schemas, request);
    const level = this.#levels.get(schema?.spec.priorityLevelConfiguration.name ?? '');
    // Nothing is configured for it, which only a server without the mandatory objects can have.
    if (schema === undefined || level === undefined) return unlimited;
    const classified = { flowSchema: uidOf(schema), priorityLevel: this.#configured.uids.get(level.name) ?? '' };
    if (level.limits.nominal === undefined) return { ...classified, leave: () => undefined };
    const flow = flowOf(schema, request);
    const wanted = level.seatsOf(seats());
    if (level.waiting === 0 && level.fits(wanted, this.#lentTo(level))) {
      return this.#admission(classified, level.seat({ flow, seats: wanted }));
    }
    return this.#wait(level, classified, flow, wanted, signal?.());
  }

  /** Occupied seats and waiting requests of a level. */
  state(name: string): { readonly occupied: number; readonly waiting: number } | undefined {
    const level = this.#levels.get(name);
    return level && { occupied: level.occupied, waiting: level.waiting };
  }

  #wait(
    level: PriorityLevel,
    classified: Classification,
    flow: string,
    seats: number,
    signal: AbortSignal | undefined,
  ): Promise<Admission> {
    const { promise, resolve, reject } = Promise.withResolvers<Admission>();
    let timer: Disposable | undefined;
    const waitsNoLonger = () => {
      timer?.[Symbol.dispose]();
      signal?.removeEventListener('abort', giveUp);
    };
    const candidate: Candidate = {
      flow,
      seats,
      grant: (seated) => {
        waitsNoLonger();
        resolve(this.#admission(classified, seated));
      },
      refuse: () => {
        waitsNoLonger();
        reject(new Overloaded(classified));
      },
    };
    const giveUp = () => {
      level.leave(candidate);
      candidate.refuse();
      // It may have been the first of its level, and wider than the next.
      this.#dispatch();
    };
    if (!level.queue(candidate)) throw new Overloaded(classified);
    timer = this.#clock.schedule(waitLimit, giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    // Those before it may wait for more seats than are free, and its flow's turn comes before theirs.
    this.#dispatch();
    return promise;
  }

  #admission(classified: Classification, seated: Seated): Admission {
    let left = false;
    return {
      ...classified,
      leave: () => {
        if (left) return;
        left = true;
        seated.level.free(seated);
        this.#dispatch();
      },
    };
  }

  /** Seats those that wait, as far as there are seats. */
  #dispatch(): void {
    for (const level of this.#levels.values()) {
      for (let seats = level.next; seats !== undefined && level.fits(seats, this.#lentTo(level)); seats = level.next)
        level.seatNext();
    }
  }

  /** Seats that the other levels lend to this one and to those that have borrowed already. */
  #lentTo(borrower: PriorityLevel): number {
    let seats = 0;
    for (const level of this.#levels.values()) if (level !== borrower) seats += level.lendable - level.borrowed;
    return Math.max(0, seats);
  }
}

const unlimited: Admission = { flowSchema: '', priorityLevel: '', leave: () => undefined };

function uidOf({ metadata }: FlowSchema | PriorityLevelConfiguration): string {
  return metadata.uid ?? '';
}
