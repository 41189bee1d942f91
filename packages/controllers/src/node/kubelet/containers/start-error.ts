/** A container could not be started: `reason` and `message` are what `state.waiting` shows. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly reason: string;
  /** When another try makes sense, in milliseconds since the epoch; undefined: at the usual pace. */
  readonly retryAt: number | undefined;

  constructor(reason: string, message: string, retryAt?: number) {
    super(message);
    this.reason = reason;
    this.retryAt = retryAt;
  }
}
