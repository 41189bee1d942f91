import { type Environment, errorText } from '@orrery/core';

/** An error of the front door that its client does not see, or sees as another one. */
export interface Failure {
  readonly level: 'debug' | 'error';
  readonly message: string;
  readonly error: unknown;
  readonly method: string;
  /** Without the query, which can contain a command's arguments. */
  readonly path: string;
}

/** Records an error in the inspection stream. */
export function record({ inspector, clock }: Environment, { level, message, error, method, path }: Failure): void {
  if (inspector.silent) return;
  const stack = error instanceof Error ? error.stack : undefined;
  const fields = { method, path, error: stack ?? errorText(error) };
  inspector.emit({ type: 'log', level, time: clock.now(), actor: 'apiserver', message, fields });
}
