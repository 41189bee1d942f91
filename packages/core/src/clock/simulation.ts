import { type Choices, createChoices, type ReplayedChoices } from '../choices/choices.ts';
import type { Path } from '../choices/path.ts';
import type { Environment } from '../environment.ts';
import { createInspector, type InspectionStream } from '../inspection/inspector.ts';
import { createSeededRandom } from '../random/seeded-random.ts';
import type { Work } from '../work.ts';
import { type Duration, type Milliseconds, milliseconds } from './clock.ts';
import { LivelockError, type RecentWork, watchWork } from './livelock.ts';
import { afterMicrotasks } from './macrotask.ts';
import type { Retry, RetryClock } from './retry.ts';
import { sleepOn } from './sleep.ts';
import { type Awaited, type Timer, TimerQueue } from './timer-queue.ts';
import type { TransitClock } from './transit.ts';
import { Turns } from './turns.ts';

/** What decides a simulation. */
export interface SimulationOptions {
  /** Decides everything that chance and order decide. With a path: the choices after its end only. Default: the path's seed, or 1. */
  readonly seed?: number | string;
  /**
   * The run that is to be repeated (`choices.path()`, or its text): choice by choice, with its names, uids and jitter. A run
   * that does not fit it fails with a PathError when it is driven. Default: none.
   */
  readonly path?: Path | string;
  /** Milliseconds since the epoch at which the clock starts. Default 2026-01-01T00:00:00Z. */
  readonly start?: Milliseconds;
}

/** When {@link Simulation.settle} gives up. */
export interface SettleOptions {
  /** How many times in a row one item may fail before it is taken to fail forever. Default 20. */
  readonly retries?: number;
  /** How many turns may be taken without coming to rest; a thousand new Pods need some 25,000. Default 250,000. */
  readonly turns?: number;
}

/** When {@link Simulation.run} gives up. */
export interface RunOptions {
  /** Give up after so much virtual time. Default: never, as long as there are timers. */
  readonly within?: Duration;
  /** Stop as if the condition had come true. */
  readonly signal?: AbortSignal;
  /**
   * What to do when all are idle and no timer is left: fail, or wait for an outside event (a network client, say) to set
   * something going. Default `fail`.
   */
  readonly whenStill?: 'fail' | 'wait';
}

/**
 * Virtual time and the order of turns, driven from outside. Between the calls below the clock stands still, but
 * actors that have asked for a turn get it. Loops are *idle* when no actor waits for a turn, nothing is busy and no promise continuation
 * is ready.
 */
export interface Simulation {
  readonly environment: Environment & { readonly inspector: InspectionStream };
  /** Decides order and faults; everything that injects faults into the simulation asks it. */
  readonly choices: Choices;
  /** Resolves when all are idle. Time stands still meanwhile. @throws LivelockError; PathError, as all that drives time */
  idle(options?: Pick<SettleOptions, 'turns'>): Promise<void>;
  /**
   * Resolves when all are idle, nothing waits to be tried again, and nothing is on its way. Time moves only to pass over the
   * waits before retries and over the latency of links; other timers that come due on the way fire.
   * @throws LivelockError that names actors, keys and causes if that never ends.
   */
  settle(options?: SettleOptions): Promise<void>;
  /**
   * Moves time on by `duration`, from timer to timer, letting the loops come to rest after each that set something going.
   * @throws LivelockError, and whatever a timer's task throws.
   */
  advance(duration: Duration, options?: Pick<SettleOptions, 'turns'>): Promise<void>;
  /**
   * Jumps from timer to timer, whenever all are idle, until the condition holds. It is asked while all are idle.
   * @throws Error if no timer is left or the time that was given is over.
   */
  run(until: () => boolean, options?: RunOptions): Promise<void>;
  /** What keeps the loops from being idle or settled, for people: turns, busy work, retries. */
  pending(): readonly string[];
}

/**
 * A simulated environment. The same seed and the same calls give the same history: every turn and every random number.
 *
 * RxJS has a virtual scheduler of its own, which sorts all its actions whenever one is added; a day of a thousand Pods' probes
 * fires 17 million timers, so timers here are kept by moment. `clockScheduler` gives RxJS operators this clock.
 */
export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new Engine(options);
}

/** Timers that trigger no work are fired in a row; after this many, the event loop turns. */
const quietTimersInARow = 4096;
const defaultTurns = 250_000;
const defaultRetries = 20;
/** Successful retries of one item in one settling, after which it is taken to go in circles. */
const retriesInOneSettling = 1000;

class Engine implements Simulation, RetryClock, TransitClock, Work {
  readonly environment: Simulation['environment'];
  readonly choices: ReplayedChoices;
  #now: Milliseconds;
  readonly #timers = new TimerQueue();
  /** Timers that a settling simulation passes over. */
  readonly #awaited = new Set<Timer>();
  readonly #turns: Turns;
  readonly #busy = new Map<Disposable, string>();
  /** Grows with everything that may have made a promise continuation ready. */
  #activity = 0;
  #pumping = false;
  #turnsTaken = 0;
  #turnLimit = defaultTurns;
  /** Whether turns are counted on through moments in which all are idle: there is still something on its way. */
  #countsOn = false;
  #recentWork: RecentWork | undefined;
  /** Wakes a run that waits while all stands still. */
  #stir: (() => void) | undefined;
  #waiters: { resolve: () => void; reject: (error: Error) => void }[] = [];
  /** The end of the last call that drives time: two never drive it at once. */
  #driven: Promise<void> = Promise.resolve();

