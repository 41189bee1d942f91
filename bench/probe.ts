import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Access } from './served-cluster.ts';

/** What a client in another process saw of a cluster. */
export interface Probed {
  readonly requests: number;
  /** Milliseconds from sending a request to the end of its response. */
  readonly longest: number;
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
  const child = fork(join(import.meta.dirname, 'probe-process.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const message = <T>() =>
    new Promise<T>((resolve, reject) => {
      child.once('message', (said) => resolve(said as T));
      child.once('exit', (code) => reject(new Error(`the probe ended with ${code}`)));
    });
  const started = message<'started'>();
  child.send(access);
  await started;
  return {
    async stop() {
      const result = message<Probed>();
      child.send('stop');
      return result;
    },
  };
}
