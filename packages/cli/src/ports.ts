import { createServer } from 'node:net';
import { CommandError } from './command-error.ts';

/** The port that Kubernetes' API server listens on. */
const firstPort = 6443;
const portsTried = 100;

/** The requested port, which must be free, or the first free one from 6443; 0 is any. @throws CommandError if the port is in use */
export async function freePort(asked: number | undefined): Promise<number> {
  if (asked === 0) return 0;
  if (asked !== undefined) {
    if (!(await isFree(asked))) throw portTaken(asked);
    return asked;
  }
  for (let port = firstPort; port < firstPort + portsTried; port++) if (await isFree(port)) return port;
  return 0;
}

/** The error for a port that cannot be listened on. */
export function portTaken(port: number): CommandError {
  return new CommandError(
    `port ${port} is not available: stop the process that listens on it, or choose another with --port (0 picks any)`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
