/** Bytes buffered for a slow client before it is cut off: the output of a log or a command cannot be held back. */
export const maxPendingBytes = 64 * 1024 * 1024;
