import { type Milliseconds, milliseconds } from '../clock/clock.ts';
import { scheduleRetry } from '../clock/retry.ts';
import type { ReconcileResult } from '../controller.ts';
import type { Environment } from '../environment.ts';
import { Fifo } from '../fifo.ts';
import { errorText } from '../inspection/error-text.ts';
import type { Cause } from '../inspection.ts';
import type { TurnPriority } from '../work.ts';
import { type BackOffOptions, backOff } from './back-off.ts';
import { type Causes, mergeCause, mergeCauses } from './causes.ts';

/** What {@link createWorkQueue} needs. */
export interface WorkQueueOptions {
  readonly environment: Environment;
  /** Whose queue this is: the name of its turns and inspections. */
  readonly actor: string;
  /** How many keys are processed at the same time; one key never is. Default 1. */
  readonly concurrency?: number;
  /**
   * When keys are processed while the process is behind. With `low`, what is queued meanwhile for the same key is processed once.
   * Default `normal`.
   */
  readonly priority?: TurnPriority;
  /** The wait before a key that failed is tried again. Default: 5 ms, doubling up to 1000 s, without jitter. */
  readonly backOff?: BackOffOptions;
  /** Works on a key. What it throws is emitted to the inspector and retried after the back-off. */
  process(key: string, causes: Causes): Promise<ReconcileResult | void> | ReconcileResult | void;
}

/**
 * Keys that wait to be processed (client-go's rate-limited work queue, together with its workers). A key that is added
 * again while it waits is processed once; a key that is added while it is processed is processed once more afterwards.
 * Causes are gathered per key. In simulation each processing waits for its actor's turn.
 */
export interface WorkQueue {
  /** Keys that wait, without those that wait for a timer. */
  readonly length: number;
  add(key: string, cause: Cause): void;
  /** Adds the key after `delay` milliseconds. Of several delays for a key, the earliest counts. */
  addAfter(key: string, delay: Milliseconds, cause?: Cause): void;
  /** Adds the key after its back-off, which grows with every call until {@link forget}. */
  addRateLimited(key: string, cause?: Cause): void;
  /** The key has recovered: its back-off starts over. */
  forget(key: string): void;
  /** How many times in a row the key has failed. */
  failures(key: string): number;
  /** Takes no more keys, drops those that wait, and resolves when those in process have ended. */
  stop(): Promise<void>;
}

