import { failures } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { ServerContext } from './context.ts';
import { parseRevision } from './list-options.ts';

type Server = Pick<ServerContext, 'store' | 'environment'>;

/** How long a request waits for a revision that this server has not seen yet, as in Kubernetes' watch cache. */
const revisionTimeout: Milliseconds = 3000;
/** Seconds after which a client retries if a revision did not arrive in time. */
const retryAfter = 1;

/**
 * Waits until this server has seen everything committed before, by any process: consistent reads and all writes start here.
 * Undefined if there is nothing to wait for, which is always so if only this process writes to the engine: such a request does
 * not wait. @throws StatusError Timeout
 */
export function upToDate(server: Server): undefined | Promise<void> {
  const current = server.store.current();
  return typeof current === 'number' ? seen(server, current) : current.then((revision) => seen(server, revision));
}

/**
 * Waits until a read at that `resourceVersion` can be served (Kubernetes API concepts, "Semantics for get and list"): unset is
 * a consistent read, `0` accepts any state, and a revision is waited for. Undefined if there is nothing to wait for.
 * @throws StatusError BadRequest for a text that is not a revision; Timeout
 */
export function freshEnough(server: Server, resourceVersion: string | undefined): undefined | Promise<void> {
  if (resourceVersion === undefined || resourceVersion === '') return upToDate(server);
  return seen(server, parseRevision(resourceVersion));
}

/** Waits until this server has seen the revision; undefined if it already has. @throws StatusError Timeout */
export function seen(server: Server, revision: number): undefined | Promise<void> {
  return revision <= server.store.revision ? undefined : arrival(server, revision);
}

async function arrival({ store, environment }: Server, revision: number): Promise<void> {
  const over = new AbortController();
  const timer = environment.clock.schedule(revisionTimeout, () => over.abort());
  try {
    await store.caughtUp(revision, over.signal);
  } catch (error) {
    if (!over.signal.aborted) throw error;
    throw failures.timeout(`Too large resource version: ${revision}, current: ${store.revision}`, retryAfter, [
      { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' },
    ]);
  } finally {
    timer[Symbol.dispose]();
  }
}