  constructor({ start = Date.UTC(2026, 0, 1), ...chance }: SimulationOptions) {
    this.#now = start;
    this.choices = createChoices(chance);
    this.#turns = new Turns(this.choices);
    const random = createSeededRandom(this.choices.seed).fork('environment');
    this.environment = { clock: this, work: this, random, inspector: createInspector() };
  }

  // Clock

  now(): Milliseconds {
    return this.#now;
  }

  monotonic(): Milliseconds {
    return this.#now;
  }

  schedule(duration: Duration, task: () => void | Promise<unknown>): Disposable {
    return this.#addTimer(typeof duration === 'number' ? duration : milliseconds(duration), task, undefined);
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return sleepOn(
      (delay, wake) =>
        this.schedule(delay, () => {
          this.#activity++;
          void wake();
        }),
      duration,
      signal,
    );
  }

  scheduleRetry(delay: Milliseconds, retry: Retry, task: () => void): Disposable {
    return this.#addTimer(delay, task, { type: 'retry', retry });
  }

  scheduleArrival(delay: Milliseconds, what: string, task: () => void): Disposable {
    return this.#addTimer(delay, task, { type: 'arrival', what });
  }

  #addTimer(delay: Milliseconds, task: () => void | Promise<unknown>, awaited: Awaited | undefined): Timer {
    if (Number.isNaN(delay)) throw new RangeError('a timer needs a number of milliseconds');
    const timer = new EngineTimer(this, this.#now + (delay > 0 ? delay : 0), task, awaited);
    if (awaited !== undefined) this.#awaited.add(timer);
    if (timer.time !== Number.POSITIVE_INFINITY) this.#timers.add(timer);
    this.#stir?.();
    return timer;
  }

  /** Called by a timer that was disposed before it fired. */
  timerDisposed(timer: Timer): void {
    if (timer.awaited !== undefined) this.#awaited.delete(timer);
    if (timer.time !== Number.POSITIVE_INFINITY) this.#timers.disposed();
  }

  // Work

  readonly ordered = true;

  turn(actor: string): Promise<void> {
    this.#activity++;
    return new Promise((resolve) => {
      this.#turns.add(actor, resolve);
      this.#wake();
    });
  }

  busy(what: string): Disposable {
    this.#activity++;
    const token = {
      [Symbol.dispose]: () => {
        if (!this.#busy.delete(token)) return;
        this.#activity++;
        if (this.#busy.size === 0) this.#wake();
      },
    };
    this.#busy.set(token, what);
    return token;
  }

  crowded(): boolean {
    return false;
  }

  // Simulation

  idle({ turns }: Pick<SettleOptions, 'turns'> = {}): Promise<void> {
    return this.#drive(() => this.#rest(turns));
  }

  settle({ retries = defaultRetries, turns }: SettleOptions = {}): Promise<void> {
    return this.#drive(async () => {
      const tried = new Map<string, number>();
      await this.#rest(turns);
      for (let next = this.#nextAwaited(); next !== undefined; next = this.#nextAwaited()) {
        if (next.awaited?.type === 'retry') this.#checkRetry(next.awaited.retry, tried, retries);
        this.#countsOn = [...this.#awaited].some(({ awaited }) => awaited?.type === 'arrival');
        await this.#fireUntil(next.time, turns);
      }
    });
  }

  /** @throws LivelockError if it fails forever, or goes in circles. */
  #checkRetry({ actor, key, attempt }: Retry, tried: Map<string, number>, retries: number): void {
    const item = `${actor} ${key}`;
    const times = (tried.get(item) ?? 0) + 1;
    tried.set(item, times);
    if (attempt <= retries && times <= retriesInOneSettling) return;
    throw new LivelockError('retries', this.#livelockDetails(), this.#retries());
  }

  #retries(): readonly Retry[] {
    return [...this.#awaited].flatMap(({ awaited }) => (awaited?.type === 'retry' ? [awaited.retry] : []));
  }

