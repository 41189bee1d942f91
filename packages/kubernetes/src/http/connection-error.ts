/**
 * A request that got no answer, or not all of one: the server cannot be reached, is not who it should be, or went away. Whether a
 * write was done then is not known.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** The server's URL. */
  readonly server: string;

  constructor(server: string, why: string, cause?: unknown) {
    super(`no answer from ${server}: ${why}`, cause === undefined ? undefined : { cause });
    this.server = server;
  }
}
