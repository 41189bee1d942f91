import { isNotFound, Lease, type Stored } from '@orrery/api';
import type { Client } from '../client.ts';
import { type Clock, type Duration, type Milliseconds, milliseconds } from '../clock/clock.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { createLogger } from '../inspection/logger.ts';
import { candidacy, heldBy, type LeaseState, leaseSpec, released } from './lease-decision.ts';

/** What {@link runLeaderElection} takes. */
export interface LeaderElectionOptions {
  readonly client: Client;
  readonly environment: Environment;
  /** The Lease that candidates compete for. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** This candidate; no two may have the same. */
  readonly identity: string;
  /** How long others wait for a leader that is silent. Default 15 s. */
  readonly leaseDuration?: Duration;
  /** How long a leader tries to renew before it gives up. Default 10 s. */
  readonly renewDeadline?: Duration;
  /** The wait between tries. Default 2 s. */
  readonly retryPeriod?: Duration;
  /** Ends the candidacy; a leader then frees the Lease. */
  readonly signal: AbortSignal;
  /** Called when this candidate leads. Its signal is aborted when it does no more; what it returns is waited for. */
  lead(signal: AbortSignal): void | Promise<void>;
}

/**
 * Waits to lead, leads, and resolves when it leads no more: the signal was aborted, or the Lease could not be renewed in
 * time (client-go's `tools/leaderelection`). To be a candidate again, call it again.
 * @throws what `lead` throws.
 */
export function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  return new Candidate(options).run();
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #leaseDuration: Milliseconds;
  readonly #renewDeadline: Milliseconds;
  readonly #retryPeriod: Milliseconds;
  /** The Lease as it was seen last, and when it was first seen so. */
  #seen: LeaseState | undefined;
  #stored: Stored<Lease> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.environment.clock;
    this.#leaseDuration = milliseconds(options.leaseDuration ?? '15s');
    this.#renewDeadline = milliseconds(options.renewDeadline ?? '10s');
    this.#retryPeriod = milliseconds(options.retryPeriod ?? '2s');
    if (this.#leaseDuration <= this.#renewDeadline) throw new RangeError('leaseDuration must be above renewDeadline');
    if (this.#renewDeadline <= this.#retryPeriod * 1.2) {
      throw new RangeError('renewDeadline must be above 1.2 times retryPeriod');
    }
  }

  async run(): Promise<void> {
    const { signal, lead, identity, lease } = this.#options;
    while (!signal.aborted && !(await this.#try())) await this.#pause();
    if (signal.aborted) return;
    this.#log().info('leads', { lease: `${lease.namespace}/${lease.name}`, identity });
    const leading = new AbortController();
    const led = Promise.resolve(lead.call(this.#options, leading.signal));
    // Renews while it leads; stops when the leading task fails, too.
    const failed = led.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => {
        leading.abort(error);
        throw error;
      },
    );
    try {
      await Promise.race([this.#renew(leading.signal), failed]);
    } finally {
      leading.abort(new Error('leads no more'));
      this.#log().info('leads no more', { lease: `${lease.namespace}/${lease.name}`, identity });
      await led.catch(() => undefined);
      await this.#release();
    }
  }

  /** Resolves when the Lease was not renewed in time, or the signal is aborted. */
  async #renew(leading: AbortSignal): Promise<void> {
    const { signal } = this.#options;
    let deadline = this.#clock.monotonic() + this.#renewDeadline;
    while (!signal.aborted && !leading.aborted) {
      await this.#pause();
      if (signal.aborted || leading.aborted) return;
      const left = deadline - this.#clock.monotonic();
      if (left <= 0) return;
      // A request that hangs must not make it lead longer than it may.
      const late = new AbortController();
      const renewed = await Promise.race([
        this.#try(),
        this.#clock.sleep(left, AbortSignal.any([late.signal, signal])).then(
          () => false,
          () => false,
        ),
      ]);
      late.abort();
      if (renewed) deadline = this.#clock.monotonic() + this.#renewDeadline;
    }
  }

  /** Acquires or renews the Lease; false if another candidate holds it or the server refuses. */
  async #try(): Promise<boolean> {
    const { client, identity, lease } = this.#options;
    try {
      const found = await this.#read();
      const decision = candidacy(this.#seen, identity, this.#clock.monotonic());
      if (decision === 'wait') return false;
      const spec = leaseSpec(found?.spec, identity, this.#leaseDuration, this.#clock.now());
      this.#see(
        found === undefined
          ? await client.create<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: lease, spec })
          : await client.update<Lease>({ ...found, spec }),
      );
      return true;
    } catch (error) {
      this.#log().warn('cannot take or renew the lease', { error: errorText(error) });
      return false;
    }
  }

  async #read(): Promise<Stored<Lease> | undefined> {
    try {
      const found = await this.#options.client.get(Lease, this.#options.lease);
      this.#see(found);
      return found;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#seen = undefined;
      this.#stored = undefined;
      return undefined;
    }
  }

  /** Clocks of candidates differ: how long a leader is silent is measured from when a change was seen here. */
  #see(lease: Stored<Lease>): void {
    if (this.#stored?.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#stored = lease;
    this.#seen = { spec: lease.spec ?? {}, since: this.#clock.monotonic() };
  }

  async #release(): Promise<void> {
    const { client, identity } = this.#options;
    if (this.#stored === undefined || !heldBy(this.#seen, identity)) return;
    try {
      await client.update<Lease>({ ...this.#stored, spec: released(this.#stored.spec ?? {}, this.#clock.now()) });
    } catch (error) {
      this.#log().warn('cannot free the lease', { error: errorText(error) });
    }
  }

  #pause(): Promise<void> {
    // Chance keeps candidates from trying all at once.
    const wait = this.#retryPeriod * (1 + 0.2 * this.#options.environment.random.next());
    return this.#clock.sleep(wait, this.#options.signal).catch(() => undefined);
  }

  #log() {
    return createLogger(this.#options.environment.inspector, this.#clock, this.#options.identity);
  }
}
