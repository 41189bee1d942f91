import type { PriorityLevelConfiguration } from '@orrery/api';

/** How many requests a server carries out at once (Kubernetes' `--max-requests-inflight` and `--max-mutating-requests-inflight`). */
export interface RequestLimits {
  /** Seats for requests that read. */
  readonly readOnly: number;
  /** Seats for requests that write. All levels share the sum of both. */
  readonly mutating: number;
}

/** Kubernetes' own. */
export const defaultRequestLimits: RequestLimits = { readOnly: 400, mutating: 200 };

/** The queues of a level (Kubernetes' QueuingConfiguration). */
export interface QueueOptions {
  readonly queues: number;
  /** How many of the queues a flow may use. */
  readonly handSize: number;
  /** Requests that wait in one queue at most. */
  readonly queueLengthLimit: number;
}

/** What a priority level may use, in seats: a request occupies one, a long list several. */
export interface LevelLimits {
  /** Undefined for a level without limits. */
  readonly nominal: number | undefined;
  /** How many of its own, unused, others may borrow. */
  readonly lendable: number;
  /** How many it may borrow. */
  readonly borrowing: number;
  /** How many one request occupies at most. */
  readonly perRequest: number;
  /** Undefined if requests that find no seat are refused at once. */
  readonly queuing: QueueOptions | undefined;
}

/** Objects that a list handles for one seat. */
const objectsPerSeat = 100;
/** Seats of the longest list. */
const maxListSeats = 10;

/** The seats that a list occupies. Pure. */
export function listSeats(objects: number): number {
  return Math.max(1, Math.min(maxListSeats, Math.ceil(objects / objectsPerSeat)));
}

/** A request takes at most this part of its level's seats, so that no level serves one request alone. */
const largestShare = 0.15;

/** Queues that a level gets at most: Kubernetes allows ten million, which would only cost memory here. */
const mostQueues = 10_000;

/** Divides the server's seats among its priority levels, by their shares (KEP-1040). Pure. */
export function levelLimits(
  levels: readonly PriorityLevelConfiguration[],
  { readOnly, mutating }: RequestLimits,
): ReadonlyMap<string, LevelLimits> {
  const seats = readOnly + mutating;
  const all = levels.reduce((sum, level) => sum + sharesOf(level), 0);
  return new Map(levels.map((level) => [level.metadata.name, limitsOf(level, seats, Math.max(1, all))]));
}

function sharesOf({ spec: { exempt, limited, type } }: PriorityLevelConfiguration): number {
  return type === 'Exempt' ? (exempt?.nominalConcurrencyShares ?? 0) : (limited?.nominalConcurrencyShares ?? 30);
}

function limitsOf(level: PriorityLevelConfiguration, seats: number, allShares: number): LevelLimits {
  const { type, limited, exempt } = level.spec;
  const nominal = Math.ceil((seats * sharesOf(level)) / allShares);
  const part = (percent: number | null | undefined) => Math.round((nominal * (percent ?? 0)) / 100);
  if (type === 'Exempt') {
    const lendable = part(exempt?.lendablePercent);
    return { nominal: undefined, lendable, borrowing: 0, perRequest: 1, queuing: undefined };
  }
  const { borrowingLimitPercent, lendablePercent, limitResponse } = limited ?? {};
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = limitResponse?.queuing ?? {};
  const queuing =
    limitResponse?.type === 'Queue' ? { queues: Math.min(queues, mostQueues), handSize, queueLengthLimit } : undefined;
  const share = Math.ceil(nominal * largestShare);
  return {
    nominal,
    lendable: part(lendablePercent),
    borrowing: typeof borrowingLimitPercent === 'number' ? part(borrowingLimitPercent) : Number.POSITIVE_INFINITY,
    perRequest: Math.max(1, queuing === undefined ? share : Math.min(share, Math.floor(nominal / handSize))),
    queuing,
  };
}
