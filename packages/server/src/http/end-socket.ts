import type { Duplex } from 'node:stream';

/** Milliseconds that the other side has to read what was sent last, and to close its side. */
const closingMs = 2000;

/**
 * Ends a connection: what has been written is still sent, what arrives is discarded, and soon it is closed whatever the other
 * side does. Closing at once could make the other side lose what it has not read yet.
 * @param last bytes to send before the end
 */
export function endSocket(socket: Duplex, last?: Uint8Array): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), closingMs).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(last);
  socket.resume();
}