  advance(duration: Duration, { turns }: Pick<SettleOptions, 'turns'> = {}): Promise<void> {
    return this.#drive(async () => {
      const target = this.#now + Math.max(0, milliseconds(duration));
      if (!Number.isFinite(target)) throw new RangeError(`time cannot be advanced by ${duration}`);
      await this.#rest(turns);
      await this.#fireUntil(target, turns);
      this.#now = target;
    });
  }

  run(until: () => boolean, { within, signal, whenStill = 'fail' }: RunOptions = {}): Promise<void> {
    return this.#drive(async () => {
      const end = within === undefined ? Number.POSITIVE_INFINITY : this.#now + milliseconds(within);
      signal?.addEventListener('abort', () => this.#stir?.(), { once: true });
      await this.#rest();
      for (let fired = 0; signal?.aborted !== true && !until(); fired++) {
        const timer = this.#timers.take(end);
        if (timer === undefined && whenStill === 'wait' && this.#timers.peek() === undefined) {
          await this.#stirred();
          await this.#rest();
          continue;
        }
        if (timer === undefined) {
          throw new Error(
            this.#timers.peek() === undefined
              ? 'the condition does not hold and no timer is left'
              : `the condition did not come true within ${within}`,
          );
        }
        if (this.#fire(timer) || fired % quietTimersInARow === 0) await this.#rest();
      }
    });
  }

  /** Resolves when an actor asks for a turn, a timer is set or busy work ends. */
  #stirred(): Promise<void> {
    return new Promise((resolve) => {
      this.#stir = resolve;
    });
  }

  pending(): readonly string[] {
    return [
      ...[...this.#busy.values()].map((what) => `busy: ${what}`),
      ...this.#turns.actors.map((actor) => `turn: ${actor}`),
      ...[...this.#awaited].map(({ awaited }) => awaitedText(awaited)),
    ];
  }

  #drive(task: () => Promise<void>): Promise<void> {
    const result = this.#driven.then(() => {
      this.#countsOn = false;
      return task();
    });
    // The next call waits for this one's end, good or bad; this one's caller gets the error.
    this.#driven = result.then(undefined, () => undefined);
    return result;
  }

  async #fireUntil(target: Milliseconds, turns?: number): Promise<void> {
    let quiet = 0;
    for (let timer = this.#timers.take(target); timer !== undefined; timer = this.#timers.take(target)) {
      if (this.#fire(timer) || ++quiet === quietTimersInARow) {
        quiet = 0;
        await this.#rest(turns);
      }
    }
  }

  /** Whether the timer set something going. */
  #fire(timer: Timer): boolean {
    const task = timer.task as () => void | Promise<unknown>;
    const before = this.#activity;
    timer.task = undefined;
    this.#now = timer.time;
    if (timer.awaited !== undefined) {
      this.#awaited.delete(timer);
      this.#activity++;
    }
    const result = task();
    return this.#activity !== before || (typeof result === 'object' && result !== null);
  }

  #nextAwaited(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#awaited) {
      if (next === undefined || timer.time < next.time) next = timer;
    }
    return next;
  }

  #rest(turns = defaultTurns): Promise<void> {
    this.#turnLimit = turns;
    if (!this.#countsOn) this.#turnsTaken = 0;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wake();
    });
  }

  #wake(): void {
    this.#stir?.();
    if (this.#pumping) return;
    this.#pumping = true;
    afterMicrotasks(this.#pump);
  }

  /** Runs when no promise continuation is ready: gives out one turn, or finds that all are idle. */
  readonly #pump = (): void => {
    this.#pumping = false;
    // The end of the last busy work wakes this again.
    if (this.#busy.size > 0) return;
    const waiters = this.#waiters;
    if (waiters.length > 0 && this.#turnsTaken >= this.#turnLimit && this.#turns.waiting) {
      this.#waiters = [];
      const error = this.choices.misfit ?? new LivelockError('turns', this.#livelockDetails(), []);
      for (const waiter of waiters) waiter.reject(error);
      return;
    }
    const resume = this.#turns.next();
    if (resume !== undefined) {
      this.#turnsTaken++;
      if (this.#turnLimit - this.#turnsTaken === 10_000) this.#recentWork ??= watchWork(this.environment.inspector);
      resume();
      this.#wake();
      return;
    }
    if (!this.#countsOn) this.#stopCounting();
    this.#waiters = [];
    const { misfit } = this.choices;
    for (const waiter of waiters) {
      if (misfit === undefined) waiter.resolve();
      else waiter.reject(misfit);
    }
  };

  #stopCounting(): void {
    this.#turnsTaken = 0;
    this.#recentWork?.stop();
    this.#recentWork = undefined;
  }

  #livelockDetails() {
    return { pending: this.pending(), turns: this.#turnsTaken, recent: this.#recentWork?.summary() ?? [] };
  }
}

class EngineTimer implements Timer {
  readonly #engine: Engine;
  readonly time: Milliseconds;
  task: (() => void | Promise<unknown>) | undefined;
  readonly awaited: Awaited | undefined;

  constructor(engine: Engine, time: Milliseconds, task: () => void | Promise<unknown>, awaited: Awaited | undefined) {
    this.#engine = engine;
    this.time = time;
    this.task = task;
    this.awaited = awaited;
  }

  [Symbol.dispose](): void {
    if (this.task === undefined) return;
    this.task = undefined;
    this.#engine.timerDisposed(this);
  }
}

function awaitedText(awaited: Awaited | undefined): string {
  if (awaited?.type !== 'retry') return `on its way: ${awaited?.what}`;
  const { actor, key, error } = awaited.retry;
  return `retry: ${actor} ${key}: ${error}`;
}
