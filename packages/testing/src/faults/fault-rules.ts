import { type Kind, kindId } from '@orrery/api';
import { type Duration, type Milliseconds, milliseconds } from '@orrery/core';
import type { ClientRequest } from '@orrery/core/assembly';

/**
 * What may go wrong between loops and the request path, as data. Every probability is from 0 to 1 and 0 by default; whether it
 * happens is asked of the simulation's choices, each time anew.
 */
export interface FaultRule {
  /** Whose requests: names of actors, in which `*` stands for any text: `['kubelet-*']`. Default: everybody's. */
  readonly actors?: readonly string[];
  /** On which kinds, their subresources included. Default: all. */
  readonly kinds?: readonly Kind[];
  /** Which requests. Default: all. */
  readonly verbs?: readonly ClientRequest['verb'][];
  /** How long a request takes to arrive, and its answer to come back; how long an event of a watch takes. Default: no time. */
  readonly latency?: { readonly min?: Duration; readonly max: Duration };
  /**
   * That a request gets no answer. Of writes, one half is lost before it took effect, the other half after it. A watch that is
   * lost is not opened.
   */
  readonly loss?: number;
  /** That an update, patch or apply is refused with 409 Conflict, as if somebody else had been faster. */
  readonly conflict?: number;
  /**
   * That the loop crashes at a write, half of the times before and half of the times after it took effect. It is started
   * afresh: a controller after a second, a kubelet after ten.
   */
  readonly crash?: number;
  /** That a watch breaks instead of bringing its next event. The objects that a watch begins with come whole or not at all. */
  readonly watchDrop?: number;
  /** That a watch ends with 410 Expired instead of bringing its next event, so that all has to be listed anew. */
  readonly watchExpiry?: number;
  /** That a watch falls silent instead of bringing its next event, and breaks after {@link FaultRule.stallDuration}. */
  readonly watchStall?: number;
  /** How long a watch that stalls is silent. Default 30 s. */
  readonly stallDuration?: Duration;
}

/** What became of a request or of an event. */
export type FaultType =
  | 'lost request'
  | 'lost answer'
  | 'conflict'
  | 'crash before'
  | 'crash after'
  | 'watch drop'
  | 'watch expiry'
  | 'watch stall';

/** The faults of a rule, as weights for the choice between them. */
export interface FaultPlan {
  readonly latency: { readonly min: Milliseconds; readonly max: Milliseconds };
  /** Of each verb: how likely each of {@link requestFaults} is. */
  weights(verb: ClientRequest['verb']): readonly number[];
  /** How likely each of {@link watchFaults} is. */
  readonly watchWeights: readonly number[];
  readonly stallDuration: Milliseconds;
}

/** What can become of a request, in the order of its weights. */
export const requestFaults = [
  undefined,
  'lost request',
  'lost answer',
  'conflict',
  'crash before',
  'crash after',
] as const;
/** What can become of an event of a watch. */
export const watchFaults = [undefined, 'watch drop', 'watch expiry', 'watch stall'] as const;

/**
 * Finds the faults of a request: those of the first rule that is about it.
 * @throws RangeError for probabilities that are none, or that are more than 1 together
 */
export function faultPlans(
  rules: readonly FaultRule[],
): (actor: string, request: ClientRequest) => FaultPlan | undefined {
  const all = rules.map((rule) => ({ isAbout: selects(rule), plan: faultPlan(rule) }));
  return (actor, request) => all.find(({ isAbout }) => isAbout(actor, request))?.plan;
}

/** Whether an actor has one of the names, in which `*` stands for any text. Default: every actor. */
export function actorPattern(names: readonly string[] = ['*']): (actor: string) => boolean {
  const patterns = names.map((name) => new RegExp(`^${name.split('*').map(RegExp.escape).join('.*')}$`));
  return (actor) => patterns.some((pattern) => pattern.test(actor));
}

function selects({ actors, kinds, verbs }: FaultRule): (actor: string, request: ClientRequest) => boolean {
  const isActor = actorPattern(actors);
  const kindIds = kinds && new Set(kinds.map(kindId));
  return (actor, { kind, verb }) => isActor(actor) && kindIds?.has(kind) !== false && verbs?.includes(verb) !== false;
}

const rewrites: ReadonlySet<ClientRequest['verb']> = new Set(['update', 'patch', 'apply']);

function faultPlan(rule: FaultRule): FaultPlan {
  const { loss = 0, conflict = 0, crash = 0, watchDrop = 0, watchExpiry = 0, watchStall = 0, latency } = rule;
  const min = milliseconds(latency?.min ?? 0);
  const max = milliseconds(latency?.max ?? 0);
  if (!(min >= 0 && max >= min)) throw new RangeError(`no latency from ${min} to ${max} ms`);
  const read = weights([loss, 0, 0, 0, 0]);
  const write = weights([loss / 2, loss / 2, 0, crash / 2, crash / 2]);
  const rewrite = weights([loss / 2, loss / 2, conflict, crash / 2, crash / 2]);
  return {
    latency: { min, max },
    weights: (verb) =>
      verb === 'get' || verb === 'list' || verb === 'watch' ? read : rewrites.has(verb) ? rewrite : write,
    watchWeights: weights([watchDrop, watchExpiry, watchStall]),
    stallDuration: milliseconds(rule.stallDuration ?? '30s'),
  };
}

/** The probabilities of some faults, and before them that of none. */
function weights(faults: readonly number[]): readonly number[] {
  const none = 1 - faults.reduce((sum, probability) => sum + probability, 0);
  if (faults.some((probability) => !(probability >= 0)) || none < -1e-9)
    throw new RangeError(`the probabilities of faults must be from 0 to 1, together too: ${faults.join(', ')}`);
  return [Math.max(0, none), ...faults];
}
