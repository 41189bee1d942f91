import { type Kind, kindId } from '@orrery/api';
import { type Duration, type Milliseconds, milliseconds } from '@orrery/core';
import type { ClientRequest } from '@orrery/core/assembly';

/**
 * Faults between loops and the request path, as data. Every probability is from 0 to 1 and 0 by default; the simulation's choices
 * decide each time whether the fault happens.
 */
export interface FaultRule {
  /** Whose requests: names of actors, in which `*` matches any text: `['kubelet-*']`. Default: all actors. */
  readonly actors?: readonly string[];
  /** On which kinds, their subresources included. Default: all. */
  readonly kinds?: readonly Kind[];
  /** Which requests. Default: all. */
  readonly verbs?: readonly ClientRequest['verb'][];
  /** How long a request takes to arrive, its response to return, and a watch event to arrive. Default: no time. */
  readonly latency?: { readonly min?: Duration; readonly max: Duration };
  /**
   * That a request gets no response. Half of the lost writes are lost before they take effect, the other half after it. A lost
   * watch is not opened.
   */
  readonly loss?: number;
  /** That an update, patch or apply fails with 409 Conflict, as if another client had been faster. */
  readonly conflict?: number;
  /**
   * That the loop crashes at a write, half of the times before and half of the times after it takes effect. It is restarted
   * without its memory: a controller after one second, a kubelet after ten.
   */
  readonly crash?: number;
  /** That a watch breaks instead of delivering its next event. Its initial objects are delivered all or not at all. */
  readonly watchDrop?: number;
  /** That a watch ends with 410 Expired instead of delivering its next event, so that everything must be listed again. */
  readonly watchExpiry?: number;
  /** That a watch stalls instead of delivering its next event, and breaks after {@link FaultRule.stallDuration}. */
  readonly watchStall?: number;
  /** How long a stalled watch is silent before it breaks. Default 30 s. */
  readonly stallDuration?: Duration;
}

/** A fault of a request or of a watch event. */
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
  /** By verb: the probability of each of {@link requestFaults}. */
  weights(verb: ClientRequest['verb']): readonly number[];
  /** The probability of each of {@link watchFaults}. */
  readonly watchWeights: readonly number[];
  readonly stallDuration: Milliseconds;
}

/** The faults of a request, in the order of their weights. */
export const requestFaults = [
  undefined,
  'lost request',
  'lost answer',
  'conflict',
  'crash before',
  'crash after',
] as const;
/** The faults of a watch event, in the order of their weights. */
export const watchFaults = [undefined, 'watch drop', 'watch expiry', 'watch stall'] as const;

/**
 * Finds the faults of a request: those of the first rule that matches it.
 * @throws RangeError for invalid probabilities, or if their sum exceeds 1
 */
export function faultPlans(
  rules: readonly FaultRule[],
): (actor: string, request: ClientRequest) => FaultPlan | undefined {
  const all = rules.map((rule) => ({ isAbout: selects(rule), plan: faultPlan(rule) }));
  return (actor, request) => all.find(({ isAbout }) => isAbout(actor, request))?.plan;
}

/** Returns whether an actor has one of the names, in which `*` matches any text. Default: every actor. */
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
  if (!(min >= 0 && max >= min)) throw new RangeError(`invalid latency: from ${min} to ${max} ms`);
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

/** The probability of no fault, followed by those of the given faults. */
function weights(faults: readonly number[]): readonly number[] {
  const none = 1 - faults.reduce((sum, probability) => sum + probability, 0);
  if (faults.some((probability) => !(probability >= 0)) || none < -1e-9)
    throw new RangeError(`the probabilities of faults and their sum must be from 0 to 1: ${faults.join(', ')}`);
  return [Math.max(0, none), ...faults];
}
