/**
 * A request got no response, or only a part of one: the server is unreachable, cannot be verified, or closed the connection. A
 * write may or may not have been applied.
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
