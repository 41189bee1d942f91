import { join } from 'node:path';
import { startClient } from './client-process.ts';
import type { Access } from './served-cluster.ts';

/** What a client in another process saw of a cluster. */
export interface Probed {
  readonly requests: number;
  /** Milliseconds from sending a request to the end of its response. */
  readonly longest: number;
  /** Milliseconds within which 99 % of its requests were answered. */
  readonly p99: number;
  /** Milliseconds since the epoch at which its watch of Pods showed the first Ready one. Absent if it saw none. */
  readonly firstReady?: number;
}

/** A client in another process that sends one GET after the other over HTTPS, and watches for the first Ready Pod. */
export interface Probe {
  /** Ends it, and resolves with what it saw. @throws Error if a request failed */
  stop(): Promise<Probed>;
}

/** Resolves when its connection and its watch are open. @throws Error if it cannot reach the cluster */
export async function startProbe(access: Access): Promise<Probe> {
  const client = startClient(join(import.meta.dirname, 'probe-process.ts'), access);
  await client.message();
  return { stop: () => client.ask('stop') };
}
