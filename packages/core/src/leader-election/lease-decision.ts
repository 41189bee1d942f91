import { type Lease, microTimestamp } from '@orrery/api';
import type { Milliseconds } from '../clock/clock.ts';

/** `coordination.k8s.io/v1` LeaseSpec. */
export type LeaseSpec = NonNullable<Lease['spec']>;

/** A Lease as a candidate saw it, and when it first saw it so. */
export interface LeaseState {
  readonly spec: LeaseSpec;
  readonly since: Milliseconds;
}

/** Whether a candidate may take (or renew) the Lease now: it has no holder, the candidate holds it, or its holder has not renewed it in time. */
export function candidacy(seen: LeaseState | undefined, identity: string, now: Milliseconds): 'take' | 'wait' {
  if (seen === undefined || (seen.spec.holderIdentity ?? '') === '' || heldBy(seen, identity)) return 'take';
  const silentFor = now - seen.since;
  return silentFor > (seen.spec.leaseDurationSeconds ?? 0) * 1000 ? 'take' : 'wait';
}

/** Whether the Lease is in that candidate's hands. */
export function heldBy(seen: LeaseState | undefined, identity: string): boolean {
  return seen?.spec.holderIdentity === identity;
}

/** The Lease in the hands of `identity`: a renewal keeps when it was acquired, a takeover counts as a transition. */
export function leaseSpec(
  before: LeaseSpec | undefined,
  identity: string,
  duration: Milliseconds,
  now: Milliseconds,
): LeaseSpec {
  const renewal = before?.holderIdentity === identity;
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(duration / 1000),
    acquireTime: (renewal ? before.acquireTime : undefined) ?? microTimestamp(now),
    renewTime: microTimestamp(now),
    leaseTransitions: before === undefined ? 0 : (before.leaseTransitions ?? 0) + (renewal ? 0 : 1),
  };
}

/** The Lease without a holder. */
export function released(before: LeaseSpec, now: Milliseconds): LeaseSpec {
  return {
    ...before,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTimestamp(now),
    renewTime: microTimestamp(now),
  };
}
