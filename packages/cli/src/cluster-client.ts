import { stat } from 'node:fs/promises';
import { StatusError } from '@orrery/api';
import type { Client } from '@orrery/core';
import { type Connection, ConnectionError, connect, KubeconfigError } from '@orrery/kubernetes';
import { CommandError, oneLine } from './command-error.ts';

/**
 * Runs `work` as the user of a kubeconfig.
 * @throws CommandError if there is no such cluster, it does not answer, or it refuses the request
 */
export async function withCluster<T>(kubeconfig: string, work: (client: Client) => Promise<T>): Promise<T> {
  if (!(await exists(kubeconfig)))
    throw new CommandError(`no cluster has been started here yet: ${kubeconfig} does not exist`);
  let connection: Connection | undefined;
  try {
    connection = await connect(kubeconfig, { userAgent: 'orrery' });
    return await work(connection.client);
  } catch (error) {
    throw inOneLine(error);
  } finally {
    await connection?.close();
  }
}

function inOneLine(error: unknown): unknown {
  if (error instanceof ConnectionError)
    return new CommandError(`no cluster answers at ${error.server}: is it running? (pnpm start)`);
  if (error instanceof KubeconfigError || error instanceof StatusError) return new CommandError(oneLine(error));
  return error;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
