import { failures } from '@orrery/api';
import { RevisionConflict } from '@orrery/store';
import type { ServerContext } from './context.ts';
import { upToDate } from './freshness.ts';
import type { RequestScope } from './request-path.ts';

/** Tries of a write that races others, before it is refused. */
export const maxRaces = 50;

/**
 * After a write has failed: waits until this server has seen what was in its way, so that it can be tried again from there.
 * @throws the error, if another writer was not the reason
 */
export async function inTheWay(server: Pick<ServerContext, 'store' | 'environment'>, error: unknown): Promise<void> {
  if (!(error instanceof RevisionConflict)) throw error;
  const wait = upToDate(server);
  if (wait !== undefined) await wait;
}

/** {@link inTheWay}, but not for ever: `race` counts the tries so far. @throws StatusError Conflict when they have been enough */
export async function lostRace(
  server: Pick<ServerContext, 'store' | 'environment'>,
  { kind, name }: Pick<RequestScope, 'kind' | 'name'>,
  error: unknown,
  race: number,
): Promise<void> {
  if (error instanceof RevisionConflict && race >= maxRaces) throw failures.conflict(kind, name);
  await inTheWay(server, error);
}
