/** Leaves a command list: `break`, `continue`, `return`, an interrupt at the prompt. */
export class Jump extends Error {
  override readonly name = 'Jump';
  readonly kind: 'break' | 'continue' | 'return' | 'interrupt';
  /** How many loops, or the status to return. */
  readonly count: number;

  constructor(kind: Jump['kind'], count: number) {
    super(kind);
    this.kind = kind;
    this.count = count;
  }
}

/** An error that ends a script, or the line at a prompt. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
