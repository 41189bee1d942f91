import { createServer } from 'node:net';
import { CommandError } from './command-error.ts';

/** The port that Kubernetes' API server listens on. */
const firstPort = 6443;
const portsTried = 100;

/** The asked port, which must be free, or the first free one from 6443; 0 stands for any. @throws CommandError if it is taken */
export async function freePort(asked: number | undefined): Promise<number> {
  if (asked === 0) return 0;
  if (asked !== undefined) {
    if (!(await isFree(asked))) throw portTaken(asked);
    return asked;
  }
  for (let port = firstPort; port < firstPort + portsTried; port++) if (await isFree(port)) return port;
  return 0;
}

/** Somebody else listens there. */
export function portTaken(port: number): CommandError {
  return new CommandError(
    `port ${port} cannot be taken: stop what listens there, or give another with --port (0 takes any)`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
