import { connect as connectTo } from 'node:net';

/** The address of the API server in a kubeconfig that `orrery up` wrote. */
export function serverOf(text: string): string | undefined {
  return /^ *server: "(https:[^"]+)"$/m.exec(text)?.[1];
}

/** Whether a process listens at the address of an API server on this machine. */
export function answers(server: string): Promise<boolean> {
  const { hostname, port } = new URL(server);
  return new Promise((resolve) => {
    const socket = connectTo({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
