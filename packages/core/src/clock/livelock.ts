import type { InspectionStream } from '../inspection/inspector.ts';
import type { Cause, Inspector } from '../inspection.ts';
import type { Retry } from './retry.ts';

/** What a loop did lately: how often it worked on a key, and why. */
export interface WorkSummary {
  readonly actor: string;
  readonly key: string;
  readonly times: number;
  readonly causes: readonly Cause[];
}

/** Follows the inspection stream while a simulation is suspected of going in circles. */
export interface RecentWork {
  /** The keys that were worked on most, at most ten. */
  summary(): readonly WorkSummary[];
  stop(): void;
}

/** Begins to follow the stream. */
export function watchWork(inspector: Inspector & Pick<InspectionStream, 'events'>): RecentWork {
  const seen = new Map<string, WorkSummary>();
  const subscription = inspector.events.subscribe((event) => {
    if (event.type !== 'started') return;
    const item = `${event.actor} ${event.key}`;
    const times = (seen.get(item)?.times ?? 0) + 1;
    seen.set(item, { actor: event.actor, key: event.key, times, causes: event.causes });
  });
  return {
    summary: () => [...seen.values()].sort((a, b) => b.times - a.times).slice(0, 10),
    stop: () => subscription.unsubscribe(),
  };
}

/** A simulation that does not come to rest: loops that answer each other forever, or an item that always fails. */
export class LivelockError extends Error {
  override readonly name = 'LivelockError';
  /** Repeated work, with its causes. */
  readonly retries: readonly Retry[];
  /** What was worked on most in the last turns. */
  readonly recent: readonly WorkSummary[];

  constructor(
    kind: 'retries' | 'turns',
    details: { readonly pending: readonly string[]; readonly turns: number; readonly recent: readonly WorkSummary[] },
    retries: readonly Retry[],
  ) {
    const headline =
      kind === 'turns'
        ? `not idle after ${details.turns} turns`
        : `not settled: ${retries.length === 1 ? 'an item keeps' : 'items keep'} failing`;
    super(
      [
        headline,
        ...retries.map(
          (retry) =>
            `${retry.actor} ${retry.key} failed ${retry.attempt} times in a row: ${retry.error}${causesText(retry.causes)}`,
        ),
        ...details.recent.map(
          (work) => `${work.actor} ${work.key} ran ${work.times} times lately${causesText(work.causes)}`,
        ),
        ...(kind === 'turns' ? details.pending : []),
      ].join('\n  '),
    );
    this.retries = retries;
    this.recent = details.recent;
  }
}

function causesText(causes: readonly Cause[]): string {
  if (causes.length === 0) return '';
  return ` (because of ${causes.map(causeText).join(', ')})`;
}

/** A cause for people: `modified apps/v1/Deployment default/web @42`. */
export function causeText(cause: Cause): string {
  const parts: string[] = [cause.type];
  if (cause.kind !== undefined) parts.push(cause.kind);
  if (cause.key !== undefined) parts.push(cause.key);
  if (cause.resourceVersion !== undefined) parts.push(`@${cause.resourceVersion}`);
  return parts.join(' ');
}
