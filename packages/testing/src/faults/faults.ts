import { interceptClient, type Link } from '@orrery/core/assembly';
import { type FaultRule, type FaultType, faultPlans } from './fault-rules.ts';
import type { FaultContext, FaultSource } from './fault-source.ts';
import { faultyRequest } from './faulty-request.ts';
import { faultyWatch } from './faulty-watch.ts';

/** Faults between loops and the request path. */
export interface Faults {
  /** For `createCluster`. */
  readonly link: Link;
  /** How often each type of fault has happened. */
  readonly happened: ReadonlyMap<FaultType, number>;
  /** Replaces the rules; without rules, all faults end. @throws RangeError as {@link createFaults} */
  use(...rules: readonly FaultRule[]): void;
  /** Ends all faults, and delivers every request and response in flight now. */
  close(): void;
}

/**
 * Creates links with the faults of the rules; the first rule that matches a request applies. `simulate({ faults })` uses this.
 * @throws RangeError for invalid probabilities, or if their sum exceeds 1
 */
export function createFaults(source: FaultSource, ...rules: readonly FaultRule[]): Faults {
  const happened = new Map<FaultType, number>();
  let planOf = faultPlans(rules);
  const context: FaultContext = {
    ...source,
    underWay: new Set(),
    happens: (fault) => void happened.set(fault, (happened.get(fault) ?? 0) + 1),
  };
  return {
    happened,
    use: (...other) => {
      planOf = faultPlans(other);
    },
    close: () => {
      planOf = faultPlans([]);
      for (const arrive of context.underWay) arrive();
    },
    link: (client, actor) =>
      interceptClient(client, {
        request: (request, send) => {
          const plan = planOf(actor, request);
          return plan === undefined ? send() : faultyRequest({ context, actor, request, plan }, send);
        },
        watch: (request, open, options) =>
          faultyWatch({ context, actor, request, plan: () => planOf(actor, request) }, open, options),
      }),
  };
}
