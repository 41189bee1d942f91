import type { ProbeVerdict } from '../pod/pod-actions.ts';

/** Which of a container's three probes. */
export type ProbeType = 'liveness' | 'readiness' | 'startup';

/** What one probe came to. An `error` (the probe itself broke) changes nothing. */
export type ProbeOutcome = 'success' | 'warning' | 'failure' | 'error';

/** What the probe of a new instance says before it has run. */
export function initialVerdict(type: ProbeType): ProbeVerdict {
  return type === 'liveness' ? 'success' : type === 'readiness' ? 'failure' : 'unknown';
}

/** A probe's memory of one instance. Changed in place, because a probe that changes nothing must cost next to nothing. */
export interface ProbeState {
  verdict: ProbeVerdict;
  /** The outcome that was last seen, and how many times in a row. */
  last: 'success' | 'failure' | undefined;
  run: number;
  /** After a liveness or startup failure nothing is probed until there is a new instance. */
  onHold: boolean;
}

/** The memory of an instance that has not been probed. */
export function newProbeState(type: ProbeType): ProbeState {
  return { verdict: initialVerdict(type), last: undefined, run: 0, onHold: false };
}

/**
 * Takes one outcome in: the verdict flips after as many equal outcomes in a row as the threshold says. Returns whether it did.
 */
export function recordOutcome(
  state: ProbeState,
  type: ProbeType,
  outcome: ProbeOutcome,
  failureThreshold: number,
  successThreshold: number,
): boolean {
  if (outcome === 'error') return false;
  const seen = outcome === 'failure' ? 'failure' : 'success';
  if (state.last === seen) state.run++;
  else {
    state.last = seen;
    state.run = 1;
  }
  if (state.run < (seen === 'failure' ? failureThreshold : successThreshold)) return false;
  if (seen === 'failure' && type !== 'readiness') {
    state.onHold = true;
    state.run = 0;
  }
  if (state.verdict === seen) return false;
  state.verdict = seen;
  return true;
}
