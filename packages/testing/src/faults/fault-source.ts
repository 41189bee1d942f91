import type { Clock, Milliseconds } from '@orrery/core';
import type { Choices } from '@orrery/core/assembly';
import type { FaultPlan, FaultType } from './fault-rules.ts';

/** What faults are injected with: the clock for latencies, and the choices that decide whether a fault happens. */
export interface FaultSource {
  readonly clock: Clock;
  readonly choices: Choices;
}

/** The state that all links of one {@link createFaults} share. */
export interface FaultContext extends FaultSource {
  /** Requests and responses in flight; calling one delivers it now. */
  readonly underWay: Set<() => void>;
  happens(fault: FaultType): void;
}

/** The error of a request or watch without a response. */
export function connectionLost(): Error {
  return new Error('the connection to the server was lost');
}

/** Chooses how long a message takes to arrive. */
export function chooseLatency({ choices }: FaultSource, { latency }: FaultPlan): Milliseconds {
  return latency.min + choices.choose(Math.floor(latency.max - latency.min) + 1, 'latency');
}
