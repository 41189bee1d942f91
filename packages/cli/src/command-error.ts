import { errorText } from '@orrery/core';
/** A mistake that the user can fix: printed in one line, without a stack, with exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The text of an error in one line. */
export function oneLine(error: unknown): string {
  const text = errorText(error);
  return text.split('\n')[0] ?? text;
}
