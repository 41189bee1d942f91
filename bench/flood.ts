import { join } from 'node:path';
import { startClient } from './client-process.ts';
import type { Access } from './served-cluster.ts';

/** A client in another process that lists all Pods of the namespace `default`, as fast as it can. */
export interface Flood {
  /** Ends it, and resolves with the number of its lists by status code. @throws Error if one was neither answered nor rejected with 429 */
  stop(): Promise<{ readonly [status: string]: number }>;
}

/** `connections`: how many lists it has in flight at any time. */
export function startFlood(access: Access, connections: number): Flood {
  const client = startClient(join(import.meta.dirname, 'flood-process.ts'), { access, connections });
  return { stop: () => client.ask('stop') };
}
