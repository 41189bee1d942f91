import type { Choices } from '@orrery/core/assembly';

/**
 * Runs the steps of a test in a simulation. Errors are rethrown with the path that led to them, so that a failing test
 * prints how to repeat its run: `simulate({ path })`.
 */
export async function reportingPath<T>(choices: Choices, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const path = choices.path();
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n\nThis was a run of the seed ${path.seed}. Its path: ${path}`, { cause: error });
  }
}