/** Makes a queue; it runs by itself as soon as something is added. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new Queue(options);
}

interface DelayedAdd {
  readonly due: Milliseconds;
  readonly timer: Disposable;
}

class Queue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #concurrency: number;
  /** Keys that wait, in the order in which they were added, and their causes. */
  readonly #order = new Fifo<string>();
  readonly #waiting = new Map<string, Causes>();
  /** Keys in process. */
  readonly #processing = new Set<string>();
  /** Keys that were added while in process. */
  readonly #dirty = new Map<string, Causes>();
  readonly #failures = new Map<string, number>();
  /** Timers of `addAfter`. */
  readonly #delayed = new Map<string, DelayedAdd>();
  /** Timers that the outcome of the last processing has set; the next outcome replaces them. */
  readonly #followUps = new Map<string, Disposable>();
  /** Workers that wait for their turn or process. */
  #workers = 0;
  #stopped = false;
  readonly #stopWaiters: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1;
    if (!Number.isInteger(this.#concurrency) || this.#concurrency < 1) {
      throw new RangeError(`the concurrency must be a positive integer: ${options.concurrency}`);
    }
  }

  get length(): number {
    return this.#waiting.size + this.#dirty.size;
  }

  add(key: string, cause: Cause): void {
    this.#addAll(key, [cause]);
  }

  addAfter(key: string, delay: Milliseconds, cause: Cause = { type: 'timer' }): void {
    if (this.#stopped) return;
    if (delay <= 0) {
      this.add(key, cause);
      return;
    }
    const { clock } = this.#options.environment;
    const due = clock.now() + delay;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined) {
      if (earlier.due <= due) return;
      earlier.timer[Symbol.dispose]();
    }
    const timer = clock.schedule(delay, () => {
      this.#delayed.delete(key);
      this.add(key, cause);
    });
    this.#delayed.set(key, { due, timer });
  }

  addRateLimited(key: string, cause: Cause = { type: 'retry' }): void {
    this.#retry(key, [cause], 'asked to be tried again');
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#order.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
    for (const timer of this.#followUps.values()) timer[Symbol.dispose]();
    this.#followUps.clear();
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#stopWaiters.push(resolve));
  }

  #addAll(key: string, causes: Causes): void {
    if (this.#stopped) return;
    const set = this.#processing.has(key) ? this.#dirty : this.#waiting;
    const before = set.get(key);
    set.set(key, before === undefined ? causes : mergeCauses(before, causes));
    if (before === undefined && set === this.#waiting) this.#order.push(key);
    this.#emitAdded(before === undefined ? 'queued' : 'merged', key, causes);
    this.#staff();
  }

  #emitAdded(type: 'queued' | 'merged', key: string, causes: Causes): void {
    const { environment, actor } = this.#options;
    if (environment.inspector.silent) return;
    const time = environment.clock.now();
    for (const cause of causes) environment.inspector.emit({ type, time, actor, key, cause });
  }

  /** Sends for as many workers as there is work, up to the concurrency. Asking for the turn is what marks the work as pending. */
  #staff(): void {
    const { environment, actor, priority } = this.#options;
    while (this.#workers < this.#concurrency && this.#workers - this.#processing.size < this.#waiting.size) {
      this.#workers++;
      void environment.work.turn(actor, priority).then(() => this.#work());
    }
  }

  async #work(): Promise<void> {
    const key = this.#order.shift();
    const causes = key === undefined ? undefined : this.#waiting.get(key);
    if (key !== undefined && causes !== undefined) {
      this.#waiting.delete(key);
      this.#processing.add(key);
      await this.#process(key, causes);
      this.#processing.delete(key);
      const dirty = this.#dirty.get(key);
      if (dirty !== undefined) {
        this.#dirty.delete(key);
        this.#waiting.set(key, dirty);
        this.#order.push(key);
      }
    }
    this.#workers--;
    if (this.#stopped) {
      if (this.#processing.size === 0) for (const resolve of this.#stopWaiters.splice(0)) resolve();
      return;
    }
    this.#staff();
  }

  async #process(key: string, causes: Causes): Promise<void> {
    const { environment, actor } = this.#options;
    const { inspector, clock } = environment;
    // Whatever the last outcome asked for is being done now.
    this.#dropFollowUp(key);
    if (!inspector.silent) inspector.emit({ type: 'started', time: clock.now(), actor, key, causes });
    let result: ReconcileResult | void;
    let after: Milliseconds | undefined;
    try {
      result = await this.#options.process(key, causes);
      if (result?.requeueAfter !== undefined) after = milliseconds(result.requeueAfter);
    } catch (thrown) {
      const error = errorText(thrown);
      const attempt = this.failures(key) + 1;
      if (!inspector.silent) {
        inspector.emit({ type: 'failed', time: clock.now(), actor, key, causes, error, attempt });
      }
      this.#retry(key, mergeCause(causes, { type: 'retry' }), error);
      return;
    }
    // Unless it has asked for a rate-limited try itself.
    if (!this.#followUps.has(key)) this.#failures.delete(key);
    if (!inspector.silent) inspector.emit({ type: 'finished', time: clock.now(), actor, key, causes });
    if (after === undefined || this.#stopped) return;
    if (!inspector.silent) {
      inspector.emit({ type: 'requeued', time: clock.now(), actor, key, after, reason: 'asked' });
    }
    this.#dropFollowUp(key);
    this.#followUps.set(
      key,
      clock.schedule(after, () => {
        this.#followUps.delete(key);
        this.add(key, { type: 'timer' });
      }),
    );
  }

  #retry(key: string, causes: Causes, error: string): void {
    if (this.#stopped) return;
    const { environment, actor } = this.#options;
    const failures = this.failures(key);
    const attempt = failures + 1;
    this.#failures.set(key, attempt);
    const after = backOff(failures, this.#options.backOff, environment.random);
    if (!environment.inspector.silent) {
      const time = environment.clock.now();
      environment.inspector.emit({ type: 'requeued', time, actor, key, after, reason: 'failed' });
    }
    this.#dropFollowUp(key);
    const timer = scheduleRetry(environment.clock, after, { actor, key, attempt, error, causes }, () => {
      this.#followUps.delete(key);
      this.#addAll(key, causes);
    });
    this.#followUps.set(key, timer);
  }

  #dropFollowUp(key: string): void {
    this.#followUps.get(key)?.[Symbol.dispose]();
    this.#followUps.delete(key);
  }
}
