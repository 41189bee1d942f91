/** Bytes that may wait for a slow client before it is cut off: what a log or a command says cannot be held back. */
export const maxPendingBytes = 64 * 1024 * 1024;
