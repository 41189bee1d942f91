import type { Clock, Milliseconds } from '@orrery/core';
import type { Choices } from '@orrery/core/assembly';
import type { FaultPlan, FaultType } from './fault-rules.ts';

/** What faults are put in with: the clock that latency takes its time from, and what decides whether a fault happens. */
export interface FaultSource {
  readonly clock: Clock;
  readonly choices: Choices;
}

/** What all links of one {@link createFaults} share. */
export interface FaultContext extends FaultSource {
  /** Requests and answers on their way; calling one has it arrive now. */
  readonly underWay: Set<() => void>;
  happens(fault: FaultType): void;
}

/** The end of a request or watch that nobody answers. */
export function connectionLost(): Error {
  return new Error('the connection to the server was lost');
}

/** How long something takes to arrive. */
export function chooseLatency({ choices }: FaultSource, { latency }: FaultPlan): Milliseconds {
  return latency.min + choices.choose(Math.floor(latency.max - latency.min) + 1, 'latency');
}
