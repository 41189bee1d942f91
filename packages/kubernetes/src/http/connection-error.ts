/**
 * A request got no answer, or only a part of one: the server cannot be reached, cannot prove who it is, or went away. A write may
 * have been done or not.
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
