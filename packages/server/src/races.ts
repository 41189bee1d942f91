import { failures } from '@orrery/api';
import { RevisionConflict } from '@orrery/store';
import type { ServerContext } from './context.ts';
import { upToDate } from './freshness.ts';
import type { RequestScope } from './request-path.ts';

/** Attempts of a write that races with others, before it is refused. */
export const maxRaces = 50;

/**
 * Waits until this server has seen the write that made another one fail, so that the failed one can be retried.
 * @throws the error, if it is not a conflict with another writer
 */
export async function awaitConflict(
  server: Pick<ServerContext, 'store' | 'environment'>,
  error: unknown,
): Promise<void> {
  if (!(error instanceof RevisionConflict)) throw error;
  const wait = upToDate(server);
  if (wait !== undefined) await wait;
}

/** {@link awaitConflict}, with a limit: `race` counts the attempts so far. @throws StatusError Conflict after {@link maxRaces} of them */
export async function lostRace(
  server: Pick<ServerContext, 'store' | 'environment'>,
  { kind, name }: Pick<RequestScope, 'kind' | 'name'>,
  error: unknown,
  race: number,
): Promise<void> {
  if (error instanceof RevisionConflict && race >= maxRaces) throw failures.conflict(kind, name);
  await awaitConflict(server, error);
}
