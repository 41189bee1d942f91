import { interceptClient, type Link } from '@orrery/core/assembly';
import { type FaultRule, type FaultType, faultPlans } from './fault-rules.ts';
import type { FaultContext, FaultSource } from './fault-source.ts';
import { faultyRequest } from './faulty-request.ts';
import { faultyWatch } from './faulty-watch.ts';

/** Faults between loops and the request path. */
export interface Faults {
  /** For `createCluster`. */
  readonly link: Link;
  /** How often each sort of fault has happened. */
  readonly happened: ReadonlyMap<FaultType, number>;
  /** Puts other rules in the place of those that hold; with none, all faults end. @throws RangeError as {@link createFaults} */
  use(...rules: readonly FaultRule[]): void;
  /** Ends all faults, and has every request and answer that is on its way arrive now. */
  close(): void;
}

/**
 * Makes links that go wrong as the rules say; the first rule that is about a request counts. `simulate({ faults })` is made
 * of this.
 * @throws RangeError for probabilities that are none, or that are more than 1 together
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
